"""A list as a spreadsheet, and the same spreadsheet back.

Both languages of a text stand in neighbouring columns. A second, hidden sheet
holds what the records said when the file was made: it is the base of the merge,
so that what nobody changed in the sheet changes nothing, whatever happened since.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from importlib import import_module
from typing import Any, BinaryIO

import xlsxwriter
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import Part
from portal.sync.reading import Problem, Row, nearest, text_value
from portal.sync.values import (
    KeyIndex,
    Plain,
    allowed,
    key_fields,
    label_of,
    merged_fields,
    models_by_label,
    stored_values,
)

BASE_SHEET = "base"
HEADS = 2  # rows: the label for people, the name for the way back
MOST_ROWS = 20_000
MOST_BYTES = 100 * 2**20  # unpacked
PORTION = 500


class NotASheet(Exception):
    """The file is no spreadsheet that was made here."""


def columns_of(model: type[models.Model]) -> list[str]:
    """The key, then every field in the order of the model; the two languages of a text side by side."""
    names = [field.name for field in [*model._meta.fields, *model._meta.many_to_many]]
    return [*key_fields(model), *(name for name in names if name in merged_fields(model))]


def cell_text(value: Plain) -> str:
    """A value as it stands in a cell."""
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


def sheet_of(model: type[models.Model], numbers: list[int]) -> bytes:
    """The workbook of some records, in the order given."""
    stream = io.BytesIO()
    # Every cell is written as a text: what begins with "=" is no formula.
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    formats = {
        "label": book.add_format({"bold": True, "bg_color": "#303986", "font_color": "white", "text_wrap": True}),
        "name": book.add_format({"italic": True, "font_color": "#666666"}),
        "key": book.add_format({"bg_color": "#F2F2F2", "valign": "top"}),
        "cell": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
    }
    rows = list(records(model, numbers))
    write_sheet(book, model, rows, formats)
    base = book.add_worksheet(BASE_SHEET)
    base.very_hidden()
    base.write_row(0, 0, [label_of(model), timezone.now().isoformat()])
    base.write_row(1, 0, columns_of(model))
    for number, row in enumerate(rows, start=HEADS):
        for place, text in enumerate(row):
            base.write_string(number, place, text)
    book.close()
    return stream.getvalue()


def write_sheet(book: xlsxwriter.Workbook, model: type[models.Model], rows: list[list[str]], formats: dict) -> None:
    """The sheet that is read and edited."""
    title = "".join(char for char in str(model._meta.verbose_name_plural) if char not in r"[]:*?/\'")
    sheet = book.add_worksheet(title[:31])
    columns = columns_of(model)
    keys = len(key_fields(model))
    for place, name in enumerate(columns):
        field = model._meta.get_field(name)
        sheet.set_column(place, place, 40 if isinstance(field, models.TextField) else 22, formats["cell"])
        values = [str(value) for value, _label in field.flatchoices] if field.choices else []
        if 0 < len(",".join(values)) < 255:  # what Excel takes
            rule = {"validate": "list", "source": values}
            sheet.data_validation(HEADS, place, HEADS + len(rows) + 200, place, rule)
    sheet.freeze_panes(HEADS, keys)
    for place, name in enumerate(columns):
        sheet.write_string(0, place, str(model._meta.get_field(name).verbose_name), formats["label"])
    for place, name in enumerate(columns):
        sheet.write_string(1, place, name, formats["name"])
    for number, row in enumerate(rows, start=HEADS):
        for place, text in enumerate(row):
            sheet.write_string(number, place, text, formats["key" if place < keys else "cell"])


def records(model: type[models.Model], numbers: list[int]) -> Iterator[list[str]]:
    index = KeyIndex()
    for start in range(0, len(numbers), PORTION):
        portion = numbers[start : start + PORTION]
        found = stored_values(model, portion, index)
        for number in portion:
            key = index.key(model, number)
            names = columns_of(model)[len(key_fields(model)) :]
            yield [*key.split("/"), *(cell_text(found[key][name]) for name in names)]


class SheetSource:
    """The rows of an uploaded workbook. Raises NotASheet at once where it is none of ours."""

    def __init__(self, name: str, content: BinaryIO) -> None:
        self.name = name
        # Two hundred modules, for the few workbooks that editors bring back: the first reads them, not every start.
        load_workbook = import_module("openpyxl").load_workbook
        try:
            with zipfile.ZipFile(content) as parts:
                if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                    raise NotASheet(_("The file is too large."))
            self.book = load_workbook(content, read_only=True, data_only=True)
            base = self.book[BASE_SHEET]
        except NotASheet:
            raise
        except Exception as error:  # openpyxl raises whatever its parts do
            message = _("This is not a spreadsheet that was downloaded here, or its hidden sheet is lost.")
            raise NotASheet(message) from error
        rows = base.iter_rows(values_only=True)
        self.model = models_by_label().get(str(next(rows, [""])[0]))
        if self.model is None:
            raise NotASheet(_("The spreadsheet does not say which list it is."))
        names = [str(name) for name in next(rows, []) if name]
        self.base = {}
        keys = len(key_fields(self.model))
        for row in rows:
            texts = [written_text(cell) for cell in row]
            texts += [""] * (len(names) - len(texts))
            self.base["/".join(texts[:keys])] = dict(zip(names[keys:], texts[keys:], strict=False))

    def __call__(self, note: Callable[[Problem], None]) -> Iterator[Row]:
        sheet = next(sheet for sheet in self.book.worksheets if sheet.title != BASE_SHEET)
        rows = sheet.iter_rows(values_only=True)
        next(rows, None)
        names = [written_text(name) for name in next(rows, [])]
        known = columns_of(self.model)
        for name in names:
            if name and name not in known:
                message = _("There is no field “%(name)s” here.") % {"name": name}
                note(Problem(self.name, HEADS, message, label_of(self.model), "", name, nearest(name, known)))
        for number, cells in enumerate(rows, start=HEADS + 1):
            if number > MOST_ROWS + HEADS:
                note(Problem(self.name, number, _("There are more rows than %(most)s.") % {"most": MOST_ROWS}))
                return
            texts = {name: written_text(cell) for name, cell in zip(names, cells, strict=False) if name in known}
            if any(texts.values()) and (row := self.row(number, texts, note)):
                yield row

    def row(self, number: int, texts: dict[str, str], note: Callable[[Problem], None]) -> Row | None:
        model = self.model
        parts = [texts.get(name, "") for name in key_fields(model)]
        row = Row(model, "/".join(parts), self.name, number, lines=dict.fromkeys(texts, number))
        if not all(parts):
            names = ", ".join(key_fields(model))
            note(row.problem(_("A record is named by %(names)s; this row does not say it.") % {"names": names}))
            return None
        written = self.base.get(row.key, {})
        row.base = {}
        for name, text in texts.items():
            # A cell that was not touched changes nothing, whatever a program made of its form.
            if name not in key_fields(model) and text != written.get(name, ""):
                self.fill(row, name, text, written, note)
        return row if row.values or not written or not row.sound else None

    def fill(self, row: Row, name: str, text: str, written: dict[str, str], note: Callable[[Problem], None]) -> None:
        """Take over a cell that was changed, with what stood there before as its base."""
        field = merged_fields(self.model)[name]
        try:
            row.values[name] = cell_value(field, text)
            if name in written:
                row.base[name] = cell_value(field, written[name])
        except ValidationError as error:
            row.sound = False
            note(row.problem(" ".join(error.messages), name, allowed(field, in_cell=True)))


def written_text(cell: Any) -> str:
    """The text of a cell, whatever type the program that saved it gave it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\r\n", "\n").replace("_x000D_", "").strip()


def cell_value(field: models.Field, text: str) -> Plain:
    """The plain value of a cell. Raises ValidationError where the field cannot hold it."""
    if field.many_to_many:
        return sorted({part.strip() for part in text.replace("\n", ",").split(",") if part.strip()})
    if field.many_to_one:
        if text and issubclass(field.related_model, Part) != ("/" in text):
            raise ValidationError(_("A reference is written as a list of the parts of the key."))
        return text or None
    if isinstance(field, models.DateTimeField) and text:
        moment = field.to_python(text)
        text = (moment if timezone.is_aware(moment) else timezone.make_aware(moment)).isoformat()
    return text_value(field, text)
