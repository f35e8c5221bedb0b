from datetime import date

import pytest
from django.utils.translation import override

from portal.dates import iso_date, show_date, show_span


@pytest.mark.parametrize(
    ("precision", "vietnamese", "english", "iso"),
    [
        ("day", "09/02/2026", "9 February 2026", "2026-02-09"),
        ("month", "tháng 02/2026", "February 2026", "2026-02"),
        ("year", "2026", "2026", "2026"),
    ],
)
def test_a_date_says_no_more_than_is_known(precision, vietnamese, english, iso):
    day = date(2026, 2, 9)
    with override("vi"):
        assert show_date(day, precision) == vietnamese
    with override("en"):
        assert show_date(day, precision) == english
    assert iso_date(day, precision) == iso


@pytest.mark.parametrize(
    ("start", "end", "precision", "vietnamese", "english"),
    [
        (date(2026, 1, 12), date(2026, 1, 16), "day", "12–16/01/2026", "12–16 January 2026"),
        (date(2024, 1, 30), date(2024, 2, 2), "day", "30/01–02/02/2024", "30 January – 2 February 2024"),
        (date(2025, 12, 31), date(2026, 1, 1), "day", "31/12/2025 – 01/01/2026", "31 December 2025 – 1 January 2026"),
        (date(2027, 1, 1), date(2027, 1, 31), "month", "tháng 01/2027", "January 2027"),
        (date(2001, 1, 1), date(2001, 12, 31), "year", "2001", "2001"),
    ],
)
def test_a_span_repeats_nothing_and_invents_no_day(start, end, precision, vietnamese, english):
    with override("vi"):
        assert show_span(start, end, precision) == vietnamese
    with override("en"):
        assert show_span(start, end, precision) == english
