"""Two versions of a text, told word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.word_diff import word_changes


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("", "", []),
        ("Ghi nhận.", "Ghi nhận.", [("same", "Ghi nhận.")]),
        ("", "Mới", [("added", "Mới")]),
        ("Cũ", "", [("removed", "Cũ")]),
        (
            "Hội nghị ghi nhận đề xuất.",
            "Hội nghị thông qua đề xuất.",
            [("same", "Hội nghị "), ("removed", "ghi nhận"), ("added", "thông qua"), ("same", " đề xuất.")],
        ),
        ("noted it", "noted it, too", [("same", "noted it"), ("added", ", too")]),
        ("ASEAN's plan", "ASEAN’s plan", [("removed", "ASEAN's"), ("added", "ASEAN’s"), ("same", " plan")]),
    ],
)
def test_changed_words_are_told_apart_from_those_that_stay(before, after, changes):
    assert word_changes(before, after) == changes


@given(st.text(" ab.đ\n", max_size=30), st.text(" ab.đ\n", max_size=30))
def test_each_text_can_be_read_whole_from_the_changes(before, after):
    changes = word_changes(before, after)
    assert "".join(text for kind, text in changes if kind != "added") == before
    assert "".join(text for kind, text in changes if kind != "removed") == after
    assert all(text for _kind, text in changes)
