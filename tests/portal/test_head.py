"""The head of a page: texts of its own for every state, one address to be known by, what a shared link shows."""

from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders

from tests.factories import make_country, make_initiative
from tests.web import LISTS, make_web, own_pages

pytestmark = pytest.mark.django_db

SITE = {"vi": "Hợp tác số ASEAN", "en": "ASEAN digital cooperation"}


def head_of(client, address: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == status, address
    return BeautifulSoup(answer.content, "html5lib").head


def meta(head: BeautifulSoup, name: str) -> str | None:
    tag = head.select_one(f'meta[name="{name}"], meta[property="{name}"]')
    return tag and tag["content"]


def canonical(head: BeautifulSoup) -> str | None:
    link = head.select_one("link[rel=canonical]")
    return link and link["href"]


def twice(texts: list[str]) -> list[str]:
    return [text for text, times in Counter(texts).items() if times > 1]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_has_a_title_and_a_description_of_its_own(client, language):
    web = make_web()
    heads = [head_of(client, f"/{language}/{path}") for path in [*LISTS, *own_pages(web).values()]]
    titles = [head.title.get_text() for head in heads]
    assert twice(titles) == []
    assert all(SITE[language] in title for title in titles)
    assert twice([meta(head, "description") for head in heads]) == []


def test_records_of_one_name_have_titles_that_tell_them_apart(client):
    web = make_web()
    for kind in ("body", "initiative", "plan"):
        type(web[kind][0]).objects.update(name_en="One name")
    pages = own_pages(web)
    titles = [head_of(client, f"/en/{pages[kind]}").title.get_text() for kind in ("body", "initiative", "plan")]
    assert titles == [f"One name | {kind} | {SITE['en']}" for kind in ("Body", "Initiative", "Plan")]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Initiatives"),
        ("?status=ongoing&country=sg", "Initiatives: Ongoing, Singapore"),
        ("?q=cable", "Initiatives: “cable”"),
        ("?sort=-updated", "Initiatives: Last updated first"),
        ("?view=table", "Initiatives: Table"),
        ("?status=&page=", "Initiatives"),
        ("?status=nonsense", "Initiatives"),
    ],
)
def test_the_title_of_a_list_says_its_state(client, query, words):
    make_initiative(lead_countries=[make_country(code="SG", name_en="Singapore")])
    assert head_of(client, f"/en/initiatives/{query}").title.get_text() == f"{words} | {SITE['en']}"


def test_the_second_page_says_so_and_is_known_by_its_own_address(client):
    for _ in range(25):
        make_initiative()
    head = head_of(client, "/en/initiatives/?page=2")
    assert head.title.get_text() == f"Initiatives, page 2 | {SITE['en']}"
    assert meta(head, "description").startswith("Page 2 of 2, 25–25 of 25. What ASEAN is doing together")
    assert canonical(head) == "http://testserver/en/initiatives/?page=2"
    assert meta(head, "robots") is None
    assert canonical(head_of(client, "/en/initiatives/?page=1")) == "http://testserver/en/initiatives/"


def test_a_filtered_description_says_how_many_there_are(client):
    make_initiative(status="ongoing")
    make_initiative(status="planned")
    head = head_of(client, "/en/initiatives/?status=ongoing")
    assert meta(head, "description").startswith("1 record: Ongoing. What ASEAN is doing together")


@pytest.mark.parametrize("query", ["?status=ongoing", "?q=cable", "?sort=-name", "?view=table", "?status=x", "?a=b"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_state_of_a_list_is_not_indexed_and_is_known_as_the_plain_list(client, language, query):
    head = head_of(client, f"/{language}/initiatives/{query}")
    assert meta(head, "robots") == "noindex, follow"
    assert canonical(head) == f"http://testserver/{language}/initiatives/"
    assert head.select_one(f"link[hreflang={language}]")["href"] == f"http://testserver/{language}/initiatives/{query}"


def test_a_plain_page_is_known_by_its_own_address(client):
    web = make_web()
    for path in [path for path in [*LISTS, *own_pages(web).values()] if "?" not in path]:
        head = head_of(client, f"/en/{path}?utm_source=x" if path in own_pages(web).values() else f"/en/{path}")
        assert canonical(head) == f"http://testserver/en/{path}"
        assert meta(head, "robots") is None


def test_an_error_page_is_known_by_no_address(client):
    head = head_of(client, "/en/meetings/nowhere/", 404)
    assert meta(head, "robots") == "noindex"
    assert head.select("link[rel=canonical], link[hreflang], script[type='application/ld+json'], meta[property]") == []


@pytest.mark.parametrize(("language", "locale", "other"), [("vi", "vi_VN", "en_GB"), ("en", "en_GB", "vi_VN")])
def test_a_shared_link_shows_title_text_and_picture(client, language, locale, other):
    initiative = make_initiative(name_vi="A & B", name_en="A & B", summary_vi='Về "cáp"', summary_en='On "cable"')
    address = f"http://testserver/{language}/initiatives/{initiative.slug}/"
    head = head_of(client, address)
    shown = {tag["property"]: tag["content"] for tag in head.select("meta[property]")}
    assert shown == {
        "og:site_name": SITE[language],
        "og:type": "article",
        "og:title": "A & B",
        "og:description": {"vi": 'Về "cáp"', "en": 'On "cable"'}[language],
        "og:url": address,
        "og:locale": locale,
        "og:locale:alternate": other,
        "og:image": "http://testserver/static/icons/share.png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": SITE[language],
        "article:modified_time": shown["article:modified_time"],
    }
    assert meta(head, "twitter:card") == "summary_large_image"


def test_what_a_visitor_searches_cannot_break_out_of_the_head(client):
    head = head_of(client, "/en/initiatives/?q=%22%3E%3C/title%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert head.title.get_text().startswith('Initiatives: “"></title><script>alert(1)</script>”')
    assert [script.get("src") for script in head.select("script:not([src])")] == []


def test_every_icon_that_a_page_names_exists(client):
    head = head_of(client, "/en/")
    names = {link["href"] for link in head.select("link[rel$=icon]")} | {"/static/icons/share.png"}
    assert names >= {"/favicon.ico", "/static/icons/mark.svg", "/static/icons/apple-touch-icon.png"}
    assert [name for name in names - {"/favicon.ico"} if not finders.find(name.removeprefix("/static/"))] == []
    assert Path(finders.find("icons/share.png")).stat().st_size < 60_000


def test_a_page_names_the_manifest_of_its_language(client):
    assert head_of(client, "/vi/").select_one("link[rel=manifest]")["href"] == "/vi/site.webmanifest"
