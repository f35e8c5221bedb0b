"""The editors' guide says what is there: its pictures exist, and its words are those of the screen."""

import re
from pathlib import Path

import pytest
from django.utils.translation.trans_real import translation

DOCS = Path(__file__).resolve().parent.parent / "docs"
GUIDE, PICTURES = DOCS / "huong-dan-bien-tap.md", DOCS / "guide"
TEXT = GUIDE.read_text(encoding="utf-8")
LABELS = sorted(set(re.findall(r"\*\*(.+?)\*\*", TEXT)) - {"in đậm", "English", "Tiếng Việt"})


@pytest.mark.parametrize("label", LABELS)
def test_what_the_guide_prints_bold_is_a_text_of_the_site_in_vietnamese(label):
    texts = (text for _text, text in translation("vi")._catalog.items() if isinstance(text, str))
    assert label.casefold() in {text.casefold() for text in texts}


def test_every_picture_of_the_guide_is_there_and_small_and_none_is_left_over():
    named = set(re.findall(r"\]\(guide/(.+?)\)", TEXT))
    assert named == {path.name for path in PICTURES.glob("*")}
    assert {path.name for path in PICTURES.glob("*") if path.stat().st_size > 100_000} == set()
