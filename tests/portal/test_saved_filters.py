"""An editor's own filters of the lists."""

import html5lib
import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from portal.editing.models import SavedFilter
from portal.editing.saved_filters import MOST
from tests.factories import make_topic

pytestmark = pytest.mark.django_db
TOPICS = "portal.topic"
DRAFTS = "q=an&state__exact=draft"


@pytest.fixture
def user():
    user = User.objects.create(username="editor", is_staff=True)
    user.groups.set(Group.objects.filter(name="editor"))
    return user


@pytest.fixture
def editor(client, user):
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def save(editor, query=DRAFTS, name="To translate", kind=TOPICS):
    return editor.post(reverse("admin:filter_save", args=[kind]), {"query": query, "name": name})


def kept() -> list[tuple[str, str, str, str]]:
    return list(SavedFilter.objects.values_list("user__username", "kind", "name", "query"))


def page_of_list(editor, query=""):
    answer = editor.get(f"{reverse('admin:portal_topic_changelist')}?{query}")
    return html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)


def links(page) -> list[tuple[str, str]]:
    section = page.find(".//section[@class='saved-filters']")
    return [] if section is None else [(link.text, link.get("href")) for link in section.iter("a")]


def test_a_filter_is_kept_under_its_name_and_shown_above_the_list(editor):
    answer = save(editor, "state__exact=draft&p=2&q=an")
    assert answer.headers["Location"] == f"{reverse('admin:portal_topic_changelist')}?{DRAFTS}"
    assert kept() == [("editor", TOPICS, "To translate", DRAFTS)]
    assert links(page_of_list(editor)) == [("To translate", f"?{DRAFTS}")]
    assert page_of_list(editor, DRAFTS).find(".//section[@class='saved-filters']//a").get("aria-current") == "true"


def test_only_a_filtered_list_offers_to_save(editor):
    make_topic()
    assert page_of_list(editor).find(".//input[@id='filter-name']") is None
    assert page_of_list(editor, "p=1").find(".//input[@id='filter-name']") is None
    assert page_of_list(editor, "q=an").find(".//input[@id='filter-name']") is not None


def test_the_same_name_again_replaces(editor):
    save(editor)
    save(editor, "q=mạng")
    assert [(name, query) for _user, _kind, name, query in kept()] == [("To translate", "q=m%E1%BA%A1ng")]


@pytest.mark.parametrize(
    "query", ["", "p=3", "password=1", "user__password__startswith=a", "sources__note__contains=x"]
)
def test_what_the_list_does_not_know_is_refused(editor, query):
    save(editor, query)
    assert kept() == []


def test_a_filter_without_a_name_is_refused(editor):
    save(editor, name="  ")
    assert kept() == []


def test_an_editor_keeps_so_many_of_a_list_and_no_more(editor, user):
    SavedFilter.objects.bulk_create(SavedFilter(user=user, kind=TOPICS, name=str(n), query="q=a") for n in range(MOST))
    save(editor)
    assert SavedFilter.objects.count() == MOST


def test_filters_of_others_are_neither_shown_nor_forgotten(editor):
    other = SavedFilter.objects.create(user=User.objects.create(username="other"), kind=TOPICS, name="X", query="q=a")
    assert links(page_of_list(editor)) == []
    assert editor.post(reverse("admin:filter_forget", args=[other.pk]), follow=True).status_code == 404
    assert SavedFilter.objects.count() == 1


def test_an_own_filter_is_forgotten(editor):
    save(editor)
    editor.post(reverse("admin:filter_forget", args=[SavedFilter.objects.get().pk]))
    assert kept() == []


def test_nothing_is_kept_for_a_visitor_by_get_or_of_an_unknown_list(client, editor):
    assert save(editor, kind="portal.nothing").status_code == 404
    assert save(editor, kind="portal.savedfilter").status_code == 404
    assert editor.get(reverse("admin:filter_save", args=[TOPICS])).status_code == 405
    assert save(editor, kind="auth.user").status_code == 403
    client.logout()
    assert save(client).headers["Location"].startswith(reverse("admin:login"))
    assert kept() == []
