"""Rows that are read by the hundred, for a file or a part of the API.

Many rows are linked to the same few directions, topics and sources. Django's prefetch
makes an object for every link, which costs more than the rows themselves. Here a query
says which records a lot of rows is linked to, and each of these is made once.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from django.db.models import Model, Prefetch, QuerySet

from portal.prepared import ANY_ID, MOST_ROWS, PreparedQuery, asked, prepared_rows, several
from portal.tables import ROWS_AT_ONCE


def is_link(model: type[Model], lookup: Prefetch | str) -> bool:
    """Whether a prefetch keeps the records of a many-to-many relation as a list."""
    if not isinstance(lookup, Prefetch) or "__" in lookup.prefetch_through or lookup.queryset is None:
        return False
    return bool(lookup.to_attr) and bool(model._meta.get_field(lookup.prefetch_through).many_to_many)


class Links:
    """A many-to-many relation of rows, as a prefetch wants it read."""

    def __init__(self, model: type[Model], prefetch: Prefetch, using: str) -> None:
        self.using, self.list_name = using, prefetch.to_attr
        owner = model._meta.get_field(prefetch.prefetch_through).remote_field.name
        pairs = prefetch.queryset.filter(**{f"{owner}__in": [ANY_ID]}).values_list(owner, "pk")
        compiler = pairs.query.get_compiler(using)
        self.sql, self.parameters = compiler.as_sql()
        # Columns of a translated model stand in any order.
        self.is_owner_first = compiler.select[1][0].target == prefetch.queryset.model._meta.pk
        self.records = prepared_rows(prefetch.queryset.using(using))
        self.known: dict[int, Model] = {}

    def attach(self, rows: list[Model]) -> None:
        """Give each row the list of its records, in their order."""
        ids = self.ids_by_owner([row.pk for row in rows])
        records = self.called({pk for those in ids.values() for pk in those})
        for row in rows:
            setattr(row, self.list_name, [records[pk] for pk in ids[row.pk] if pk in records])

    def ids_by_owner(self, owners: list[int]) -> dict[int, list[int]]:
        ids: dict[int, list[int]] = defaultdict(list)
        for first, second in asked(self.using, *several(self.sql, self.parameters, owners), often=False):
            owner, pk = (first, second) if self.is_owner_first else (second, first)
            ids[owner].append(pk)
        return ids

    def called(self, ids: set[int]) -> dict[int, Model]:
        """The records of some ids; about `MOST_ROWS` of them are kept for the next rows."""
        missing = sorted(ids - self.known.keys())
        made = {}
        for start in range(0, len(missing), ROWS_AT_ONCE):
            made |= {record.pk: record for record in self.records.about(*missing[start : start + ROWS_AT_ONCE])}
        records = {pk: self.known[pk] for pk in ids if pk in self.known} | made
        if len(self.known) < MOST_ROWS:
            self.known.update(made)
        return records


class LinkedRows:
    """The rows of a queryset with what it prefetches, read by their ids; what they share is not to be changed."""

    def __init__(self, queryset: QuerySet) -> None:
        self.queryset = queryset

    @cached_property
    def links(self) -> list[Links]:
        lookups = self.queryset._prefetch_related_lookups
        model = self.queryset.model
        return [Links(model, each, self.queryset.db) for each in lookups if is_link(model, each)]

    @cached_property
    def rows(self) -> PreparedQuery:
        lookups = self.queryset._prefetch_related_lookups
        others = [each for each in lookups if not is_link(self.queryset.model, each)]
        return prepared_rows(self.queryset.prefetch_related(None).prefetch_related(*others))

    def read(self, ids: list[int]) -> list[Model]:
        """The rows of some ids, in any order."""
        rows = list(self.rows.about(*ids))
        for each in self.links:
            each.attach(rows)
        return rows

    def all(self) -> Iterator[Model]:
        """Every row, in the order of their ids."""
        ids = self.queryset.prefetch_related(None).order_by("pk").values_list("pk", flat=True).iterator()
        while lot := list(islice(ids, ROWS_AT_ONCE)):
            found = {row.pk: row for row in self.read(lot)}
            yield from (found[pk] for pk in lot if pk in found)
