"""A meeting's form, with the rows that belong to it."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext, override

from meetings.models import Decision, Meeting, Verb
from portal.models import State
from tests.factories import (
    make_body,
    make_decision,
    make_direction,
    make_document,
    make_meeting,
    make_session,
    make_source,
    make_statement,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "vi"
    return client


def address_of(meeting) -> str:
    return reverse("admin:meetings_meeting_change", args=[meeting.pk])


def send(editor, meeting, **given):
    """Open the meeting's form, change what is given, and send it; `__` in a name stands for a hyphen."""
    values = form_values(editor.get(address_of(meeting)).content.decode(), "meeting_form")
    return editor.post(address_of(meeting), values | {name.replace("__", "-"): text for name, text in given.items()})


def new_decision(**given) -> dict:
    """A row added by hand as the first of the decisions."""
    row = {"order": "1", "verb": "noted", "confidence": "medium", "text_vi": "Ghi nhận."}
    row |= {"text_en": "Noted.", **given}
    return {"decisions__TOTAL_FORMS": "1"} | {f"decisions__0__{name}": text for name, text in row.items()}


def test_a_meeting_that_ends_before_it_starts_is_refused_in_the_editors_language(editor):
    meeting = make_meeting(start=date(2026, 1, 15), end=date(2026, 1, 16))
    response = send(editor, meeting, end="14/01/2026")
    with override("vi"):
        assert gettext("The end is before the start.") in response.context["adminform"].errors["__all__"]


def test_a_form_sent_back_untouched_changes_nothing(editor):
    meeting = make_meeting()
    decision = make_decision(meeting=meeting, order=1, sources=[make_source()], bodies=[make_body()])
    assert send(editor, meeting).status_code == 302
    saved = Decision.objects.get()
    assert (saved.text_vi, saved.text_en, saved.slug) == (decision.text_vi, decision.text_en, decision.slug)
    assert (saved.sources.count(), saved.bodies.count()) == (1, 1)
    assert saved.updated == decision.updated
    assert Meeting.objects.get().updated == meeting.updated


def test_a_meeting_with_very_many_decisions_can_be_saved(editor):
    meeting = make_meeting(state=State.DRAFT)
    for order in range(130):
        make_decision(meeting=meeting, order=order)
    assert send(editor, meeting, decisions__129__verb="welcomed").status_code == 302
    assert Decision.objects.get(order=129).verb == Verb.WELCOMED


def test_a_decision_added_in_the_meeting_is_a_draft_with_an_address(editor):
    meeting = make_meeting(state=State.DRAFT, slug="adgmin-6")
    send(editor, meeting, **new_decision(sources=[make_source().pk]))
    decision = Decision.objects.get()
    assert (decision.slug, decision.state, decision.verb) == ("adgmin-6-01", State.DRAFT, Verb.NOTED)
    assert (decision.text_vi, decision.text_en, decision.sources.count()) == ("Ghi nhận.", "Noted.", 1)


def test_a_row_says_by_the_field_what_is_missing(editor):
    response = send(editor, make_meeting(), **new_decision(text_en=""))
    [decisions] = [f for f in response.context["inline_admin_formsets"] if f.formset.prefix == "decisions"]
    with override("vi"):
        assert decisions.formset.errors == [{"text_en": [gettext("This field is required.")]}]


def test_a_row_says_at_its_head_what_is_wrong_with_a_field_it_does_not_show(editor):
    meeting = make_meeting(state=State.DRAFT)
    make_decision(meeting=meeting, state=State.WITHDRAWN)
    response = send(editor, meeting, decisions__0__text_vi="Khác")
    [decisions] = [f for f in response.context["inline_admin_formsets"] if f.formset.prefix == "decisions"]
    with override("vi"):
        expected = gettext("Say in both languages why the record is withdrawn.")
    assert decisions.formset.errors == [{"__all__": [expected]}]


def test_decisions_may_change_places(editor):
    meeting = make_meeting(state=State.DRAFT)
    first, second = (make_decision(meeting=meeting, order=order) for order in (1, 2))
    assert send(editor, meeting, decisions__0__order="2", decisions__1__order="1").status_code == 302
    assert list(Decision.objects.order_by("order")) == [second, first]


def test_two_decisions_in_one_place_are_refused(editor):
    meeting = make_meeting()
    for order in (1, 2):
        make_decision(meeting=meeting, order=order)
    response = send(editor, meeting, decisions__1__order="1")
    [decisions] = [f for f in response.context["inline_admin_formsets"] if f.formset.prefix == "decisions"]
    with override("vi"):
        expected = gettext("The meeting already has a decision in this place.")
    assert decisions.formset.non_form_errors() == [expected]
    assert sorted(Decision.objects.values_list("order", flat=True)) == [1, 2]


def test_a_decision_may_take_the_place_of_one_that_is_deleted(editor):
    meeting = make_meeting(state=State.DRAFT)
    first, second = (make_decision(meeting=meeting, order=order) for order in (1, 2))
    send(editor, meeting, decisions__0__order="2", decisions__1__DELETE="on")
    assert list(Decision.objects.values_list("pk", "order")) == [(first.pk, 2)]


def test_a_meeting_opens_with_as_many_queries_for_twenty_rows_as_for_one(editor):
    meeting = make_meeting()
    direction = make_direction()

    def add_rows() -> None:
        source = make_source()
        session = make_session(meeting=meeting, sources=[source])
        make_statement(meeting=meeting, session=session, sources=[source], directions=[direction])
        make_decision(meeting=meeting, sources=[source], bodies=[make_body()], documents=[make_document()])

    add_rows()
    editor.get(address_of(meeting))
    with CaptureQueriesContext(connection) as one:
        editor.get(address_of(meeting))
    for _ in range(19):
        add_rows()
    with CaptureQueriesContext(connection) as many:
        editor.get(address_of(meeting))
    assert len(many) == len(one) < 55


def test_a_statement_is_refused_a_session_of_another_meeting(editor):
    meeting = make_meeting()
    make_statement(meeting=meeting, session=make_session(meeting=meeting))
    response = send(editor, meeting, statements__0__session=str(make_session().pk))
    [statements] = [f for f in response.context["inline_admin_formsets"] if f.formset.prefix == "statements"]
    with override("vi"):
        assert statements.formset.errors == [{"session": [gettext("This session belongs to another meeting.")]}]


def test_the_level_filter_follows_the_verb(editor):
    adopted, noted = make_decision(verb=Verb.ADOPTED), make_decision(verb=Verb.NOTED)
    lists = {}
    for level in ["commits", "takes-note"]:
        response = editor.get(reverse("admin:meetings_decision_changelist"), {"level": level})
        lists[level] = list(response.context["cl"].result_list)
    assert lists == {"commits": [adopted], "takes-note": [noted]}
