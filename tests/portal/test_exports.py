"""A list in another format: CSV, XLSX and Atom, read by what people read them with."""

import csv
import gzip
import io
import shutil
import subprocess
from datetime import UTC, date, datetime
from zipfile import ZipFile

import feedparser
import pytest
from bs4 import BeautifulSoup
from django.db import OperationalError
from openpyxl import load_workbook

from portal.atom import clean
from portal.exports import ENTRIES_AT_ONCE
from portal.models import Document, State
from portal.spreadsheets import defused
from portal.tables import TABLES
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_document,
    make_indicator,
    make_initiative,
    make_meeting,
    make_observation,
    make_plan,
    make_source,
)

pytestmark = pytest.mark.django_db

NAMES = [name for name, table in TABLES.items() if table.page]


def read_csv(client, address: str) -> list[dict]:
    text = client.get(address).getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def refuse(*arguments):
    raise OperationalError("connection refused")


def read_sheets(client, address: str):
    return load_workbook(io.BytesIO(client.get(address).getvalue()))


def test_a_csv_file_is_what_the_standard_says(client):
    make_initiative(name_vi="Đào tạo, “kỹ năng”", summary_vi='Hai dòng\nvà "ngoặc kép"')
    answer = client.get("/vi/initiatives.csv")
    content = answer.getvalue()
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert content.startswith(b"\xef\xbb\xbfid,url,")
    assert content.endswith(b"\r\n")
    row = next(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert (row["name_vi"], row["summary_vi"]) == ("Đào tạo, “kỹ năng”", 'Hai dòng\nvà "ngoặc kép"')


def test_codes_stand_beside_labels_and_vietnamese_beside_english(client):
    singapore = make_country(code="SG", name_vi="Xin-ga-po", name_en="Singapore")
    make_initiative(status="ongoing", lead_countries=[singapore])
    row = read_csv(client, "/en/initiatives.csv")[0]
    assert (row["status"], row["status_vi"], row["status_en"]) == ("ongoing", "Đang triển khai", "Ongoing")
    assert [row[f"lead_countries{part}"] for part in ("", "_vi", "_en")] == ["sg", "Xin-ga-po", "Singapore"]


def test_an_address_in_a_language_leads_to_pages_in_it(client):
    plan = make_plan()
    rows = [read_csv(client, f"/{language}/plans.csv")[0] for language in ("vi", "en")]
    assert [row["url"] for row in rows] == [
        f"http://testserver/vi/plans/{plan.slug}/",
        f"http://testserver/en/plans/{plan.slug}/",
    ]


def test_a_date_is_no_more_exact_than_it_is_known(client):
    make_meeting(start=date(2027, 1, 1), end=date(2027, 1, 31), precision="month")
    row = read_csv(client, "/en/meetings.csv")[0]
    assert (row["start"], row["end"], row["precision"]) == ("2027-01", "2027-01", "month")


def test_sources_stand_on_every_row(client):
    source = make_source(url="https://example.org/a", slug="read-there")
    make_decision(sources=[source, make_source(state=State.DRAFT)])
    row = read_csv(client, "/en/decisions.csv")[0]
    assert (row["sources"], row["source_urls"]) == ("read-there", "https://example.org/a")


def test_an_indicator_is_one_row_with_all_its_values(client):
    indicator = make_indicator()
    make_observation(indicator=indicator, year=2025, value=300, kind="projected", qualifier="more-than")
    make_observation(indicator=indicator, year=2026, end_year=2030, value="91.20", kind="target")
    row = read_csv(client, "/en/figures.csv")[0]
    assert row["observations"] == "2025:300:projected:more-than; 2026/2030:91.2:target"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", " =1", "＝1+1", "-x"])
def test_a_formula_is_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+84", "-3.50", "a=b", "2025:300", "", "ASEAN - Nhật Bản"])
def test_numbers_and_plain_texts_stay_as_they_are(text):
    assert defused(text) == text


def test_no_cell_of_a_workbook_is_a_formula(client):
    make_initiative(name_en="=HYPERLINK(A1)", website="https://example.org/")
    sheet = read_sheets(client, "/en/initiatives.xlsx").worksheets[0]
    cells = {sheet.cell(1, place).value: sheet.cell(2, place) for place in range(1, sheet.max_column + 1)}
    assert (cells["name_en"].value, cells["name_en"].data_type) == ("=HYPERLINK(A1)", "s")
    assert read_csv(client, "/en/initiatives.csv")[0]["name_en"] == "'=HYPERLINK(A1)"


def test_a_workbook_has_numbers_and_days_as_such(client):
    make_meeting(number=6, start=date(2026, 1, 12))
    sheet = read_sheets(client, "/vi/meetings.xlsx").worksheets[0]
    cells = {sheet.cell(1, place).value: sheet.cell(2, place).value for place in range(1, sheet.max_column + 1)}
    assert (cells["number"], cells["start"].date()) == (6, date(2026, 1, 12))


def test_the_second_sheet_says_what_the_first_holds(client):
    make_country(code="SG", name_vi="Singapore", name_en="Singapore")
    book = read_sheets(client, "/vi/initiatives.xlsx?country=sg")
    assert book.sheetnames == ["Sáng kiến", "Về tệp này"]
    said = {row[0]: row[1] for row in book.worksheets[1].iter_rows(values_only=True, max_col=2)}
    assert said["Bộ lọc"] == "Sáng kiến do Singapore chủ trì"
    assert said["Địa chỉ"] == "http://testserver/vi/initiatives/?country=sg"
    assert said["Giấy phép"].startswith("CC BY 4.0")
    assert {column.name for column in TABLES["initiatives"].columns} <= set(said)


def test_a_file_name_says_list_filter_and_day(client, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 1, 19, 18, tzinfo=UTC))
    make_country(code="SG", name_vi="Singapore", name_en="Singapore")
    answer = client.get("/en/initiatives.csv?country=sg&status=ongoing&sort=-name&page=7&view=table")
    assert (
        answer.headers["Content-Disposition"]
        == (
            'attachment; filename="initiatives_country-sg_status-ongoing_2026-01-20.csv"; '
            "filename*=UTF-8''Initiatives%20that%20are%20ongoing%2C%20led%20by%20Singapore%202026-01-20.csv"
        )
        or "status-ongoing_country-sg" in answer.headers["Content-Disposition"]
    )


@pytest.mark.parametrize("path", ["initiatives.xlsx", "open-data.zip"])
@pytest.mark.parametrize("cache", [0, 4])
def test_what_is_compressed_as_it_is_travels_as_it_is_and_says_how_long(client, settings, path, cache):
    settings.PAGE_CACHE_MEGABYTES = cache
    answer = client.get(f"/vi/{path}", headers={"Accept-Encoding": "gzip, br, zstd"})
    content = answer.getvalue()
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(content))
    assert ZipFile(io.BytesIO(content)).testzip() is None


def test_a_csv_file_is_compressed_on_its_way(client):
    answer = client.get("/vi/initiatives.csv", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.getvalue()).startswith(b"\xef\xbb\xbfid,url,")


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_a_database_lost_on_the_way_breaks_a_csv_file_off_and_is_written_down(client, monkeypatch, caplog, encoding):
    monkeypatch.setattr("portal.tables.ROWS_AT_ONCE", 1)
    monkeypatch.setattr("portal.filters.ROWS_AT_ONCE", 1)
    for _ in range(2):
        make_initiative()
    answer = client.get("/vi/initiatives.csv", headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    monkeypatch.setattr("portal.filters.Matches.read", refuse)
    with pytest.raises(OperationalError):
        list(answer.streaming_content)
    assert "An export was broken off: connection refused" in caplog.text


@pytest.mark.parametrize("text", ['a"b\r\nSet-Cookie: x', "\u202egnp.exe", "x" * 200, "../../etc", "😀"])
def test_no_search_text_breaks_a_file_name(client, text):
    for suffix in ("csv", "xlsx"):
        header = client.get(f"/vi/initiatives.{suffix}", {"q": text}).headers["Content-Disposition"]
        assert header.isascii()
        assert "\n" not in header
        assert "/" not in header


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "atom"])
def test_a_bad_filter_is_400_in_the_words_of_the_page(client, name, suffix):
    query = "?sort=colour&updated_since=yesterday"
    answer = client.get(f"/vi/{name}.{suffix}{query}")
    assert answer.status_code == 400
    page = BeautifulSoup(client.get(f"/vi/{name}/{query}").content, "html5lib")
    for field in ("sort", "updated_since"):
        assert f"({field}): {page.select_one(f'#{field}-error').get_text(strip=True)}" in answer.content.decode()


def test_only_reading_is_allowed(client):
    assert client.post("/vi/meetings.csv").status_code == 405
    assert client.head("/vi/meetings.csv").status_code == 200


def test_the_head_of_a_csv_file_is_that_of_the_file_and_costs_no_row(client, monkeypatch):
    make_initiative()
    whole = client.get("/vi/initiatives.csv")
    monkeypatch.setattr("portal.filters.Matches.read", refuse)
    head = client.head("/vi/initiatives.csv")
    assert head.status_code == 200
    told = ("Content-Type", "Content-Disposition", "Vary", "Cache-Control")
    assert [head.headers.get(name) for name in told] == [whole.headers.get(name) for name in told]
    assert client.head("/vi/initiatives.csv?sort=colour").status_code == 400


def test_an_address_without_a_language_leads_to_the_visitors(client):
    assert client.get("/meetings.csv?year=2026").headers["Location"] == "/vi/meetings.csv?year=2026"


@pytest.mark.parametrize("name", NAMES)
def test_every_list_offers_its_formats_and_announces_its_feed(client, name):
    page = BeautifulSoup(client.get(f"/vi/{name}/?updated_since=2000-01-01&page=").content, "html5lib")
    offered = [link["href"] for link in page.select("details.menu .pop a")]
    addresses = [f"/vi/{name}.xlsx", f"/vi/{name}.csv", f"/api/v1/{name}/", f"/vi/{name}.atom"]
    expected = [f"{address}?updated_since=2000-01-01" for address in addresses]
    assert offered[:4] == expected
    feeds = [link["href"] for link in page.select('link[type="application/atom+xml"]')]
    assert feeds == ["/vi/changes.atom", expected[3]]


def test_what_is_wrong_with_a_filter_is_not_exported(client):
    page = BeautifulSoup(client.get("/en/initiatives/?country=zz&status=ongoing&view=table").content, "html5lib")
    assert page.select_one(".menu .pop a")["href"] == "/en/initiatives.xlsx?status=ongoing"


# Updated since


@pytest.mark.databases
@pytest.mark.parametrize("suffix", ["/", ".csv"])
def test_updated_since_gives_what_was_saved_then_or_later(client, suffix):
    old, new = make_document(), make_document()
    Document.objects.filter(pk=old.pk).update(updated="2026-01-15T16:59:59.999999Z")
    Document.objects.filter(pk=new.pk).update(updated="2026-01-15T17:00:00Z")  # midnight in Ha Noi
    for moment in ("2026-01-16", "2026-01-16T00:00", "2026-01-15T17:00:00Z", "2026-01-16T00:00:00+07:00"):
        shown = client.get(f"/en/documents{suffix}?updated_since={moment}").getvalue().decode()
        assert (old.slug in shown, new.slug in shown) == (False, True), moment


@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00+23:59"])
def test_no_moment_is_too_far_away(client, moment):
    make_document()
    assert client.get("/vi/documents/", {"updated_since": moment}).status_code == 200
    assert client.get("/vi/documents.csv", {"updated_since": moment}).status_code == 200


@pytest.mark.parametrize("moment", ["x", "2026-13-01", "16/01/2026", "2026-01-16T25:00", "1768521600"])
def test_what_is_no_moment_is_an_error_by_its_name(client, moment):
    page = BeautifulSoup(client.get("/en/documents/", {"updated_since": moment}).content, "html5lib")
    assert page.select_one("#updated_since-error").get_text(strip=True).startswith(f"{moment} is no day or time")


def test_updated_since_survives_the_form_of_the_page(client):
    page = BeautifulSoup(client.get("/en/documents/?updated_since=2026-01-16").content, "html5lib")
    assert page.select_one("input[name=updated_since]")["value"] == "2026-01-16"


# Feeds


def test_a_feed_is_valid_and_stable(client):
    decision = make_decision(text_en="Adopted <b>this</b> & that.")
    answer = client.get("/en/decisions.atom")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert feed.entries[0].link == f"http://testserver/en/decisions/{decision.slug}/"
    assert "Adopted &lt;b&gt;this&lt;/b&gt; &amp; that." in feed.entries[0].summary
    again = feedparser.parse(client.get("/en/decisions.atom?sort=date&page=").content)
    assert again.entries[0].id == feed.entries[0].id
    assert feedparser.parse(client.get("/vi/decisions.atom").content).entries[0].id != feed.entries[0].id


def test_a_feed_says_when_its_latest_record_was_saved_and_no_later_moment(client):
    make_document()
    Document.objects.update(updated="2026-01-15T17:00:00Z")
    feed = feedparser.parse(client.get("/en/documents.atom").content).feed
    assert feed.updated == "2026-01-15T17:00:00+00:00"
    empty = feedparser.parse(client.get("/en/documents.atom?kind=study").content)
    assert (empty.bozo, empty.entries, empty.feed.opensearch_totalresults) == (False, [], "0")


def test_a_long_list_is_a_feed_in_parts(client, monkeypatch):
    monkeypatch.setattr("portal.exports.ENTRIES_AT_ONCE", 2)
    for _number in range(5):
        make_document()
    first = feedparser.parse(client.get("/en/documents.atom?kind=declaration").content)
    links = {link.rel: link.href for link in first.feed.links}
    assert (len(first.entries), first.feed.opensearch_totalresults) == (2, "5")
    assert links["next"] == "http://testserver/en/documents.atom?kind=declaration&page=2"
    assert client.get("/en/documents.atom?page=4").status_code == 404
    assert ENTRIES_AT_ONCE == 500


@pytest.mark.parametrize("text", ["a\x01b", "\ufffe", "\ud800", "x\x0by"])
def test_what_xml_cannot_hold_is_left_out_of_a_feed(client, text):
    assert clean(text).strip() in {"ab", "", "xy"}
    if text.isprintable() or "\ud800" not in text:
        assert not feedparser.parse(client.get("/en/documents.atom", {"q": text}).content).bozo


@pytest.mark.parametrize("path", ["documents.atom", "meetings.ics", "changes.atom", "bodies/adgmin.ics"])
def test_nothing_is_sent_again_until_something_changes(client, path):
    make_body(slug="adgmin")
    make_document()
    tag = client.get(f"/en/{path}").headers["ETag"]
    assert client.get(f"/en/{path}", headers={"If-None-Match": tag}).status_code == 304
    make_document()
    assert client.get(f"/en/{path}", headers={"If-None-Match": tag}).status_code == 200


def test_a_spreadsheet_program_reads_vietnamese(client, tmp_path):
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if not program:  # too large for the gate to install
        pytest.skip("LibreOffice is not installed on this machine")
    make_initiative(name_vi="Đường truyền, ổ cứng")
    for suffix in ("csv", "xlsx"):
        (tmp_path / f"list.{suffix}").write_bytes(client.get(f"/vi/initiatives.{suffix}").getvalue())
        command = [program, "--headless", "--convert-to", "txt:Text - txt - csv (StarCalc):59,34,76", f"list.{suffix}"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
        assert "Đường truyền, ổ cứng" in (tmp_path / "list.txt").read_text(encoding="utf-8")
