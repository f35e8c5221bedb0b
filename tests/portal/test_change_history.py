"""The public history of a record: what changed in its public text, and nothing else."""

from datetime import UTC, date, datetime, timedelta

import html5lib
import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from reversion.models import Revision

from portal.history.models import CorrectionNote
from portal.history.public import public_history
from portal.models import State
from portal.revisions import keep_revision, keep_what_was_loaded
from tests.factories import (
    make_body,
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_person,
    make_source,
    make_statement,
    make_topic,
)
from tests.web import make_web, own_pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return User.objects.create(username="Zzeditor", first_name="Zzeditor")


def become(record, user, **values):
    """Write a record as an editor does, with a version of what was there before and one of what it becomes."""
    record = type(record)._base_manager.get(pk=record.pk)
    keep_what_was_loaded([record])
    many = {name: values.pop(name) for name in list(values) if record._meta.get_field(name).many_to_many}
    for name, value in values.items():
        setattr(record, name, value)
    record.save()
    for name, rows in many.items():
        getattr(record, name).set(rows)
    keep_revision(user, "changed", [record])
    return record


def told(record) -> list[list[tuple[str, str, list]]]:
    """The changes, newest first, each as (field, language, marked words)."""
    with override("en"):
        history = public_history(type(record).objects.get(pk=record.pk))
    return [
        [
            (field.label, field.language, [part for part in field.parts if part[0] != "same"])
            for change in public.changes
            for field in change.fields
        ]
        for public in history
    ]


def page_of(client, record, language: str = "en", status: int = 200) -> str:
    with override(language):
        answer = client.get(f"{record.get_absolute_url()}history/")
    assert answer.status_code == status
    return answer.content.decode()


def test_a_change_of_a_public_record_is_shown_word_by_word_in_both_languages(client, user):
    topic = make_topic(name_vi="An ninh mạng", name_en="Cyber security")
    become(topic, user, name_vi="An toàn mạng")
    for language in ("vi", "en"):
        page = page_of(client, topic, language)
        assert "<del>ninh</del><ins>toàn</ins>" in page
    assert "The first public version on record" in page


def test_every_page_of_a_record_leads_to_its_history_and_it_leads_back(client):
    web = make_web()
    for path in own_pages(web).values():
        assert f'href="/vi/{path}history/"' in client.get(f"/vi/{path}").content.decode(), path
        answer = client.get(f"/vi/{path}history/")
        assert (answer.status_code, f'href="/vi/{path}"' in answer.content.decode()) == (200, True), path


def test_nobodys_name_and_no_note_is_shown(client, user):
    topic = make_topic(name_en="Old")
    become(topic, user, name_en="New", note="Zznote")
    become(topic, user, note="Zzother")
    page = page_of(client, topic)
    assert "<ins>New</ins>" in page
    assert "Zz" not in page
    assert len(told(topic)) == 2


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.WITHDRAWN])
def test_only_a_public_record_has_a_history(client, state):
    topic = make_topic(state=state)
    page_of(client, topic, status=404)
    assert client.get("/vi/topics/unknown/history/").status_code == 404


def test_what_was_written_before_it_was_public_leaves_no_trace(client, user):
    topic = make_topic(state=State.DRAFT, name_en="Zzfirst", sources=[make_source(title="Zzsource")])
    become(topic, user, name_en="Zzsecond")
    become(topic, user, name_en="Third", state=State.PUBLISHED, sources=[])
    become(topic, user, name_en="Fourth")
    assert told(topic) == [[("Name", "en", [("removed", "Third"), ("added", "Fourth")])], []]
    assert "Zz" not in page_of(client, topic)


@pytest.mark.databases
def test_what_was_withdrawn_and_rewritten_is_one_change_from_what_visitors_saw_last(client, user):
    topic = make_topic(name_en="Seen")
    reasons = {"withdrawn_reason_vi": "Zzlý do", "withdrawn_reason_en": "Zzreason"}
    become(topic, user, state=State.WITHDRAWN, name_en="Zzwithdrawn", **reasons)
    become(topic, user, state=State.DRAFT, name_en="Zzdraft")
    become(topic, user, state=State.PUBLISHED, name_en="Seen again")
    assert told(topic) == [[("Name", "en", [("added", " again")])], []]
    assert "Zz" not in page_of(client, topic)


def test_a_version_that_waits_for_its_hour_is_dated_by_the_hour(client, user):
    topic = make_topic(state=State.DRAFT)
    hour = timezone.now() + timedelta(hours=2)
    become(topic, user, state=State.PUBLISHED, published_from=hour)
    page_of(client, topic, status=404)
    past = hour - timedelta(hours=3)
    become(topic, user, published_from=past)
    [first] = public_history(type(topic).objects.get())
    assert first.date >= past
    assert first.is_first


def test_a_record_that_never_waited_out_its_hour_was_not_seen(user):
    topic = make_topic(state=State.DRAFT, name_en="Zz")
    become(topic, user, state=State.PUBLISHED, published_from=timezone.now() + timedelta(hours=2))
    become(topic, user, published_from=None, name_en="Other")
    assert [len(each) for each in told(topic)] == [0]


def test_relations_are_told_by_name_and_only_those_that_are_public(client, user):
    shown, hidden, old = make_topic(name_en="Shown"), make_topic(name_en="Zzhidden", state=State.DRAFT), make_topic()
    initiative = make_initiative(topics=[old], lead_body=make_body(state=State.DRAFT, name_en="Zzbody"))
    become(initiative, user, topics=[old, shown, hidden], lead_body=None)
    page = page_of(client, initiative)
    assert '<ins class="entry">Shown</ins>' in page
    assert "Zz" not in page
    assert [field for field, _language, _parts in told(initiative)[0]] == ["Topics"]


def test_a_change_of_nothing_that_is_public_is_none(user):
    initiative = make_initiative()
    become(initiative, user, topics=[make_topic(state=State.DRAFT)])
    assert told(initiative) == [[]]


@pytest.mark.databases
def test_rows_are_told_with_their_words(client, user):
    milestone = make_milestone(text_en="Old step")
    keep_what_was_loaded([milestone.initiative, milestone])
    become(milestone, user, text_en="New step", note="Zz")
    page = page_of(client, milestone.initiative)
    assert "Changed: Milestone: New step" in page
    assert "<del>Old</del><ins>New</ins>" in page
    assert "Zz" not in page


def test_rows_that_are_records_are_told_only_while_they_are_public(client, user):
    meeting = make_meeting()
    draft = make_decision(meeting=meeting, state=State.DRAFT, text_en="Zzdraft")
    keep_what_was_loaded([meeting, draft])
    become(draft, user, text_en="Zzstill")
    assert "Zz" not in page_of(client, meeting)
    become(draft, user, text_en="Decided", state=State.PUBLISHED)
    page = page_of(client, meeting)
    assert "Added: Decision: Decided" in page
    assert "Zz" not in page


def test_what_a_hidden_person_said_is_not_told(client, user):
    statement = make_statement(person=make_person(state=State.DRAFT), text_en="Zzsaid")
    keep_what_was_loaded([statement.meeting, statement])
    become(statement, user, text_en="Zzsaid otherwise")
    assert "Zz" not in page_of(client, statement.meeting)


def test_a_decision_was_not_seen_while_its_meeting_was_a_draft(client, user):
    decision = make_decision(meeting=make_meeting(state=State.DRAFT), text_en="Zzearly")
    become(decision, user, text_en="Zzlate")
    become(decision.meeting, user, state=State.PUBLISHED)
    assert told(decision) == [[]]
    become(decision, user, text_en="Public")
    assert len(told(decision)) == 2
    assert "Zzearly" not in page_of(client, decision)


def test_a_record_without_versions_says_that_no_change_is_known(client):
    assert "No change of the public text is on record." in page_of(client, make_topic())


def make_note(record, **given) -> CorrectionNote:
    return CorrectionNote.objects.create(
        content_type=ContentType.objects.get_for_model(record),
        object_id=record.pk,
        revision=Revision.objects.latest("pk"),
        **({"text_vi": "Đã sửa tên.", "text_en": "The name was corrected."} | given),
    )


def test_a_correction_note_stands_with_its_change_in_the_readers_language(client, user):
    topic = make_topic(name_en="Old")
    become(topic, user, name_en="New")
    make_note(topic)
    assert "The name was corrected." in page_of(client, topic, "en")
    page = page_of(client, topic, "vi")
    assert "Đã sửa tên." in page
    assert "The name was corrected." not in page


def test_a_note_of_a_change_that_was_not_public_is_not_shown(client, user):
    topic = make_topic(state=State.DRAFT)
    become(topic, user, name_en="New")
    make_note(topic, text_en="Zznote")
    become(topic, user, state=State.PUBLISHED)
    assert "Zz" not in page_of(client, topic)


def test_the_page_is_for_readers_and_not_for_search_engines(client, user):
    topic = make_topic(slug="ai")
    become(topic, user, name_en="New")
    page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page_of(client, topic))
    robots = [meta.get("content") for meta in page.iter("meta") if meta.get("name") == "robots"]
    canonical = [link.get("href") for link in page.iter("link") if link.get("rel") == "canonical"]
    assert (robots, canonical) == (["noindex, follow"], ["http://testserver/en/topics/ai/history/"])
    assert "history" not in client.get("/sitemap.xml").content.decode()


def test_a_change_is_dated_by_the_day_of_the_register_not_of_greenwich(user):
    topic = make_topic()
    become(topic, user, name_en="New")
    evening = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)  # past one in the morning in Hanoi
    Revision.objects.filter(pk=Revision.objects.latest("pk").pk).update(date_created=evening)
    assert public_history(topic)[0].day == date(2026, 1, 16)


def test_a_long_history_is_paged_and_a_page_that_is_not_there_is_not_found(client, user):
    topic = make_topic()
    for number in range(21):
        become(topic, user, name_en=f"Name {number}")
    address = f"{topic.get_absolute_url()}history/"
    counts = [len(client.get(address, {"page": page}).context["changes"]) for page in (1, 2)]
    assert counts == [20, 2]
    assert client.get(address, {"page": 3}).status_code == 404


def test_many_changes_take_no_more_queries_than_one(client, user):
    def count(record) -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(client, record)
        return len(queries)

    few, many = make_initiative(), make_initiative()
    for record, times in ((few, 1), (many, 4)):
        for number in range(times):
            become(record, user, name_en=f"Name {number}", topics=[make_topic()])
    assert count(few) == count(many) <= 15
