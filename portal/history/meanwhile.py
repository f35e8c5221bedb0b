"""Two editors at one form: what the other one saved meanwhile is taken in, and nothing of either is lost.

A form carries, signed, what the record and its rows said when it was opened. When it
is sent and they say something else by then, it comes back once: a field that its editor
did not touch has the newer value, a field that both changed keeps the text of this
editor, and above the form stands what the other one wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.apps import apps
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, QueryDict
from django.utils.text import Truncator

from portal.editing.choices import is_number_of
from portal.history.content import Key, Whole, content_fields, plain_value, stored_whole
from portal.history.moments import Change, Moment, differences, moments_of
from portal.history.places import owner_field
from portal.history.shown import Names, ShownField, in_words, names_for, row_title, shown_field
from portal.sync.values import Plain

OPENED = "opened-version"  # the name of the hidden field
SALT = "portal.history.meanwhile"
LONGEST_YOURS = 2000
NOT_UNDERSTOOD = object()  # what was typed is no value of its field


@dataclass
class Writer:
    user: Any
    date: datetime


@dataclass
class Told:
    """One field, or one whole row, that the other editor changed."""

    title: str
    kind: str
    writer: Writer | None  # None where nobody knows
    theirs: ShownField | None = None
    yours: str | None = None  # None where this editor had not touched it


@dataclass
class Row:
    """A row as the form sends it: the values of its controls by the end of their names."""

    values: dict[str, list[str]] = field(default_factory=dict)

    @property
    def number(self) -> int | None:
        text = self.values.get("id", [""])[-1]
        return int(text) if text.isdecimal() else None

    @property
    def is_deleted(self) -> bool:
        return "DELETE" in self.values


# What the form carries


def carried(whole: Whole) -> str:
    rows = [[model._meta.label_lower, number, says] for (model, number), says in whole.items()]
    return signing.dumps(rows, salt=SALT, compress=True)


def opened_with(sent: QueryDict) -> Whole | None:
    """What the form was opened with; None where it does not say, as a script's does not."""
    try:
        rows = signing.loads(sent.get(OPENED, ""), salt=SALT)
    except signing.BadSignature:
        return None
    return {(apps.get_model(label), number): says for label, number, says in rows}


# What one control sends, and what it would send of a value


def sent_value(column: models.Field, control: forms.Field, sent: QueryDict, name: str) -> Plain | object:
    raw = control.widget.value_from_datadict(sent, {}, name)
    if column.many_to_many:
        return sorted(int(number) for number in raw or [] if is_number_of(column.related_model, number))
    if column.many_to_one:
        return int(raw) if raw and is_number_of(column.related_model, raw) else None
    try:
        return plain_value(column, control.clean(raw))
    except ValidationError:
        return NOT_UNDERSTOOD


def is_same(one: Any, other: Any) -> bool:
    """Whether two values say the same; a form strips the texts that it sends."""
    return one == other or (isinstance(one, str) and isinstance(other, str) and one.strip() == other.strip())


def put(sent: QueryDict, name: str, control: forms.Field, says: Plain, row: models.Model) -> None:
    """Let a control send what the database says of a field of a row."""
    column = content_fields(type(row))[name.rpartition("-")[2]]
    widget = getattr(control.widget, "widget", control.widget)
    if column.many_to_many:
        sent.setlist(name, [str(number) for number in says])
    elif column.many_to_one:
        sent[name] = str(says or "")
    elif isinstance(widget, forms.MultiWidget):
        values = widget.decompress(control.prepare_value(column.value_from_object(row)))
        for suffix, part, value in zip(widget.widgets_names, widget.widgets, values, strict=True):
            sent[f"{name}{suffix}"] = part.format_value(value) or ""
    else:
        shown = widget.format_value(control.prepare_value(column.value_from_object(row)))
        sent[name] = (shown[0] if isinstance(shown, list) and shown else shown) or ""


# Merging


class Meanwhile:
    """Takes what was saved meanwhile into what a form sends."""

    def __init__(self, base: Whole, now: Whole, sent: QueryDict, writer: Writer | None = None) -> None:
        self.base, self.now, self.sent = base, now, sent.copy()
        self.writer = writer  # of what no revision tells, such as a pending version
        self.yours: dict[tuple[Key, str], Plain | object] = {}
        self.raw: dict[tuple[Key, str], str] = {}
        self.rewritten: set[Key] = set()  # rows that the other one deleted and this editor had changed

    def take_in(self, key: Key, controls: dict[str, forms.Field], row: models.Model, prefix: str = "") -> None:
        """Merge the changed fields of one row of the form, or of the record."""
        old, new = self.base[key], self.now[key]
        for name in (name for name in controls if name in new and not is_same(old.get(name), new[name])):
            column = content_fields(key[0])[name]
            value = sent_value(column, controls[name], self.sent, f"{prefix}{name}")
            if is_same(value, old.get(name)):
                put(self.sent, f"{prefix}{name}", controls[name], new[name], row)
            elif not is_same(value, new[name]):
                self.yours[key, name] = value
                self.raw[key, name] = str(self.sent.get(f"{prefix}{name}", ""))

    def is_touched(self, key: Key, controls: dict[str, forms.Field], prefix: str) -> bool:
        """Whether this editor changed anything in a row since it was opened."""
        columns, old = content_fields(key[0]), self.base[key]
        return any(
            not is_same(sent_value(columns[name], control, self.sent, f"{prefix}{name}"), old.get(name))
            for name, control in controls.items()
            if name in columns and name in old
        )

    def take_in_rows(self, formset: forms.BaseInlineFormSet) -> None:
        """Merge the rows of one kind; those that others added come in, those that they deleted go."""
        prefix, model = formset.prefix, formset.model
        total, initial = (self.sent.get(f"{prefix}-{name}_FORMS", "") for name in ("TOTAL", "INITIAL"))
        if not (total.isdecimal() and initial.isdecimal()):
            return
        controls, stored = formset.form.base_fields, list(formset.get_queryset())
        there = {row.pk: row for row in stored}
        kept: dict[int, Row] = {}
        new: list[Row] = []
        for place in range(min(int(total), 2000)):
            row, start = self.row_at(prefix, place), f"{prefix}-{place}-"
            key = (model, row.number or 0)
            if row.number is None or key not in self.base:
                (kept.setdefault(row.number, row) if row.number in there else new.append(row))
            elif row.number in there:
                self.take_in(key, controls, there[row.number], start)
                kept[row.number] = self.row_at(prefix, place)
            elif not row.is_deleted and self.is_touched(key, controls, start):
                self.rewritten.add(key)
                new.append(Row({name: values for name, values in row.values.items() if name != "id"}))
        added = [row for row in stored if row.pk not in kept and (model, row.pk) not in self.base]
        kept |= {row.pk: self.row_of(row, controls, formset) for row in added}
        self.put_rows(prefix, [kept[row.pk] for row in stored if row.pk in kept], new)

    def row_at(self, prefix: str, place: int) -> Row:
        start = f"{prefix}-{place}-"
        return Row({name[len(start) :]: self.sent.getlist(name) for name in self.sent if name.startswith(start)})

    def row_of(self, row: models.Model, controls: dict[str, forms.Field], formset: forms.BaseInlineFormSet) -> Row:
        """A row of the database as the form would send it."""
        sent, key = QueryDict(mutable=True), (type(row), row.pk)
        for name in (name for name in controls if name in self.now[key]):
            put(sent, name, controls[name], self.now[key][name], row)
        sent["id"], sent[formset.fk.name] = str(row.pk), str(formset.instance.pk)
        return Row({name: sent.getlist(name) for name in sent})

    def put_rows(self, prefix: str, kept: list[Row], new: list[Row]) -> None:
        """Number the rows anew: those of the database in its order, then the new ones."""
        for name in [
            name for name in self.sent if name.startswith(f"{prefix}-") and name[len(prefix) + 1 :][:1].isdigit()
        ]:
            del self.sent[name]
        for place, row in enumerate([*kept, *new]):
            for name, values in row.values.items():
                self.sent.setlist(f"{prefix}-{place}-{name}", values)
        self.sent[f"{prefix}-INITIAL_FORMS"] = str(len(kept))
        self.sent[f"{prefix}-TOTAL_FORMS"] = str(len(kept) + len(new))

    # What is told of it

    def told(self, record: Key) -> list[Told]:
        changes = differences(self.base, self.now)
        names, moments = names_for(changes), moments_of(*record)[::-1]
        return [told for change in changes for told in self.told_of(record, change, names, moments)]

    def told_of(self, record: Key, change: Change, names: Names, moments: list[Moment]) -> Iterable[Told]:
        title = "" if change.key == record else row_title(change.key, change.content)
        if change.kind != "changed":
            yours = "" if change.key in self.rewritten else None
            return [Told(title, change.kind, self.who(moments, change.key), yours=yours)]
        owner = owner_field(change.key[0])
        return [
            Told(title, "changed", self.who(moments, change.key, each[0]), shown_field(change.key[0], each, names),
                 self.your_text(change.key, each[0], names))
            for each in change.fields
            if change.key == record or each[0] != owner.name
        ]  # fmt: skip

    def who(self, moments: list[Moment], key: Key, name: str = "") -> Writer | None:
        """Who changed a field or a whole row last; a pending version is newer than what the history tells."""
        if self.writer:
            return self.writer
        for moment in moments:
            for change in moment.changes:
                if change.key == key and change.tells_of(name):
                    return Writer(moment.user, moment.date)
        return None

    def your_text(self, key: Key, name: str, names: Names) -> str | None:
        if (key, name) not in self.yours:
            return None
        value, column = self.yours[key, name], content_fields(key[0])[name]
        if value is NOT_UNDERSTOOD:
            return self.raw[key, name]
        numbers = value if isinstance(value, list) else [value]
        if column.is_relation:
            found = column.related_model._base_manager.in_bulk([number for number in numbers if number])
            names = {column.related_model: found}
        return Truncator("; ".join(in_words(column, each, names) for each in numbers)).chars(LONGEST_YOURS)


def merge_into(
    request: HttpRequest,
    record: models.Model,
    controls: dict[str, forms.Field],
    formsets: list[forms.BaseInlineFormSet],
    writer: Writer | None = None,
) -> list[Told]:
    """Take into the request what was saved since its form was opened; gives what that was."""
    base, key = opened_with(request.POST), (type(record), record.pk)
    now = stored_whole(record)
    if base is None or key not in base or not differences(base, now):
        return []
    meanwhile = Meanwhile(base, now, request.POST, writer)
    meanwhile.take_in(key, controls, record)
    for formset in formsets:
        meanwhile.take_in_rows(formset)
    meanwhile.sent[OPENED] = carried(now)
    request.POST = meanwhile.sent
    return meanwhile.told(key)
