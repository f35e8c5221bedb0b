"""One file of each published format, byte for byte: a change of a format is a change of these files.

GOLDEN=write pytest tests/test_golden.py    writes them anew, to be read before they are committed
"""

import io
import json
import os
from datetime import UTC, date, datetime, time
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.apps import apps
from openpyxl import load_workbook

from portal.models import Editorial
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_discrepancy,
    make_document,
    make_indicator,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_session,
    make_source,
)

FOLDER = Path(__file__).parent / "golden"
NOW = datetime(2026, 1, 20, 3, tzinfo=UTC)
SAVED = "2026-01-18T02:30:00Z"
TEXTS = [
    *("decisions.csv", "figures.csv", "meetings.ics", "initiatives.atom", "changes.atom", "open-data.jsonld"),
]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_register(monkeypatch) -> None:
    """A register whose every text and moment is fixed."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    source = make_source(slug="statement", title="Joint media statement", url="https://example.org/statement")
    country = make_country(code="VN", name_vi="Việt Nam", name_en="Viet Nam")
    named = {"name_vi": "Hội nghị Bộ trưởng Số ASEAN", "name_en": "ASEAN Digital Ministers’ Meeting"}
    series = make_body(slug="adgmin", acronym="ADGMIN", **named)
    meeting = make_meeting(
        slug="adgmin-6", series=series, number=6, country=country, city_vi="Hà Nội", city_en="Hanoi", **named
    )
    ahead = {"start": date(2027, 1, 1), "end": date(2027, 1, 31), "precision": "month", "status": "planned"}
    make_meeting(slug="adgmin-7", series=series, number=7, **ahead, **named)
    make_session(
        slug="opening", meeting=meeting, start_time=time(8, 30), name_vi="Khai mạc", name_en="Opening", kind="opening"
    )
    decision = make_decision(
        slug="adgmin-6-01",
        meeting=meeting,
        order=1,
        verb="noted",
        text_vi="Ghi nhận “đề xuất”,\nchưa quyết định.",
        text_en="=Noted a proposal, nothing more.",
        sources=[source],
    )
    initiative = make_initiative(
        slug="network", name_vi="Mạng lưới", name_en="Network", decisions=[decision], lead_countries=[country]
    )
    make_milestone(initiative=initiative, status="ongoing", meeting=meeting)
    make_document(slug="declaration", title_vi="Tuyên bố", title_en="Declaration")
    figure = make_indicator(slug="economy", name_vi="Kinh tế số", name_en="Digital economy")
    make_observation(indicator=figure, value="300.50", qualifier="more-than")
    make_discrepancy(slug="days", subject_vi="Ngày họp", subject_en="Days of the meeting")
    for model in apps.get_models():
        if issubclass(model, Editorial):
            model.objects.update(updated=SAVED)


def compare(name: str, content: str) -> None:
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="")
    assert content == path.read_bytes().decode(), f"{name} is not what it was"


@pytest.mark.parametrize("path", TEXTS)
def test_a_file_is_what_it_was(client, path):
    query = "?sessions=1" if path.endswith(".ics") else ""
    compare(path, client.get(f"/vi/{path}{query}").getvalue().decode())


def test_a_workbook_is_what_it_was(client):
    book = load_workbook(io.BytesIO(client.get("/vi/meetings.xlsx").getvalue()))
    sheets = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
    compare("meetings.xlsx.json", json.dumps(sheets, ensure_ascii=False, indent=1, default=str) + "\n")


def test_the_whole_register_is_what_it_was(client):
    archive = ZipFile(io.BytesIO(client.get("/en/open-data.zip").getvalue()))
    compare("decisions.json", archive.read("decisions.json").decode())
    package = json.loads(archive.read("datapackage.json"))
    package["resources"] = [each for each in package["resources"] if each["name"] == "decisions"]
    compare("datapackage.json", json.dumps(package, ensure_ascii=False, indent=1) + "\n")
