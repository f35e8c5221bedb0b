"""The way back: restoring a version with its rows, and recovering what was deleted."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from initiatives.models import Initiative, Milestone
from meetings.models import Decision, Meeting, Statement
from portal.history.moments import moments_of
from portal.models import Body, Country, LoadedState, State, Topic
from portal.revisions import keep_revision, keep_what_was_loaded
from portal.sync.engine import Options, run
from portal.sync.reading import Row
from portal.workflow.pending import pending_of, publish
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_plan,
    make_plan_item,
    make_source,
    make_topic,
)
from tests.html_forms import form_values
from tests.portal.test_history import address, change, history
from tests.portal.test_search import assert_current

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="lan", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "en"
    return client


def first_moment(record) -> int:
    return moments_of(type(record), record.pk)[0].number


def restore(client, record, moment: int | None = None, **given):
    page = address(record, "restore", moment or first_moment(record))
    seal = client.get(page).context["asked"].seal
    return client.post(page, {"seal": seal} | given)


def delete(client, record):
    return client.post(address(record, "delete"), {"post": "yes"})


def recover(client, model, number: int, **given):
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_recover", args=[number])
    return client.post(page, {"seal": client.get(page).context["asked"].seal} | given)


# Restoring


def test_a_version_comes_back_in_both_languages_with_its_relations(editor):
    source = make_source()
    topic = make_topic(name_vi="Cũ", name_en="Old", sources=[source])
    change(editor, topic, name_vi="Mới", name_en="New", sources=[])
    assert restore(editor, topic).status_code == 302
    topic.refresh_from_db()
    assert (topic.name_vi, topic.name_en, list(topic.sources.all())) == ("Cũ", "Old", [source])


def test_the_page_before_it_shows_what_would_change_and_changes_nothing(editor):
    topic = make_topic(name_en="Old")
    change(editor, topic, name_en="New")
    page = editor.get(address(topic, "restore", first_moment(topic)))
    assert "<del>New</del><ins>Old</ins>" in page.content.decode()
    topic.refresh_from_db()
    assert topic.name_en == "New"


def test_restoring_is_a_version_of_its_own_that_says_of_when(editor):
    topic = make_topic(name_en="Old")
    change(editor, topic, name_en="New")
    restore(editor, topic)
    moments = moments_of(Topic, topic.pk)
    assert len(moments) == 3
    assert moments[-1].restored == moments[0].date
    assert moments[-1].what == f"restored version of {moments[0].date.isoformat()}"
    assert history(editor, topic)[0].sentence.startswith("Restored the version of")


@pytest.mark.databases
def test_rows_come_back_go_and_change_with_the_version(editor):
    initiative = make_initiative()
    kept = make_milestone(initiative=initiative, key="kept", text_en="First text", sources=[make_source()])
    gone = make_milestone(initiative=initiative, key="gone", date=date(2026, 2, 1), sources=[make_source()])
    keep_what_was_loaded([initiative, kept, gone])
    change(editor, initiative, **{"milestones-0-text_en": "Second text", "milestones-1-DELETE": "on"})
    added = make_milestone(initiative=initiative, key="added", date=date(2026, 3, 1))
    keep_revision(User.objects.get(), "added", [added])
    assert restore(editor, initiative).status_code == 302
    rows = {row.key: row for row in initiative.milestones.all()}
    assert rows.keys() == {"kept", "gone"}
    assert (rows["kept"].text_en, rows["gone"].pk) == ("First text", gone.pk)
    assert rows["gone"].sources.count() == 1
    assert not Milestone.objects.filter(pk=added.pk).exists()


@pytest.mark.databases
def test_rows_that_exchanged_their_places_change_back(editor):
    meeting = make_meeting()
    first, second = (make_decision(meeting=meeting, order=order, state=State.PUBLISHED) for order in (1, 2))
    change(editor, meeting, **{"decisions-0-order": "2", "decisions-1-order": "1"})
    assert list(meeting.decisions.values_list("pk", flat=True)) == [second.pk, first.pk]
    assert restore(editor, meeting).status_code == 302
    assert list(meeting.decisions.values_list("pk", "order")) == [(first.pk, 1), (second.pk, 2)]


def test_the_editorial_state_and_the_address_stay_as_they_are(editor):
    topic = make_topic(state=State.DRAFT, slug="ai")
    keep_what_was_loaded([topic])
    Topic.objects.filter(pk=topic.pk).update(state=State.PUBLISHED, slug="artificial-intelligence", name_en="Other")
    assert restore(editor, topic).status_code == 302
    topic.refresh_from_db()
    assert (topic.state, topic.slug) == (State.PUBLISHED, "artificial-intelligence")


def test_the_search_finds_what_was_restored(editor):
    topic = make_topic(name_en="Quantum")
    change(editor, topic, name_en="Classical")
    restore(editor, topic)
    assert list(Topic.objects.search("quantum")) == [topic]
    assert list(Topic.objects.search("classical")) == []
    assert_current()


def test_a_relation_that_was_deleted_is_told_and_left_out_only_on_demand(editor):
    gone, kept = make_source(), make_source()
    topic = make_topic(sources=[gone, kept])
    change(editor, topic, sources=[str(kept.pk)], name_en="New")
    gone.delete()
    refused = restore(editor, topic)
    assert refused.context["reasons"] == [f"Topic: {topic.name_en}, Sources: what it pointed at has been deleted."]
    topic.refresh_from_db()
    assert topic.name_en == "New"
    assert restore(editor, topic, drop_gone="on").status_code == 302
    assert list(topic.sources.all()) == [kept]


def test_a_relation_that_is_needed_and_was_deleted_forbids_to_restore(editor):
    old, new = make_body(), make_body()
    meeting = make_meeting(series=old, name_en="Old name")
    change(editor, meeting, series=str(new.pk), name_en="New name")
    Body.objects.filter(pk=old.pk).delete()
    assert "what it pointed at has been deleted" in restore(editor, meeting, drop_gone="on").context["reasons"][0]
    meeting.refresh_from_db()
    assert (meeting.series, meeting.name_en) == (new, "New name")


def test_a_value_that_another_record_took_meanwhile_is_told_and_nothing_is_half_done(editor):
    source = make_source(url="https://asean.org/a", title="Old")
    change(editor, source, url="https://asean.org/b", title="New")
    make_source(url="https://asean.org/a")
    [reason] = restore(editor, source).context["reasons"]
    assert "Another source already has this web address." in reason
    source.refresh_from_db()
    assert (source.url, source.title) == ("https://asean.org/b", "New")


def test_a_fault_in_a_row_leaves_the_record_as_it_was(editor):
    plan = make_plan(name_en="Old")
    item = make_plan_item(plan=plan, code="DO1", key="do1")
    keep_what_was_loaded([plan, item])
    change(editor, plan, name_en="New", **{"items-0-DELETE": "on"})
    make_plan_item(plan=plan, code="DO2", key="do1")  # loaded past the history, so that it is not taken for newer
    [reason] = restore(editor, plan).context["reasons"]
    assert "The plan already has an item with this key." in reason
    plan.refresh_from_db()
    assert (plan.name_en, plan.items.get().code) == ("New", "DO2")


def test_what_changed_while_the_page_was_open_is_looked_at_again(editor):
    topic = make_topic(name_en="Old")
    change(editor, topic, name_en="New")
    answer = editor.post(address(topic, "restore", first_moment(topic)), {"seal": "of yesterday"})
    assert "changed while you looked" in answer.context["reasons"][0]
    topic.refresh_from_db()
    assert topic.name_en == "New"


def test_there_is_nothing_to_restore_where_nothing_differs(editor):
    topic = make_topic()
    keep_what_was_loaded([topic])
    page = editor.get(address(topic, "restore", first_moment(topic)))
    assert "nothing to restore" in page.content.decode()


def test_a_moment_of_another_record_is_not_found(editor):
    topic, other = make_topic(), make_topic()
    keep_what_was_loaded([other])
    assert editor.get(address(topic, "restore", first_moment(other)), follow=True).status_code == 404


@pytest.mark.parametrize(
    ("role", "state", "status"),
    [
        ("editor", State.DRAFT, 302),
        ("editor", State.IN_REVIEW, 403),
        ("reviewer", State.IN_REVIEW, 302),
        ("maintainer", State.DRAFT, 403),
    ],
)
def test_restoring_what_was_submitted_needs_the_right_to_publish(sign_in, role, state, status):
    topic = make_topic(state=state, name_en="Old")
    keep_what_was_loaded([topic])
    Topic.objects.filter(pk=topic.pk).update(name_en="New")
    page = address(topic, "restore", first_moment(topic))
    client = sign_in(role)
    client.post(page, {"seal": "x"})
    answer = client.get(page)
    if status == 302:
        answer = restore(client, topic)
    assert answer.status_code == status
    topic.refresh_from_db()
    assert topic.name_en == ("Old" if status == 302 else "New")


@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_what_is_public_is_restored_in_a_version_that_waits(sign_in, role):
    topic = make_topic(name_en="Old")
    keep_what_was_loaded([topic])
    Topic.objects.filter(pk=topic.pk).update(name_en="New")
    assert restore(sign_in(role), topic).status_code == 302
    topic.refresh_from_db()
    assert topic.name_en == "New"
    publish(pending_of(topic), None)
    topic.refresh_from_db()
    assert topic.name_en == "Old"


def test_a_row_of_a_public_record_is_not_restored_on_its_own(sign_in):
    milestone = make_milestone(text_en="Old")
    keep_what_was_loaded([milestone])
    Milestone.objects.update(text_en="New")
    page = address(milestone, "restore", first_moment(milestone))
    assert sign_in("reviewer").post(page, {"seal": "x"}).status_code == 403


def test_an_editor_does_not_restore_a_draft_over_its_public_rows(sign_in):
    meeting = make_meeting(state=State.DRAFT)
    decision = make_decision(meeting=meeting, text_en="Old")
    keep_what_was_loaded([meeting, decision])
    Decision.objects.update(text_en="New")
    assert sign_in("editor").get(address(meeting, "restore", first_moment(meeting))).status_code == 403


# Recovering


@pytest.mark.databases
def test_a_deleted_record_is_listed_and_comes_back_with_its_rows_and_relations(editor):
    source = make_source()
    initiative = make_initiative(name_en="Fibre", slug="fibre", sources=[source])
    milestone = make_milestone(initiative=initiative, text_en="Laid", sources=[source])
    delete(editor, initiative)
    listed = editor.get(reverse("admin:initiatives_initiative_deleted")).content.decode()
    assert "Fibre" in listed
    assert "lan" in listed
    assert recover(editor, Initiative, initiative.pk).status_code == 302
    back = Initiative.objects.get(slug="fibre")
    assert (back.pk, list(back.sources.all()), back.state) == (initiative.pk, [source], State.PUBLISHED)
    assert list(back.milestones.values_list("pk", "text_en")) == [(milestone.pk, "Laid")]
    assert list(Initiative.objects.search("fibre")) == [back]
    assert history(editor, back)[0].sentence == "Recovered after it had been deleted."


def test_the_list_leads_to_the_deleted_records_and_what_is_back_is_not_among_them(editor):
    topic = make_topic(name_en="Quantum")
    delete(editor, topic)
    deleted = reverse("admin:portal_topic_deleted")
    assert deleted in editor.get(reverse("admin:portal_topic_changelist")).content.decode()
    assert "Quantum" in editor.get(deleted).content.decode()
    recover(editor, Topic, topic.pk)
    assert "Quantum" not in editor.get(deleted).content.decode()
    assert editor.get(reverse("admin:portal_topic_recover", args=[topic.pk])).status_code == 302


def test_an_address_that_was_taken_meanwhile_is_told(editor):
    topic = make_topic(slug="ai")
    delete(editor, topic)
    make_topic(slug="ai")
    [reason] = recover(editor, Topic, topic.pk).context["reasons"]
    assert reason == f"Topic: {topic.name_en}, Address: Topic with this Address already exists."
    assert Topic.objects.count() == 1


def test_a_meeting_comes_back_with_its_programme_and_decisions(editor):
    meeting = make_meeting()
    decision = make_decision(meeting=meeting)
    delete(editor, meeting)
    assert not Decision.objects.exists()
    assert recover(editor, Meeting, meeting.pk).status_code == 302
    assert list(Meeting.objects.get().decisions.values_list("slug", flat=True)) == [decision.slug]
    assert not Statement.objects.exists()


def test_a_country_that_is_gone_is_no_way_back_for_who_needs_it(editor):
    country = make_country()
    body = make_body(lead_country=country)
    delete(editor, body)
    Country.objects.filter(pk=country.pk).delete()
    assert "deleted" in recover(editor, Body, body.pk).context["reasons"][0]
    assert recover(editor, Body, body.pk, drop_gone="on").status_code == 302
    assert Body.objects.get(pk=body.pk).lead_country is None


def test_what_an_editor_recovers_of_the_public_is_a_draft(editor, sign_in):
    topic = make_topic(state=State.PUBLISHED)
    delete(editor, topic)
    assert recover(sign_in("editor"), Topic, topic.pk).status_code == 302
    assert Topic.objects.get().state == State.DRAFT


@pytest.mark.parametrize("role", ["maintainer", None])
def test_recovering_needs_the_right_to_add_and_change(editor, sign_in, role):
    topic = make_topic()
    delete(editor, topic)
    page = reverse("admin:portal_topic_recover", args=[topic.pk])
    editor.logout()
    client = sign_in(role) if role else editor
    assert client.post(page, {"seal": "x"}).status_code == (403 if role else 302)
    assert not Topic.objects.exists()


def test_what_never_was_cannot_be_recovered(editor):
    assert editor.get(reverse("admin:portal_topic_recover", args=[4711]), follow=True).status_code == 404


def test_the_next_content_update_leaves_a_recovered_record_alone(editor):
    topic = make_topic(slug="ai", name_vi="Trí tuệ nhân tạo", name_en="AI")
    LoadedState.objects.create(
        kind="portal.topic", key="ai", values={"name_vi": topic.name_vi, "name_en": "AI", "state": "published"}
    )
    delete(editor, topic)
    recover(editor, Topic, topic.pk)
    row = Row(Topic, "ai", "topics.yaml", 1, values={"name_vi": topic.name_vi, "name_en": "AI", "state": "published"})
    report = run(lambda note: [row], Options())
    assert (report.problems, dict(report.counts)) == ([], {})
    row = Row(
        Topic, "ai", "topics.yaml", 1, values={"name_vi": topic.name_vi, "name_en": "AI now", "state": "published"}
    )
    assert run(lambda note: [row], Options()).applied
    assert Topic.objects.get().name_en == "AI now"


def test_the_form_of_a_recovered_record_opens(editor):
    topic = make_topic()
    delete(editor, topic)
    recover(editor, Topic, topic.pk)
    assert form_values(editor.get(address(topic, "change")).content.decode(), "topic_form")["name_en"] == [
        topic.name_en
    ]
