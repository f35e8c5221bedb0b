"""The whole register at once, its description, and the page that explains it."""

import io
import json
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from frictionless import Package, system

from portal.tables import TABLES
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
