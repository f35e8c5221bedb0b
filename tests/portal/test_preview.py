"""Previews: the real page of what is not public yet, for editors and for whoever has a link that is still good."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.entries import ContentVersion
from portal.models import PendingVersion, State
from portal.workflow.previews import WEEK, sign
from tests.editors import edit, form_of, make_member, take
from tests.factories import make_decision, make_indicator, make_meeting, make_source, make_statement, make_topic
from tests.web import make_web, mark, own_pages

pytestmark = pytest.mark.django_db

KINDS_WITH_PAGES = ["country", "body", "direction", "topic", "document", "person", "meeting", "decision", "plan"]
KINDS_WITH_PAGES += ["initiative"]


def preview_of(client, record, language: str = "vi"):
    return client.get(reverse("admin:workflow_preview", args=[record._meta.label_lower, record.pk, language]))


def shared(record, language: str = "vi") -> str:
    return f"/{language}/preview/{sign(record)}/"


@pytest.mark.databases
@pytest.mark.parametrize("kind", KINDS_WITH_PAGES)
def test_a_draft_of_every_kind_with_a_page_is_previewed_in_both_languages(client, members, kind):
    web = make_web()
    assert kind in own_pages(web)
    record = web[kind][0]
    type(record).objects.filter(pk=record.pk).update(state=State.DRAFT)
    client.force_login(members["editor"])
    for language, word in (("vi", "Xem trước"), ("en", "Preview")):
        answer = preview_of(client, record, language)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert f'lang="{language}"' in text and mark(kind) in text and word in text
    record.refresh_from_db()
    assert record.state == State.DRAFT


def test_a_preview_is_not_to_be_kept_nor_indexed_and_is_the_real_page_but_for_its_banner(client, members):
    topic = make_topic(slug="ai")
    public = client.get("/en/topics/ai/").content.decode()
    type(topic).objects.update(state=State.DRAFT)
    client.force_login(members["editor"])
    answer = preview_of(client, topic, "en")
    assert answer["X-Robots-Tag"] == "noindex, nofollow" and "no-store" in answer["Cache-Control"]
    text = re.sub(r'<aside class="preview-banner".*?</aside>\n', "", answer.content.decode(), flags=re.DOTALL)
    assert text.replace('<meta name="robots" content="noindex, nofollow">', "").split() == public.split()


def test_a_pending_version_is_previewed_and_visitors_see_nothing_of_it(client, members):
    topic = make_topic(name_vi="An ninh mạng")
    edit(client, members["editor"], topic, name_vi="An toàn mạng")
    assert "An toàn mạng" in preview_of(client, topic).content.decode()
    client.logout()
    assert "An toàn mạng" in client.get(shared(topic)).content.decode()
    assert "An toàn mạng" not in client.get(topic.get_absolute_url()).content.decode()
    assert "An toàn mạng" not in client.get("/vi/search/?q=an+toan").content.decode()


def test_the_draft_rows_of_a_draft_are_shown_with_it_and_a_decision_with_its_draft_meeting(client, members):
    meeting = make_meeting(state=State.DRAFT)
    decision = make_decision(meeting=meeting, state=State.DRAFT, text_vi="Thông qua kế hoạch.")
    client.force_login(members["editor"])
    assert "Thông qua kế hoạch." in preview_of(client, meeting).content.decode()
    assert "Thông qua kế hoạch." in preview_of(client, decision).content.decode()


def test_a_preview_changes_nothing(client, members):
    topic = make_topic(state=State.DRAFT)
    version = ContentVersion.objects.get().version
    client.get(shared(topic))
    client.force_login(members["editor"])
    preview_of(client, topic)
    assert ContentVersion.objects.get().version == version
    topic.refresh_from_db()
    assert topic.state == State.DRAFT


@pytest.mark.parametrize("make", [make_source, make_statement, make_indicator])
def test_kinds_without_a_page_have_no_preview_and_say_so(client, members, make):
    record = make(state=State.DRAFT)
    client.force_login(members["editor"])
    client.cookies["django_language"] = "en"
    assert preview_of(client, record).status_code == 404
    page = client.get(form_of(record)).content.decode()
    assert "no page of their own" in page and "/preview/" not in page


# Who may


def test_a_preview_without_a_link_is_for_the_roles_only(client):
    topic = make_topic(state=State.DRAFT)
    assert preview_of(client, topic).status_code == 302
    for role, answer in (("editor", 200), ("reviewer", 200), ("maintainer", 200)):
        client.force_login(make_member(role))
        assert preview_of(client, topic).status_code == answer


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_shared_link_shows_the_draft_to_anybody_in_both_languages(client, language):
    topic = make_topic(state=State.DRAFT)
    link = shared(topic, language)
    answer = client.get(link)
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    assert getattr(topic, f"name_{language}") in text
    assert link.replace(f"/{language}/", "/en/" if language == "vi" else "/vi/") in text


def test_a_shared_link_ends_after_a_week(client, monkeypatch):
    topic = make_topic(state=State.DRAFT)
    link = shared(topic)
    later = timezone.now().timestamp() + WEEK - 60
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert client.get(link).status_code == 200
    monkeypatch.setattr("django.core.signing.time.time", lambda: later + 120)
    answer = client.get(link)
    assert answer.status_code == 410 and topic.name_vi not in answer.content.decode()


@pytest.mark.parametrize(("language", "words"), [("vi", "hết hiệu lực"), ("en", "This preview is over")])
def test_a_shared_link_ends_with_any_change_of_the_text_or_the_state(client, members, language, words):
    changed, submitted, gone = (make_topic(state=State.DRAFT) for _ in range(3))
    links = [shared(topic, language) for topic in (changed, submitted, gone)]
    edit(client, members["editor"], changed, name_en="New")
    take(client, members["editor"], submitted, "submit")
    gone.delete()
    client.logout()
    for link in links:
        answer = client.get(link)
        assert answer.status_code == 410 and words in answer.content.decode()


def test_the_link_to_a_pending_version_ends_with_it(client, members):
    topic = make_topic()
    edit(client, members["editor"], topic, name_en="New")
    link = shared(topic)
    PendingVersion.objects.update(changed=timezone.now() + timedelta(seconds=1))
    assert client.get(link).status_code == 410


@pytest.mark.parametrize("token", ["x", "WyJwb3J0YWwudG9waWMiXQ:1abc:forged", ""])
def test_a_link_that_nobody_here_made_is_refused_in_the_visitors_language(client, token):
    answer = client.get(f"/en/preview/{token}/")
    assert answer.status_code == (403 if token else 404)
    assert 'lang="en"' in answer.content.decode()


def test_a_link_with_one_letter_changed_is_refused(client):
    link = shared(make_topic(state=State.DRAFT))
    assert client.get(link[:-5] + ("a" if link[-5] != "a" else "b") + link[-4:]).status_code == 403


def test_what_is_drawn_for_a_preview_is_shown_to_no_visitor_nor_the_other_way_round(client, members):
    meeting = make_meeting(slug="adgmin-7")
    decision = make_decision(meeting=meeting, text_vi="Thông qua kế hoạch.")
    edit(client, members["editor"], decision, text_vi="Hoãn kế hoạch.")
    pages = [meeting.get_absolute_url(), reverse("decision_list"), decision.get_absolute_url()]
    client.logout()
    before = [client.get(page).content.decode() for page in pages]
    assert all("Thông qua kế hoạch." in text and "Hoãn" not in text for text in before)
    client.force_login(members["editor"])
    assert "Hoãn kế hoạch." in preview_of(client, decision).content.decode()
    client.logout()
    assert [client.get(page).content.decode() for page in pages] == before
