"""The database written back to fixtures: what nobody changed stays to the byte."""

import re
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from portal.models import LoadedState, Topic
from portal.sync import export as exporting
from portal.sync.files import FIXTURES
from tests.content import whole_content
from tests.factories import make_source, make_topic

pytestmark = [pytest.mark.django_db]

HEAD = """\
# Topics: subject tags.
#
# What stands here stays.

- model: portal.topic
  fields:
    slug: ai
    name_vi: Trí tuệ nhân tạo # as in the law
    name_en: >-
      Artificial intelligence, a text that is
      broken in a place of its own
    sources: [[s2], [s1]]
    state: published
    updated: 2026-01-01 00:00:00+00:00

# Above a row.
- model: portal.topic
  fields:
    slug: cloud
    name_vi: "Đám mây"
    name_en: Cloud
    updated: 2026-01-01 00:00:00+00:00
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, db) -> Path:
    """A folder with one fixture file, loaded."""
    monkeypatch.setattr(exporting, "FIXTURES", tmp_path / "none")
    make_source(slug="s1")
    make_source(slug="s2")
    (tmp_path / "05_topics.yaml").write_text(HEAD, encoding="utf-8")
    call_command("sync_content", tmp_path, verbosity=0, stdout=StringIO())
    return tmp_path


def export(folder: Path) -> str:
    call_command("export_content", folder, stdout=StringIO())
    return (folder / "05_topics.yaml").read_text(encoding="utf-8")


def synced(folder: Path) -> str:
    out = StringIO()
    call_command("sync_content", folder, stdout=out)
    return out.getvalue()


def changed_lines(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    return [line.strip() for line in new if line not in old and "updated" not in line]


def test_what_nobody_changed_is_the_same_to_the_byte(folder):
    assert export(folder) == HEAD


def test_a_changed_field_changes_its_own_lines_only(folder):
    Topic.objects.filter(slug="cloud").update(name_en="Cloud computing: all of it")
    assert changed_lines(HEAD, export(folder)) == ["name_en: 'Cloud computing: all of it'"]


def test_comments_order_and_breaks_of_a_changed_row_stay(folder):
    topic = Topic.objects.get(slug="ai")
    Topic.objects.filter(slug="ai").update(name_vi="AI")
    topic.sources.remove(topic.sources.get(slug="s1"))
    assert changed_lines(HEAD, export(folder)) == ["name_vi: AI               # as in the law", "sources: [[s2]]"]


def test_a_field_that_was_not_there_takes_its_place(folder):
    Topic.objects.filter(slug="ai").update(note="Hai dòng\nở đây")
    assert changed_lines(HEAD, export(folder)) == ["note: |-", "Hai dòng", "ở đây"]


@pytest.mark.databases
def test_an_emptied_field_is_left_out_and_stays_empty_everywhere(folder):
    Topic.objects.get(slug="ai").sources.clear()
    after = export(folder)
    assert after == HEAD.replace("    sources: [[s2], [s1]]\n", "")
    assert synced(folder) == "Nothing to do: everything is as the files say.\n"
    assert not Topic.objects.get(slug="ai").sources.exists()
    # The file says it again: news, not what an editor took away.
    (folder / "05_topics.yaml").write_text(HEAD, encoding="utf-8")
    assert synced(folder).endswith("1 field updated\n")


@pytest.mark.parametrize("command", ["loaddata", "sync_content"])
def test_another_database_that_loads_an_export_says_the_same(folder, command):
    Topic.objects.filter(slug="ai").update(note="seen", published_from="2026-02-01T00:00:00Z", state="draft")
    export(folder)
    Topic.objects.get(slug="ai").sources.clear()
    Topic.objects.filter(slug="ai").update(note="", published_from=None)
    after = export(folder)
    assert not {"note", "published_from", "sources"} & set(yaml.safe_load(after)[0]["fields"])
    columns = ("slug", "name_vi", "note", "published_from", "state", "sources")
    said = list(Topic.objects.order_by("slug").values_list(*columns))
    Topic.objects.all().delete()
    LoadedState.objects.all().delete()
    call_command(command, folder / "05_topics.yaml", verbosity=0, stdout=StringIO())
    assert list(Topic.objects.order_by("slug").values_list(*columns)) == said
    assert synced(folder) == "Nothing to do: everything is as the files say.\n"


def test_what_stands_around_an_emptied_field_stays(folder):
    sources, note = "    sources: [[s2], [s1]]\n", "    note: |-\n      One\n\n      # two\n"
    comments = "    # Above a field that goes.\n", "    # Above a field that stays.\n"
    text = HEAD.replace(sources, f"{comments[0]}{note}{comments[1]}{sources}")
    (folder / "05_topics.yaml").write_text(text, encoding="utf-8")
    synced(folder)
    assert Topic.objects.get(slug="ai").note == "One\n\n# two"
    Topic.objects.filter(slug="ai").update(note="")
    before, after = (
        [line for line in each.splitlines() if "updated:" not in line]
        for each in (text.replace(note, ""), export(folder))
    )
    assert after == before


@pytest.mark.parametrize(
    "text",
    ["yes", "2026", "2026-01-01", "1.50", "null", "~", "a: b", "# x", "- x", "'", '"', "x #y", " x", "x ", "é" * 200,
     "a  b " * 40, "word " * 40, "https://a.example/" + "x" * 120, "@x", "%x", "&x", "*x", "!x", "[x", "{x", "|", ">",
     "a\nb", "a\n\nb\n", "a\n\n", "a\n\n\n\nb\n\n\n", "\n", "a\n---\nb", "...", "---\na",
     "a\n  b", "\ttab", "trailing:", "0o7", "1_000", "on", ".5", "1e3", "-"],
)  # fmt: skip
def test_every_text_comes_back_as_it_was(folder, text):
    Topic.objects.filter(slug="ai").update(note=text, name_en=text)
    make_topic(slug="new", note=text, name_en=text)
    export(folder)
    out = StringIO()
    call_command("sync_content", folder, "--dry-run", stdout=out)
    assert out.getvalue().splitlines()[-1].startswith("Nothing to do") or "created" in out.getvalue()
    rows = {row["fields"]["slug"]: row["fields"] for row in yaml.safe_load((folder / "05_topics.yaml").read_text())}
    assert (rows["ai"]["note"], rows["new"]["name_en"]) == (text, text)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("lines", ["", "\n", "\n\n\n"])
def test_a_text_that_keeps_its_empty_lines_stays_when_a_row_is_otherwise_edited(folder, number, lines):
    note = f"    note: |+\n      Một\n\n      hai\n{lines}"
    head, middle = HEAD.split("\n\n# Above")
    text = f"{head}\n{note}# Above{middle}" if number == 0 else f"{HEAD}{note}"
    (folder / "05_topics.yaml").write_text(text, encoding="utf-8")
    synced(folder)
    slug = ("ai", "cloud")[number]
    assert Topic.objects.get(slug=slug).note == f"Một\n\nhai\n{lines}"
    Topic.objects.filter(slug="cloud").update(name_vi="Mây")
    after = export(folder)
    assert changed_lines(text, after) == ['name_vi: "Mây"']
    unedited = re.sub("2026-[0-9-]+ [0-9:.]+(?=[+])", "2026-01-01 00:00:00", after.replace("Mây", "Đám mây"))
    assert unedited == text
    Topic.objects.filter(slug="ai").update(name_vi="AI")
    assert export(folder).count(note) == 1
    assert synced(folder) == "Nothing to do: everything is as the files say.\n"


def test_what_would_not_be_read_back_is_not_written(folder, monkeypatch):
    Topic.objects.filter(slug="cloud").update(name_en="Other")
    monkeypatch.setattr(exporting, "represented_text", lambda *_arguments, **_more: "wrong")
    with pytest.raises(CommandError, match="would not be read back"):
        export(folder)
    assert (folder / "05_topics.yaml").read_text(encoding="utf-8") == HEAD


def test_a_file_that_cannot_be_read_is_not_overwritten(folder):
    (folder / "05_topics.yaml").write_text("- model: [", encoding="utf-8")
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("export_content", folder, stdout=StringIO())
    assert (folder / "05_topics.yaml").read_text() == "- model: ["


@pytest.fixture(scope="module")
def content(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


@pytest.mark.databases
def test_the_whole_content_comes_back_to_the_byte_and_syncs_to_nothing(content, tmp_path):
    call_command("export_content", tmp_path, stdout=StringIO())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in FIXTURES.glob("*.yaml")
    }
    out = StringIO()
    call_command("sync_content", tmp_path, stdout=out)
    assert out.getvalue() == "Nothing to do: everything is as the files say.\n"
