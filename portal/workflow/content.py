"""What a record says, with the rows that belong to it, as plain values: read, written back, merged three ways.

A content is model label -> key of a row -> field -> value. The values are those of `portal.sync.values`,
but a relation is the number of what it points at. What the steps of the workflow decide (the state, its hour,
the reason of a withdrawal) is no part of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils.translation import override
from modeltranslation.translator import translator

from portal.history.places import owner_field, row_models
from portal.models import Editorial, Part
from portal.sync.merge import UNKNOWN, Outcome, merge_set, merge_value
from portal.sync.values import Plain, label_of, links_of, merged_fields, models_by_label, plain, python_value

OF_THE_WORKFLOW = {"state", "published_from", "withdrawn_reason_vi", "withdrawn_reason_en"}
OUT_OF_THE_WAY = 10_000  # rows change places while the database wants each place taken once at any moment

Values = dict[str, Plain]
Content = dict[str, dict[str, Values]]


@cache
def said_fields(model: type[models.Model]) -> dict[str, models.Field]:
    """The fields that editors write in the form of a record or row, those that no file has among them."""
    others = {name: model._meta.get_field(name) for name in getattr(model, "not_in_files", ())}
    return {name: said for name, said in (merged_fields(model) | others).items() if name not in OF_THE_WORKFLOW}


@cache
def row_relations(model: type[models.Model]) -> dict[type[models.Model], str]:
    """The models whose rows belong to a record, and go with it, each with its relation to the record."""
    return {rows: owner_field(rows).name for rows in row_models(model)}


def key_name(model: type[models.Model]) -> str:
    return "key" if issubclass(model, Part) else "slug"


def key_of(row: models.Model) -> str:
    return getattr(row, key_name(type(row)))


def rows_of(record: models.Model) -> Iterator[tuple[type[models.Model], models.QuerySet]]:
    """The record itself, then the rows of each kind that belong to it."""
    yield type(record), type(record)._base_manager.filter(pk=record.pk)
    for model, relation in row_relations(type(record)).items():
        ordering = [name for name in ("order", "date", "year") if name in said_fields(model)][:1]
        yield model, model._base_manager.filter(**{relation: record}).order_by(*ordering, key_name(model))


# Reading


def content_of(record: models.Model) -> Content:
    """What the database says of the record and its rows; a fixed number of queries."""
    return {label_of(model): values_of(model, list(rows)) for model, rows in rows_of(record)}


def values_of(model: type[models.Model], rows: list[models.Model]) -> dict[str, Values]:
    single = {name: said for name, said in said_fields(model).items() if not said.many_to_many}
    many = {name: linked(said, rows) for name, said in said_fields(model).items() if said.many_to_many}
    return {
        key_of(row): {name: value_of(said, row) for name, said in single.items()}
        | {name: links.get(row.pk, []) for name, links in many.items()}
        for row in rows
    }


def value_of(said: models.Field, row: models.Model) -> Plain:
    value = getattr(row, said.attname)
    return value if said.is_relation else plain(said, value)


def linked(said: models.ManyToManyField, rows: list[models.Model]) -> dict[int, list[int]]:
    """The numbers of what each row points at, in order."""
    links: dict[int, list[int]] = {}
    for number, other in sorted(links_of(said, [row.pk for row in rows])):
        links.setdefault(number, []).append(other)
    return links


# Writing


@dataclass
class Changes:
    """What has to be written so that a record says a content."""

    record: models.Model
    going: list[models.Model] = field(default_factory=list)
    changed: list[tuple[models.Model, Values]] = field(default_factory=list)
    new: list[tuple[models.Model, Values]] = field(default_factory=list)

    @property
    def written(self) -> list[models.Model]:
        return [row for row, _values in [*self.changed, *self.new]]


def changes_to(record: models.Model, wanted: Content) -> Changes:
    """What has to change in the database; relations to what is not there any more are left out."""
    wanted, changes = without_lost(wanted), Changes(record)
    for model, rows in rows_of(record):
        there = {key_of(row): row for row in rows}
        said = values_of(model, list(there.values()))
        asked = wanted.get(label_of(model), {})
        if model is type(record):
            asked = {key: asked.get(key, {}) for key in there}
        changes.going += [row for key, row in there.items() if key not in asked]
        for key, values in asked.items():
            if key not in there:
                changes.new.append((new_row(record, model, key), values))
                continue
            other = {name: value for name, value in values.items() if value != said[key].get(name)}
            if other:
                changes.changed.append((there[key], other))
    return changes


def new_row(record: models.Model, model: type[models.Model], key: str) -> models.Model:
    """A row that belongs to the record; a text of its own is as public as the record."""
    state = {"state": record.state} if issubclass(model, Editorial) else {}
    return model(**{row_relations(type(record))[model]: record, key_name(model): key}, **state)


def write(changes: Changes, user: models.Model | None = None, is_checked: bool = False) -> None:
    """Write it row by row, so that whatever follows from a row follows; a ValidationError where it may not be so."""
    with override("vi"):  # as `loaddata` and the sync: texts without a language are those of the default one
        for row in changes.going:
            row.delete()
        make_room(changes)
        for row, values in [*changes.changed, *changes.new]:
            row.changed_by = user  # for what keeps a log of its own
            fill(row, values)
            if is_checked:
                row.clean()
            row.save()
            for name, numbers in lists_in(row, values).items():
                getattr(row, name).set(numbers)


def make_room(changes: Changes) -> None:
    moving: dict[type[models.Model], list[int]] = {}
    for row, values in changes.changed:
        if "order" in values:
            moving.setdefault(type(row), []).append(row.pk)
    for model, numbers in moving.items():
        model._base_manager.filter(pk__in=numbers).update(order=F("order") + OUT_OF_THE_WAY)


def fill(row: models.Model, values: Values) -> None:
    for name, value in values.items():
        said = said_fields(type(row)).get(name)  # a field may be gone since the version was kept
        if said and not said.many_to_many:
            setattr(row, said.attname, value if said.is_relation else python_value(said, value))


def lists_in(row: models.Model, values: Values) -> dict[str, list[int]]:
    fields = said_fields(type(row))
    return {name: value for name, value in values.items() if name in fields and fields[name].many_to_many}


def without_lost(content: Content) -> Content:
    """The content without relations to records that have been deleted since; a query for each model pointed at."""
    pointed: dict[type[models.Model], set[int]] = {}
    for _label, _key, said, value in relations_in(content):
        pointed.setdefault(said.related_model, set()).update(value if said.many_to_many else {value})
    there = {
        model: set(model._base_manager.filter(pk__in=numbers - {None}).values_list("pk", flat=True))
        for model, numbers in pointed.items()
    }
    kept = {label: {key: dict(values) for key, values in rows.items()} for label, rows in content.items()}
    for label, key, said, value in relations_in(content):
        if said.many_to_many:
            kept[label][key][said.name] = [number for number in value if number in there[said.related_model]]
        elif value not in there[said.related_model]:
            kept[label][key].pop(said.name)
            if said.null:
                kept[label][key][said.name] = None
    return kept


def relations_in(content: Content) -> Iterator[tuple[str, str, models.Field, Plain]]:
    for label, rows in content.items():
        for key, values in rows.items():
            for name, value in values.items():
                said = said_fields(models_by_label()[label]).get(name)
                if said is not None and said.is_relation and value is not None:
                    yield label, key, said, value


def write_checked(changes: Changes, user: models.Model | None) -> None:
    """Write all of it, or raise ValidationError and leave the database as it was."""
    try:
        with transaction.atomic():
            write(changes, user, is_checked=True)
            for row in changes.written:
                row.validate_constraints()
    except IntegrityError as error:
        raise ValidationError(str(error)) from error


# Merging


@dataclass(frozen=True)
class Clash:
    """A field, or where it has none a whole row, that was changed on both sides, each differently."""

    label: str
    key: str
    field: str
    base: object
    pending: object
    current: object

    @property
    def name(self) -> str:
        return f"{self.label}/{self.key}/{self.field}"


PENDING, CURRENT = "pending", "current"


class Sides(NamedTuple):
    """The same thing as it was when the pending version was begun, as that says it, and as it is published now."""

    base: Any
    pending: Any
    current: Any

    def of(self, name: str, default: Any = None) -> "Sides":
        return Sides(*(side.get(name, default) for side in self))


class Merge:
    """What to publish, and the clashes nobody has chosen on; there, for the time being, the pending text stands."""

    def __init__(self, sides: Sides, choices: dict[str, str] | None = None) -> None:
        self.choices = choices or {}
        self.clashes: list[Clash] = []
        self.content: Content = {}
        for label in dict.fromkeys([*sides.current, *sides.pending]):
            rows = sides.of(label, {})
            merged = {key: self.row(label, key, rows.of(key)) for key in dict.fromkeys([*rows.current, *rows.pending])}
            self.content[label] = {key: values for key, values in merged.items() if values is not None}

    def row(self, label: str, key: str, row: Sides) -> Values | None:
        """One row three ways. A row that is missing on a side was deleted there, or never made."""
        if row.pending is not None and row.current is not None:
            return self.fields(label, key, row)
        left = row.current if row.pending is None else row.pending
        if row.base is None:  # made on one side
            return left
        if left == row.base:
            return None
        return self.chosen(Clash(label, key, "", *row))

    def fields(self, label: str, key: str, row: Sides) -> Values:
        merged = {}
        for name, value in row.current.items():
            said = said_fields(models_by_label()[label])[name]
            was = UNKNOWN if row.base is None else row.base.get(name, UNKNOWN)
            new = row.pending.get(name, value)
            outcome, merged[name] = (merge_set if said.many_to_many else merge_value)(was, new, value)
            if outcome is Outcome.CONFLICT:
                merged[name] = self.chosen(Clash(label, key, name, None if was is UNKNOWN else was, new, value))
        return merged

    def chosen(self, clash: Clash) -> Any:
        if clash.name not in self.choices:
            self.clashes.append(clash)
        return clash.current if self.choices.get(clash.name) == CURRENT else clash.pending


# Both languages go live together


def lacking_languages(content: Content) -> list[tuple[str, str, models.Field]]:
    """(label, key, field) of each text that is missing in a language though it must, or in the other does, exist."""
    missing = []
    for label, rows in content.items():
        model = models_by_label()[label]
        for name in translator.get_options_for_model(model).all_fields if is_bilingual(model) else ():
            pair = [said_fields(model).get(f"{name}_{language}") for language in ("vi", "en")]
            if None in pair:
                continue
            optional = model._meta.get_field(name).blank
            for key, values in rows.items():
                texts = [values.get(said.name) for said in pair]
                missing += [
                    (label, key, said)
                    for said, text in zip(pair, texts, strict=True)
                    if not text and (any(texts) or not optional)
                ]
    return missing


def is_bilingual(model: type[models.Model]) -> bool:
    return model in translator.get_registered_models()
