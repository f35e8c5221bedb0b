import pytest

from portal.text import english_sort_key, fold, make_slug, normalise, sort_key


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("An ninh mạng", "an ninh mang"),
        ("ĐỘI ứng cứu", "doi ung cuu"),
        ("Lừa\u00a0đảo", "lua dao"),
        ("Cafe\u0301", "cafe"),
    ],
)
def test_fold_takes_every_mark_and_case_away(typed, folded):
    assert fold(typed) == folded


def test_an_address_part_keeps_the_letter_under_its_mark():
    assert make_slug("Đội ứng cứu khẩn cấp") == "doi-ung-cuu-khan-cap"


def test_text_is_composed_and_free_of_invisible_joiners():
    assert normalise("Ha\u0300 No\u0323\u0302i\u00a02021\u2060–\u20602025") == "Hà Nội 2021–2025"


def test_vietnamese_order_puts_marked_letters_after_their_plain_ones():
    words = ["âm", "đá", "áo", "dân", "an", "ăn", "ôn", "on", "ơn", "dê", "zê"]
    assert sorted(words, key=sort_key) == ["an", "áo", "ăn", "âm", "dân", "dê", "đá", "on", "ôn", "ơn", "zê"]


def test_tones_decide_only_between_equal_letters():
    assert sorted(["má", "mạ", "ma", "mã", "mà", "mả"], key=sort_key) == ["ma", "mà", "mả", "mã", "má", "mạ"]
    assert sort_key("mà b") < sort_key("ma c")


def test_english_order_ignores_marks():
    assert sorted(["Đá", "Eel", "Cat"], key=english_sort_key) == ["Cat", "Đá", "Eel"]


def test_sort_keys_are_digits_only():
    assert sort_key("Hội nghị “ASEAN” lần thứ 6").isdigit()
