"""The whole register at once, its description, and the page that explains it."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from frictionless import Package, system

from portal import open_data
from portal.open_data import MOST_FILES, Packages
from portal.tables import TABLES
from tests.factories import make_topic
from tests.web import make_web

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(client) -> ZipFile:
    make_web(3)
    return ZipFile(io.BytesIO(client.get("/en/open-data.zip").getvalue()))


def test_the_package_is_valid_down_to_every_cell_and_reference(archive, tmp_path):
    archive.extractall(tmp_path)
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.flatten(["type", "note", "rowNumber", "fieldName"]) == []
    assert report.stats["tasks"] == 2 * len(TABLES)


def test_the_package_holds_every_table_twice_with_the_same_rows(archive):
    assert set(archive.namelist()) == {
        "datapackage.json",
        *(f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "json")),
    }
    rows = json.loads(archive.read("decisions.json"))
    assert list(rows[0]) == [column.name for column in TABLES["decisions"].columns]
    assert len(rows) == archive.read("decisions.csv").decode().count("\r\n") - 1
    assert rows[0]["bodies"] == ["adgmin", "body-1", "body-2"]


def test_an_empty_register_is_a_package_too(client):
    archive = ZipFile(io.BytesIO(client.get("/vi/open-data.zip").getvalue()))
    assert json.loads(archive.read("meetings.json")) == []


# Made once


@pytest.fixture
def made(monkeypatch) -> list[tuple[str, str]]:
    """(site, language) of every file that is made during the test."""
    calls, make = [], open_data.package_file

    def counted(site: str, language: str):
        calls.append((site, language))
        return make(site, language)

    monkeypatch.setattr(open_data, "packages", Packages())
    monkeypatch.setattr(open_data, "package_file", counted)
    return calls


def test_a_file_is_made_once_for_whoever_asks(client, admin_client, made):
    make_topic()
    first = client.get("/vi/open-data.zip").getvalue()
    assert client.get("/vi/open-data.zip?x=1").getvalue() == first
    assert admin_client.get("/vi/open-data.zip").getvalue() == first
    assert made == [("http://testserver", "vi")]


def test_a_file_is_read_from_its_beginning_by_each_of_two_at_once(client, made, monkeypatch):
    monkeypatch.setattr("portal.exports.PART", 100)
    one, other = (client.get("/vi/open-data.zip") for _ in range(2))
    pairs = list(zip(one.streaming_content, other.streaming_content, strict=True))
    assert len(pairs) > 2
    assert all(part == same for part, same in pairs)


def test_a_change_has_the_file_made_anew_while_the_former_one_is_still_read(client, made, monkeypatch):
    monkeypatch.setattr("portal.open_data.MOST_FILES", 1)
    topic = make_topic(name_en="Cables")
    former = client.get("/en/open-data.zip")
    topic.name_en = "Radio"
    topic.save()
    content = client.get("/en/open-data.zip").getvalue()
    names = [
        json.loads(ZipFile(io.BytesIO(each)).read("topics.json"))[0]["name_en"] for each in (content, former.getvalue())
    ]
    assert (names, len(made)) == (["Radio", "Cables"], 2)


def test_languages_and_sites_have_files_of_their_own(client, made, settings):
    settings.ALLOWED_HOSTS = ["testserver", "example.org"]
    for host in ("testserver", "example.org"):
        for language in ("vi", "en", "vi"):
            archive = ZipFile(io.BytesIO(client.get(f"/{language}/open-data.zip", headers={"host": host}).getvalue()))
            homepage = json.loads(archive.read("datapackage.json"))["homepage"]
            assert homepage == f"http://{host}/{language}/open-data/"
    assert made == [(f"http://{host}", language) for host in ("testserver", "example.org") for language in ("vi", "en")]


def test_no_more_than_a_few_files_are_kept(made, monkeypatch):
    kept = open_data.packages
    for number in range(MOST_FILES + 2):
        kept.get(f"http://testserver:{number}", "vi").close()
    assert [site[-1] for _state, site, _language in kept.files] == ["2", "3", "4", "5"]


def test_for_a_head_no_file_is_made_and_one_that_is_there_tells_its_length(client, made, settings):
    settings.PAGE_CACHE_MEGABYTES = 4
    make_topic()
    head = client.head("/vi/open-data.zip")
    assert (head.status_code, made) == (200, [])
    answer = client.get("/vi/open-data.zip")
    later = client.head("/vi/open-data.zip")
    assert later.headers["Content-Length"] == str(len(answer.getvalue()))
    assert later.getvalue() == b""
    same = ("Content-Type", "Content-Disposition", "ETag", "Cache-Control", "Vary")
    assert [head[name] for name in same] == [answer[name] for name in same] == [later[name] for name in same]


def test_for_who_has_it_no_file_is_made(client, made, settings):
    settings.PAGE_CACHE_MEGABYTES = 4
    make_topic()
    etag = client.head("/vi/open-data.zip")["ETag"]
    assert client.get("/vi/open-data.zip", headers={"if-none-match": etag}).status_code == 304
    assert made == []


def test_several_who_ask_at_once_have_it_made_once(made, monkeypatch):
    everybody, kept = Barrier(4), Packages()
    monkeypatch.setattr(open_data, "content_state", lambda: "state")
    monkeypatch.setattr(open_data, "package", lambda site: {})
    monkeypatch.setattr(open_data, "TABLES", {})

    def ask(_number: int) -> None:
        everybody.wait()
        kept.get("http://testserver", "vi").close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, range(4)))
    assert made == [("http://testserver", "vi")]


def test_who_would_wait_too_long_is_told_when_to_come_back(client, made, monkeypatch):
    monkeypatch.setattr(open_data, "PATIENCE", 0.01)
    with open_data.packages.making:
        answer = client.get("/en/open-data.zip")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.content.decode() == "This file is being made. Please ask for it again in half a minute.\n"
    assert client.get("/en/open-data.zip").status_code == 200


def test_a_file_that_could_not_be_made_is_made_for_the_next(client, made, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(open_data, "write_parts", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            client.get("/vi/open-data.zip")
    assert ZipFile(io.BytesIO(client.get("/vi/open-data.zip").getvalue())).testzip() is None


# The catalogue and the page


def test_the_catalogue_names_every_list_with_its_formats(client):
    answer = client.get("/vi/open-data.jsonld")
    assert answer.headers["Content-Type"] == "application/ld+json"
    datasets = {each["dct:identifier"]: each for each in answer.json()["dcat:dataset"]}
    assert set(datasets) == {name for name, table in TABLES.items() if table.filterset_class} | {
        "asean-digital-register"
    }
    files = [each["dcat:downloadURL"]["@id"] for each in datasets["meetings"]["dcat:distribution"]]
    own = [f"http://testserver/vi/meetings.{suffix}" for suffix in ("csv", "xlsx", "atom", "ics")]
    assert files == [*own, "http://testserver/api/v1/meetings/"]
    assert all(client.get(address.removeprefix("http://testserver")).status_code == 200 for address in files)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_explains_every_column_of_every_table(client, language):
    page = BeautifulSoup(client.get(f"/{language}/open-data/").content, "html5lib")
    for name, table in TABLES.items():
        rows = page.select(f"section[aria-labelledby={name}] tbody tr")
        assert [row.th.get_text() for row in rows] == [column.name for column in table.columns]
        assert all(row.td.get_text(strip=True) for row in rows)


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_named_once_and_begin_with_id_and_address(name):
    names = [column.name for column in TABLES[name].columns]
    assert names[:2] == ["id", "url"]
    assert len(names) == len(set(names))
    pairs = [column for column in names if column.endswith("_vi")]
    assert all(names[names.index(column) + 1] == column.removesuffix("_vi") + "_en" for column in pairs)
