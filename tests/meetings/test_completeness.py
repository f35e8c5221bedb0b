"""What the record of a meeting should have, and what is not asked of it."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings.completeness import completeness, count_done, meetings_to_look_at, with_completeness
from meetings.models import Meeting
from portal.models import State
from tests.factories import make_decision, make_document, make_meeting, make_session, make_source, make_statement

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 1)
PAST = {"start": date(2026, 1, 15), "end": date(2026, 1, 16)}
AHEAD = {"start": date(2026, 9, 1), "end": date(2026, 9, 2)}


def states(meeting) -> dict[str, str]:
    found = with_completeness(Meeting.objects).get(pk=meeting.pk)
    return {mark.name: mark.state for mark in completeness(found, TODAY)}


def make_complete() -> Meeting:
    sources = [make_source()]
    meeting = make_meeting(**PAST, status="held", sources=sources, documents=[make_document()])
    for make in (make_session, make_statement, make_decision):
        make(meeting=meeting, sources=sources)
    return meeting


def test_a_meeting_with_everything_is_complete():
    assert set(states(make_complete()).values()) == {"done"}


def test_a_meeting_that_was_held_is_asked_for_all():
    found = states(make_meeting(**PAST, status="held"))
    assert found == {
        "programme": "missing",
        "documents": "missing",
        "decisions": "missing",
        "statements": "missing",
        "languages": "done",
        "sources": "missing",
    }


@pytest.mark.parametrize(("status", "programme"), [("planned", "missing"), ("cancelled", "not-asked")])
def test_a_meeting_ahead_is_not_asked_for_what_only_a_meeting_held_can_have(status, programme):
    found = states(make_meeting(**AHEAD, status=status))
    assert [found[name] for name in ("documents", "decisions", "statements")] == ["not-asked"] * 3
    assert found["programme"] == programme


def test_a_meeting_is_taken_for_held_once_its_days_are_over_unless_it_was_called_off():
    assert states(make_meeting(**PAST, status="confirmed"))["decisions"] == "missing"
    assert states(make_meeting(**PAST, status="postponed"))["decisions"] == "not-asked"


@pytest.mark.databases
def test_one_row_without_a_source_or_a_language_is_a_gap_of_the_meeting():
    meeting = make_complete()
    make_session(meeting=meeting, name_en="")
    found = states(meeting)
    assert (found["languages"], found["sources"]) == ("missing", "missing")


def test_what_was_withdrawn_does_not_count():
    meeting = make_complete()
    reasons = {"withdrawn_reason_vi": "Trùng", "withdrawn_reason_en": "Double"}
    meeting.decisions.update(state=State.WITHDRAWN, **reasons)
    make_session(meeting=meeting, name_en="", state=State.WITHDRAWN, **reasons)
    found = states(meeting)
    assert (found["decisions"], found["languages"], found["sources"]) == ("missing", "done", "done")


def test_only_what_is_asked_for_is_counted():
    found = with_completeness(Meeting.objects).get(pk=make_meeting(**AHEAD, status="planned").pk)
    assert count_done(completeness(found, TODAY)) == (1, 3)


def test_the_next_and_the_last_meetings_are_looked_at():
    for month in range(1, 12):
        make_meeting(name_en=str(month), start=date(2026, month, 15), end=date(2026, month, 16))
    assert [meeting.name_en for meeting in meetings_to_look_at(TODAY)] == ["8", "7", "6", "5", "4", "3"]


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "en"
    return client


def test_the_list_and_the_form_of_a_meeting_say_what_is_missing(editor):
    meeting = make_complete()
    meeting.documents.clear()
    row = editor.get(reverse("admin:meetings_meeting_changelist")).content.decode()
    form = editor.get(reverse("admin:meetings_meeting_change", args=[meeting.pk])).content.decode()
    assert "5 of 6; missing: Adopted documents" in row
    assert '<li class="mark-missing">Adopted documents: <strong>missing</strong></li>' in form
    assert form.count('<li class="mark-done">') == 5


def test_the_list_of_meetings_takes_as_many_queries_for_many_rows_as_for_one(editor):
    address = reverse("admin:meetings_meeting_changelist")
    make_complete()
    editor.get(address)
    with CaptureQueriesContext(connection) as one:
        editor.get(address)
    for _ in range(9):
        make_complete()
    with CaptureQueriesContext(connection) as many:
        editor.get(address)
    assert len(many) == len(one)
