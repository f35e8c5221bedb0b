"""Records of nearly the same name, and addresses that differ only in how they are written."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from portal.editing.addresses import essence, looks_like_address
from portal.editing.duplicates import OnceNamedForm, near_names
from portal.models import Source, Topic
from tests.factories import make_meeting, make_session, make_source, make_topic

pytestmark = pytest.mark.django_db
ANSWER = OnceNamedForm.ANSWER


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "en"
    return client


def add_topic(editor, **given):
    values = {"name_vi": "Đô thị thông minh", "name_en": "Smart cities", "state": "draft"}
    return editor.post(reverse("admin:portal_topic_add"), values | given)


@pytest.mark.parametrize(
    ("name", "other", "is_near"),
    [
        ("Đô thị thông minh", "do thi thong minh", True),
        ("Smart cities", "Cities, smart", True),
        ("Cybersecurity", "Cyber-security", True),
        ("Cybersecurity", "Data protection", False),
        ("ADGMIN lần thứ 5", "ADGMIN lần thứ 6", False),
    ],
)
def test_names_are_near_when_only_marks_signs_order_or_a_letter_differ_and_no_number(name, other, is_near):
    assert bool(near_names(name, [(1, other)])) is is_near


def test_a_new_record_with_a_known_name_is_saved_only_after_the_question(editor):
    known = make_topic(name_vi="Đô thị thông minh", name_en="Smart city")
    page = add_topic(editor)
    assert Topic.objects.count() == 1
    assert page.context["adminform"].form.alike == [known]
    assert reverse("admin:portal_topic_change", args=[known.pk]).encode() in page.content
    assert add_topic(editor, **{ANSWER: str(known.pk)}).status_code == 302
    assert Topic.objects.count() == 2


def test_the_answer_holds_for_the_records_that_were_shown_and_no_other(editor):
    make_topic(name_vi="Đô thị thông minh", name_en="Smart city")
    assert add_topic(editor, **{ANSWER: "0"}).status_code == 200
    assert Topic.objects.count() == 1


def test_a_name_near_in_one_language_is_enough(editor):
    make_topic(name_vi="Thành phố", name_en="Smart Cities")
    assert add_topic(editor).status_code == 200


def test_a_record_is_not_compared_with_itself_nor_when_its_name_stays(editor):
    first, second = (make_topic(name_vi="Đô thị thông minh", name_en="Smart cities") for _ in range(2))
    address = reverse("admin:portal_topic_change", args=[first.pk])
    values = {"name_vi": first.name_vi, "name_en": first.name_en, "state": "published", "note": "Seen."}
    assert editor.post(address, values).status_code == 302
    page = editor.post(address, values | {"name_en": "Smart-cities"})
    assert page.context["adminform"].form.alike == [second]


def test_sessions_of_the_same_name_in_two_meetings_are_usual(editor):
    make_session(name_vi="Khai mạc", name_en="Opening")
    values = {"name_vi": "Khai mạc", "name_en": "Opening", "meeting": make_meeting().pk, "kind": "opening", "order": 1}
    values |= {"summary_vi": "Mở đầu.", "summary_en": "It begins.", "state": "draft"}
    assert editor.post(reverse("admin:meetings_session_add"), values).status_code == 302


def test_a_source_at_the_same_address_written_otherwise_is_asked_about(editor):
    known = make_source(title="Alpha", url="https://www.asean.org/news/hanoi/")
    values = {"title": "Omega and others", "publisher": "ASEAN", "url": "http://asean.org/news/hanoi?utm_source=mail"}
    values |= {"language": "en", "reliability": "primary", "state": "draft"}
    page = editor.post(reverse("admin:portal_source_add"), values)
    assert page.context["adminform"].form.alike == [known]
    assert Source.objects.count() == 1


@pytest.mark.parametrize(
    "address",
    ["https://www.asean.org/news/", "http://asean.org/news", "asean.org/news#top", "ASEAN.org/news?utm_medium=x"],
)
def test_what_is_written_otherwise_is_the_same_page(address):
    assert essence(address) == "asean.org/news"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://asean.org", True),
        ("asean.org/a?b=1", True),
        ("www.mic.gov.vn", True),
        ("ASEAN", False),
        ("v. 1.2", False),
    ],
)
def test_an_address_is_told_from_words(text, is_one):
    assert looks_like_address(text) is is_one
