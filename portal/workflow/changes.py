"""What differs between two contents of a record, as the reviewer reads it: row by row, field by field, word by word."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.formats import date_format, localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.sync.values import is_text, models_by_label, python_value
from portal.word_diff import ADDED, REMOVED, SAME, Kind, word_changes
from portal.workflow.content import Clash, Content, Values, relations_in, said_fields

Parts = list[tuple[Kind, str]]
# Gives the names of records of a model by their numbers.
Namer = Callable[[type[models.Model], set[int]], dict[int, str]]


@dataclass
class FieldChange:
    label: str
    language: str  # of a text in one of the two; else empty
    parts: Parts
    is_clash: bool = False


@dataclass
class RowChange:
    title: str  # empty for the record itself
    what: str
    fields: list[FieldChange]
    is_clash: bool = False


class Reading:
    """Values as people read them; records that they point at by their names, a query for each model."""

    def __init__(self, contents: Iterable[Content], name_records: Namer) -> None:
        pointed: dict[type[models.Model], set[int]] = {}
        for content in contents:
            for _label, _key, said, value in relations_in(content):
                pointed.setdefault(said.related_model, set()).update(value if said.many_to_many else {value})
        self.names = {model: name_records(model, numbers) for model, numbers in pointed.items()}

    def name(self, said: models.Field, number: int | None) -> str:
        return self.names.get(said.related_model, {}).get(number, "–") if number is not None else ""

    def text(self, said: models.Field, value: Any) -> str:
        if said.is_relation:
            return self.name(said, value)
        if value in ("", None):
            return ""
        if said.choices:
            return str(dict(said.flatchoices).get(value, value))
        if is_text(said):
            return value
        return readable(python_value(said, value))

    def parts(self, said: models.Field, before: Any, after: Any) -> Parts:
        if not said.many_to_many:
            return word_changes(self.text(said, before), self.text(said, after))
        old, new = before or [], after or []
        kinds: list[tuple[Kind, list[int]]] = [
            (SAME, [number for number in old if number in new]),
            (REMOVED, [number for number in old if number not in new]),
            (ADDED, [number for number in new if number not in old]),
        ]
        items = [(kind, self.name(said, number)) for kind, numbers in kinds for number in numbers]
        return [part for item in items for part in ((SAME, "; "), item)][1:]


def readable(value: Any) -> str:
    if hasattr(value, "year"):
        return date_format(value, "SHORT_DATETIME_FORMAT" if hasattr(value, "hour") else "SHORT_DATE_FORMAT")
    return localize(value)


def field_label(said: models.Field) -> str:
    """The name of the field without its language."""
    return capfirst(str(getattr(said, "translated_field", said).verbose_name))


def row_title(model: type[models.Model], key: str) -> str:
    return f"{capfirst(str(model._meta.verbose_name))} {key}"


def changes_between(before: Content, after: Content, name_records: Namer, clashes: list[Clash]) -> list[RowChange]:
    """Every row in which two contents differ; the record itself, which comes first in both, has no title."""
    reading = Reading([before, after], name_records)
    disputed = {(clash.label, clash.key, clash.field) for clash in clashes}
    changed = []
    for place, label in enumerate(dict.fromkeys([*after, *before])):
        old_rows, new_rows = before.get(label, {}), after.get(label, {})
        for key in dict.fromkeys([*new_rows, *old_rows]):
            old, new = old_rows.get(key), new_rows.get(key)
            model = models_by_label()[label]
            fields = field_changes(model, old, new, reading)
            for each, name in fields:
                each.is_clash = (label, key, name) in disputed
            if fields or (label, key, "") in disputed:
                title = row_title(model, key) if place else ""
                row = RowChange(title, what_of(old, new), [each for each, _name in fields])
                row.is_clash = (label, key, "") in disputed
                changed.append(row)
    return changed


def what_of(old: Values | None, new: Values | None) -> str:
    if old is None:
        return pgettext("row", "added")
    return pgettext("row", "removed") if new is None else pgettext("row", "changed")


def field_changes(
    model: type[models.Model], old: Values | None, new: Values | None, reading: Reading
) -> list[tuple[FieldChange, str]]:
    found = []
    for name, said in said_fields(model).items():
        before, after = (old or {}).get(name), (new or {}).get(name)
        if before == after or (not before and not after):
            continue
        language = getattr(said, "language", "") or ""
        found.append((FieldChange(field_label(said), language, reading.parts(said, before, after)), name))
    return found


def text_of(content: Content, name_records: Namer) -> list[RowChange]:
    """A whole content, none of it marked: what a draft says."""
    rows = changes_between({}, content, name_records, [])
    for row in rows:
        row.what = ""
        for each in row.fields:
            each.parts = [(SAME, text) for _kind, text in each.parts]
    return rows


def clash_label(clash: Clash) -> str:
    """What a clash is about, for the choice between its sides."""
    model = models_by_label()[clash.label]
    said = said_fields(model).get(clash.field)
    if said is None:
        return _("%(row)s: deleted on one side, changed on the other") % {"row": row_title(model, clash.key)}
    language = {"vi": " (Tiếng Việt)", "en": " (English)"}.get(getattr(said, "language", ""), "")
    return f"{row_title(model, clash.key)}: {field_label(said)}{language}"
