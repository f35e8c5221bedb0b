"""The sitemap: every public page in both languages, and nothing else."""

from urllib.parse import SplitResult, urlsplit
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meetings.models import Meeting
from portal.models import State
from portal.sitemaps import MODELS, PAGES
from portal.urls import public_pages
from tests.factories import make_body, make_meeting
from tests.web import make_web, own_pages

pytestmark = pytest.mark.django_db

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def pages_of(client, file: str = "/sitemap.xml") -> dict[str, ElementTree.Element]:
    """Every <url> of the sitemap, or of a file of it, by its address."""
    answer = client.get(file)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/xml")
    pages = ElementTree.fromstring(answer.content).findall("s:url", NAMES)
    addresses = {page.findtext("s:loc", namespaces=NAMES): page for page in pages}
    assert len(addresses) == len(pages)
    return addresses


def plain_names(patterns) -> set[str]:
    """The names of pages without parameters; what has a suffix is another format of one."""
    names = set()
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            names |= plain_names(pattern.url_patterns)
        elif "<" not in str(pattern.pattern) and "." not in str(pattern.pattern):
            names.add(pattern.name)
    return names


def test_every_page_that_stands_alone_is_in_the_sitemap():
    assert plain_names(public_pages) - {"search", "suggestions", "report_error", "report_thanks"} == set(PAGES)


def test_every_address_of_the_sitemap_is_a_page(client):
    make_web()
    assert {client.get(urlsplit(address).path).status_code for address in pages_of(client)} == {200}


def test_every_record_with_a_page_is_in_the_sitemap_in_both_languages(client):
    pages = own_pages(make_web())
    found = pages_of(client)
    assert len(pages) == len(MODELS)
    assert {f"http://testserver/{language}/{path}" for language in ("vi", "en") for path in pages.values()} <= set(
        found
    )
    assert len(found) == 2 * (len(PAGES) + len(pages))


def test_each_address_names_its_twin_and_the_default(client):
    meeting = make_meeting()
    page = pages_of(client)[f"http://testserver/en/meetings/{meeting.slug}/"]
    links = {link.get("hreflang"): link.get("href") for link in page.findall("x:link", NAMES)}
    vietnamese = f"http://testserver/vi/meetings/{meeting.slug}/"
    english = f"http://testserver/en/meetings/{meeting.slug}/"
    assert links == {"vi": vietnamese, "en": english, "x-default": vietnamese}


def test_a_record_says_when_it_last_changed(client):
    meeting = make_meeting()
    Meeting.objects.update(updated="2026-02-03T04:05:06Z")
    page = pages_of(client)[f"http://testserver/vi/meetings/{meeting.slug}/"]
    assert page.findtext("s:lastmod", namespaces=NAMES) == "2026-02-03T11:05:06+07:00"


@pytest.mark.parametrize("change", [{"state": State.DRAFT}, {"published_from": "2999-01-01T00:00:00Z"}])
def test_a_draft_is_not_in_the_sitemap(client, change):
    web = make_web()
    addresses = {f"http://testserver/vi/{path}" for path in own_pages(web).values()}
    assert addresses <= set(pages_of(client))
    for kind in own_pages(web):
        type(web[kind][0]).objects.filter(pk=web[kind][0].pk).update(**change)
    assert addresses & set(pages_of(client)) == set()


def test_more_records_take_no_more_queries(client):
    make_web()
    with CaptureQueriesContext(connection) as few:
        pages_of(client)
    for _ in range(5):
        make_body()
    with CaptureQueriesContext(connection) as many:
        pages_of(client)
    assert len(many) == len(few) == 2 * len(MODELS)


def files_of(client, monkeypatch) -> list[SplitResult]:
    """The addresses that the index names, where a file has no more than two records."""
    monkeypatch.setattr("portal.sitemaps.RECORDS_IN_A_FILE", 2)
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)
    return [urlsplit(entry.findtext("s:loc", namespaces=NAMES)) for entry in index.findall("s:sitemap", NAMES)]


def test_many_records_are_in_files_that_an_index_names(client, monkeypatch):
    bodies = [make_body() for _ in range(5)]
    files = files_of(client, monkeypatch)
    assert [f"{file.path}?{file.query}" for file in files] == [
        *("/sitemap-page.xml?", "/sitemap-body.xml?", "/sitemap-body.xml?p=2", "/sitemap-body.xml?p=3")
    ]
    addresses = [address for file in files for address in pages_of(client, f"{file.path}?{file.query}")]
    paths = [*map(reverse, PAGES), *(body.get_absolute_url() for body in bodies)]
    assert sorted(addresses) == sorted(
        f"http://testserver/{language}/{path.removeprefix('/vi/')}" for path in paths for language in ("vi", "en")
    )


def test_a_file_of_the_sitemap_reads_no_other_records(client, monkeypatch):
    for _ in range(5):
        make_body()
    files_of(client, monkeypatch)
    with CaptureQueriesContext(connection) as queries:
        assert len(pages_of(client, "/sitemap-body.xml?p=2")) == 4
    assert [query["sql"].partition(" LIMIT ")[2] for query in queries] == ["", "2 OFFSET 2"]


@pytest.mark.parametrize("address", ["/sitemap-nothing.xml", "/sitemap-body.xml?p=2", "/sitemap-body.xml?p=x"])
def test_there_is_no_other_file(client, address):
    make_body()
    assert client.get(address).status_code == 404
