"""Queries whose SQL is written once for each state of the content, and asked again with another record.

Django writes the SQL of a query anew each time. For the page of a record, a dozen
relations wide, this costs ten times what the database takes to answer. What is public
does not change within one state of the content (`portal.index.content_state`), so only
the record asked about differs: its place in the parameters is taken by a stand-in.
"""

from copy import copy

from django.db import connections
from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects
from django.utils.translation import get_language

from portal.index import ContentState, kept

# Values that no record has.
ANY_SLUG, ANY_ID = "?", -987_654_321


class PreparedQuery:
    """A queryset about one record, written as SQL; the stand-in among its values is replaced at each use."""

    def __init__(self, queryset: QuerySet, stand_in: object) -> None:
        self.queryset, self.stand_in = queryset, stand_in
        self.compiler = queryset.query.get_compiler(queryset.db)
        self.sql, self.parameters = self.compiler.as_sql()
        columns = [column for column, _sql, _alias in self.compiler.select[: self.compiler.col_count]]
        self.converters = self.compiler.get_converters(columns)

    def about(self, value: object) -> QuerySet:
        """What the queryset finds about a record, read; nothing further can be asked of it."""
        queryset = self.queryset.all()
        queryset.query.get_compiler = lambda using=None, *args, **kwargs: self.compiler_for(value, using)
        len(queryset)
        del queryset.query.get_compiler
        return queryset

    def compiler_for(self, value: object, using: str):
        """Django's own reader of rows with what it would work out anew: the SQL and how values are read.

        The connection is that of this thread, to the database that this request reads.
        """
        parameters = tuple(value if each == self.stand_in else each for each in self.parameters)
        compiler = copy(self.compiler)
        compiler.using, compiler.connection = using, connections[using]
        compiler.as_sql = lambda *args, **kwargs: (self.sql, parameters)
        compiler.get_converters = lambda expressions: self.converters
        return compiler


def is_direct(prefetch: Prefetch | str) -> bool:
    return isinstance(prefetch, Prefetch) and "__" not in prefetch.prefetch_to and prefetch.queryset is not None


def rows_of(model: type[Model], prefetch: Prefetch) -> PreparedQuery:
    """A to-many relation of any record of a model, as the prefetch wants it read."""
    back = model._meta.get_field(prefetch.prefetch_to).remote_field.name
    return PreparedQuery(prefetch.queryset.filter(**{back: ANY_ID}), ANY_ID)


class PreparedRecord:
    """How the record of a page is read: itself by its slug, and each of its relations."""

    def __init__(self, records: QuerySet, related: list[Prefetch | str]) -> None:
        model = records.model
        self.record = PreparedQuery(records.filter(slug=ANY_SLUG), ANY_SLUG)
        self.relations = {each.prefetch_to: rows_of(model, each) for each in related if is_direct(each)}
        # Relations of relations are about many records at once; Django reads them.
        self.further = [each for each in related if not is_direct(each)]
        fields = {name: model._meta.get_field(name) for name in self.relations}
        self.owners = {name: field.remote_field.name for name, field in fields.items() if field.one_to_many}

    def called(self, slug: str) -> Model | None:
        """The record with everything its page shows of others, or None."""
        record = next(iter(self.record.about(slug)), None)
        if record is None:
            return None
        found = {name: relation.about(record.pk) for name, relation in self.relations.items()}
        for name, owner in self.owners.items():
            for row in found[name]:
                setattr(row, owner, record)
        record._prefetched_objects_cache = found
        prefetch_related_objects([record], *(copy(each) for each in self.further))
        return record


def prepared(state: ContentState, view: type, make) -> PreparedRecord:
    """How the records of a view are read in this language, made once for a state of the content."""
    return kept(state, (view, "prepared", get_language()), make)
