"""Versions that wait beside a published record: editors write them, visitors see nothing of them until approval."""

import io
from datetime import date, timedelta

import pytest
from django.contrib.admin import site
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from reversion.models import Version as Revision

from initiatives.models import Milestone
from portal.models import EditorialStep, PendingVersion, State, Topic, editorial_models
from portal.workflow.content import PENDING, content_of, row_relations
from tests.editors import edit, fields_of, form_of, take
from tests.factories import (
    make_body,
    make_decision,
    make_document,
    make_initiative,
    make_meeting,
    make_milestone,
    make_plan,
    make_plan_item,
    make_session,
    make_source,
    make_statement,
    make_topic,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


def public_text(client, record) -> str:
    client.logout()
    return client.get(record.get_absolute_url()).content.decode()


@pytest.mark.databases
def test_what_an_editor_saves_of_a_published_record_waits_for_approval(client, members):
    topic = make_topic(name_vi="An ninh mạng")
    edit(client, members["editor"], topic, name_vi="An toàn mạng", sources=[str(make_source().pk)])
    assert topic.name_vi == "An ninh mạng" and not topic.sources.exists()
    assert "An toàn mạng" not in public_text(client, topic)
    take(client, members["editor"], topic, "submit")
    take(client, members["reviewer"], topic, "approve")
    assert topic.name_vi == "An toàn mạng" and topic.sources.count() == 1
    assert "An toàn mạng" in public_text(client, topic)
    assert not PendingVersion.objects.exists()
    assert Topic.objects.search("an toan mang").get() == topic
    assert [step.action for step in EditorialStep.objects.of(topic)] == ["approve", "submit"]
    assert Revision.objects.get_for_object(topic)[0].revision.user == members["reviewer"]


def test_the_form_shows_the_pending_version_and_says_so(client, members):
    topic = make_topic(name_vi="An ninh mạng")
    edit(client, members["editor"], topic, name_vi="An toàn mạng")
    client.cookies["django_language"] = "en"
    assert fields_of(client, topic)["name_vi"] == ["An toàn mạng"]
    page = client.get(form_of(topic)).content.decode()
    assert "This is a pending version; visitors see the published one." in page
    assert f'href="/en/topics/{topic.slug}/"' in page
    assert reverse("admin:workflow_step", args=["portal.topic", topic.pk, "discard"]) in page


def test_a_second_save_goes_on_with_the_same_version_and_a_mistake_saves_nothing(client, members):
    topic = make_topic(name_vi="Cũ", name_en="Old")
    edit(client, members["editor"], topic, name_vi="Mới")
    edit(client, members["editor"], topic, name_en="New")
    client.post(form_of(topic), fields_of(client, topic) | {"name_en": ""})
    said = PendingVersion.objects.get().content["portal.topic"][topic.slug]
    assert (said["name_vi"], said["name_en"]) == ("Mới", "New")
    topic.refresh_from_db()
    assert (topic.name_vi, topic.name_en) == ("Cũ", "Old")


def test_a_form_sent_untouched_or_changed_back_leaves_no_pending_version(client, members):
    topic = make_topic(name_vi="Cũ")
    edit(client, members["editor"], topic)
    assert not PendingVersion.objects.exists()
    edit(client, members["editor"], topic, name_vi="Mới")
    edit(client, members["editor"], topic, name_vi="Cũ")
    assert not PendingVersion.objects.exists()


def test_nothing_of_an_edit_stays_but_the_version(client, members):
    topic = make_topic()
    before = topic.updated
    edit(client, members["editor"], topic, name_en="Another")
    assert topic.updated == before
    assert not Revision.objects.exists()
    assert not Topic.objects.search("another").exists()


# Rows and relations


def test_rows_are_changed_added_and_deleted_only_at_approval(client, members):
    plan = make_plan(adopted_at=None)
    kept, going = (make_plan_item(plan=plan, code=code, order=n) for n, code in enumerate("AB", 1))
    client.force_login(members["editor"])
    data = fields_of(client, plan)
    number = {data[f"items-{n}-id"][0]: n for n in range(2)}
    data[f"items-{number[str(kept.pk)]}-name_en"] = ["Changed"]
    data[f"items-{number[str(going.pk)]}-DELETE"] = ["on"]
    data["items-TOTAL_FORMS"] = ["3"]
    new = {"code": "C", "kind": "action", "order": "3", "name_vi": "Mới", "name_en": "New", "plan": str(plan.pk)}
    data |= {f"items-2-{name}": [value] for name, value in new.items()}
    assert client.post(form_of(plan), data).status_code == 302
    assert list(plan.items.values_list("code", "name_en")) == [("A", kept.name_en), ("B", going.name_en)]
    take(client, members["editor"], plan, "submit")
    take(client, members["reviewer"], plan, "approve")
    assert list(plan.items.values_list("code", "name_en")) == [("A", "Changed"), ("C", "New")]
    assert plan.items.get(code="A") == kept
    deleted = Revision.objects.get_for_object_reference(type(going), going.pk)[0]
    assert deleted.revision.comment == "admin: deleted"


@pytest.mark.databases
def test_decisions_of_a_public_meeting_change_places_and_a_new_one_is_public_with_it(client, members):
    meeting = make_meeting(slug="adgmin-6")
    first, second = (make_decision(meeting=meeting, order=n) for n in (1, 2))
    client.force_login(members["editor"])
    data = fields_of(client, meeting)
    number = {data[f"decisions-{n}-id"][0]: n for n in range(2)}
    data[f"decisions-{number[str(first.pk)]}-order"] = ["2"]
    data[f"decisions-{number[str(second.pk)]}-order"] = ["1"]
    data["decisions-TOTAL_FORMS"] = ["3"]
    new = {"order": "3", "verb": "noted", "confidence": "high", "text_vi": "Ghi nhận.", "text_en": "Noted."}
    data |= {f"decisions-2-{name}": [value] for name, value in new.items()}
    assert client.post(form_of(meeting), data).status_code == 302
    assert meeting.decisions.count() == 2
    take(client, members["editor"], meeting, "submit")
    take(client, members["reviewer"], meeting, "approve")
    assert list(meeting.decisions.order_by("order"))[:2] == [second, first]
    assert meeting.decisions.get(order=3).state == State.PUBLISHED
    assert "Ghi nhận." in public_text(client, meeting)


def test_the_rows_of_a_version_are_those_of_the_form():
    in_forms = {model: {row.model for row in site.get_model_admin(model).inlines} for model in editorial_models()}
    assert in_forms == {model: set(row_relations(model)) for model in editorial_models()}


def test_a_part_of_a_public_record_is_changed_in_the_form_of_the_record_only(client, members):
    milestone = make_milestone(text_vi="Cũ")
    for role in ("editor", "reviewer"):
        client.force_login(members[role])
        page = client.get(form_of(milestone)).content.decode()
        assert form_of(milestone.initiative) in page
        assert client.post(form_of(milestone), {"text_vi": "Mới"}).context["errors"]
    client.force_login(members["maintainer"])
    assert client.post(form_of(milestone), {"text_vi": "Mới"}).status_code == 403
    assert list(Milestone.objects.values_list("text_vi", flat=True)) == ["Cũ"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "This record is published. Its rows are added and changed in its own form, as a pending version."),
        (
            "vi",
            "Hồ sơ này đã công bố. Hãy thêm, sửa dòng trong biểu mẫu của hồ sơ; thay đổi sẽ nằm trong bản chờ duyệt.",
        ),
    ],
)
@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_a_part_sent_to_a_public_record_comes_back_with_what_was_typed_and_where_it_goes(
    client, members, role, language, said
):
    public, add = make_initiative(), reverse("admin:initiatives_milestone_add")
    client.force_login(members[role])
    client.cookies["django_language"] = language
    data = form_values(client.get(add).content.decode(), "milestone_form")
    typed = {"initiative": [str(public.pk)], "date": ["2026-02-01"], "text_vi": ["Mới"], "text_en": ["New"]}
    answer = client.post(add, data | typed)
    page = answer.content.decode()
    assert (answer.status_code, answer.context["errors"]) == (200, [[said]])
    assert form_of(public) in page
    assert {name: form_values(page, "milestone_form")[name] for name in typed} == typed
    assert not Milestone.objects.exists()


@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_a_part_whose_record_was_published_while_it_was_written_comes_back_with_what_was_typed(client, members, role):
    milestone = make_milestone(initiative=make_initiative(state=State.DRAFT), text_vi="Cũ")
    elsewhere = make_initiative(state=State.DRAFT)
    client.force_login(members[role])
    opened = form_values(client.get(form_of(milestone)).content.decode(), "milestone_form")
    type(milestone.initiative).objects.filter(pk=milestone.initiative_id).update(state=State.PUBLISHED)
    typed = {"text_vi": ["Đang viết"], "text_en": ["Being written"]}
    for moved in ({}, {"initiative": [str(elsewhere.pk)]}):
        answer = client.post(form_of(milestone), opened | typed | moved)
        page = answer.content.decode()
        assert answer.status_code == 200 and len(answer.context["errors"]) == 1
        assert page.count(f'href="{form_of(milestone.initiative)}"') == 1
        assert {name: form_values(page, "milestone_form")[name] for name in typed} == typed
    assert list(Milestone.objects.values_list("text_vi", "initiative")) == [("Cũ", milestone.initiative_id)]


def opened_by(client, user, record, language: str = "en") -> dict:
    client.force_login(user)
    client.cookies["django_language"] = language
    return fields_of(client, record)


@pytest.mark.parametrize(
    ("language", "why", "what_now"),
    [
        (
            "en",
            "While you wrote, the record was submitted for review. Only a reviewer changes it now.",
            "Keep this page open until a reviewer has asked for a change or published it, then save once more",
        ),
        (
            "vi",
            "Hồ sơ đã được trình duyệt trong lúc bạn viết. Hiện chỉ người duyệt sửa được.",
            "Hãy giữ trang này mở cho đến khi người duyệt yêu cầu sửa hoặc đã công bố, rồi lưu lần nữa",
        ),
    ],
)
def test_a_record_submitted_while_it_was_written_comes_back_with_what_was_typed(
    client, members, language, why, what_now
):
    meeting = make_meeting(state=State.DRAFT)
    make_session(meeting=meeting, state=State.DRAFT)
    opened = opened_by(client, members["editor"], meeting, language)
    take(client, members["editor"], meeting, "submit")
    typed = {"name_vi": ["Đang viết"], "name_en": ["Being written"], "sessions-0-name_en": ["A row being written"]}
    answer = client.post(form_of(meeting), opened | typed)
    page = answer.content.decode()
    assert (answer.status_code, answer.context["errors"]) == (200, [[why]])
    assert what_now in page
    sent_back = form_values(page, "meeting_form")
    assert {name: sent_back[name] for name in typed} == typed
    meeting.refresh_from_db()
    assert (meeting.state, meeting.name_en != "Being written") == (State.IN_REVIEW, True)
    assert meeting.sessions.get().name_en != "A row being written"


def test_what_came_back_is_saved_once_more_beside_what_was_published_meanwhile(client, members):
    topic = make_topic(state=State.DRAFT, name_vi="Cũ", name_en="Old")
    opened = opened_by(client, members["editor"], topic)
    edit(client, members["reviewer"], topic, name_vi="Mới")
    take(client, members["reviewer"], topic, "submit")
    client.force_login(members["editor"])
    page = client.post(form_of(topic), opened | {"name_en": "Being written"}).content.decode()
    take(client, members["reviewer"], topic, "approve", own_work_reason="Nobody else is here.")
    client.force_login(members["editor"])
    told = client.post(form_of(topic), form_values(page, "topic_form"))  # what changed since, as after any overtaking
    assert "While you wrote, the record was changed." in told.context["errors"][0][0]
    sent = client.post(form_of(topic), form_values(told.content.decode(), "topic_form"))
    assert sent.status_code == 302
    said = PendingVersion.objects.get().content["portal.topic"][topic.slug]
    assert (said["name_vi"], said["name_en"]) == ("Mới", "Being written")
    topic.refresh_from_db()
    assert (topic.state, topic.name_vi, topic.name_en) == (State.PUBLISHED, "Mới", "Old")


def test_a_record_withdrawn_or_submitted_anew_while_it_was_written_comes_back_too(client, members):
    withdrawn, submitted = make_topic(), make_topic()
    forms = {topic: opened_by(client, members["editor"], topic) for topic in (withdrawn, submitted)}
    take(client, members["reviewer"], withdrawn, "withdraw", reason_vi="Trùng", reason_en="Double")
    edit(client, members["reviewer"], submitted, note="By another")
    take(client, members["reviewer"], submitted, "submit")
    client.force_login(members["editor"])
    whys = {
        withdrawn: "While you wrote, the record was withdrawn. Only a reviewer changes it now.",
        submitted: "While you wrote, the pending version was submitted. Only a reviewer changes it now.",
    }
    for topic, opened in forms.items():
        answer = client.post(form_of(topic), opened | {"name_en": "Being written"})
        assert (answer.status_code, answer.context["errors"][0][0]) == (200, whys[topic])
        assert form_values(answer.content.decode(), "topic_form")["name_en"] == ["Being written"]
        topic.refresh_from_db()
        assert topic.name_en != "Being written"
    assert PendingVersion.objects.get().content["portal.topic"][submitted.slug]["name_en"] == submitted.name_en


def test_a_relation_to_what_was_deleted_meanwhile_is_left_out(client, members):
    source, initiative = make_source(), make_initiative()
    edit(client, members["editor"], initiative, sources=[str(source.pk)], name_en="New")
    source.delete()
    assert fields_of(client, initiative)["name_en"] == ["New"]
    take(client, members["editor"], initiative, "submit")
    take(client, members["reviewer"], initiative, "approve")
    assert initiative.name_en == "New" and not initiative.sources.exists()


# Who may


@pytest.mark.parametrize(
    ("role", "may"), [("editor", {"draft"}), ("reviewer", {"draft", "in-review", "approved"}), ("maintainer", set())]
)
def test_a_version_is_everybodys_until_it_was_submitted(client, members, role, may):
    for state in PendingVersion.State:
        topic = make_topic()
        edit(client, members["editor"], topic, name_en="Waiting")
        PendingVersion.objects.update(state=state, due=timezone.now() + timedelta(days=1))
        client.force_login(members[role])
        data = fields_of(client, topic) if state in may else {}
        refused = 403 if role == "maintainer" else 200  # who edits gets back what was typed
        assert client.post(form_of(topic), data | {"name_en": "Mine"}).status_code == (302 if state in may else refused)
        said = PendingVersion.objects.get().content["portal.topic"][topic.slug]
        assert (said["name_en"] == "Mine") is (state in may)
        topic.delete()


@pytest.mark.parametrize(
    ("role", "may"), [("editor", {"submit", "discard"}), ("reviewer", set()), ("maintainer", set()), (None, set())]
)
def test_each_step_of_a_version_belongs_to_its_roles(client, members, role, may):
    starts = {"submit": "draft", "return": "in-review", "approve": "in-review", "discard": "draft"}
    allowed = set(starts) if role == "reviewer" else may
    for action, start in starts.items():
        topic = make_topic(name_en="Old")
        edit(client, members["editor"], topic, name_en="New")
        PendingVersion.objects.update(state=start)
        answer = take(client, members.get(role), topic, action, comment="Đã xem.")
        assert answer.status_code == (302 if action in allowed else 403)  # a stranger's comment is given back
        changed = not PendingVersion.objects.filter(state=start).exists()
        assert changed is (action in allowed)
        assert (topic.name_en == "New") is (action == "approve" and action in allowed)
        topic.delete()


def test_an_editor_does_not_discard_what_was_submitted(client, members):
    topic = make_topic()
    edit(client, members["editor"], topic, name_en="New")
    take(client, members["editor"], topic, "submit")
    assert take(client, members["editor"], topic, "discard").status_code == 403
    assert take(client, members["reviewer"], topic, "discard").status_code == 302
    assert not PendingVersion.objects.exists()


def test_nobody_approves_a_version_they_had_a_hand_in_without_saying_why(client, members):
    topic = make_topic()
    edit(client, members["reviewer"], topic, name_en="Mine")
    edit(client, members["editor"], topic, name_vi="Của tôi")
    take(client, members["editor"], topic, "submit")
    answer = take(client, members["reviewer"], topic, "approve")
    assert list(answer.context["form"].errors) == ["own_work_reason"]
    assert PendingVersion.objects.get().state == "in-review"
    take(client, members["reviewer"], topic, "approve", own_work_reason="Sửa lỗi chính tả gấp.")
    assert topic.name_en == "Mine"
    assert EditorialStep.objects.of(topic)[0].own_work_reason == "Sửa lỗi chính tả gấp."


# At a set time


def approve_later(client, members, topic, **given) -> PendingVersion:
    """A version that a reviewer has approved, and whose hour has just come."""
    edit(client, members["editor"], topic, **given)
    take(client, members["editor"], topic, "submit")
    due = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    take(client, members["reviewer"], topic, "approve", when="later", due=due)
    pending = PendingVersion.objects.get()
    assert (pending.state, topic.name_en) == ("approved", "Old")
    assert "New" not in public_text(client, topic)
    PendingVersion.objects.update(due=timezone.now() - timedelta(minutes=1))
    return pending


@pytest.mark.databases
def test_the_command_publishes_what_is_due_and_says_what_it_did(client, members):
    topic = make_topic(name_en="Old")
    approve_later(client, members, topic, name_en="New")
    told = io.StringIO()
    call_command("publish_due", stdout=told)
    topic.refresh_from_db()
    assert topic.name_en == "New" and "published" in told.getvalue()
    step = EditorialStep.objects.of(topic)[0]
    assert (step.action, step.user, bool(step.due)) == ("apply", None, True)
    told = io.StringIO()
    call_command("publish_due", stdout=told)
    assert told.getvalue() == "Nothing is due.\n"


@pytest.mark.databases
@pytest.mark.parametrize("path", ["/en/topics/late/", "/en/initiatives/", "/en/search/?q=new", "/api/v1/topics/"])
def test_the_first_visit_after_the_hour_publishes_where_no_cron_did(client, members, path):
    topic = make_topic(slug="late", name_en="Old")
    approve_later(client, members, topic, name_en="New")
    assert client.get(path).status_code == 200
    topic.refresh_from_db()
    assert topic.name_en == "New"
    assert "New" in client.get("/en/topics/late/").content.decode()


def test_a_visit_does_not_fail_because_a_version_cannot_be_published(client, members, monkeypatch):
    topic = make_topic(name_en="Old", slug="late")
    approve_later(client, members, topic, name_en="New")

    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("portal.workflow.pending.publish", fail)
    answer = client.get("/en/topics/late/")
    assert answer.status_code == 200 and "Old" in answer.content.decode()


def test_a_change_after_the_approval_undoes_it(client, members):
    topic = make_topic(name_en="Old")
    approve_later(client, members, topic, name_en="New")
    edit(client, members["reviewer"], topic, name_en="Newer")
    pending = PendingVersion.objects.get()
    assert (pending.state, pending.due, topic.name_en) == ("in-review", None, "Old")


def test_a_version_whose_record_was_withdrawn_or_clashes_waits_for_a_reviewer_again(client, members):
    for change in ({"name_en": "By a sync"}, {"state": State.WITHDRAWN}):
        topic = make_topic(name_en="Old")
        approve_later(client, members, topic, name_en="New")
        Topic.objects.filter(pk=topic.pk).update(**change)
        with pytest.raises(SystemExit):
            call_command("publish_due", stdout=io.StringIO())
        topic.refresh_from_db()
        assert topic.name_en == change.get("name_en", "Old")
        assert PendingVersion.objects.get().state == "in-review"
        step = EditorialStep.objects.of(topic)[0]
        assert step.action == "stop" and step.comment
        topic.delete()


# What was changed meanwhile


def test_what_changed_only_in_the_published_record_survives_the_approval(client, members):
    body, other = make_body(), make_document()
    initiative = make_initiative(name_en="Old", summary_en="Old summary", documents=[make_document()])
    milestone = make_milestone(initiative=initiative, text_en="Old step", key="step")
    edit(client, members["editor"], initiative, name_en="New")
    type(initiative).objects.filter(pk=initiative.pk).update(summary_en="From a sync", lead_body=body)
    initiative.documents.add(other)
    type(milestone).objects.filter(pk=milestone.pk).update(text_en="Step from a sync")
    make_milestone(initiative=initiative, key="added", date=date(2026, 3, 1))
    take(client, members["editor"], initiative, "submit")
    take(client, members["reviewer"], initiative, "approve")
    assert (initiative.name_en, initiative.summary_en, initiative.lead_body) == ("New", "From a sync", body)
    assert initiative.documents.count() == 2
    steps = dict(initiative.milestones.values_list("key", "text_en"))
    assert steps == {"step": "Step from a sync", "added": "Adopted."}


@pytest.mark.parametrize(("choice", "name"), [("pending", "New"), ("current", "From a sync")])
def test_a_clash_is_shown_and_asked_and_never_overwritten(client, members, choice, name):
    topic = make_topic(name_en="Old", name_vi="Cũ")
    edit(client, members["editor"], topic, name_en="New", name_vi="Mới")
    take(client, members["editor"], topic, "submit")
    Topic.objects.filter(pk=topic.pk).update(name_en="From a sync")
    answer = take(client, members["reviewer"], topic, "approve")
    assert list(answer.context["form"].errors) == ["clash-0"]
    page = answer.content.decode()
    assert "From a sync" in page.replace("<del>", "").replace("</del>", "")
    assert topic.name_en == "From a sync"
    take(client, members["reviewer"], topic, "approve", **{"clash-0": choice})
    assert (topic.name_en, topic.name_vi) == (name, "Mới")


def test_a_row_deleted_here_and_changed_there_is_a_clash(client, members):
    milestone = make_milestone(key="step")
    initiative = milestone.initiative
    edit(client, members["editor"], initiative, **{"milestones-0-DELETE": "on"})
    take(client, members["editor"], initiative, "submit")
    Milestone.objects.update(text_en="From a sync")
    answer = take(client, members["reviewer"], initiative, "approve")
    assert "clash-0" in answer.context["form"].errors
    take(client, members["reviewer"], initiative, "approve", **{"clash-0": PENDING})
    assert not Milestone.objects.exists()


def test_a_rule_that_both_together_break_is_explained_and_nothing_is_written(client, members):
    initiative = make_initiative(start_year=2020, end_year=2024, name_en="Old")
    edit(client, members["editor"], initiative, start_year="2023", name_en="New")
    take(client, members["editor"], initiative, "submit")
    type(initiative).objects.filter(pk=initiative.pk).update(end_year=2022)
    answer = take(client, members["reviewer"], initiative, "approve")
    assert answer.status_code == 200 and answer.context["form"].non_field_errors()
    assert (initiative.name_en, initiative.start_year) == ("Old", 2020)
    assert PendingVersion.objects.get().state == "in-review"


def test_moving_a_public_meeting_is_logged_at_approval_with_its_reason(client, members):
    meeting = make_meeting(start=date(2026, 1, 10), end=date(2026, 1, 12))
    moved = {"start": "2026-01-13", "end": "2026-01-14"}
    reasons = {"dates_reason_vi": "Nước chủ nhà đề nghị.", "dates_reason_en": "The host asked for it."}
    edit(client, members["editor"], meeting, **moved, **reasons)
    assert not meeting.date_changes.exists()
    edit(client, members["editor"], meeting, city_vi="Hà Nội", city_en="Hanoi")
    take(client, members["editor"], meeting, "submit")
    take(client, members["reviewer"], meeting, "approve")
    assert (meeting.start, meeting.city_en) == (date(2026, 1, 13), "Hanoi")
    change = meeting.date_changes.get()
    assert (change.reason_vi, change.user) == (reasons["dates_reason_vi"], members["reviewer"])


def test_the_version_of_a_record_that_is_no_longer_public_is_taken_over_by_its_form(client, members):
    topic = make_topic(name_vi="Cũ")
    edit(client, members["editor"], topic, name_vi="Mới")
    take(client, members["reviewer"], topic, "withdraw", reason_vi="Sai.", reason_en="Wrong.")
    take(client, members["reviewer"], topic, "reopen")
    edit(client, members["editor"], topic, name_en="Newer")
    assert (topic.name_vi, topic.name_en, topic.state) == ("Mới", "Newer", State.DRAFT)
    assert not PendingVersion.objects.exists()


def test_a_version_goes_with_its_record(client, members):
    topic = make_topic()
    edit(client, members["editor"], topic, name_en="New")
    topic.delete()
    assert not PendingVersion.objects.exists()


# Costs


def test_reading_a_record_takes_as_many_queries_for_many_rows_as_for_one():
    meeting, counts = make_meeting(), []
    for rows in (1, 5):
        for _ in range(rows):
            make_session(meeting=meeting), make_statement(meeting=meeting), make_decision(meeting=meeting)
        with CaptureQueriesContext(connection) as queries:
            content_of(meeting)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 15


def test_what_the_reviewer_reads_marks_the_words_in_both_languages(client, members):
    topic = make_topic(name_vi="An ninh mạng", name_en="Network security")
    edit(client, members["editor"], topic, name_vi="An toàn mạng", name_en="Network safety")
    page = client.get(reverse("admin:workflow_changes", args=["portal.topic", topic.pk])).content.decode()
    assert '<dd lang="vi">An <del>ninh</del><ins>toàn</ins> mạng</dd>' in page
    assert '<dd lang="en">Network <del>security</del><ins>safety</ins></dd>' in page
