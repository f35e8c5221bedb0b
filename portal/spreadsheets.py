"""Tables as CSV and XLSX, written row by row.

The builders take any rows and know no request: `portal.exports` answers with them.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.tables import Table, Value, as_text, in_lots

BOM = "\ufeff"
LONGEST_CELL = 32_767  # of Excel; a longer text would be left out without a word
LONGEST_SHEET_NAME = 31
# What spreadsheets take for the beginning of a formula, wide forms included; numbers written as text are none.
FORMULA = re.compile(r"[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
TEXTS = (str, list)


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before what might be one."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def csv_cell(value: Value) -> str:
    if value is None:  # as many cells are
        return ""
    text = as_text(value)
    return defused(text) if isinstance(value, TEXTS) else text


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Rows after RFC 4180."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def csv_parts(table: Table, records: Iterable[Model], site: str, language: str) -> Iterator[bytes]:
    """A CSV file in parts, the header before anything is read."""
    yield (BOM + csv_lines([[column.name for column in table.columns]])).encode()
    for lot in in_lots(records, language, lambda record: [*map(csv_cell, table.cells(record, site))]):
        yield csv_lines(lot).encode()


def xlsx_file(table: Table, records: Iterable[Model], site: str, language: str, about: list[list[str]]) -> IO[bytes]:
    """A temporary file with the rows on one sheet and `about`, rows of text, on another; at its beginning.

    Rows go to the disk as they are written, so that memory does not grow with them.
    """
    file = TemporaryFile()  # noqa: SIM115 (whoever answers with it closes it)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        with override(language):
            names = [sheet_name(str(table.label)), sheet_name(_("About this file"))]
        book.set_properties({"title": names[0], "comments": site})
        write_rows(book, names[0], table, in_lots(records, language, lambda record: table.cells(record, site)))
        write_about(book, names[1], about)
    file.seek(0)
    return file


def sheet_name(text: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", text)[:LONGEST_SHEET_NAME].strip("' ")


def write_rows(book: xlsxwriter.Workbook, name: str, table: Table, lots: Iterable[list[list[Value]]]) -> None:
    sheet, head = book.add_worksheet(name), book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(table.columns) - 1, 22)
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.name, head)
    line = 0
    for lot in lots:
        for cells in lot:
            line += 1
            for place, value in enumerate(cells):
                write_cell(sheet, line, place, value, day)
    sheet.autofilter(0, 0, line, len(table.columns) - 1)


def write_cell(sheet, line: int, place: int, value: Value, day) -> None:
    """Numbers and days as such, everything else as text: no text is ever a formula."""
    if value is None or value == []:
        return
    if isinstance(value, int | Decimal):
        sheet.write_number(line, place, value)
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year >= 1900:
        sheet.write_datetime(line, place, value, day)
    else:
        sheet.write_string(line, place, as_text(value)[:LONGEST_CELL])


def write_about(book: xlsxwriter.Workbook, name: str, about: list[list[str]]) -> None:
    sheet, wrapped = book.add_worksheet(name), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    for line, texts in enumerate(about):
        for place, text in enumerate(texts):
            sheet.write_string(line, place, text[:LONGEST_CELL], wrapped)
