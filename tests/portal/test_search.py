"""One search over every kind of record: what a visitor sees of it, and that it is always current."""

import sqlite3
import unicodedata
from io import StringIO

import pytest
import yaml
from bs4 import BeautifulSoup
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from initiatives.models import Initiative
from portal.database import COLUMNS, EVENTS, complete_database
from portal.entries import find_among, find_numbers, sqlite_index
from portal.index import content_state
from portal.management.commands.prepare import is_search_current
from portal.models import Editorial, SearchEntry, State, search_entries_of
from portal.query import MOST_BEGUN, MOST_TERMS, OtherNames, parse_query
from portal.search import MOST_WORDS_OFFERED, worth_trying
from portal.workflow.pending import pending_of, publish
from tests.content import FILES
from tests.factories import (
    make_body,
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_person,
    make_plan_item,
    make_source,
    make_topic,
)
from tests.html_forms import form_values

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def open_search(client, address: str) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content.decode(), "html5lib")


def found(client, text: str, language: str = "vi") -> list[str]:
    """The names of what is found, in their order."""
    page = open_search(client, f"/{language}/search/?q={text}")
    return [link.get_text() for link in page.select(".hits h3 a")]


def groups_of(page: BeautifulSoup) -> dict[str, list[str]]:
    """The headings of a search page with what is found under each."""
    return {
        " ".join(section.h2.get_text(" ").split()): [link.get_text() for link in section.select(".hits h3 a")]
        for section in page.select(".found section")
    }


# What it finds


@pytest.mark.parametrize("typed", ["an ninh mang", "AN NINH MẠNG", "an ninh ma\u0323ng", "cybersec"])
def test_one_search_finds_every_kind_with_or_without_marks_in_both_languages(client, typed):
    make_initiative(name_vi="An ninh mạng khu vực", name_en="Regional cybersecurity")
    make_topic(name_vi="An ninh mạng", name_en="Cybersecurity")
    make_decision()
    assert groups_of(open_search(client, f"/vi/search/?q={typed}")) in (
        {"Sáng kiến 1": ["An ninh mạng khu vực"], "Chủ đề 1": ["An ninh mạng"]},
        {"Chủ đề 1": ["An ninh mạng"], "Sáng kiến 1": ["An ninh mạng khu vực"]},
    )


def test_marks_that_fit_come_before_marks_that_do_not(client):
    make_initiative(name_vi="Lúa dao", name_en="A")
    make_initiative(name_vi="Lừa đảo", name_en="B")
    make_initiative(name_vi="Lưa đao", name_en="C")
    assert found(client, "lừa đảo")[0] == "Lừa đảo"
    assert found(client, "lúa dao")[0] == "Lúa dao"
    assert len(found(client, "lua dao")) == 3


def test_the_name_comes_before_the_text_and_words_in_a_row_before_words_apart(client):
    make_initiative(name_vi="A", name_en="A", summary_vi="Nói về cáp quang ở biển.")
    make_initiative(name_vi="B", name_en="B", summary_vi="Nói về cáp biển.")
    make_initiative(name_vi="Cáp ở biển", name_en="C")
    make_initiative(name_vi="Bảo vệ cáp biển", name_en="D")
    assert found(client, "cáp biển") == ["Bảo vệ cáp biển", "Cáp ở biển", "B", "A"]


def test_all_words_must_occur_a_phrase_together_and_an_excluded_word_nowhere(client):
    make_initiative(name_vi="Hạ tầng số chung", name_en="A")
    make_initiative(name_vi="Số hạ tầng", name_en="B")
    make_initiative(name_vi="Hạ tầng", name_en="Cable")
    assert found(client, "hạ tầng số") == ["Hạ tầng số chung", "Số hạ tầng"]
    assert found(client, '"hạ tầng số"') == ["Hạ tầng số chung"]
    assert found(client, "hạ tầng -số") == ["Hạ tầng"]
    assert found(client, "hạ tầng -cable -chung") == ["Số hạ tầng"]


def test_a_word_left_out_by_itself_leaves_all_the_others(client):
    make_initiative(name_vi="Hạ tầng số", name_en="A")
    make_topic(name_vi="Cáp biển", name_en="B")
    assert found(client, "-số") == ["Cáp biển"]
    lists = open_search(client, "/vi/initiatives/?q=-số")
    assert lists.select("#results .card") == []
    assert len(open_search(client, "/vi/initiatives/?q=-biển").select("#results .card")) == 1
    assert lists.select_one(".in-words").get_text() == "Sáng kiến không có từ “số”"


def test_a_letter_by_itself_is_a_word_and_no_beginning(client):
    make_initiative(name_vi="Cáp biển", name_en="Cables")
    make_initiative(name_vi="Ngôn ngữ C++", name_en="C++")
    assert found(client, "C%2B%2B") == found(client, "C%23") == found(client, "c") == ["Ngôn ngữ C++"]
    assert found(client, "ngôn ngữ C%2B%2B") == ["Ngôn ngữ C++"]


@pytest.mark.parametrize("typed", ["CO₂", "co2", "m²", "m2", "①"])
def test_odd_figures_are_figures(client, typed):
    make_topic(name_vi="Phát thải CO₂ mỗi m² ①", name_en="A")
    assert found(client, typed) == ["Phát thải CO₂ mỗi m² ①"]


def test_an_address_is_found_by_all_of_it_and_its_words_are_of_no_language(client):
    make_topic(slug="submarine-cables", name_vi="Cáp biển", name_en="Cables under the sea")
    assert found(client, "submarine-cables") == ["Cáp biển"]
    assert found(client, "submarine") == []


def test_more_words_than_are_looked_for_are_told(client):
    make_initiative(name_vi=" ".join(f"a{number}" for number in range(MOST_TERMS)), name_en="A")
    text = " ".join(f"a{number}" for number in range(MOST_TERMS + 1))
    for path in ["search/", "initiatives/"]:
        page = BeautifulSoup(client.get(f"/vi/{path}", {"q": text}).content, "html5lib")
        told = page.select_one("#search-q-error, #q-error").get_text(strip=True)
        assert told == f"Có {MOST_TERMS + 1} từ; chỉ tìm theo {MOST_TERMS} từ đầu tiên."
        assert len(page.select(".hits li, #results .card")) == 1
    assert client.get("/api/v1/initiatives/", {"q": text}).status_code == 400


def test_what_is_exactly_what_was_typed_says_so(client):
    make_meeting(series=make_body(slug="adgmin", acronym="ADGMIN"), number=6, slug="adgmin-6")
    make_initiative(name_vi="Sau ADGMIN 6", name_en="A")
    for typed in ["ADGMIN 6", "adgmin-6", "ADGMIN6"]:
        page = open_search(client, f"/vi/search/?q={typed}")
        tagged = [
            hit.select_one("h3").get_text() for hit in page.select(".hits li:has(.tag:-soup-contains('đúng tên'))")
        ]
        assert tagged == ["ADGMIN 6"]


def test_a_phrase_does_not_run_from_one_text_into_the_next(client):
    make_initiative(name_vi="Hạ tầng", name_en="A", summary_vi="Số liệu.")
    assert found(client, "hạ tầng số") == ["Hạ tầng"]
    assert found(client, '"hạ tầng số"') == []


def test_a_short_word_before_others_is_whole_and_the_last_may_be_a_beginning(client):
    make_initiative(name_vi="A", name_en="Andaman toolkit")
    make_initiative(name_vi="An toàn", name_en="B")
    assert found(client, "an toan") == ["An toàn"]
    assert found(client, "an to") == ["An toàn"]


def test_what_belongs_to_a_record_is_found_with_it(client):
    make_milestone(text_vi="Khai trương tại Boracay.", initiative=make_initiative(name_vi="Trung tâm"))
    assert found(client, "boracay") == ["Trung tâm"]


def test_what_is_found_in_the_other_language_says_so(client):
    make_initiative(name_vi="Cáp biển", name_en="Submarine cables", summary_en="Cables under the sea.")
    page = open_search(client, "/vi/search/?q=submarine")
    assert [link.get_text() for link in page.select(".hits h3 a")] == ["Cáp biển"]
    assert page.select_one(".hits .tag:-soup-contains('khớp trong bản tiếng Anh')")
    assert page.select_one(".hits .passage")["lang"] == "en"
    assert page.select_one(".hits .passage mark").get_text() == "Submarine"
    assert "Bản tiếng Việt không có nội dung này" in page.select_one(".note").get_text()
    assert not open_search(client, "/en/search/?q=submarine").select(".note")


def test_found_words_are_marked_in_the_text_as_it_is_written(client):
    make_initiative(name_vi="Phòng, chống lừa đảo", summary_vi="Lừa đảo <b>trực tuyến</b> & lừa dối.", name_en="A")
    page = open_search(client, "/vi/search/?q=lua+dao")
    assert [mark.get_text() for mark in page.select(".hits mark")] == ["lừa đảo", "Lừa đảo"]
    assert page.select_one(".passage").get_text() == "Lừa đảo <b>trực tuyến</b> & lừa dối."


def test_kinds_are_counted_and_can_be_chosen(client):
    for number in range(12):
        make_initiative(name_en=f"Submarine cable {number}", name_vi=f"Cáp {number}")
    make_topic(name_en="Submarine cables", name_vi="Cáp")
    page = open_search(client, "/en/search/?q=submarine")
    assert [" ".join(chip.get_text(" ").split()) for chip in page.select("nav.chips a")] == [
        "All 13",
        "Initiatives 12",
        "Topics 1",
    ]
    assert len(page.select(".hits li")) == 6
    one = open_search(client, "/en/search/?q=submarine&kind=initiative")
    assert len(one.select(".hits li")) == 12
    assert one.select_one("nav.chips [aria-current]").get_text(" ").split() == ["Initiatives", "12"]
    assert one.select_one(".found a.more")["href"] == "/en/initiatives/?q=submarine"


def test_an_unknown_kind_is_an_error_and_everything_is_shown(client):
    make_topic(name_vi="Cáp biển")
    page = open_search(client, "/vi/search/?q=cap&kind=planet")
    assert "planet" in page.select_one("#kind-error").get_text()
    assert len(page.select(".hits li")) == 1


# Nothing found


def offered(client, text: str, language: str) -> str:
    """What a page on which nothing was found takes to be meant, with the tag beside it."""
    page = open_search(client, f"/{language}/search/?q={text}")
    assert not page.select(".hits")
    meant = page.select_one(".empty p:-soup-contains('Có phải', 'Did you mean') + ul li")
    return " ".join(meant.get_text(" ").split()) if meant else ""


@pytest.mark.parametrize(
    ("typed", "language", "meant"),
    [
        ("an nihn mang", "vi", "an ninh mang → 1"),
        ("an nihn mạng", "vi", "an ninh mạng → 1"),
        ('"an nihn mang"', "vi", '"an ninh mang" → 1'),
        ('"mang an nihn"', "vi", "mang an ninh → 1"),
        ("an nihn mang", "en", "an ninh mang → 1 found in the Vietnamese text"),
        ("cybersecurty", "en", "cybersecurity → 1"),
        ("cibersecurity", "vi", "cybersecurity → 1 khớp trong bản tiếng Anh"),
        ("cibersecurity -asean", "en", "cybersecurity -asean → 1"),
        ("nguyen mahn hung", "vi", "nguyen manh hung → 1"),
        ("nguyen man hung", "en", "nguyen manh hung → 1"),
        ("ADGMNI 6", "en", "adgmin 6 → 1"),
        ("ADGMNI 7", "en", ""),
        ("adgmin8", "en", ""),
    ],
)
def test_a_near_miss_is_put_right_in_either_language_and_keeps_its_numbers(client, typed, language, meant):
    make_topic(name_vi="An ninh mạng", name_en="Cybersecurity")
    make_topic(name_vi="Người làm việc", name_en="Man and machine")
    make_person(name="Nguyễn Mạnh Hùng")
    make_meeting(series=make_body(acronym="ADGMIN", slug="adgmin"), number=6, slug="adgmin-6")
    assert offered(client, typed, language) == meant


def test_what_to_do_when_nothing_is_found_costs_as_many_queries_for_many_words(client, django_assert_max_num_queries):
    make_topic(name_vi="An ninh mạng")
    client.get("/vi/search/?q=an+zzz")
    with django_assert_max_num_queries(6):
        client.get("/vi/search/?q=an+nihn+mang+zzzz+yyyy+xxxx")


def test_few_words_are_looked_for_in_what_is_offered_for_a_long_text():
    ways = [" ".join(["cáp"] * words) for words in (MOST_WORDS_OFFERED - 2, 2, 1)]
    assert list(worth_trying(ways, content_state())) == ways[:2]


def test_conditions_that_find_nothing_together_are_offered_apart(client):
    make_topic(name_vi="An ninh mạng")
    make_topic(name_vi="Cáp biển")
    page = open_search(client, "/vi/search/?q=mạng+biển")
    ways = {way["href"]: way.select_one(".n").get_text() for way in page.select(".empty li a")}
    assert ways == {"?q=bi%E1%BB%83n": "1", "?q=m%E1%BA%A1ng": "1"}


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "x" * 2_000, "a\x00b", "'\"", "🙂", "\u202eabc", "-", "%", "* AND (", '"', '""', "NEAR(a b)"),
        *("a OR b", "^a", "names:a", "{words} : a", "a & !b | c:*", "\\", "ǁ", "\ud7ff\uffff", "ﷺ", "الأمن", "-a -b"),
        " ".join("abcdefghijklmnopqrstuvwxyz"),
        unicodedata.normalize("NFD", "ế" * 60),
    ],
)
@pytest.mark.parametrize("path", ["search/", "search/suggestions/", "initiatives/", "decisions/"])
def test_no_text_breaks_the_search(client, text, path):
    make_person(name="Zoë")
    assert client.get(f"/vi/{path}", {"q": text}).status_code == 200


# Suggestions


def test_names_are_suggested_while_typing(client):
    make_meeting(series=make_body(slug="adgmin", acronym="ADGMIN"), number=6, slug="adgmin-6")
    make_initiative(name_vi="Thư ký của ADGMIN", name_en="A")
    make_initiative(name_vi="B", summary_vi="Nhắc đến ADGMIN.", name_en="B")
    page = open_search(client, "/vi/search/suggestions/?q=adgm")
    options = [option.a.get_text(" ", strip=True) for option in page.select("[role=listbox] [role=option]")]
    assert options[0] == "ADGMIN 6 Hội nghị"
    assert "Thư ký của ADGMIN Sáng kiến" in options
    assert not any(option.startswith("B ") for option in options)
    assert page.select_one("[data-count]").get_text() == f"{len(options)} gợi ý"


def test_without_a_suggestion_there_is_only_their_number(client):
    page = open_search(client, "/en/search/suggestions/?q=zzzz")
    assert page.get_text(strip=True) == "0 suggestions"
    assert client.get("/en/search/suggestions/?q=").content.strip() == b""


def suggested(client, typed: str, language: str) -> list[tuple[str, str, str]]:
    """(title, the other name that fits, kind) of what is suggested."""
    page = open_search(client, f"/{language}/search/suggestions/?q={typed}")
    pieces = [(option.select_one("a > span"), option.small.get_text()) for option in page.select("[role=option]")]
    return [
        (title.find(string=True), also.get_text() if (also := title.select_one(".also")) else "", kind)
        for title, kind in pieces
    ]


def test_how_a_name_fits_decides_what_is_suggested_and_not_the_text(client):
    make_initiative(name_vi="Abc cybersecurity", name_en="A", summary_vi="Nói về cyber.")
    make_initiative(name_vi="Xyz cyber", name_en="B")
    make_initiative(name_vi="Xyz cyber cũ", name_en="C")
    assert [begins for begins, *_rest in suggested(client, "cyber -cũ", "vi")] == ["Xyz ", "Abc "]


def test_the_best_is_suggested_first_whatever_its_kind(client):
    series = make_body(slug="amcc", acronym="AMCC", name_vi="Hội nghị Bộ trưởng", name_en="Ministerial Conference")
    for number in range(1, 11):
        names = {"name_vi": f"Hội nghị về an ninh mạng lần {number}", "name_en": f"Conference {number}"}
        make_meeting(series=series, number=number, slug=f"amcc-{number}", **names)
    make_topic(name_vi="An ninh mạng", name_en="Cybersecurity")
    make_initiative(name_vi="Trung tâm an ninh", name_en="Centre")
    for typed in ["an ninh", "an ninh m"]:
        assert suggested(client, typed, "en")[0] == ("Cybersecurity", "An ninh mạng", "Topic")
    first = suggested(client, "an ninh", "vi")
    assert len(first) == 8
    assert first[1][1:] == ("Hội nghị về an ninh mạng lần 1", "Hội nghị")
    assert first[2][2] == "Sáng kiến"  # equals of several kinds take turns


# Always current


def stored_entries() -> dict[int, tuple[str, ...]]:
    return {entry.number: (entry.names, entry.words, entry.marked) for entry in SearchEntry.objects.all()}


def right_entries() -> dict[int, tuple[str, ...]]:
    """What the entries must be, from the records as they are."""
    models = [model for model in apps.get_models() if issubclass(model, Editorial)]
    entries = [entry for model in models for record in model.objects.all() for entry in search_entries_of(record)]
    return {entry.number: (entry.names, entry.words, entry.marked) for entry in entries}


def assert_current() -> None:
    """The entries say what the records say, and the index of the database what the entries say."""
    assert stored_entries() == right_entries()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for column in COLUMNS:
                index = sqlite_index(column)
                cursor.execute(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)")


def test_the_search_is_current_after_an_edit_in_the_admin_is_published(client, admin_client):
    initiative = make_initiative(name_vi="Cáp biển", name_en="Cables")
    step = make_milestone(initiative=initiative, text_vi="Đã đặt tên.")
    assert found(client, "đặt tên") == ["Cáp biển"]
    address = reverse("admin:initiatives_initiative_change", args=[initiative.pk])
    values = form_values(admin_client.get(address).content.decode(), "initiative_form")
    values |= {"name_vi": "Dây biển", "milestones-0-text_vi": "Đã kéo xong."}
    assert admin_client.post(address, values).status_code == 302
    assert (found(client, "cáp"), found(client, "kéo xong")) == (["Cáp biển"], [])  # it waits beside what is public
    assert_current()
    publish(pending_of(initiative), None)
    step.refresh_from_db()
    assert step.text_vi == "Đã kéo xong."
    assert (found(client, "cáp"), found(client, "kéo xong")) == ([], ["Dây biển"])
    assert_current()


def test_the_search_is_current_after_every_way_of_writing(client):
    initiative = make_initiative(name_vi="Cáp biển", name_en="Cables")
    assert (found(client, "cáp"), found(client, "dây")) == (["Cáp biển"], [])
    initiative.name_vi = "Dây biển"
    initiative.save()
    assert (found(client, "cáp"), found(client, "dây")) == ([], ["Dây biển"])
    assert_current()
    step = make_milestone(initiative=initiative, text_vi="Đã kéo xong.")
    assert found(client, "kéo xong") == ["Dây biển"]
    step.delete()
    assert found(client, "kéo xong") == []
    assert_current()
    Initiative.objects.filter(pk=initiative.pk).update(state=State.DRAFT)
    assert found(client, "dây") == []
    Initiative.objects.filter(pk=initiative.pk).update(state=State.PUBLISHED)
    assert found(client, "dây") == ["Dây biển"]
    Initiative.objects.filter(pk=initiative.pk).update(published_from="2999-01-01T00:00:00Z")
    assert found(client, "dây") == []
    initiative.delete()
    assert_current()


def test_the_search_is_current_after_loading_fixtures(client):
    call_command("loaddata", FILES[0], FILES[1], verbosity=0)
    assert found(client, "Bandar Seri Begawan") == ["Brunei"]
    assert_current()


def test_the_search_is_current_after_a_content_sync(client, tmp_path):
    fields = {"slug": "cables", "name_en": "Cables", "state": "published", "sources": [[make_source().slug]]}
    for name in ["Cáp biển", "Dây biển"]:
        rows = [{"model": "portal.topic", "fields": fields | {"name_vi": name}}]
        (tmp_path / "topics.yaml").write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
        call_command("sync_content", tmp_path / "topics.yaml", stdout=StringIO())
        assert found(client, "biển") == [name]
        assert_current()


def test_after_writing_in_bulk_the_search_is_rebuilt(client):
    """Django tells nobody of `update` and `bulk_create`; what is public is judged by the rows all the same."""
    initiative = make_initiative(name_vi="Cáp biển", name_en="Cables")
    Initiative.objects.filter(pk=initiative.pk).update(name_vi="Dây biển")
    assert found(client, "dây") == []
    call_command("rebuild_search", verbosity=0)
    assert found(client, "dây") == ["Dây biển"]
    assert_current()


def test_preparing_a_database_of_an_older_version_makes_its_words_anew(client):
    make_initiative(name_vi="Cáp biển", name_en="Cables")
    assert is_search_current()
    SearchEntry.objects.update(names="", words="otherwise")
    assert not is_search_current()


def test_the_search_is_rebuilt_from_nothing():
    make_milestone(text_vi="Đã kéo xong.")
    make_plan_item()
    kept = stored_entries()
    SearchEntry.objects.all().delete()
    call_command("rebuild_search", verbosity=0)
    assert stored_entries() == kept == right_entries()


def test_a_change_that_is_rolled_back_is_not_remembered(client):
    make_initiative(name_vi="Cáp biển", name_en="Cables")
    assert found(client, "cáp") == ["Cáp biển"]
    savepoint = connection.savepoint()
    make_initiative(name_vi="Cáp đất", name_en="Cables on land")
    assert len(found(client, "cáp")) == 2
    connection.savepoint_rollback(savepoint)
    assert found(client, "cáp") == ["Cáp biển"]


@pytest.mark.django_db(transaction=True)
def test_a_search_does_not_wait_for_who_writes(client):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has one writer at a time")
    make_initiative(name_vi="Cáp biển")
    writing = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout = 0")  # to fail at once rather than to wait
    try:
        assert found(client, "cáp biển") == ["Cáp biển"]
    finally:
        writing.execute("ROLLBACK")
        writing.close()
        connection.close()


# How the text index was made before each column had its own.
INDEX_OF_ALL = [
    """CREATE VIRTUAL TABLE portal_searchentry_fts USING fts5(names, words, marked,
        content='portal_searchentry', content_rowid='number', tokenize='ascii')""",
    "INSERT INTO portal_searchentry_fts(portal_searchentry_fts) VALUES ('rebuild')",
    """CREATE TRIGGER fts_INSERT AFTER INSERT ON portal_searchentry BEGIN
        INSERT INTO portal_searchentry_fts(rowid, names, words, marked)
        VALUES (new.number, new.names, new.words, new.marked); END""",
]


def with_index_of_all(cursor) -> None:
    """The database as the release before left it."""
    for column in COLUMNS:
        for event in EVENTS:
            cursor.execute(f"DROP TRIGGER {column}_{event}")
        cursor.execute(f"DROP TABLE {sqlite_index(column)}")
    for statement in INDEX_OF_ALL:
        cursor.execute(statement)


def test_an_old_index_is_left_to_the_servers_that_still_ask_it_and_taken_away_by_the_next_migrate(client):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's columns have always had an index each.")
    make_initiative(name_vi="Cáp biển", name_en="Cables")
    asked_before = (
        "SELECT count(*) FROM portal_searchentry_fts WHERE portal_searchentry_fts MATCH '{names} : (\"cap\")'"
    )
    with connection.cursor() as cursor:
        with_index_of_all(cursor)
        complete_database()
        assert found(client, "cá") == ["Cáp biển"]
        make_initiative(name_vi="Cáp quang", name_en="Fibre")
        assert cursor.execute(asked_before).fetchone()[0] == 2
        assert_current()
        complete_database()
        cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE '%fts%'")
        assert cursor.fetchall() == []
    make_initiative(name_vi="Cáp ngầm", name_en="Buried")
    assert sorted(found(client, "cáp")) == ["Cáp biển", "Cáp ngầm", "Cáp quang"]
    assert_current()


def test_the_words_of_names_stand_in_the_row_and_those_of_texts_apart():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's index knows where words stand.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attstorage FROM pg_attribute WHERE attrelid = 'portal_searchentry'::regclass "
            "AND attname LIKE '%_vector' ORDER BY attname"
        )
        assert cursor.fetchall() == [("marked_vector", "x"), ("names_vector", "m"), ("words_vector", "x")]


def test_words_that_follow_from_others_are_not_looked_up():
    """Each beginning of many words is dear; what is found and in which order does not change."""
    assert parse_query("số số số").everywhere().fts5() == '("so")'
    assert parse_query("hienn hien hienx hien").everywhere().fts5() == '("hienn" *) AND ("hienx" *)'
    assert parse_query("hien hien").everywhere().tsquery() == "(('hien':*))"
    assert parse_query('a "b a" a').everywhere().fts5() == '("a") AND ("b a")'


def test_what_may_stand_for_every_word_is_looked_up_once():
    assert parse_query("D6 so").everywhere().fts5() == '(("d6" OR "d 6") AND ("so" *)) OR "d 6 so"'
    assert (
        parse_query("d6 so").everywhere().tsquery()
        == "((('d6') | ('d' <-> '6')) & (('so':*))) | ('d' <-> '6' <-> 'so')"
    )
    names = OtherNames({("a", "b"): frozenset({("b",)})})
    assert parse_query('a "b"', names).everywhere().fts5() == '("b")'


def test_of_many_words_only_the_last_may_be_a_beginning():
    words = [f"digi{letter}" for letter in "abcdefghi"]
    few, many = parse_query(" ".join(words[:MOST_BEGUN])), parse_query(" ".join(words))
    assert [term.goes_on for term in few.wanted] == [True] * MOST_BEGUN
    assert [term.goes_on for term in many.wanted] == [False] * MOST_BEGUN + [True]


def test_whole_words_are_asked_only_where_others_may_have_been_found():
    assert parse_query("an 2025").whole_words() is None
    assert parse_query("an toàn").whole_words().fts5() == '("toan")'
    assert parse_query('5g "an"').whole_words().fts5() == '("5g") AND ("an")'


def test_few_entries_are_asked_what_the_index_would_answer():
    make_topic(name_vi="Chữ ký số", name_en="Digital signature")
    make_topic(name_vi="Chữ ký điện tử", name_en="Signature")
    query = parse_query("chữ ký số")
    conditions = {"in_name": ("names", query.everywhere()), "whole": ("words", query.whole_words())}
    conditions |= {"marked": ("marked", query.with_marks()), "in_a_row": ("words", query.in_a_row())}
    found = find_numbers({"found": ("words", query.everywhere())})["found"]
    assert len(found) == 1
    assert find_among(found, conditions) == {name: ids & found for name, ids in find_numbers(conditions).items()}
    assert set(map(len, find_among(found, conditions).values())) == {1}
