"""How much a text may have the database read, and what is looked for where it is too much."""

import pytest
from bs4 import BeautifulSoup
from django.db import connection

from portal import hits, occurrences
from portal.entries import numbers_in_use
from portal.models import editorial_models
from portal.occurrences import Cost, Sample, as_much_as_may_be
from portal.query import OtherNames, parse_query
from tests.factories import make_initiative

OFTEN, ROWS = "ba bo cao dao eo", "kinh tế số"


# Judged by a sample


def sample(*texts: str, stands_for: int = 1, begun: int = 1, row: int = 1) -> Sample:
    return Sample(texts, stands_for, Cost(begun, row))


def read_for(typed: str, judge: Sample) -> int:
    return judge.read_for(parse_query(typed))


def test_a_word_is_read_as_often_as_it_occurs_and_once_in_an_entry():
    judge = sample("cap bien cap", "cap quang", "mang", stands_for=10)
    assert [read_for(f'"{word}"', judge) for word in ("cap", "bien", "song")] == [20, 10, 0]


def test_what_is_left_out_is_read_too():
    assert read_for('"cap" -quang -"cap bien"', sample("cap bien", "cap quang", row=5)) == 2 + 1 + (2 + 1 + 5)


def test_a_beginning_is_read_as_often_as_all_words_that_begin_so():
    judge = sample("cap cang quang", "cap bien", begun=3)
    assert read_for("ca", judge) == 3 * 3
    assert read_for("bie", judge) == 1  # one word only begins so


def test_of_words_beside_a_rare_one_only_some_are_read():
    judge = sample(*["cap bien"] * 90, "cap bien sau")
    assert read_for('"cap" "bien"', judge) == 91 + 91
    assert read_for('"cap" "bien" "sau"', judge) == 10 + 10 + 1
    assert read_for('"cap" "bien" "khong"', judge) == 10 + 10


def test_another_spelling_of_the_whole_text_is_read_once_however_many_words_it_has():
    judge = sample(*["mang 5g o viet nam"] * 10, "5 g")
    plain, with_code = read_for("mang hai o viet", judge), read_for("mang 5g o viet", judge)
    assert 30 <= plain < with_code < 2 * (plain + 30)


def test_entries_that_hold_all_words_are_looked_at_once_for_however_many_rows():
    judge = sample("cap bien sau", "cap quang", "bien cap", row=100)
    assert read_for('"cap bien"', judge) == 3 + 2 + 2 * 100
    assert read_for('"cap bien" "bien cap"', judge) == 2 * (3 + 2) + 2 * 100
    assert read_for('"cap bien" "sau"', judge) == (3 + 2) + 1 + 100


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("cáp quang", "cáp quang"),  # not more than may be
        ('"cáp quang"', "cáp quang"),  # words, but not in a row
        ("cáp quang biển -sâu", "cáp quang"),
        ("cáp-quang biển", "cáp quang"),
        ("cáp quang biển sóng", "cáp quang"),
        ("cáp quang biển hiếm", "cáp quang biển hiếm"),  # a rare word makes it cheap
        ("nhiều", '"nhiều"'),  # a beginning of much
    ],
)
def test_what_is_left_of_a_text_is_what_may_be_looked_for(monkeypatch, typed, left):
    monkeypatch.setattr(occurrences, "MOST_READ", 120)
    begun = " ".join(f"nhieu{number}" for number in range(130))
    judge = sample(*["cap quang bien sau song"] * 50, f"cap quang bien hiem {begun}", row=100)
    assert as_much_as_may_be(typed, judge, OtherNames()) == left


def test_as_many_words_are_left_as_may_be_where_more_cost_less(monkeypatch):
    """Of up to eight words each may be a beginning, of more none: nine cost less here than eight."""
    monkeypatch.setattr(occurrences, "MOST_READ", 1000)
    words = [f"chung{number}" for number in range(12)]
    judge = sample(*[" ".join(words)] * 100)
    left = as_much_as_may_be(" ".join(words), judge, OtherNames()).split()
    assert left == words[:10]


# As a visitor meets it

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def often(monkeypatch) -> None:
    """Six records that hold the same words, where three words of as many records may be looked for together."""
    for number in range(6):
        make_initiative(name_vi=f"Tên {number}", name_en="A", summary_vi=f"{OFTEN} {ROWS}", summary_en="B")
    monkeypatch.setattr(hits, "FEW_TO_READ", 6)
    monkeypatch.setattr(hits, "SAMPLED", 12)
    monkeypatch.setattr(hits, "COSTS", {"sqlite": Cost(1, 1), "postgresql": Cost(1, 100)})
    monkeypatch.setattr(occurrences, "MOST_READ", 3 * 6)


def open_page(client, path: str, text: str) -> BeautifulSoup:
    answer = client.get(path, {"q": text})
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html5lib")


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("vi", "Các từ này có trong quá nhiều hồ sơ; chỉ tìm theo “ba bo cao”."),
        ("en", "These words occur in too many records; only “ba bo cao” is looked for."),
    ],
)
def test_words_of_too_many_records_are_told_and_the_first_are_looked_for(client, often, language, told):
    for path in ("search/", "initiatives/"):
        page = open_page(client, f"/{language}/{path}", OFTEN)
        assert page.select_one("#search-q-error, #q-error").get_text(strip=True) == told
        assert page.select_one("input[name=q]:not([type=hidden])")["value"] == OFTEN
        assert len(page.select(".hits li, #results .card")) in (5, 6)  # a search shows five of a kind
    answer = client.get("/api/v1/initiatives/", {"q": OFTEN})
    assert answer.status_code == 400
    assert client.get("/api/v1/initiatives/", {"q": "ba bo cao"}).json()["count"] == 6


def test_a_row_of_words_of_too_many_records_is_looked_for_as_words_where_that_is_dear(client, often):
    page = open_page(client, "/vi/initiatives/", '"kinh tế"')
    errors = [error.get_text(strip=True) for error in page.select("#q-error")]
    told = ["Các từ này có trong quá nhiều hồ sơ; chỉ tìm theo “kinh tế”."]
    assert errors == (told if connection.vendor == "postgresql" else [])
    assert len(page.select("#results .card")) == 6


def test_a_text_with_a_rare_word_is_looked_for_whole(client, often, monkeypatch):
    monkeypatch.setattr(occurrences, "READ_BESIDE_ONE", 1)
    make_initiative(name_vi="Hiếm", name_en="A", summary_vi=f"{OFTEN} quýhiếm")
    page = open_page(client, "/vi/search/", f"{OFTEN} quýhiếm")
    assert not page.select("#search-q-error")
    assert [link.get_text() for link in page.select(".hits h3 a")] == ["Hiếm"]


def test_of_words_of_many_texts_those_in_names_come_first_unless_most_names_hold_them(client, often, monkeypatch):
    monkeypatch.setattr(hits, "TOO_MANY_TO_TELL", 5)
    make_initiative(name_vi="Xa ba bo", name_en="A")
    assert found_first(client, "ba bo") == "Xa ba bo"
    for number in range(6):
        make_initiative(name_vi=f"Ya ba bo {number}", name_en="A")
    assert found_first(client, "ba bo") == "Tên 0"


def found_first(client, text: str) -> str:
    return open_page(client, "/vi/search/", text).select_one(".hits h3 a").get_text()


def test_what_is_typed_for_suggestions_is_judged_by_names(client, often):
    assert len(open_page(client, "/vi/search/suggestions/", "Tên 1").select("li")) == 1
    make_initiative(name_vi=f"{OFTEN} gan", name_en="A")
    assert len(open_page(client, "/vi/search/suggestions/", f"{OFTEN} gan").select("li")) == 1


def test_the_numbers_in_use_reach_from_the_first_entry_of_a_kind_and_language_to_its_last():
    assert numbers_in_use(editorial_models()) == []
    first, last = make_initiative(name_vi="A"), make_initiative(name_vi="B")
    blocks = numbers_in_use(editorial_models())
    lengths = [len(block) for block in blocks if len(block) > 1]
    assert lengths == [last.pk - first.pk + 1] * 2
