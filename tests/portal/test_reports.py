"""A visitor reports an error: the form, what it refuses, the editors' inbox, and what is forgotten."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from bs4 import BeautifulSoup
from django.core import signing
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Correction, ErrorReport, State
from portal.reports.forms import neighbourhood, signer
from tests.factories import make_meeting, make_topic
from tests.html_forms import form_values
from tests.portal.test_roles import address, make_member
from tests.web import make_web, own_pages

pytestmark = pytest.mark.django_db

TEXT = "Ngày khai mạc ghi sai: phải là 15/01/2026."
OUTCOME = {"outcome_vi": "Đã sửa ngày khai mạc.", "outcome_en": "The opening day was corrected."}
FORM = "/vi/report/?record=/meetings/adgmin-6/"


@pytest.fixture(autouse=True)
def nobody_reported_yet():
    cache.clear()


@pytest.fixture
def meeting():
    return make_meeting(slug="adgmin-6", name_vi="Hội nghị sáu", name_en="Meeting six")


def stamp(page: str = "/meetings/adgmin-6/", age: int = 60) -> str:
    """The stamp of a form that was opened some seconds ago."""
    now = timezone.now().timestamp()
    with patch.object(signing.time, "time", return_value=now - age):
        return signer.sign(page)


def send(client, page: str = FORM, **given):
    return client.post(page, {"text": TEXT, "opened": stamp()} | given)


def errors(answer) -> set[str]:
    assert answer.status_code == 200
    return set(answer.context["form"].errors)


@pytest.mark.parametrize("where", ["record_at", "may_report"])
def test_a_report_that_cannot_be_kept_says_so_and_gives_back_what_was_typed(client, meeting, monkeypatch, where):
    def gone(*arguments) -> None:
        raise OperationalError("the server gave no answer")

    monkeypatch.setattr(f"portal.reports.views.{where}", gone)
    monkeypatch.setattr("portal.reports.views.was_lost", lambda error: True)
    opened = stamp()
    answer = send(client, email="dan@example.org", opened=opened)
    page = BeautifulSoup(answer.content, "html5lib")
    assert (answer.status_code, page.h1.get_text()) == (503, "Báo lỗi của bạn chưa được tiếp nhận")
    typed = typed_in(page)
    assert (typed["text"], typed["email"], typed["opened"]) == (TEXT, "dan@example.org", opened)
    assert not ErrorReport.objects.exists()
    monkeypatch.undo()
    assert client.post(FORM, typed).status_code == 302
    assert ErrorReport.objects.get().text == TEXT


def make_report(record, **given) -> ErrorReport:
    report = ErrorReport(record=record, language="vi", text=TEXT, email="dan@example.org", **given)
    report.save()
    return report


# The way to the form


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_of_a_record_leads_to_its_own_form(client, language):
    for kind, path in own_pages(make_web()).items():
        page = BeautifulSoup(client.get(f"/{language}/{path}").content, "html5lib")
        (link,) = page.select(f'main a[href^="/{language}/report/"]')
        assert link["href"] == f"/{language}/report/?record=/{path}", kind
        form = BeautifulSoup(client.get(link["href"]).content, "html5lib")
        assert form.select_one(f'main h1 ~ p a[href="/{language}/{path}"]'), kind


@pytest.mark.parametrize("record", ["meetings/adgmin-6/", "/en/meetings/adgmin-6/", "/vi/meetings/adgmin-6/"])
def test_a_record_is_found_by_its_path_with_or_without_a_language(client, meeting, record):
    assert client.get("/en/report/", {"record": record}).context["reported"] == meeting


@pytest.mark.parametrize(
    "record",
    ["", "/", "/meetings/", "/meetings/nowhere/", "/meetings/adgmin-6.ics", "//evil.example/", "/admin/", "\0"],
)
def test_what_is_no_public_record_has_no_form(client, meeting, record):
    assert client.get("/vi/report/", {"record": record}).status_code == 404


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.WITHDRAWN])
def test_a_draft_has_no_form_and_takes_no_report(client, state):
    make_meeting(slug="adgmin-6", state=state)
    assert client.get(FORM).status_code == send(client).status_code == 404
    assert not ErrorReport.objects.exists()


def test_only_the_form_sets_a_cookie_and_it_is_kept_by_no_cache(client, meeting):
    for path in ("/vi/meetings/adgmin-6/", "/vi/corrections/", "/vi/report/thanks/"):
        assert not client.get(path).cookies, path
    answer = client.get(FORM)
    assert list(answer.cookies) == ["csrftoken"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert 'content="noindex' in answer.content.decode()


# Sending it


def test_a_report_is_kept_without_an_account_and_without_an_address_of_the_network(client, meeting):
    given = {"source_url": "https://example.org/lich", "email": "dan@example.org"}
    answer = send(client, **given)
    assert answer.headers["Location"] == "/vi/report/thanks/?record=%2Fmeetings%2Fadgmin-6%2F"
    report = ErrorReport.objects.get()
    assert (report.record, report.language, report.state) == (meeting, "vi", "new")
    assert {"text": report.text, "source_url": report.source_url, "email": report.email} == {"text": TEXT} | given
    thanks = client.get(answer.headers["Location"]).content.decode()
    assert 'href="/vi/meetings/adgmin-6/"' in thanks
    assert "127.0.0.1" not in str(ErrorReport.objects.values().get())


def test_a_browser_without_the_token_of_the_form_is_refused(meeting):
    client = Client(enforce_csrf_checks=True)
    assert send(client).status_code == 403
    client.get(FORM)
    token = client.cookies["csrftoken"].value
    assert send(client, csrfmiddlewaretoken=token).status_code == 302


def typed_in(page: BeautifulSoup) -> dict[str, str]:
    """What the form on a page would send, by the names of its controls."""
    return {
        field["name"]: field.get("value") or field.get_text().strip()
        for field in page.select("form.report-form [name]")
    }


@pytest.mark.parametrize(
    ("language", "heading"),
    [("vi", "Báo lỗi của bạn chưa được tiếp nhận"), ("en", "Your report was not taken")],
)
def test_a_report_whose_cookie_was_deleted_is_given_back_and_then_taken(meeting, language, heading):
    client, address = (
        Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"}),
        f"/{language}{FORM[3:]}",
    )
    answer = send(client, address, email="dan@example.org", csrfmiddlewaretoken="x" * 64)
    page = BeautifulSoup(answer.content, "html5lib")
    assert (answer.status_code, page.h1.get_text()) == (403, heading)
    assert "no-store" in answer.headers["Cache-Control"]
    typed = typed_in(page)
    assert (typed["text"], typed["email"]) == (TEXT, "dan@example.org")
    assert client.post(address, typed).status_code == 302
    assert ErrorReport.objects.get().text == TEXT


@pytest.mark.parametrize("headers", [{}, {"origin": "https://elsewhere.example"}])
def test_a_report_that_another_site_sent_is_not_given_back(meeting, headers):
    answer = send(Client(enforce_csrf_checks=True, headers=headers))
    assert (answer.status_code, TEXT in answer.content.decode()) == (403, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", ""),
        ("text", "  Sai.  "),
        ("text", "a" * 4001),
        ("text", TEXT + "\0"),
        ("source_url", "javascript:alert(1)"),
        ("source_url", "ftp://example.org/lich"),
        ("source_url", "https://example.org/" + "a" * 800),
        ("email", "dan"),
        ("email", "a" * 250 + "@example.org"),
        ("homepage", "https://example.org/"),
        ("opened", ""),
        ("opened", "/meetings/adgmin-6/:1:x"),
    ],
)
def test_a_field_with_what_it_may_not_hold_is_refused_beside_it_and_the_text_stays(client, meeting, field, value):
    answer = send(client, **{field: value})
    assert errors(answer) == {field}
    page = BeautifulSoup(answer.content, "html5lib")
    assert page.select(".note.error")
    if field != "text":
        assert page.select_one("textarea").get_text().strip() == TEXT
    assert not ErrorReport.objects.exists()


def test_a_form_sent_in_a_moment_is_refused_and_goes_through_when_sent_again(client, meeting):
    values = form_values_of(client.get(FORM)) | {"text": TEXT}
    assert errors(client.post(FORM, values)) == {"opened"}
    later = timezone.now().timestamp() + 10
    with patch.object(signing.time, "time", return_value=later):
        assert client.post(FORM, values).status_code == 302


def test_a_form_of_yesterday_comes_back_with_its_text_and_a_new_stamp(client, meeting):
    answer = send(client, opened=stamp(age=2 * 24 * 3600))
    assert errors(answer) == {"opened"}
    values = form_values_of(answer)
    assert values["text"] == [TEXT]
    with patch.object(signing.time, "time", return_value=timezone.now().timestamp() + 10):
        assert client.post(FORM, values).status_code == 302


def test_the_stamp_of_one_page_does_not_serve_for_another(client, meeting):
    assert errors(send(client, opened=stamp("/meetings/adgmin-5/"))) == {"opened"}


def form_values_of(answer) -> dict:
    """What a browser sends of the form of a page; it has no name to be found by."""
    form = answer.content.decode().replace('<form class="report-form', '<form id="report" class="report-form')
    return form_values(form, "report")


def test_an_address_may_send_so_many_reports_an_hour(client, meeting, settings):
    settings.REPORTS_AN_HOUR = 2
    answers = [send(client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert answers[2].context["form"]["text"].value() == TEXT
    assert send(client, text="").status_code == 200
    assert client.post(FORM, {"text": TEXT, "opened": stamp()}, REMOTE_ADDR="192.0.2.7").status_code == 302
    settings.REPORTS_AN_HOUR = 0
    assert send(client).status_code == 302


def test_behind_a_proxy_each_visitor_counts_alone(client, meeting, settings):
    settings.REPORTS_AN_HOUR, settings.BEHIND_PROXY = 1, True
    data = {"text": TEXT, "opened": stamp()}
    sent = [client.post(FORM, data, headers={"X-Forwarded-For": f"1.1.1.1, 203.0.113.{n}"}) for n in (1, 2, 1)]
    assert [answer.status_code for answer in sent] == [302, 302, 429]


def test_a_network_of_one_subscriber_counts_as_one_address():
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("192.0.2.1") != neighbourhood("192.0.2.2")


# The inbox of the editors


@pytest.fixture
def inbox(client, meeting):
    """The report and what each role gets to see and to do of it."""
    client.report = make_report(meeting)

    def as_(role: str):
        client.force_login(make_member(role))
        client.cookies["django_language"] = "en"
        return client

    return as_


def page_of(client) -> str:
    return address("portal_errorreport_change", client.report.pk)


def handle(client, state: str, **given):
    """Choose a state by address, whatever the form offers."""
    seen = {"seen": str(client.report.handled or "")}
    answer = client.post(page_of(client), {"state": state, "outcome_vi": "", "outcome_en": ""} | seen | given)
    client.report.refresh_from_db()
    return answer


def test_an_editor_looks_into_a_report_and_does_not_decide(inbox):
    client = inbox("editor")
    assert TEXT in client.get(page_of(client)).content.decode()
    assert handle(client, "checking").status_code == 302
    assert (client.report.state, client.report.handled_by.username) == ("checking", "editor")
    for state in ("accepted", "rejected"):
        assert handle(client, state, **OUTCOME).status_code == 200
    assert (client.report.state, Correction.objects.count()) == ("checking", 0)


def test_a_reviewer_decides_and_what_was_corrected_is_said_in_both_languages(inbox):
    client = inbox("reviewer")
    assert set(handle(client, "accepted").context["adminform"].errors) == set(OUTCOME)
    assert handle(client, "accepted", **OUTCOME).status_code == 302
    assert (client.report.state, client.report.handled_by.username) == ("accepted", "reviewer")
    correction = Correction.objects.get()
    assert [correction.text_vi, correction.text_en] == list(OUTCOME.values())
    assert client.report.closed == correction.date
    handle(client, "rejected", **OUTCOME)
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "While you wrote, reviewer saved: “Accepted, corrected · Đã sửa ngày khai mạc. · The opening day was"),
        ("vi", "Trong lúc bạn viết, reviewer đã lưu: “Chấp nhận, đã đính chính · Đã sửa ngày khai mạc. · The opening"),
    ],
)
def test_of_two_reviewers_the_second_sees_what_the_first_decided(inbox, language, told):
    client = inbox("reviewer")
    client.cookies["django_language"] = language
    opened = form_values(client.get(page_of(client)).content.decode(), "errorreport_form")
    assert handle(client, "accepted", **OUTCOME).status_code == 302
    other = {"state": ["rejected"], "outcome_vi": ["Không có nguồn."], "outcome_en": ["There is no source."]}
    answer = client.post(page_of(client), opened | other)
    client.report.refresh_from_db()
    assert (answer.status_code, client.report.state, Correction.objects.count()) == (200, "accepted", 1)
    [error] = answer.context["adminform"].form.non_field_errors()
    assert error.startswith(told)
    back = form_values(answer.content.decode(), "errorreport_form")
    assert back["outcome_en"] == ["There is no source."]
    assert client.post(page_of(client), back).status_code == 302
    client.report.refresh_from_db()
    assert (client.report.state, Correction.objects.count()) == ("rejected", 0)


def test_a_closed_report_is_for_reviewers(inbox):
    ErrorReport.objects.update(state="rejected")
    client = inbox("editor")
    page = BeautifulSoup(client.get(page_of(client)).content, "html5lib")
    assert page.select_one(".field-state .readonly") and not page.select_one(".field-seen")
    assert handle(client, "new").status_code == 403
    assert client.report.state == "rejected"


@pytest.mark.parametrize(("role", "sees"), [("editor", False), ("reviewer", True)])
def test_only_who_decides_sees_the_address_of_the_reporter(inbox, role, sees):
    client = inbox(role)
    pages = [page_of(client), address("portal_errorreport_changelist") + "?q=dan@example"]
    texts = [client.get(page).content.decode() for page in pages]
    assert ["dan@example.org" in text for text in texts] == [sees, False]


@pytest.mark.parametrize(("role", "left"), [("editor", 1), ("reviewer", 0), ("maintainer", 1)])
def test_only_a_reviewer_deletes_a_report(inbox, role, left):
    client = inbox(role)
    client.post(address("portal_errorreport_delete", client.report.pk), {"post": "yes"})
    assert ErrorReport.objects.count() == left


def test_a_report_that_led_to_a_correction_is_not_deleted(inbox):
    client = inbox("reviewer")
    handle(client, "accepted", **OUTCOME)
    client.post(address("portal_errorreport_delete", client.report.pk), {"post": "yes"})
    assert Correction.objects.get().report == client.report


@pytest.mark.parametrize("role", ["maintainer", None])
def test_who_has_no_part_in_editing_sees_no_report(client, inbox, role):
    client = inbox(role) if role else client
    for page in (address("portal_errorreport_changelist"), page_of(client)):
        assert client.get(page).status_code == (403 if role else 302)


def test_nobody_writes_a_report_in_the_admin(inbox):
    assert inbox("reviewer").get(address("portal_errorreport_add")).status_code == 403


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_inbox_opens_with_its_filters_in_both_languages(inbox, language):
    client = inbox("reviewer")
    client.cookies["django_language"] = language
    page = client.get(address("portal_errorreport_changelist"), {"state__exact": "new", "_facets": "True"})
    assert {"vi": "Hội nghị sáu", "en": "Meeting six"}[language] in page.content.decode()
    assert page.context["cl"].result_count == 1
    form = client.get(page_of(client)).content.decode()
    assert 'href="/' + language + '/meetings/adgmin-6/"' in form
    assert address("meetings_meeting_change", client.report.object_id) in form


def test_the_inbox_takes_as_many_queries_for_ten_reports_as_for_two(inbox):
    client, page = inbox("reviewer"), address("portal_errorreport_changelist")
    make_report(make_topic())
    client.get(page)
    with CaptureQueriesContext(connection) as two:
        client.get(page)
    for _ in range(4):
        make_report(make_topic())
        make_report(make_meeting())
    with CaptureQueriesContext(connection) as ten:
        assert client.get(page).context["cl"].result_count == 10
    assert len(ten) == len(two)


def test_a_report_on_a_record_that_is_gone_can_still_be_read(inbox):
    client = inbox("reviewer")
    client.report.record.delete()
    assert client.get(page_of(client)).status_code == 200
    assert client.get(address("portal_errorreport_changelist")).status_code == 200


# Forgetting


@pytest.mark.databases
@pytest.mark.parametrize(
    ("sent", "closed", "kept"), [(10, None, True), (100, 89, True), (100, 91, False), (366, None, False)]
)
def test_the_address_of_a_reporter_is_erased_in_time(meeting, sent, closed, kept, capsys):
    now = timezone.now()
    report = make_report(meeting, sent=now - timedelta(days=sent))
    ErrorReport.objects.update(closed=closed and now - timedelta(days=closed))
    call_command("forget_reporters")
    report.refresh_from_db()
    assert bool(report.email) is kept
    assert report.text == TEXT
    assert capsys.readouterr().out == f"E-mail addresses erased: {int(not kept)}.\n"


def test_handling_one_report_forgets_what_is_over_of_others(inbox, meeting):
    make_report(meeting, sent=timezone.now() - timedelta(days=400))
    handle(inbox("editor"), "checking")
    assert ErrorReport.objects.exclude(email="").count() == 1
