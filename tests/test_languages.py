"""Both languages are first: every page in each, and the switch keeps the place."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.utils import formats
from django.utils.translation import override

from tests.factories import make_initiative
from tests.web import LISTS, make_web, own_pages

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent

# Words that would betray an English text on a Vietnamese page.
BETRAYING = ["the", "and", "of", "with", "not", "stated", "source", "sources", "meeting"]
BETRAYING += ["decision", "page", "show", "filter", "by", "from"]
ENGLISH = re.compile(rf"\b({'|'.join(BETRAYING + [word.capitalize() for word in BETRAYING])})\b")


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [(None, None, "vi"), (None, "fr", "vi"), (None, "en-GB,en;q=0.8", "en"), ("vi", "en", "vi"), ("en", "vi", "en")],
)
def test_an_address_without_a_language_leads_to_the_visitors(client, cookie, accepted, language):
    if cookie:
        client.cookies["django_language"] = cookie
    headers = {"Accept-Language": accepted} if accepted else {}
    assert client.get("/", headers=headers).headers["Location"] == f"/{language}/"
    answer = client.get("/initiatives/?country=sg&page=2", headers=headers)
    assert answer.headers["Location"] == f"/{language}/initiatives/?country=sg&page=2"


def test_the_switch_keeps_record_filters_and_page(client):
    for _ in range(31):
        make_initiative()
    page = BeautifulSoup(client.get("/vi/initiatives/?status=ongoing&q=s%C3%A1ng&page=2").content, "html5lib")
    switch = page.select_one("a.tool[hreflang=en]")
    assert switch["href"] == "/en/initiatives/?status=ongoing&q=s%C3%A1ng&page=2"
    assert switch.get_text() == "English"


def test_every_page_names_its_language_and_its_twin(client):
    web = make_web()
    for path in [*LISTS, *own_pages(web).values()]:
        for language, other in (("vi", "en"), ("en", "vi")):
            page = BeautifulSoup(client.get(f"/{language}/{path}").content, "html5lib")
            assert page.html["lang"] == language
            links = {link["hreflang"]: link["href"] for link in page.select("link[rel=alternate][hreflang]")}
            assert links[language] == f"http://testserver/{language}/{path}"
            assert links[other] == f"http://testserver/{other}/{path}"
            assert links["x-default"] == links["vi"]
            assert len(page.select("h1")) == 1, path


def test_a_vietnamese_page_says_nothing_in_english(client):
    web = make_web()
    for path in [*LISTS, *own_pages(web).values(), "nowhere/"]:
        page = BeautifulSoup(client.get(f"/vi/{path}").content, "html5lib")
        for foreign in page.select("[lang=en], [rel=license], script, style, code"):
            foreign.decompose()
        texts = [
            *page.stripped_strings,
            *(tag[name] for name in ("aria-label", "placeholder") for tag in page.select(f"[{name}]")),
        ]
        assert [text for text in texts if ENGLISH.search(text) and "zZ" not in text] == [], path


def test_a_record_has_one_name_in_vietnamese():
    """A “bản ghi nhớ” is a memorandum."""
    files = [*ROOT.glob("portal/locale/vi/**/*.po"), *ROOT.glob("templates/**/*_vi.html")]
    texts = {file.name: re.sub(r'"\n"', "", file.read_text(encoding="utf-8")) for file in files}
    assert "mã của hồ sơ" in texts["django.po"]
    assert {name for name, text in texts.items() if re.search(r"bản\s+ghi(?!\s+nhớ)", text, re.IGNORECASE)} == set()


def test_numbers_and_dates_follow_the_language():
    with override("vi"):
        assert formats.number_format(2000.5, force_grouping=True) == "2.000,5"
        assert formats.get_format("FIRST_DAY_OF_WEEK") == 1
    with override("en"):
        assert formats.number_format(2000.5, force_grouping=True) == "2,000.5"
        assert formats.get_format("FIRST_DAY_OF_WEEK") == 1


@pytest.mark.parametrize(("language", "words"), [("vi", "Không có trang"), ("en", "There is no page")])
def test_an_error_page_is_in_the_visitors_language_with_a_way_back(client, language, words):
    answer = client.get(f"/{language}/meetings/nowhere/")
    assert answer.status_code == 404
    page = BeautifulSoup(answer.content, "html5lib")
    assert words in page.h1.get_text()
    assert page.select_one(f'main a[href="/{language}/"]')
