"""What changed, as a feed."""

import feedparser
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from initiatives.models import Initiative
from portal import feeds
from portal.models import State
from tests.factories import make_decision, make_discrepancy, make_document, make_initiative, make_milestone

pytestmark = pytest.mark.django_db


def titles(client, query: str = "") -> list[str]:
    feed = feedparser.parse(client.get(f"/en/changes.atom{query}").content)
    assert not feed.bozo
    return [entry.title for entry in feed.entries]


def test_the_feed_tells_of_every_kind_of_change(client):
    decision = make_decision(verb="noted", text_en="Noted a proposal.", slug="adgmin-6-01")
    make_document(title_en="A declaration")
    make_discrepancy(subject_en="A disputed day")
    make_milestone(initiative=make_initiative(name_en="A network"), status="ongoing")
    make_milestone(initiative=make_initiative(name_en="Elsewhere"))
    assert set(titles(client)) == {
        f"{decision.code}, noted: Noted a proposal.",
        "A declaration",
        "A disputed day",
        "A network: Ongoing",
    }
    assert titles(client, "?kind=status&kind=document") == ["A network: Ongoing", "A declaration"]


def test_the_latest_saved_comes_first_and_a_step_is_as_new_as_its_initiative(client):
    initiative = make_initiative(name_en="A network")
    make_milestone(initiative=initiative, status="planned")
    make_document(title_en="A declaration")
    Initiative.objects.update(updated="2999-01-01T00:00:00Z")
    entry = feedparser.parse(client.get("/en/changes.atom").content).entries[0]
    assert (entry.title, entry.updated) == ("A network: Planned", "2999-01-01T00:00:00+00:00")


def test_what_is_hidden_did_not_change(client):
    make_milestone(initiative=make_initiative(state=State.DRAFT), status="ongoing")
    make_document(published_from="2999-01-01T00:00:00Z")
    assert titles(client) == []


def test_an_unknown_kind_is_400(client):
    answer = client.get("/en/changes.atom?kind=rumour")
    assert answer.status_code == 400
    assert "Kind (kind): Unknown value: rumour." in answer.content.decode()


def test_a_new_step_updates_its_initiative_and_is_dated_by_it(client):
    initiative = make_initiative()
    Initiative.objects.update(updated="2020-01-01T00:00:00Z")
    make_milestone(initiative=initiative, status="ongoing")
    assert feedparser.parse(client.get("/en/changes.atom").content).entries[0].updated > "2026"
    assert client.get("/api/v1/initiatives/?updated_since=2026-01-01").json()["count"] == 1


def test_a_long_feed_comes_in_parts_that_name_each_other(client, monkeypatch):
    monkeypatch.setattr(feeds, "ENTRIES", 2)
    for number in range(3):
        make_document(title_en=f"Document {number}")
    parts = [feedparser.parse(client.get(f"/en/changes.atom?page={number}").content) for number in (1, 2)]
    links = [{link.rel: link.href for link in part.feed.links} for part in parts]
    assert [len(part.entries) for part in parts] == [2, 1]
    assert ("next" in links[0], "previous" in links[0]) == (True, False)
    assert ("next" in links[1], "previous" in links[1]) == (False, True)
    assert client.get("/en/changes.atom?page=3").status_code == 404
    for no_page in ("no", "0", "-1", "10001", "9" * 40):
        assert client.get("/en/changes.atom", {"page": no_page}).status_code == 404


def ids_of(client, address: str) -> list[str]:
    return [entry.id for entry in feedparser.parse(client.get(address).content).entries]


@pytest.fixture
def mixed_changes():
    """Documents and decisions in turn, two of them of the same moment."""
    for hour in range(4):
        for make in (make_document, make_decision):
            record = make()
            type(record).objects.filter(pk=record.pk).update(updated=f"2026-02-03T0{max(1, hour)}:00:00Z")


@pytest.mark.parametrize("kinds", ["", "&kind=decision", "&kind=document&kind=decision"])
def test_the_parts_of_a_feed_are_the_whole(client, monkeypatch, mixed_changes, kinds):
    whole = ids_of(client, f"/en/changes.atom?page=1{kinds}")
    monkeypatch.setattr(feeds, "ENTRIES", 3)
    parts = [ids_of(client, f"/en/changes.atom?page={number}{kinds}") for number in (1, 2, 3)]
    assert len(whole) == (4 if kinds == "&kind=decision" else 8)
    assert [each for part in parts for each in part] == whole


def test_a_part_far_back_reads_only_its_own_rows(client, monkeypatch, mixed_changes):
    monkeypatch.setattr(feeds, "ENTRIES", 2)
    ids_of(client, "/en/changes.atom")
    with CaptureQueriesContext(connection) as queries:
        assert len(ids_of(client, "/en/changes.atom?page=2")) == 2
    cut = [query["sql"].rpartition(" LIMIT ")[2] for query in queries if " LIMIT " in query["sql"]]
    assert cut == ["1 OFFSET 1", "1 OFFSET 1"]


def test_the_first_part_looks_at_no_more_than_the_beginning_of_each_kind(client, monkeypatch, mixed_changes):
    monkeypatch.setattr(feeds, "ENTRIES", 2)
    with CaptureQueriesContext(connection) as queries:
        feed = feedparser.parse(client.get("/en/changes.atom").content)
    asked = [query["sql"] for query in queries if ' FROM "portal_document"' in query["sql"]]
    in_order = [
        sql for sql in asked if '"portal_document"."slug" ASC' in sql and "IN (" not in sql.rpartition("WHERE")[2]
    ]
    assert len(feed.entries) == 2
    assert [sql.rpartition(" LIMIT ")[2] for sql in in_order] == ["2", "1"]
