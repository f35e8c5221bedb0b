"""Dates as they are known: to the day, the month or the year, in the reader's language."""

from datetime import date

from django.utils import formats
from django.utils.translation import get_language

from portal.models import Precision

ISO_LENGTH = {Precision.DAY: 10, Precision.MONTH: 7, Precision.YEAR: 4}


def show_date(day: date | None, precision: str = Precision.DAY) -> str:
    """16/01/2026, tháng 01/2026 or 2026; "16 January 2026", "January 2026" in English; "" for None."""
    if day is None:
        return ""
    if precision == Precision.YEAR:
        return str(day.year)
    if precision == Precision.MONTH:
        return formats.date_format(day, "YEAR_MONTH_FORMAT")
    return formats.date_format(day, "DATE_FORMAT")


def show_span(start: date, end: date, precision: str = Precision.DAY) -> str:
    """From a first to a last day, repeating nothing: 12–16/01/2026, "12–16 January 2026"."""
    if precision != Precision.DAY or start == end:
        first, last = show_date(start, precision), show_date(end, precision)
        return first if first == last else f"{first} – {last}"
    vietnamese = get_language() == "vi"
    if (start.year, start.month) == (end.year, end.month):
        return f"{start:%d}–{show_date(end)}" if vietnamese else f"{start.day}–{show_date(end)}"
    if start.year == end.year:
        short = formats.date_format(start, "MONTH_DAY_FORMAT")
        return f"{short}–{show_date(end)}" if vietnamese else f"{short} – {show_date(end)}"
    return f"{show_date(start)} – {show_date(end)}"


def iso_date(day: date | None, precision: str = Precision.DAY) -> str:
    """2026-01-16, 2026-01 or 2026: no more than is known."""
    return day.isoformat()[: ISO_LENGTH[Precision(precision)]] if day else ""
