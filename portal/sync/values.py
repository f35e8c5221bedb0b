"""What a record says, as plain values that compare, store as JSON and read alike from everywhere.

A text is a string, a date or time is its ISO form, a decimal its digits, a
relation the key of what it points at, relations to many a sorted list of keys.
A key is the parts of the natural key with a slash between them: `adgmin-6`,
`adm-2030/do1`.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from portal.database import content_models
from portal.models import Editorial, Part, is_translated
from portal.text import normalise

# A key of each kind of record that others point at, for messages.
EXAMPLES = {
    "portal.source": "abli-cloud",
    "portal.country": "vn",
    "portal.body": "adgsom",
    "portal.direction": "digital-government",
    "portal.topic": "ai",
    "portal.document": "adm-2030-text",
    "meetings.person": "nguyen-manh-hung",
    "meetings.session": "adgmin-1-opening",
    "meetings.statement": "adgmin-1-s01",
    "meetings.decision": "aaims-2025-01",
    "initiatives.plan": "adm-2030",
    "initiatives.planitem": "adm-2030/do1",
    "initiatives.initiative": "5g-rollout",
    "initiatives.indicator": "activities-2026",
}

Plain = str | int | bool | list | None


def label_of(model: type[models.Model]) -> str:
    return model._meta.label_lower


@cache
def models_by_label() -> dict[str, type[models.Model]]:
    return {label_of(model): model for model in content_models()}


@cache
def key_fields(model: type[models.Model]) -> tuple[str, ...]:
    """The fields that name a record, which are never merged."""
    return (model.parent_field, "key") if issubclass(model, Part) else ("slug",)


@cache
def merged_fields(model: type[models.Model]) -> dict[str, models.Field]:
    """The fields that fixtures and editors write; no derived ones, and of a translated text its two languages.

    A model names in `not_in_files` what only its form asks for.
    """
    fields = [*model._meta.fields, *model._meta.many_to_many]
    return {
        field.name: field
        for field in fields
        if field.editable
        and not field.auto_created
        and field.name not in key_fields(model)
        and not is_translated(model, field.name)
        and field.name not in getattr(model, "not_in_files", ())
    }


def known_fields(model: type[models.Model]) -> list[str]:
    """Every field name that a row may use."""
    return [*key_fields(model), *merged_fields(model), *(["updated"] if has_updated(model) else [])]


def has_updated(model: type[models.Model]) -> bool:
    return issubclass(model, Editorial)


def is_text(field: models.Field) -> bool:
    return isinstance(field, models.CharField | models.TextField)


def plain(field: models.Field, value: Any) -> Plain:
    """The plain form of what the field's `to_python` gives or the database holds; relations are not meant."""
    if is_text(field):
        return normalise(value or "").replace("\r\n", "\n")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(field, models.DecimalField):
        return str(round(value, field.decimal_places))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def python_value(field: models.Field, value: Plain) -> Any:
    """The reverse of `plain`: what to write into the model's attribute; relations are not meant."""
    if is_text(field):
        return None if field.null and not value else value
    return field.to_python(value)


def default_of(field: models.Field) -> Plain:
    """What a new record says where nothing is given."""
    if field.many_to_many:
        return []
    if field.many_to_one:
        return None
    return plain(field, field.get_default())


def is_empty(value: Plain) -> bool:
    return value in ("", None, [])


def allowed(field: models.Field, in_cell: bool = False) -> str:
    """What the field may hold, in plain words; a cell of a spreadsheet names relations by bare keys."""
    if field.is_relation:
        return allowed_relation(field, in_cell)
    if field.choices:
        return _("one of %(choices)s") % {"choices": ", ".join(str(value) for value, _label in field.flatchoices)}
    forms = {
        models.DateTimeField: _("a date and time such as 2026-01-16 09:00:00+07:00"),
        models.DateField: _("a date such as 2026-01-16"),
        models.TimeField: _("a time in quotation marks, such as '08:30'"),
        models.DecimalField: _("a number in quotation marks, such as '300.00'"),
        models.IntegerField: _("a whole number"),
        models.URLField: _("a web address that begins with https://"),
        models.SlugField: _("letters without marks, figures and hyphens"),
    }
    form = next((text for kind, text in forms.items() if isinstance(field, kind)), _("a text"))
    length = getattr(field, "max_length", None)
    return _("%(form)s of at most %(length)s characters") % {"form": form, "length": length} if length else form


def allowed_relation(field: models.Field, in_cell: bool) -> str:
    key = EXAMPLES.get(label_of(field.related_model), "adgmin-6")
    form = key if in_cell else f"[{key.replace('/', ', ')}]"
    if not field.many_to_many:
        text = _("the key of an existing “%(model)s”, in a form such as %(form)s")
    elif in_cell:
        text = _("keys of “%(model)s” with commas between them, in a form such as %(form)s")
    else:
        text = _("lists of keys of “%(model)s”, in a form such as [%(form)s]")
    return text % {"model": field.related_model._meta.verbose_name, "form": form}


class KeyIndex:
    """Which keys each model has in the database, read once a model and kept up by whoever writes."""

    def __init__(self) -> None:
        self._numbers: dict[type, dict[str, int]] = {}
        self._keys: dict[type, dict[int, str]] = {}

    def _load(self, model: type[models.Model]) -> None:
        names = [f"{name}__slug" if name == getattr(model, "parent_field", "") else name for name in key_fields(model)]
        rows = model._base_manager.order_by().values_list("pk", *names).iterator()
        self._keys[model] = {number: "/".join(parts) for number, *parts in rows}
        self._numbers[model] = {key: number for number, key in self._keys[model].items()}

    def number(self, model: type[models.Model], key: str | None) -> int | None:
        if model not in self._numbers:
            self._load(model)
        return self._numbers[model].get(key)

    def key(self, model: type[models.Model], number: int | None) -> str | None:
        if model not in self._keys:
            self._load(model)
        return self._keys[model].get(number)

    def all(self, model: type[models.Model]) -> dict[int, str]:
        """Number to key of every record."""
        self.key(model, None)
        return self._keys[model]

    def add(self, model: type[models.Model], key: str, number: int) -> None:
        self.number(model, key)
        self._numbers[model][key] = number
        self._keys[model][number] = key


def stored_values(
    model: type[models.Model], numbers: Iterable[int], index: KeyIndex, extra: tuple[str, ...] = ()
) -> dict[str, dict[str, Plain]]:
    """What the database says of some records: key to field to value; a fixed number of queries."""
    numbers = list(numbers)
    fields = merged_fields(model)
    single = [field for field in fields.values() if not field.many_to_many]
    single += [model._meta.get_field(name) for name in extra]
    many = [field for field in fields.values() if field.many_to_many]
    found: dict[str, dict[str, Plain]] = {}
    rows = model._base_manager.filter(pk__in=numbers).order_by()
    for number, *values in rows.values_list("pk", *(field.attname for field in single)).iterator():
        record = {field.name: stored(field, value, index) for field, value in zip(single, values, strict=True)}
        found[index.key(model, number)] = record | {field.name: [] for field in many}
    for field in many:
        for number, related in links_of(field, numbers).iterator():
            found[index.key(model, number)][field.name].append(index.key(field.related_model, related))
    for record in found.values():
        for field in many:
            record[field.name].sort()
    return found


def links_of(field: models.ManyToManyField, numbers: Iterable[int]) -> models.QuerySet:
    """(number of a record, number of what it points at) for each element of a list of some records."""
    through = field.remote_field.through
    names = (field.m2m_field_name(), field.m2m_reverse_field_name())
    near, far = (through._meta.get_field(name).attname for name in names)
    return through._base_manager.filter(**{f"{near}__in": list(numbers)}).values_list(near, far)


def stored(field: models.Field, value: Any, index: KeyIndex) -> Plain:
    return index.key(field.related_model, value) if field.many_to_one else plain(field, value)
