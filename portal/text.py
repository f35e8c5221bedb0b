"""Vietnamese text: one spelling in, search without marks, order by the alphabet.

Nothing here knows a model; the models use these functions for what they store.
"""

import re
import unicodedata

from django.utils.text import slugify

VIETNAMESE_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng: the dictionaries' order
LETTER_MARKS = "\u0306\u0302\u031b"  # breve, circumflex, horn make another letter; tones do not
SORT_KEY_LENGTH = 160
FIGURES = re.compile("[²³¹⁰⁴-⁹₀-₉Ⅰ-ⅿ①-⑳]|(?<=\\d)(?=[¼-¾⅐-⅟])|[¼-¾⅐-⅟]")


def normalise(text: str) -> str:
    """The text in NFC, without the invisible joiners that typesetting puts in."""
    return unicodedata.normalize("NFC", text).replace("\u00a0", " ").replace("\u2060", "")


def plain_figures(text: str) -> str:
    """The text in NFC, raised, lowered and other odd figures as plain ones: databases differ whether they are words."""
    return FIGURES.sub(lambda figure: unicodedata.normalize("NFKC", figure[0]), normalise(text))


def fold(text: str) -> str:
    """Lower case without any mark, đ as d, CO₂ as co2: what a search without marks compares."""
    decomposed = unicodedata.normalize("NFD", plain_figures(text).casefold().replace("đ", "d"))
    return "".join([char for char in decomposed if not unicodedata.combining(char)])


def words_of(text: str) -> list[str]:
    """The words and numbers of a text in the order in which they stand, in lower case with their marks."""
    return re.findall(r"[^\W_]+", plain_figures(text).casefold())


def folded_words(text: str) -> list[str]:
    """The same without marks."""
    return re.findall(r"[^\W_]+", fold(text))


def make_slug(text: str) -> str:
    """An ASCII address part: "Đội ứng cứu" becomes "doi-ung-cuu"."""
    return slugify(fold(text))


def sort_key(text: str) -> str:
    """A key whose plain byte order is Vietnamese alphabetical order.

    Letters come first (a ă â … d đ …), tones decide between equal letters. The
    key is digits only, so that SQLite and PostgreSQL sort it alike under every
    collation. Letters and figures count, everything else separates words.
    """
    letters, tones = [], []
    # A number sorts by its size: before its figures stands how many they are.
    for char in re.sub(r"[0-9]+", lambda run: f"{min(len(run[0]), 9)}{run[0]}", normalise(text).lower()):
        decomposed = unicodedata.normalize("NFD", char)
        tone = next((mark for mark in decomposed if mark in TONES), "")
        letter = unicodedata.normalize("NFC", "".join(c for c in decomposed if c == decomposed[0] or c in LETTER_MARKS))
        if letter in VIETNAMESE_ALPHABET:
            letters.append(f"{20 + VIETNAMESE_ALPHABET.index(letter)}")
            tones.append(str(TONES.index(tone) + 1) if tone else "0")
        elif char.isascii() and char.isdigit():
            letters.append(f"1{char}")
            tones.append("0")
        elif letters and letters[-1] != "00":
            letters.append("00")
            tones.append("0")
    return ("".join(letters)[:SORT_KEY_LENGTH] + "00" + "".join(tones))[: SORT_KEY_LENGTH * 3 // 2]


def english_sort_key(text: str) -> str:
    """The same for English order, where a letter with a mark is the letter."""
    return sort_key(fold(text))
