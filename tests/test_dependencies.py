"""What production installs is listed with what is known of it: no pin changes without somebody looking at the list."""

import re
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"([\w.-]+)(?:\[[\w,]+\])?==(\S+)")
ROW = re.compile(r"\| ([\w.-]+) \| (\d\S*) \| (.*) \| (.*) \| (.*) \|")
UNSEEN = "not yet"


def listed() -> list[tuple[str, ...]]:
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    return [match.groups() for line in text.splitlines() if (match := ROW.fullmatch(line))]


def pins() -> set[tuple[str, str]]:
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in ("requirements.txt", "requirements-scale.txt")]
    return {match.groups() for text in texts for line in text.splitlines() if (match := PIN.match(line))}


def test_every_pin_of_production_is_listed_with_its_version_once():
    rows = [(name, version) for name, version, *_known in listed()]
    assert sorted(rows) == sorted(pins())


@pytest.mark.parametrize("row", listed(), ids=lambda row: row[0])
def test_a_dependency_is_listed_with_its_licence_its_use_and_when_its_advisories_were_looked_at(row):
    _name, _version, licence, use, seen = row
    assert licence and use
    assert seen == UNSEEN or date.fromisoformat(seen) <= date.today()
