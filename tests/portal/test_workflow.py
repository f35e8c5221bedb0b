"""The steps of a record on its way to the public and back: who may take which, and what visitors get."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.models import EditorialStep, State, Topic
from tests.editors import make_member, seen, step_address, take
from tests.factories import make_decision, make_meeting, make_source, make_statement, make_topic
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db

DRAFT, IN_REVIEW, PUBLISHED, WITHDRAWN = State.DRAFT, State.IN_REVIEW, State.PUBLISHED, State.WITHDRAWN
REASONS = {"reason_vi": "Trùng với hồ sơ khác.", "reason_en": "Double of another record."}


STEPS = {
    "submit": (DRAFT, IN_REVIEW, {}),
    "return": (IN_REVIEW, DRAFT, {"comment": "Thêm nguồn."}),
    "approve": (IN_REVIEW, PUBLISHED, {}),
    "withdraw": (PUBLISHED, WITHDRAWN, REASONS),
    "reopen": (WITHDRAWN, DRAFT, {}),
}
MAY = {"editor": {"submit"}, "reviewer": set(STEPS), "maintainer": set(), None: set()}


@pytest.mark.databases
@pytest.mark.parametrize("action", STEPS)
@pytest.mark.parametrize("role", MAY)
def test_each_step_is_taken_by_its_roles_and_refused_to_all_others(client, members, role, action):
    before, after, given = STEPS[action]
    reasons = {"withdrawn_reason_vi": "Trùng", "withdrawn_reason_en": "Double"} if before == WITHDRAWN else {}
    topic = make_topic(state=before, **reasons)
    answer = take(client, members.get(role), topic, action, **given)
    may = action in MAY[role]
    is_given_back = not role and any(given.values())  # a stranger's words, rather than the way to the sign-in
    assert answer.status_code == (302 if may or not (role or is_given_back) else 403)
    assert topic.state == (after if may else before)
    assert EditorialStep.objects.count() == may


@pytest.mark.parametrize("action", STEPS)
def test_a_step_is_not_taken_from_where_it_does_not_start(client, members, action):
    for state in set(State) - {STEPS[action][0]}:
        topic = make_topic(state=state)
        take(client, members["reviewer"], topic, action, **STEPS[action][2])
        assert topic.state == state
    assert not EditorialStep.objects.exists()


def test_every_step_is_a_line_of_the_log_that_the_panel_shows(client, members):
    topic = make_topic(state=DRAFT)
    take(client, members["editor"], topic, "submit", comment="Xin duyệt.")
    take(client, members["reviewer"], topic, "return", comment="Thiếu nguồn.")
    first, second = EditorialStep.objects.of(topic).order_by("pk")
    assert (first.username, first.old_state, first.new_state, first.comment) == (
        *("editor", DRAFT, IN_REVIEW, "Xin duyệt."),
    )
    assert (second.username, second.old_state, second.new_state) == ("reviewer", IN_REVIEW, DRAFT)
    page = client.get(reverse("admin:portal_topic_change", args=[topic.pk])).content.decode()
    assert "Xin duyệt." in page and "Thiếu nguồn." in page


def test_the_log_is_never_changed_and_outlives_its_record(client, members):
    topic = make_topic(state=DRAFT)
    take(client, members["editor"], topic, "submit")
    step = EditorialStep.objects.get()
    for change in (step.save, step.delete, EditorialStep.objects.all().delete):
        with pytest.raises(TypeError):
            change()
    with pytest.raises(TypeError):
        EditorialStep.objects.update(comment="")
    topic.delete()
    assert EditorialStep.objects.get().name == topic.name_vi


def test_asking_for_a_change_needs_a_comment_and_withdrawing_both_reasons(client, members):
    topic = make_topic(state=IN_REVIEW)
    assert "comment" in take(client, members["reviewer"], topic, "return", comment=" ").context["form"].errors
    public = make_topic()
    answer = take(client, members["reviewer"], public, "withdraw", reason_vi="Trùng")
    assert list(answer.context["form"].errors) == ["reason_en"]
    assert (topic.state, public.state) == (IN_REVIEW, PUBLISHED)


def test_a_step_is_decided_on_what_was_read(client, members):
    topic = make_topic(state=IN_REVIEW)
    client.force_login(members["reviewer"])
    read = seen(client, topic, "approve")
    Topic.objects.filter(pk=topic.pk).update(name_en="Another text")
    answer = client.post(step_address(topic, "approve"), {"seen": read, "when": "now"})
    topic.refresh_from_db()
    assert answer.status_code == 200 and topic.state == IN_REVIEW
    assert answer.context["form"].non_field_errors()


# Own work


def test_nobody_approves_what_they_submitted_unless_they_say_why(client, members):
    topic = make_topic(state=DRAFT)
    take(client, members["reviewer"], topic, "submit")
    answer = take(client, members["reviewer"], topic, "approve")
    assert list(answer.context["form"].errors) == ["own_work_reason"]
    assert topic.state == IN_REVIEW
    take(client, members["reviewer"], topic, "approve", own_work_reason="Không có ai khác trong tuần này.")
    assert topic.state == PUBLISHED
    assert EditorialStep.objects.of(topic)[0].own_work_reason == "Không có ai khác trong tuần này."


def test_who_changed_a_submitted_text_does_not_approve_it_either(client, members):
    topic = make_topic(state=DRAFT)
    take(client, members["editor"], topic, "submit")
    client.force_login(members["reviewer"])
    form = reverse("admin:portal_topic_change", args=[topic.pk])
    client.post(form, form_values(client.get(form).content.decode(), "topic_form") | {"name_vi": "Của tôi"})
    answer = take(client, members["reviewer"], topic, "approve")
    assert (topic.name_vi, topic.state) == ("Của tôi", IN_REVIEW)
    assert "own_work_reason" in answer.context["form"].errors
    other = make_member("reviewer", "other")
    take(client, other, topic, "approve")
    assert topic.state == PUBLISHED


# Now, or at a set time


def test_a_record_approved_for_later_is_public_from_its_hour_on(client, members):
    topic = make_topic(state=IN_REVIEW)
    due = timezone.localtime() + timedelta(days=2)
    take(client, members["reviewer"], topic, "approve", when="later", due=due.strftime("%Y-%m-%dT%H:%M"))
    assert topic.state == PUBLISHED and not topic.is_public
    assert client.get(topic.get_absolute_url()).status_code == 404
    assert Topic.objects.published(now=due + timedelta(minutes=1)).get() == topic
    take(client, members["reviewer"], topic, "return", comment="Chờ thêm.")
    assert (topic.state, topic.published_from) == (DRAFT, None)


@pytest.mark.parametrize("due", ["", "2020-01-01T08:00", "soon"])
def test_a_set_time_lies_ahead(client, members, due):
    topic = make_topic(state=IN_REVIEW)
    answer = take(client, members["reviewer"], topic, "approve", when="later", due=due)
    assert list(answer.context["form"].errors) == ["due"]
    assert topic.state == IN_REVIEW


@pytest.mark.parametrize("action", ["submit", "approve"])
def test_both_languages_go_public_together(client, members, action):
    topic = make_topic(state=STEPS[action][0], name_en="")
    answer = take(client, members["reviewer"], topic, action)
    assert answer.status_code == 200 and answer.context["lacking"]
    assert topic.state == STEPS[action][0]


# The texts inside a record


def test_the_texts_inside_a_record_go_with_it_and_others_stay(client, members):
    meeting = make_meeting(state=DRAFT)
    inside, held = make_decision(meeting=meeting, state=DRAFT), make_statement(meeting=meeting, state=IN_REVIEW)
    take(client, members["editor"], meeting, "submit")
    take(client, members["reviewer"], held, "return", comment="Chưa chắc chắn.")
    take(client, members["reviewer"], meeting, "approve")
    inside.refresh_from_db(), held.refresh_from_db()
    assert (meeting.state, inside.state, held.state) == (PUBLISHED, PUBLISHED, DRAFT)
    take(client, members["reviewer"], meeting, "withdraw", **REASONS)
    inside.refresh_from_db()
    assert (inside.state, inside.withdrawn_reason_en) == (WITHDRAWN, REASONS["reason_en"])


# The notice


@pytest.mark.parametrize(("language", "reason"), [("vi", REASONS["reason_vi"]), ("en", REASONS["reason_en"])])
def test_a_withdrawn_page_stays_as_a_notice_with_the_reason(client, members, language, reason):
    topic = make_topic(slug="ai", name_vi="Trí tuệ nhân tạo", name_en="Artificial intelligence")
    take(client, members["reviewer"], topic, "withdraw", comment="Chỉ cho biên tập.", **REASONS)
    client.logout()
    answer = client.get(f"/{language}/topics/ai/")
    text = answer.content.decode()
    assert answer.status_code == 410
    assert reason in text and getattr(topic, f"name_{language}") in text
    assert '<meta name="robots" content="noindex">' in text
    assert "Chỉ cho biên tập." not in text and "reviewer" not in text
    assert client.get(f"/api/v1/topics/{topic.slug}/").status_code == 404


def test_a_withdrawn_record_made_a_draft_again_leaves_no_notice(client, members):
    topic = make_topic()
    take(client, members["reviewer"], topic, "withdraw", **REASONS)
    take(client, members["reviewer"], topic, "reopen")
    assert (topic.state, topic.withdrawn_reason_vi) == (DRAFT, "")
    assert client.get(topic.get_absolute_url()).status_code == 404


# Buttons and addresses


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("action", STEPS)
def test_every_confirmation_opens_in_the_editors_language(client, members, language, action):
    client.force_login(members["reviewer"])
    client.cookies["django_language"] = language
    topic = make_topic(state=STEPS[action][0])
    answer = client.get(step_address(topic, action))
    assert answer.status_code == 200 and f'lang="{language}"' in answer.content.decode()


def test_the_panel_offers_only_the_steps_the_user_may_take(client, members):
    draft, in_review = make_topic(state=DRAFT), make_topic(state=IN_REVIEW)
    offered = {}
    for role, user in members.items():
        client.force_login(user)
        for topic in (draft, in_review):
            context = client.get(reverse("admin:portal_topic_change", args=[topic.pk])).context
            offered[role, topic.state] = [button["name"] for button in context["workflow"]["buttons"]]
    assert offered == {
        ("editor", DRAFT): ["submit"],
        ("editor", IN_REVIEW): [],
        ("reviewer", DRAFT): ["submit"],
        ("reviewer", IN_REVIEW): ["approve", "return"],
        ("maintainer", DRAFT): [],
        ("maintainer", IN_REVIEW): [],
    }


def test_the_form_has_no_field_for_the_state(client, members):
    client.force_login(members["reviewer"])
    page = reverse("admin:portal_source_change", args=[make_source(state=DRAFT).pk])
    fields = form_values(client.get(page).content.decode(), "source_form")
    assert not {"state", "published_from_0", "withdrawn_reason_vi"} & set(fields)
    assert client.post(page, fields | {"state": PUBLISHED}).status_code == 302
    assert not EditorialStep.objects.exists()


@pytest.mark.parametrize("path", ["portal.topic/999/submit/", "portal.nothing/1/submit/", "portal.topic/{}/fly/"])
def test_an_address_that_names_nothing_is_404(client, members, path):
    client.force_login(members["reviewer"])
    assert client.get(f"/admin/workflow/{path.format(make_topic().pk)}").status_code == 404
