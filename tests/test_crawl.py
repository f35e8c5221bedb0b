"""The whole public site, followed link by link over the real content."""

import html
import re
from urllib.parse import urldefrag, urljoin

import html5lib
import pytest
from django.test import Client

from tests.content import whole_content
from tests.test_accessibility import PAGES

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def register(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


def links_of(text: str, address: str) -> set[str]:
    """The internal addresses that a page links to, absolute and with their anchors."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"', text)
    absolute = {urljoin(address, html.unescape(link)) for link in found if not re.match(r"https?:|mailto:", link)}
    return {whole_file(link) for link in absolute if link.startswith("/")}


def whole_file(link: str) -> str:
    """A list's file without its filter: following each of hundreds of filters would make the same files again."""
    return re.sub(r"(\.(csv|xlsx|atom|ics)|/api/v1/\w+/)\?.*", r"\1", link)


def parse_errors(text: str) -> list[str]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    parser.parse(text)
    return [f"line {line}: {code}" for (line, _column), code, _details in parser.errors]


def test_no_internal_link_is_broken_and_every_page_is_html_without_an_error():
    """Of the hundreds of filters of a list, which differ in what is chosen, one is parsed."""
    client = Client()
    waiting, ids, broken, parsed = {"/vi/", "/en/"}, {}, set(), set()
    anchors: dict[str, set[tuple[str, str]]] = {}
    while waiting:
        address = waiting.pop()
        answer = client.get(address)
        if answer.status_code != 200:
            broken.add(f"{address}: {answer.status_code}")
        text = answer.content.decode(errors="replace") if answer["Content-Type"].startswith("text/html") else ""
        page = address if "?" not in address else address.partition("?")[0] + "?"
        if text and page not in parsed:
            parsed.add(page)
            broken |= {f"{address}: {error}" for error in parse_errors(text)}
        ids[address] = set(re.findall(r' id="([^"]*)"', text))
        for link in links_of(text, address):
            target, anchor = urldefrag(link)
            anchors.setdefault(target, set()).add((anchor, address))
            if target not in ids:
                waiting.add(target)
    for target, wanted in anchors.items():
        broken |= {f"{source}: {target}#{anchor}" for anchor, source in wanted if anchor and anchor not in ids[target]}
    assert broken == set()
    assert len(ids) > 1000


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_identifier_stands_twice_on_a_page(language):
    for path in PAGES:
        ids = re.findall(r' id="([^"]*)"', Client().get(f"/{language}/{path}").content.decode())
        assert sorted(ids) == sorted(set(ids)), path
