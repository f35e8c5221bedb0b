"""What makes an editor's day easier: help beside fields, sources by address, changes to many records."""

import html5lib
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from reversion.models import Revision

from initiatives.models import Initiative
from portal.editing import field_help
from portal.models import Source, State
from portal.workflow.pending import pending_of, publish
from tests.factories import make_initiative, make_milestone, make_source, make_topic
from tests.test_admin import MODELS

pytestmark = pytest.mark.django_db
INITIATIVES = "admin:initiatives_initiative_changelist"


def sign_in(client, role: str):
    user = User.objects.create(username=role, is_staff=True, is_superuser=role == "superuser")
    user.groups.set(Group.objects.filter(name=role))
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def editor(client):
    return sign_in(client, "editor")


@pytest.fixture
def reviewer(client):
    return sign_in(client, "superuser")


def parse(answer):
    return html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)


# Help


def test_every_word_of_help_stands_beside_a_field_that_there_is():
    fields = {field_help.name_of(field) for model in MODELS for field in model._meta.get_fields() if field.concrete}
    names = {name.partition(".")[2] for name in fields}
    assert {name for name in [*field_help.HELP, *field_help.READS_WELL] if name not in fields | names} == set()


def test_a_field_says_what_it_is_for_in_both_languages(editor):
    address = reverse("admin:initiatives_initiative_add")
    for language, words in [("en", "One to three sentences"), ("vi", "Một đến ba câu")]:
        editor.cookies["django_language"] = language
        page = parse(editor.get(address))
        assert words in "".join(page.find(".//div[@id='id_summary_vi_helptext']").itertext())


def test_a_summary_says_how_long_it_reads_well_and_a_name_how_long_it_may_be(editor):
    page = parse(editor.get(reverse("admin:initiatives_initiative_add")))
    assert page.find(".//textarea[@name='summary_en']").get("data-reads-well") == "300"
    assert page.find(".//input[@name='name_en']").get("maxlength") == "240"


def test_a_public_record_links_to_its_page_in_both_languages_and_a_draft_does_not(reviewer):
    topic, draft = make_topic(slug="an-ninh"), make_topic(state=State.DRAFT)
    pages = [parse(reviewer.get(reverse("admin:portal_topic_change", args=[each.pk]))) for each in (topic, draft)]
    links = [[link.get("href") for link in page.findall(".//a[@class='viewsitelink']")] for page in pages]
    assert links == [["/vi/topics/an-ninh/", "/en/topics/an-ninh/"], []]


# Sources by their address


def choices(client, term: str, field="sources") -> list[tuple[str, str]]:
    query = {"app_label": "initiatives", "model_name": "initiative", "field_name": field, "term": term}
    results = client.get(reverse("admin:autocomplete"), query).json()["results"]
    return [(result["id"], result["text"]) for result in results]


@pytest.mark.databases
@pytest.mark.parametrize(
    "pasted",
    [
        "https://www.asean.org/tin-tức/?id=3",
        "asean.org/tin-tức?id=3",
        "http://asean.org/tin-t%E1%BB%A9c/?id=3&utm_source=mail#top",
    ],
)
def test_a_source_is_found_by_its_address_however_it_is_pasted(editor, pasted):
    source = make_source(url="https://asean.org/tin-t%E1%BB%A9c/?id=3")
    make_source(url="https://asean.org/tin-t%E1%BB%A9c/?id=4")
    assert [key for key, _text in choices(editor, pasted)] == [str(source.pk)]


def test_a_source_is_still_found_by_words(editor):
    source = make_source(title="Hanoi Declaration", publisher="MST")
    assert [key for key, _text in choices(editor, "hanoi mst")] == [str(source.pk)]


def test_an_unknown_address_is_offered_to_be_added_and_the_form_opens_with_it(editor):
    [(key, text)] = choices(editor, "example.org/new?a=1&b=2")
    assert (key, text) == (
        "new:url=https%3A%2F%2Fexample.org%2Fnew%3Fa%3D1%26b%3D2",
        "Not registered yet; add it: example.org/new?a=1&b=2",
    )
    page = parse(editor.get(f"{reverse('admin:portal_source_add')}?{key.removeprefix('new:')}"))
    assert page.find(".//input[@name='url']").get("value") == "https://example.org/new?a=1&b=2"


def test_nothing_is_offered_to_be_added_to_who_may_not_or_for_plain_words(client):
    sign_in(client, "maintainer")
    client.force_login(User.objects.create(username="reader", is_staff=True))
    query = {"app_label": "initiatives", "model_name": "initiative", "field_name": "sources", "term": "a.org/x"}
    assert client.get(reverse("admin:autocomplete"), query).status_code == 403
    assert choices(sign_in(client, "editor"), "unknown words") == []


def test_a_source_made_in_the_small_window_is_handed_to_the_form_without_inline_script(editor):
    values = {"title": "New", "publisher": "ASEAN", "url": "https://example.org/new", "language": "en"}
    values |= {"reliability": "primary", "state": "draft", "_popup": "1"}
    answer = editor.post(reverse("admin:portal_source_add"), values)
    scripts = list(parse(answer).iter("script"))
    assert [script.text for script in scripts] == [None] or not "".join(script.text or "" for script in scripts).strip()
    assert str(Source.objects.get().pk) in scripts[0].get("data-popup-response")


# Many at once


def bulk(client, action: str, records, address=INITIATIVES, **given):
    data = {"action": action, "_selected_action": [each.pk for each in records], "index": "0"} | given
    if "confirmed" in given:
        del data["index"]
    return client.post(reverse(address), data)


def test_a_change_to_many_is_confirmed_on_a_page_that_names_them(editor):
    first, second = make_initiative(state=State.DRAFT), make_initiative(state=State.IN_REVIEW)
    answer = bulk(editor, "add_topics", [first, second])
    lists = [[item.text for item in part.iter("li")] for part in parse(answer).findall(".//section[@class='module']")]
    assert lists == [[str(second)], [str(first)]]
    assert "en" in answer.headers["Content-Language"]


@pytest.mark.databases
def test_what_is_chosen_is_added_to_each_in_one_revision(reviewer):
    known, new = make_topic(), make_topic()
    records = [make_initiative(topics=topics, state=State.DRAFT) for topics in ([known], [], [known, new])]
    before = [each.updated for each in records]
    answer = bulk(reviewer, "add_topics", records, confirmed="yes", added=[known.pk, new.pk])
    assert answer.status_code == 302
    assert [set(each.topics.all()) for each in records] == [{known, new}] * 3
    after = [Initiative.objects.get(pk=each.pk).updated for each in records]
    assert [old < now for old, now in zip(before, after, strict=True)] == [True, True, False]
    assert [revision.version_set.count() for revision in Revision.objects.exclude(user=None)] == [2]


def test_records_that_an_editor_may_not_edit_are_left_and_named(editor):
    topic, draft, submitted = make_topic(), *(make_initiative(state=state) for state in (State.DRAFT, State.IN_REVIEW))
    answer = bulk(editor, "add_topics", [draft, submitted], confirmed="yes", added=[topic.pk])
    assert [list(each.topics.all()) for each in (draft, submitted)] == [[topic], []]
    assert str(submitted) in editor.get(answer.headers["Location"]).content.decode()


@pytest.mark.databases
@pytest.mark.parametrize("role", ["editor", "superuser"])
def test_what_is_public_gets_it_in_its_pending_version(client, role):
    topic, public = make_topic(), make_initiative()
    bulk(sign_in(client, role), "add_topics", [public], confirmed="yes", added=[topic.pk])
    assert list(public.topics.all()) == []
    publish(pending_of(public), User.objects.get())
    assert list(Initiative.objects.get().topics.all()) == [topic]


def test_a_row_of_a_public_record_is_left(reviewer):
    source, milestone = make_source(), make_milestone()
    address = "admin:initiatives_milestone_changelist"
    bulk(reviewer, "add_sources", [milestone], address, confirmed="yes", added=[source.pk])
    assert list(milestone.sources.all()) == []


def test_several_sources_are_pasted_by_their_addresses_without_a_script(reviewer):
    sources = [make_source(url=f"https://asean.org/{n}") for n in range(2)]
    record = make_initiative(state=State.DRAFT)
    pasted = "www.asean.org/0/\nhttps://asean.org/1\n"
    bulk(reviewer, "add_sources", [record], confirmed="yes", addresses=pasted)
    assert set(record.sources.all()) == set(sources)


def test_a_pasted_address_that_no_source_has_is_named_and_nothing_is_changed(reviewer):
    make_source(url="https://asean.org/0")
    record = make_initiative()
    answer = bulk(reviewer, "add_sources", [record], confirmed="yes", addresses="asean.org/0\nasean.org/9")
    assert answer.context["form"].errors == {"addresses": ["Not registered yet: asean.org/9"]}
    assert list(record.sources.all()) == []


def test_topics_are_boxes_to_tick(reviewer):
    topic = make_topic()
    page = parse(bulk(reviewer, "add_topics", [make_initiative()]))
    boxes = [box.get("value") for box in page.iter("input") if box.get("name") == "added"]
    assert boxes == [str(topic.pk)]


def test_nothing_chosen_to_add_is_asked_for_again(reviewer):
    answer = bulk(reviewer, "add_sources", [make_initiative()], confirmed="yes")
    assert list(answer.context["form"].errors) == ["added"]


@pytest.mark.parametrize("role", ["maintainer", "nobody"])
def test_a_change_to_many_is_for_those_who_may_change(client, role):
    topic, record = make_topic(), make_initiative(state=State.DRAFT)
    sign_in(client, role)
    bulk(client, "add_topics", [record], confirmed="yes", added=[topic.pk])
    assert list(record.topics.all()) == []


def test_deleting_many_stops_at_one_that_may_not_be_deleted(editor):
    records = [make_initiative(state=State.DRAFT), make_initiative()]
    bulk(editor, "delete_selected", records, post="yes")
    assert Initiative.objects.count() == 2


def test_the_page_that_confirms_takes_as_many_queries_for_ten_as_for_two(reviewer):
    records = [make_initiative() for _ in range(10)]
    bulk(reviewer, "add_sources", records[:1])
    counts = []
    for chosen in (records[:2], records):
        with CaptureQueriesContext(connection) as queries:
            bulk(reviewer, "add_sources", chosen)
        counts.append(len(queries))
    assert counts[0] == counts[1]
