"""A record as JSON: its columns, with what they name nested instead of told by ids alone.

Derived from the same declarations as CSV and XLSX (`portal.tables`); the answers of the
API, their description in OpenAPI and the page about it all read `fields_of`.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from portal.entries import LANGUAGES
from portal.index import ContentState, kept_for
from portal.linked import LinkedRows
from portal.models import Source, is_translated
from portal.tables import ROWS_AT_ONCE, TABLES, Column, Relation, Table, as_text, prefetched, written

# The page of a record is named in the site's first language; the other one stands beside it.
FIRST, SECOND = LANGUAGES
MOST_KEPT = 1_000  # records of one list whose text is kept
# What else a record that is only named says of itself.
ALSO_NAMED = {Source: ("publisher", "language", "reliability")}


@dataclass(frozen=True)
class Field:
    """One field of a record as JSON: a plain column, records that it names, or parts of its own."""

    name: str
    words: str
    column: Column | None = None
    relation: Relation | None = None
    part: Table | None = None

    @property
    def is_many(self) -> bool:
        return self.part is not None or (self.relation is not None and self.relation.many)


def lists() -> dict[str, Table]:
    """The lists of the API by name."""
    return {name: table for name, table in TABLES.items() if table.filterset_class}


@cache
def list_address(model: type[Model]) -> str:
    """The path of the API's list of a model; empty for a model without one."""
    name = next((name for name, table in lists().items() if table.model is model), "")
    return name and reverse("api_list", args=[name])


def own_address(record: Model, site: str) -> str | None:
    """Where a record is found in the API."""
    of_list = list_address(type(record))
    return f"{site}{of_list}{record.slug}/" if of_list else None


def name_columns(model: type[Model]) -> list[str]:
    """How a record is named where another one names it; long texts are left to its own address."""
    name = model.name_field
    if name == "text":
        return []
    return [f"{name}_{language}" for language in LANGUAGES] if is_translated(model, name) else [name]


def fields_of(table: Table) -> list[Field]:
    """The fields of a table's records but for their names and addresses, in the language in use."""
    columns = [column for column in table.columns[2:] if not column.repeats and column.name not in table.parts]
    fields = [Field(column.name, column.words, column, column.relation) for column in columns]
    parts = [Field(relation, str(TABLES[name].label), part=TABLES[name]) for relation, name in table.parts.items()]
    if not table.has_sources:
        fields.insert(-1, Field("sources", str(_("The record itself: a source is its own")), relation=ITSELF))
    place = next(number for number, field in enumerate(fields) if field.name == "sources")
    return [*fields[:place], *parts, *fields[place:]]


ITSELF = Relation(Source, lambda row: [row], many=True)


def part_fields(part: Table) -> list[Field]:
    """The fields of a part, without those that tell of the record it belongs to."""
    parent = getattr(part.model, "parent_field", "meeting")
    return [field for field in fields_of(part) if field.name not in (parent, "updated")]


def plain(value: Any) -> Any:
    """A value of a cell as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, str | int | float | list) else as_text(value)


def reference(record: Model | None, site: str) -> dict | None:
    """A record that another one names: its id, its addresses, its names."""
    if record is None:
        return None
    model = type(record)
    page = record.url if model is Source else record.get_absolute_url()
    named = {name: getattr(record, name) or None for name in (*name_columns(model), *ALSO_NAMED.get(model, ()))}
    return {
        "id": record.slug,
        "url": whole(page, site),
        "api_url": own_address(record, site),
        **named,
    }


def whole(path: str, site: str) -> str | None:
    return f"{site}{path}" if path.startswith("/") else path or None


def reader_of(field: Field, site: str) -> Callable[[Model], Any]:
    """What gives the value of a field of a record."""
    if field.part:
        names = [(each.name, reader_of(each, site)) for each in part_fields(field.part)]
        return lambda row: [
            {"id": "/".join(part.natural_key())} | {name: read(part) for name, read in names}
            for part in prefetched(row, field.name)
        ]
    if field.relation and field.relation.many:
        return lambda row: [reference(record, site) for record in field.relation.read(row)]
    if field.relation:
        return lambda row: reference(field.relation.read(row), site)
    return lambda row: plain(written(field.column, field.column.read(row), site))


def writer_of(table: Table, site: str) -> Callable[[Model], dict]:
    """What makes a dictionary of a record of a table; `site` is the address that paths begin with."""
    readers = [(field.name, reader_of(field, site)) for field in fields_of(table)]

    def write(record: Model) -> dict:
        own = own_address(record, site)
        with override(SECOND):
            second = whole(table.address(record), site) or own
        with override(FIRST):
            return {
                "id": record.slug,
                "slug": record.slug,
                "url": whole(table.address(record), site) or own,
                f"url_{SECOND}": second,
                "api_url": own,
            } | {name: read(record) for name, read in readers}

    return write


def texts_of(table: Table, ids: list[int], state: ContentState, site: str) -> list[bytes]:
    """Records as JSON texts in the order of their ids; those gone meanwhile are left out.

    Kept for one state of the content: making one takes as long as a whole page otherwise would.
    """
    texts = kept_for(site, state, ("records as JSON", table.name), dict)
    found = {record_id: text for record_id in ids if (text := texts.get(record_id))}
    missing = [record_id for record_id in ids if record_id not in found]
    made = dict(make_texts(table, missing, site)) if missing else {}
    if len(texts) + len(made) > MOST_KEPT:
        texts.clear()
    texts.update(made)
    return [text for record_id in ids if (text := found.get(record_id) or made.get(record_id))]


def make_texts(table: Table, ids: list[int], site: str) -> Iterable[tuple[int, bytes]]:
    write, rows = writer_of(table, site), LinkedRows(table.rows_with_parts())
    for start in range(0, len(ids), ROWS_AT_ONCE):
        for record in rows.read(ids[start : start + ROWS_AT_ONCE]):
            yield record.pk, json.dumps(write(record), ensure_ascii=False).encode()
