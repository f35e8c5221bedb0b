"""Queries whose SQL is written once for each state of the content, and asked again with another record.

Django writes the SQL of a query anew each time. For the page of a record, a dozen
relations wide, this costs ten times what the database takes to answer. What is public
does not change within one state of the content (`portal.index.content_state`), so only
the record asked about differs: its place in the parameters is taken by a stand-in.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from copy import copy

from django.db import connections, router
from django.db.models import Field, Model, Prefetch, QuerySet, prefetch_related_objects
from django.db.models.query import RelatedPopulator, get_related_populators
from django.utils.translation import get_language

from portal.index import ContentState, kept
from portal.reading import planned_cursor

# Values that no record has.
ANY_SLUG, ANY_ID = "?", -987_654_321
ONE_OF = "IN (%s)"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:")
# About so many rows of a kind are kept in memory; where there are more, the others are read for each page.
MOST_ROWS = 500


def asked(using: str, sql: str, parameters: list, *, often: bool = True) -> list[tuple]:
    """The rows of a query; one that is asked often, a server may plan once for all values (`portal.postgresql`)."""
    connection = connections[using]
    with planned_cursor(connection) if often else connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def several(sql: str, parameters: Iterable, values: Sequence, stand_in: object = ANY_ID) -> tuple[str, list]:
    """A query and its parameters with values in the place of the stand-in, one or, of a list, any number."""
    sql = sql.replace(ONE_OF, f"IN ({', '.join(['%s'] * len(values))})")
    return sql, [given for each in parameters for given in (values if each == stand_in else [each])]


class PreparedQuery:
    """A queryset about one record, written as SQL; the stand-in among its values is replaced at each use.

    `using` names the database that it was written for and is asked. What is joined to its
    rows (`select_related`, always from a row to the one it names) is shared by requests.
    """

    def __init__(self, queryset: QuerySet, stand_in: object, using: str) -> None:
        self.queryset, self.stand_in, self.using = queryset, stand_in, using
        self.compiler = queryset.query.get_compiler(using)
        self.sql, self.parameters = self.compiler.as_sql()
        columns = [column for column, _sql, _alias in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(columns)
        own = self.compiler.klass_info["select_fields"]
        self.own = slice(own[0], own[-1] + 1)
        self.names = [column.target.attname for column in columns[self.own]]
        infos = self.compiler.klass_info.get("related_klass_infos", [])
        populators = get_related_populators(self.compiler.klass_info, self.compiler.select, using)
        self.joined = [(info["field"], populator) for info, populator in zip(infos, populators, strict=True)]
        self.others: dict[tuple[int, object], Model | None] = {}
        self.nothing = self.found([])
        # What it reads, whoever asks: the moment up to which records are published is that of the state of the content.
        beside = [getattr(each, "prefetch_to", each) for each in queryset._prefetch_related_lookups]
        self.name = (self.sql, *beside, *(each for each in self.parameters if not MOMENT.match(str(each))))

    def about(self, *values: object) -> QuerySet:
        """What the queryset finds about a record, read; nothing further can be asked of it.

        About several records where the queryset asks for one of a list: `pk__in=[ANY_ID]`.
        """
        sql, parameters = several(self.sql, self.parameters, values, self.stand_in)
        rows = asked(self.using, sql, parameters, often=len(values) == 1)
        if not rows:
            return self.nothing
        records = [self.record_of(row) for row in self.converted(rows)]
        if lookups := self.queryset._prefetch_related_lookups:
            prefetch_related_objects(records, *(copy(each) for each in lookups))
        return self.found(records)

    def once(self, ids: Iterable[int], state: ContentState) -> list[Model]:
        """The rows of some ids, in that order; each is read once for a state of the content, and shared by requests.

        They are to be shown, not changed. Of a query about one of a list, as `prepared_rows` makes it.
        """
        known: dict[int, Model | None] = kept(state, self.name, dict)
        found = {pk: known[pk] for pk in ids if pk in known}
        if missing := [pk for pk in ids if pk not in found]:
            now = dict.fromkeys(missing) | {row.pk: row for row in self.about(*missing)}
            found |= now
            if len(known) < MOST_ROWS:
                known.update(now)
        return [found[pk] for pk in ids if found[pk]]

    def converted(self, rows: list[tuple]) -> Iterable:
        """Rows with the values that Python has for those of the database."""
        compiler = copy(self.compiler)
        compiler.connection = connections[self.using]  # that of this thread
        return compiler.apply_converters(rows, self.converters)

    def record_of(self, row: list) -> Model:
        """A record with the others and the counts that were selected beside it, as Django makes them of a row."""
        record = self.queryset.model.from_db(self.using, self.names, row[self.own])
        for field, populator in self.joined:
            self.join(record, row, field, populator)
        for name, place in self.compiler.annotation_col_map.items():
            setattr(record, name, row[place])
        return record

    def join(self, record: Model, row: list, field: Field, populator: RelatedPopulator) -> None:
        """Give a record the other that its field names. Made once: many have the same meeting, and that its series."""
        place = populator.cols_start + populator.pk_idx
        name = (place, row[place])
        if name in self.others:
            field.set_cached_value(record, self.others[name])
            return
        populator.populate(row, record)
        if len(self.others) < MOST_ROWS:
            self.others[name] = field.get_cached_value(record)

    def found(self, records: list[Model]) -> QuerySet:
        """A queryset that was asked and found these."""
        queryset = type(self.queryset)(self.queryset.model, query=self.queryset.query, using=self.using)
        queryset._result_cache = records
        return queryset


def prepared_rows(queryset: QuerySet) -> PreparedQuery:
    """The rows of some ids of a queryset, in any order."""
    return PreparedQuery(queryset.order_by().filter(pk__in=[ANY_ID]), ANY_ID, queryset.db)


def is_direct(prefetch: Prefetch | str) -> bool:
    return isinstance(prefetch, Prefetch) and "__" not in prefetch.prefetch_to and prefetch.queryset is not None


def rows_of(model: type[Model], prefetch: Prefetch, using: str) -> PreparedQuery:
    """A to-many relation of any record of a model, as the prefetch wants it read."""
    back = model._meta.get_field(prefetch.prefetch_to).remote_field.name
    return PreparedQuery(prefetch.queryset.filter(**{back: ANY_ID}), ANY_ID, using)


def link_of(model: type[Model], relation: str) -> str:
    """The SQL for the ids that a to-many relation of a record has: of its own rows, or of what it is linked to."""
    field = model._meta.get_field(relation)
    if field.one_to_many:
        rows = field.related_model._meta
        return f"SELECT '{relation}', {rows.pk.column} FROM {rows.db_table} WHERE {field.field.column} = %s"  # noqa: S608 - names of ours
    forward = field.field if field.auto_created else field
    columns = [forward.m2m_column_name(), forward.m2m_reverse_name()]
    own, other = reversed(columns) if field.auto_created else columns
    return f"SELECT '{relation}', {other} FROM {forward.remote_field.through._meta.db_table} WHERE {own} = %s"  # noqa: S608 - names of ours


class LinkedRows:
    """Records that many others are linked to: in which order they stand, and how those of some ids are read."""

    def __init__(self, queryset: QuerySet) -> None:
        first = queryset.values_list("pk", flat=True)[: MOST_ROWS + 1]
        self.places = {pk: place for place, pk in enumerate(first)}
        self.rows = prepared_rows(queryset)

    @property
    def are_few(self) -> bool:
        return len(self.places) <= MOST_ROWS

    def linked(self, ids: list[int], state: ContentState) -> QuerySet:
        """The public ones of some ids, in their order; each is read once for a state of the content."""
        public = sorted(filter(self.places.__contains__, ids), key=self.places.__getitem__)
        return self.rows.found(self.rows.once(public, state))


class PreparedRecord:
    """How the record of a page is read: itself by its slug, and each of its relations.

    What it is linked to is told by one query for all kinds, where a kind has few records;
    most are known from other pages.
    """

    def __init__(self, records: QuerySet, related: list[Prefetch | str]) -> None:
        model, self.using = records.model, records.db
        self.record = PreparedQuery(records.filter(slug=ANY_SLUG), ANY_SLUG, self.using)
        direct = {each.prefetch_to: each for each in related if is_direct(each)}
        fields = {name: model._meta.get_field(name) for name in direct}
        linked = {name: LinkedRows(direct[name].queryset) for name in fields}
        self.linked = {name: rows for name, rows in linked.items() if rows.are_few}
        self.links = " UNION ALL ".join(link_of(model, name) for name in self.linked)
        self.relations = {
            name: rows_of(model, each, self.using) for name, each in direct.items() if name not in self.linked
        }
        # Relations of relations are about many records at once; Django reads them.
        self.further = [each for each in related if not is_direct(each)]
        self.owners = {name: field.remote_field.name for name, field in fields.items() if field.one_to_many}

    def called(self, slug: str, state: ContentState) -> Model | None:
        """The record with everything its page shows of others, or None."""
        record = next(iter(self.record.about(slug)), None)
        if record is None:
            return None
        found = {name: relation.about(record.pk) for name, relation in self.relations.items()}
        ids = self.ids_linked_to(record)
        found |= {name: rows.linked(ids[name], state) for name, rows in self.linked.items()}
        for name, owner in self.owners.items():
            for row in found[name]:
                setattr(row, owner, record)  # the same for every request, if the row is shared
        record._prefetched_objects_cache = found
        prefetch_related_objects([record], *(copy(each) for each in self.further))
        return record

    def ids_linked_to(self, record: Model) -> dict[str, list[int]]:
        ids: dict[str, list[int]] = {name: [] for name in self.linked}
        if self.links:
            for name, pk in asked(self.using, self.links, [record.pk] * len(self.linked)):
                ids[name].append(pk)
        return ids


def prepared(state: ContentState, page: object, model: type[Model], make: Callable[[], object]) -> object:
    """How a page reads its records, in this language and from this database; made once for a state of the content."""
    return kept(state, (page, "prepared", get_language(), router.db_for_read(model)), make)


def public_rows(model: type[Model], columns: tuple[str, ...], ids: list[int], state: ContentState) -> list[Model]:
    """The public ones of some records, with some columns, each read once (`PreparedQuery.once`)."""
    rows: PreparedQuery = prepared(
        state, (model, columns), model, lambda: prepared_rows(model.objects.published().only(*columns))
    )
    return rows.once(ids, state)
