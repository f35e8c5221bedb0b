"""Errors are pages in the visitor's language with a way back, and tell nothing of the inside."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

pytestmark = pytest.mark.django_db

HEADINGS = {
    (400, "vi"): "Không hiểu được yêu cầu này",
    (400, "en"): "This request could not be understood",
    (403, "en"): "You may not open this page",
    (404, "en"): "There is no page at this address",
    (414, "vi"): "Địa chỉ này quá dài",
    (414, "en"): "This address is too long",
    (500, "en"): "A fault on our side",
}


def read(answer) -> BeautifulSoup:
    page = BeautifulSoup(answer.content, "html5lib")
    assert "Traceback" not in answer.content.decode()
    assert page.select_one("main a.btn")["href"] in {"/vi/", "/en/"}
    return page


@pytest.mark.parametrize("debug", [False, True])
def test_an_unknown_address_is_answered_by_a_page(client, settings, debug):
    settings.DEBUG = debug
    for address in ["/en/nowhere/", "/en/meetings/nowhere/", "/en/meetings/?page=99"]:
        answer = client.get(address)
        assert answer.status_code == 404
        assert read(answer).h1.get_text() == HEADINGS[404, "en"]


def test_an_address_without_a_language_leads_to_a_page_under_one(client):
    answer = client.get("/nowhere/", follow=True)
    assert answer.redirect_chain == [("/vi/nowhere/", 302)]
    assert answer.status_code == 404


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_wrong_host_is_a_bad_request(client, language):
    answer = client.get(f"/{language}/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert read(answer).html["lang"] == language


def test_a_form_without_its_token_is_refused_in_the_visitors_language():
    client = Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})
    answer = client.post("/admin/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert read(answer).h1.get_text() == HEADINGS[403, "en"]


def test_a_fault_of_ours_is_a_page_without_a_trace(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("portal.views.direction_matrix", lambda state: 1 / 0)
    answer = client.get("/en/")
    assert answer.status_code == 500
    assert read(answer).h1.get_text() == HEADINGS[500, "en"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_wrong_method_is_answered_and_never_a_fault(client, settings, method):
    settings.DEBUG = True
    for address in ["/en/meetings/", "/en/meetings", "/en", "/vi/decisions/x"]:
        assert getattr(client, method)(address).status_code < 500


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("asked", ["meetings/?country={}", "search/?q={}", "{}/", "meetings.csv?q={}"])
def test_an_address_that_is_too_long_is_answered_before_it_is_read(client, language, asked, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get(f"/{language}/{asked.format('x' * 50_000)}")
    assert answer.status_code == 414
    page = read(answer)
    assert page.h1.get_text() == HEADINGS[414, language]
    assert "xxx" not in answer.content.decode() and len(answer.content) < 50_000
    other = page.select_one("#other-language")["href"]
    assert client.get(other).status_code == 200


def test_an_address_that_is_too_long_for_the_editors_site_is_answered_in_their_language(client, admin_user):
    client.force_login(admin_user)
    answer = client.get(f"/admin/portal/topic/?q={'x' * 9000}", headers={"Accept-Language": "en"})
    assert (answer.status_code, read(answer).h1.get_text()) == (414, HEADINGS[414, "en"])


def test_a_long_address_that_is_needed_is_read(client):
    assert client.get(f"/en/search/?q={'x' * 7500}").status_code == 200
