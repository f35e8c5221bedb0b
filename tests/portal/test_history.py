"""The history of a record in the editors' site: who changed what, when, field by field, its rows included."""

import html5lib
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from reversion.models import Revision

from initiatives.models import Milestone
from portal.history.moments import moments_of
from portal.history.shown import shown_moments
from portal.models import Part, State, Topic
from portal.revisions import keep_what_was_loaded
from portal.sync.engine import Options, run
from portal.sync.reading import Row
from tests.factories import (
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_plan,
    make_source,
    make_topic,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


def address(row, page: str, *arguments) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk, *arguments])


def change(client, row, **given):
    """Open the form of a row, change what is given, and send it. What is public would change beside itself."""
    record = getattr(row, row.parent_field) if isinstance(row, Part) else row
    type(record).objects.filter(pk=record.pk).update(state=State.DRAFT)
    page = address(row, "change")
    values = form_values(client.get(page).content.decode(), f"{row._meta.model_name}_form")
    return client.post(page, values | given)


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="lan", first_name="Lan", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "en"
    return client


def history(client, row, **query) -> list:
    return client.get(address(row, "history"), query).context["moments"]


def marked(field) -> list[tuple[str, str]]:
    return [part for part in field.parts if part[0] != "same"]


def fields_of(shown) -> dict[tuple[str, str], list]:
    return {(field.label, field.language): marked(field) for change in shown.changes for field in change.fields}


def test_a_change_is_told_word_by_word_in_the_language_it_was_made_in(editor):
    topic = make_topic(name_vi="An ninh mạng", name_en="Cyber security")
    change(editor, topic, name_vi="An toàn mạng")
    latest, first = history(editor, topic)
    assert fields_of(latest) == {("Name", "vi"): [("removed", "ninh"), ("added", "toàn")]}
    assert (latest.moment.user.username, latest.sentence, latest.origin) == ("lan", "Changed.", "Editors’ site")
    page = editor.get(address(topic, "history")).content.decode()
    assert "<del>ninh</del><ins>toàn</ins>" in page


def test_what_was_loaded_is_called_loaded_and_no_change_is_invented(editor):
    topic = make_topic()
    assert history(editor, topic) == []
    change(editor, topic, name_vi="Khác")
    first = history(editor, topic)[-1]
    assert first.sentence == "Loaded; nothing is known of what was before."
    assert (first.changes, first.moment.user, first.moment.date) == ([], None, topic.updated)


def test_the_first_version_of_a_new_record_is_called_added(editor):
    page = reverse("admin:portal_topic_add")
    values = form_values(editor.get(page).content.decode(), "topic_form")
    editor.post(page, values | {"name_vi": "Mới", "name_en": "New"})
    [first] = history(editor, Topic.objects.get())
    assert (first.sentence, first.changes) == ("Added.", [])


def test_a_step_of_the_editorial_state_is_a_sentence(editor):
    topic = make_topic(state=State.DRAFT)
    Topic.objects.filter(pk=topic.pk).update(state=State.DRAFT)
    keep_what_was_loaded([topic])
    Topic.objects.filter(pk=topic.pk).update(state=State.PUBLISHED)
    keep_what_was_loaded([Topic.objects.get()])
    Revision.objects.filter(pk=Revision.objects.latest("pk").pk).update(comment="admin: changed")
    assert history(editor, topic)[0].sentence == "Published."


def test_relations_are_told_by_name(editor):
    kept, gone, come = (make_source(title=title, publisher="ASEAN") for title in ("Kept", "Gone", "Come"))
    topic = make_topic(sources=[kept, gone])
    change(editor, topic, sources=[str(kept.pk), str(come.pk)])
    assert fields_of(history(editor, topic)[0]) == {
        ("Sources", ""): [("removed", "Gone (ASEAN)"), ("added", "Come (ASEAN)")]
    }


def test_choices_dates_and_single_relations_are_told_as_forms_show_them(editor):
    meeting = make_meeting(status="confirmed")
    other = make_plan(name_en="Master plan")
    plan = make_plan(status="adopted", predecessor=None)
    change(
        editor,
        plan,
        status="in-force",
        adopted_on="16/1/2026",
        precision="day",
        predecessor=str(other.pk),
        adopted_at=str(meeting.pk),
    )
    fields = fields_of(history(editor, plan)[0])
    assert fields["Status", ""] == [("removed", "Adopted"), ("added", "In force")]
    assert fields["Follows", ""] == [("added", "Master plan")]
    assert fields["Adopted at", ""] == [("added", str(meeting))]


def rows_form(milestone_texts: list[str]) -> dict:
    return {f"milestones-{n}-text_vi": text for n, text in enumerate(milestone_texts)}


@pytest.mark.databases
def test_rows_added_changed_and_removed_stand_in_the_history_of_their_record(editor):
    initiative = make_initiative()
    first = make_milestone(initiative=initiative, text_vi="Mốc một", key="one")
    second = make_milestone(initiative=initiative, text_vi="Mốc hai", key="two", date="2026-02-01")
    new = {
        "date": "3/3/2026",
        "precision": "day",
        "text_vi": "Mốc ba",
        "text_en": "Third",
        "initiative": str(initiative.pk),
    }
    given = {f"milestones-2-{name}": value for name, value in new.items()} | {"milestones-TOTAL_FORMS": "3"}
    answer = change(editor, initiative, **{"milestones-0-text_vi": "Mốc đầu", "milestones-1-DELETE": "on"}, **given)
    assert answer.status_code == 302
    latest, loaded = history(editor, initiative)
    assert [(row.kind, row.title) for row in latest.changes] == [
        ("changed", f"Milestone: {first.text_en}"),
        ("removed", f"Milestone: {second.text_en}"),
        ("added", "Milestone: Third"),
    ]
    assert marked(latest.changes[0].fields[0]) == [("removed", "một"), ("added", "đầu")]
    assert latest.sentence == "Changed."


def test_a_row_changed_on_its_own_page_stands_in_the_history_of_its_record(editor):
    milestone = make_milestone(text_vi="Cũ")
    change(editor, milestone, text_vi="Mới")
    [latest] = [shown for shown in history(editor, milestone.initiative) if shown.changes]
    assert fields_of(latest) == {("Text", "vi"): [("removed", "Cũ"), ("added", "Mới")]}


def test_a_row_that_moves_to_another_record_leaves_the_one_and_comes_to_the_other(editor):
    milestone, other = make_milestone(), make_initiative(state=State.DRAFT)
    old = milestone.initiative
    change(editor, milestone, initiative=str(other.pk))
    assert [row.kind for row in history(editor, old)[0].changes] == ["removed"]
    assert Milestone.objects.get().initiative == other
    assert (type(milestone), milestone.pk) in moments_of(type(other), other.pk)[-1].after


@pytest.mark.databases
def test_a_content_update_is_one_moment_with_its_origin_and_files(editor):
    topic = make_topic(name_en="Old")
    rows = [Row(Topic, topic.slug, "fixtures/topics.yaml", 1, values={"name_en": "New"}, base={"name_en": "Old"})]
    report = run(lambda note: rows, Options(files="fixtures/topics.yaml"))
    assert report.applied
    latest, loaded = history(editor, topic)
    assert (latest.origin, latest.moment.what) == ("Command", "fixtures/topics.yaml")
    assert fields_of(latest) == {("Name", "en"): [("removed", "Old"), ("added", "New")]}


def test_any_two_versions_are_compared_and_a_version_with_what_is_there_now(editor):
    topic = make_topic(name_en="One")
    for name in ("Two", "Three"):
        change(editor, topic, name_en=name)
    three, two, one = (shown.moment.number for shown in history(editor, topic))
    compared = editor.get(address(topic, "history"), {"earlier": three, "later": one}).context["comparison"]
    assert fields_of_changes(compared["changes"]) == {("Name", "en"): [("removed", "One"), ("added", "Three")]}
    compared = editor.get(address(topic, "history"), {"earlier": two, "later": "now"}).context["comparison"]
    assert fields_of_changes(compared["changes"]) == {("Name", "en"): [("removed", "Two"), ("added", "Three")]}


def fields_of_changes(changes) -> dict:
    return {(field.label, field.language): marked(field) for each in changes for field in each.fields}


@pytest.mark.parametrize(
    "query", [{"earlier": "x"}, {"earlier": "1", "later": "99999"}, {"page": "99"}, {"later": "now"}]
)
def test_what_was_asked_for_and_is_not_there_compares_nothing(editor, query):
    topic = make_topic()
    change(editor, topic, name_en="Two")
    answer = editor.get(address(topic, "history"), query)
    assert (answer.status_code, answer.context["comparison"]) == (200, None)


def test_a_history_takes_as_many_queries_for_many_changes_as_for_one(editor):
    def count(record) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert editor.get(address(record, "history")).status_code == 200
        return len(queries)

    few, many = (make_initiative(sources=[make_source()]) for _number in range(2))
    for record, times in ((few, 1), (many, 4)):
        for number in range(times):
            make_milestone(initiative=record, key=f"step-{number}")
            change(editor, record, sources=[str(make_source().pk)], name_en=f"Name {number}")
    assert count(few) == count(many) < 40


def test_a_long_history_is_paged(editor):
    topic = make_topic()
    for number in range(22):
        Topic.objects.filter(pk=topic.pk).update(name_en=f"Name {number}")
        keep_what_was_loaded([Topic.objects.get()])
    assert [len(history(editor, topic, page=page)) for page in (1, 2)] == [20, 2]


def test_the_page_is_complete_html_in_both_languages(editor):
    decision = make_decision()
    change(editor, decision, text_en="Another text")
    for language in ("vi", "en"):
        editor.cookies["django_language"] = language
        page = editor.get(address(decision, "history")).content.decode()
        html5lib.HTMLParser(strict=True).parse(page)


def test_only_who_may_see_a_record_sees_its_history(client):
    topic = make_topic()
    client.force_login(User.objects.create(username="outsider", is_staff=True))
    assert client.get(address(topic, "history")).status_code == 403
    client.logout()
    assert client.get(address(topic, "history")).status_code == 302


def test_moments_are_shown_without_a_request():
    topic = make_topic()
    keep_what_was_loaded([topic])
    moments = moments_of(Topic, topic.pk)
    assert [shown.changes for shown in shown_moments((Topic, topic.pk), moments, moments[0])] == [[]]
