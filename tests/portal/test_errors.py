"""Errors are pages in the visitor's language with a way back, and tell nothing of the inside."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from portal.limits import LONGEST_QUERY, MOST_PARAMETERS

pytestmark = pytest.mark.django_db

HEADINGS = {
    (400, "vi"): "Không hiểu được yêu cầu này",
    (400, "en"): "This request could not be understood",
    (403, "en"): "You may not open this page",
    (404, "en"): "There is no page at this address",
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


TOO_MUCH = [f"x={'y' * LONGEST_QUERY}", "&".join(["topic=a"] * (MOST_PARAMETERS + 1))]


@pytest.mark.parametrize("query", TOO_MUCH)
def test_an_address_that_asks_too_much_is_refused_and_told_how_much_there_may_be(client, query):
    for path in ("/vi/initiatives/", "/vi/about/", "/vi/nowhere/"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 400
        advice = read(answer).select_one(".lede").get_text()
        assert advice.startswith("Sau dấu hỏi, địa chỉ có thể có tối đa 8000 ký tự và 500 tham số.")
        assert "yyyy" not in answer.text


@pytest.mark.parametrize("query", TOO_MUCH)
def test_another_format_says_so_in_plain_text(client, query):
    answer = client.get(f"/en/initiatives.csv?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert "up to 8000 characters and 500 parameters" in answer.text


def test_an_address_may_be_as_long_as_is_said(client):
    asked = "&".join([f"x={'y' * 10}"] * MOST_PARAMETERS)
    assert len(asked) < LONGEST_QUERY
    assert client.get(f"/en/initiatives/?{asked}").status_code == 200
