"""What a text could have meant, judged by the words of names."""

import pytest

from portal.spelling import MOST_DOUBTFUL, MOST_READINGS, Vocabulary, readings

NAMES = ["An ninh mạng", "An ninh mạng", "Nguyễn Mạnh Hùng", "Cybersecurity", "Man and machine", "ADGMIN 6", "Mang"]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(NAMES)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("an nihn mang", "an ninh mang"),
        ("an nihn mạng", "an ninh mạng"),
        ('"an nihn" mang', '"an ninh" mang'),
        ("cyber-securty", None),
        ("cybersecurty -nihn", "cybersecurity -nihn"),
        ("adgmni 6", "adgmin 6"),
        ("adgmin7", None),
        ("7777", None),
        ("", None),
        ("🙂", None),
    ],
)
def test_the_likeliest_reading_keeps_marks_quotation_marks_exclusions_and_numbers(vocabulary, typed, first):
    assert next(iter(readings(typed, vocabulary)), None) == first


def test_a_word_with_several_near_ones_gives_a_reading_for_each(vocabulary):
    assert {"nguyen manh hung", "nguyen man hung"} <= set(readings("nguyen mahn hung", vocabulary))


def test_of_spellings_that_fold_alike_the_commonest_is_offered(vocabulary):
    assert readings("nihn mạgn", vocabulary)[0] == "ninh mạng"


def test_the_readings_are_few_however_long_the_text(vocabulary):
    assert len(readings("nihn mahn nihn mahn nihn mahn", vocabulary)) <= MOST_READINGS
    assert readings(" ".join(f"word{letter}" for letter in "abcdefgh"[: MOST_DOUBTFUL + 1]), vocabulary) == []
