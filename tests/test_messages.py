"""The catalogues hold every text, in both languages, and Django reads what translators wrote."""

from pathlib import Path

import pytest
from django.utils.translation import gettext, override

from tests.conftest import miss

try:
    from babel.messages.catalog import Catalog, Message

    from deploy import messages
except ImportError:  # requirements-dev.txt is not installed
    messages = None


@pytest.fixture(autouse=True)
def babel() -> None:
    if messages is None:
        miss("Babel (requirements-dev.txt)")


def strings_in(path: Path) -> dict:
    found = Catalog()
    messages.add_strings_of(path, found)
    return {(message.context, message.id): message for message in found if message.id}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Writes a file with this name and text and returns the strings extracted from it."""
    monkeypatch.setattr("deploy.messages.ROOT", tmp_path)

    def write(name: str, text: str) -> dict:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return strings_in(tmp_path / name)

    return write


def test_catalogues_are_complete():
    faults = messages.check()
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ('gettext_lazy("Người nói")', (None, "Người nói")),
        ('_("two " "parts")', (None, "two parts")),
        ('ngettext("%(n)d day", "%(n)d days", n)', (None, ("%(n)d day", "%(n)d days"))),
        ('pgettext("of a plan", "Status")', ("of a plan", "Status")),
        ('npgettext_lazy("of a plan", "item", "items")', ("of a plan", ("item", "items"))),
    ],
)
def test_strings_of_python_are_found(source, code, key):
    assert list(source("code.py", f"def label(n):\n    return {code}\n")) == [key]


@pytest.mark.parametrize(
    ("template", "key"),
    [
        ('  <p>{% translate "Next" %}</p>', (None, "Next")),
        ('<p>{% translate "Next" context "page" %}</p>', ("page", "Next")),
        ('{% include "card.html" with title=_("Meetings") only %}', (None, "Meetings")),
        ('{{ name|default:_("unknown") }}', (None, "unknown")),
        (
            "{% blocktranslate trimmed %}\n   It’s 100%\n  sure, {{ name }}\n{% endblocktranslate %}",
            (None, "It’s 100%% sure, %(name)s"),
        ),
        (
            "  {% blocktranslate trimmed count n=i %}\n{{ n }} row\n{% plural %}\n {{ n }} rows{% endblocktranslate %}",
            (None, ("%(n)s row", "%(n)s rows")),
        ),
        (
            '{% blocktranslate context "table" count n=i %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}',
            ("table", ("%(n)s row", "%(n)s rows")),
        ),
    ],
)
def test_strings_of_templates_are_found(source, template, key):
    page = f"<ul>\n  <li title='it'>(\n{template}\n  </li>\n"
    assert list(source("page.html", page)) == [key]


def test_comments_for_translators_are_kept(source):
    found = source("page.html", '{# Translators: on a button #}\n{% translate "Go" %}\n')
    assert found[None, "Go"].auto_comments == ["Translators: on a button"]


@pytest.mark.parametrize(
    ("original", "translation", "wrong"),
    [
        ("%(name)s met", "%(name)s đã họp", False),
        ("%(name)s met", "%(ten)s đã họp", True),
        ("100%% of {place}", "100%% {place}", False),
        ("page %s", "trang", True),
        (("one row", "%(n)s rows"), ("%(n)s hàng",), False),
        (("one row", "%(n)s rows"), ("hàng",), True),
    ],
)
def test_a_translation_keeps_the_placeholders(original, translation, wrong):
    assert messages.wrong_placeholders(Message(original, translation)) is wrong


@pytest.mark.parametrize("language", ["vi", "en"])
def test_update_and_compile_change_nothing_when_nothing_changed(language, tmp_path, monkeypatch):
    for path in messages.LOCALE.rglob("django*.[mp]o"):
        copy = tmp_path / path.relative_to(messages.LOCALE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr("deploy.messages.LOCALE", tmp_path)
    messages.update()
    messages.compile_catalogs()
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.*o") if language in path.parts}
    messages.update()
    messages.compile_catalogs()
    assert first == {path: path.read_bytes() for path in first}


def test_django_reads_the_catalogue():
    with override("vi"):
        assert gettext("Skip to main content") != "Skip to main content"
