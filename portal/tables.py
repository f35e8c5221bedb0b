"""What a list is as data: its columns, each declared once.

A table says how its rows are read and what its columns are. CSV, XLSX, JSON, the
page on open data and the description of the whole register all read these
declarations, so they cannot drift apart.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, cached_property
from itertools import islice

from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from portal.dates import iso_date
from portal.entries import LANGUAGES
from portal.models import Editorial, Precision, Source, is_translated

Value = str | int | Decimal | date | datetime | time | list[str] | None

# What rows tell of their sources, in any format.
OF_SOURCES = ("slug", "title", "publisher", "url", "language", "reliability")
BETWEEN = "; "  # between the values of one cell
ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Relation:
    """The public records behind a column, for formats that can hold more of them than ids."""

    model: type[Model]
    read: Callable[[Model], Model | list[Model] | None]
    many: bool = False


@dataclass(frozen=True)
class Column:
    """One column: its name, what a row has in it, and what it means in the reader's language.

    `kind` is one of string, integer, number, day, moment, address, list. An address
    is a path and becomes absolute where it is written; a day that is not known to the
    day is a shorter text, 2027-01. `refers_to` names the model whose ids the column holds;
    `relation` is how the records themselves are read, and `repeats` says that the column
    only repeats what the relation before it tells. `codes` are all the values it can have.
    """

    name: str
    read: Callable[[Model], Value]
    meaning: object  # a lazy text
    kind: str = "string"
    role: object = "%(meaning)s"  # a lazy text: what of the thing the column has
    refers_to: type[Model] | None = None
    relation: Relation | None = None
    repeats: bool = False
    codes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What the column means, as a sentence without its full stop."""
        meaning = str(self.meaning)
        return str(self.role) % {"meaning": meaning[:1].upper() + meaning[1:]}


IN_LANGUAGE = {
    "vi": gettext_lazy("%(meaning)s, in Vietnamese"),
    "en": gettext_lazy("%(meaning)s, in English"),
}
CODE = gettext_lazy("%(meaning)s, as a code")
ID = gettext_lazy("%(meaning)s: the id of the record")
IDS = gettext_lazy("%(meaning)s: the ids of the records")


def label_column(field: str, meaning: object, language: str, choices: Iterable[tuple[str, object]]) -> Column:
    """What the code in a field means in a language; each is translated once."""
    labels = dict(choices)

    @cache
    def label(code: str) -> str:
        with override(language):
            return str(labels.get(code, ""))

    return Column(f"{field}_{language}", lambda row: label(getattr(row, field)), meaning, role=IN_LANGUAGE[language])


def shown(record: Model | None) -> Model | None:
    """A related record, if the public may see it."""
    return record if record is not None and record.is_public else None


def known_day(day: date | None, precision: str) -> date | str | None:
    """A day that is known to the day; else no more than is known, 2027-01."""
    return day if day is None or (precision or Precision.DAY) == Precision.DAY else iso_date(day, precision)


def list_of(relation: str) -> str:
    """The attribute of a row that keeps the records of a relation."""
    return f"list_of_{relation}"


def as_lists(prefetches: Iterable[Prefetch]) -> list[Prefetch]:
    """The same, kept on each row as a plain list: Django's manager of a relation costs more than the row itself."""
    return [Prefetch(each.prefetch_through, each.queryset, list_of(each.prefetch_through)) for each in prefetches]


def named(relation: str, records: QuerySet, owner: str = "pk") -> Prefetch:
    """The public records of a relation, read with no more than names them: their address and their names.

    `owner` is the field that says whose they are, where that is a column of theirs.
    """
    name = records.model.name_field
    is_in_each = is_translated(records.model, name)
    names = [f"{name}_{language}" for language in LANGUAGES] if is_in_each else [name]
    return Prefetch(relation, records.published().only("slug", *names, owner))


def prefetched(row: Model, relation: str) -> list[Model]:
    """The records of a relation, of a row that a table reads."""
    return getattr(row, list_of(relation))


class Fields:
    """Columns of the fields of a model: what they mean is what the field is called."""

    def __init__(self, model: type[Model]) -> None:
        self.model = model

    def meaning(self, field: str) -> object:
        """The name of the field; of a relation that another model declares, the name of its records."""
        found = self.model._meta.get_field(field)
        is_reverse = found.auto_created and not found.concrete
        return found.related_model._meta.verbose_name_plural if is_reverse else found.verbose_name

    def plain(self, field: str, kind: str = "string", name: str = "") -> list[Column]:
        """The field as it is."""
        return [Column(name or field, lambda row: getattr(row, field), self.meaning(field), kind)]

    def both(self, *fields: str) -> list[Column]:
        """Texts in both languages, side by side."""
        return [
            Column(f"{field}_{language}", in_language(field, language), self.meaning(field), role=IN_LANGUAGE[language])
            for field in fields
            for language in LANGUAGES
        ]

    def coded(self, field: str, choices: list | None = None) -> list[Column]:
        """A code and beside it what it means."""
        known = choices or self.model._meta.get_field(field).choices
        labels = [label_column(field, self.meaning(field), language, known) for language in LANGUAGES]
        codes = tuple(str(code) for code, _label in known)
        return [Column(field, lambda row: getattr(row, field), self.meaning(field), role=CODE, codes=codes), *labels]

    def day(self, *fields: str, precision: str = "precision") -> list[Column]:
        """Days, written as exactly as they are known, and how exactly that is."""
        days = [
            Column(
                field,
                lambda row, field=field: known_day(getattr(row, field), getattr(row, precision)),
                self.meaning(field),
                "day",
            )
            for field in fields
        ]
        codes = tuple(Precision.values)
        how = Column(precision, lambda row: getattr(row, precision), self.meaning(precision), role=CODE, codes=codes)
        return [*days, how]

    def one(self, field: str, of: str = "") -> list[Column]:
        """A related public record: its id and its names. `of` names a relation that the field is reached through."""
        model = Fields(self.model._meta.get_field(of).related_model) if of else self
        related = model.model._meta.get_field(field).related_model

        def read(row: Model) -> Model | None:
            through = shown(getattr(row, of)) if of else row
            return shown(getattr(through, field)) if through else None

        meaning = model.meaning(field)
        ids = Column(
            field,
            lambda row: getattr(read(row), "slug", None),
            meaning,
            role=ID,
            refers_to=related,
            relation=Relation(related, read),
        )
        return [ids, *names_of(field, related, meaning, lambda row, name: getattr(read(row), name, None))]

    def many(self, field: str, *, named: bool = True) -> list[Column]:
        """Related records, prefetched as the public sees them: their ids and, where they are short, their names."""
        related = self.model._meta.get_field(field).related_model
        attribute = list_of(field)

        def read(row: Model, name: str = "slug") -> list[str]:
            return [getattr(record, name) or "" for record in getattr(row, attribute)]

        meaning = self.meaning(field)
        records = Relation(related, lambda row: prefetched(row, field), many=True)
        ids = Column(field, read, meaning, "list", IDS, relation=records)
        return [ids, *(names_of(field, related, meaning, read, "list") if named else [])]


def in_language(field: str, language: str) -> Callable[[Model], Value]:
    return lambda row: getattr(row, f"{field}_{language}")


def names_of(field: str, related: type[Editorial], meaning: object, read: Callable, kind: str = "string"):
    """The names of related records in both languages, or the only name they have."""
    name = related.name_field
    if not is_translated(related, name):
        return [Column(f"{field}_{name}", lambda row: read(row, name), meaning, kind, repeats=True)]
    return [
        Column(
            f"{field}_{language}",
            lambda row, language=language: read(row, f"{name}_{language}"),
            meaning,
            kind,
            IN_LANGUAGE[language],
            repeats=True,
        )
        for language in LANGUAGES
    ]


def identity(row: Model) -> str:
    """What names a record for ever: its slug; of a part, its parent's and its own key."""
    return "/".join(row.natural_key())


SOURCES = [
    Column(
        "sources",
        lambda row: [source.slug for source in prefetched(row, "sources")],
        gettext_lazy("sources"),
        "list",
        IDS,
        relation=Relation(Source, lambda row: prefetched(row, "sources"), many=True),
    ),
    Column(
        "source_urls",
        lambda row: [source.url for source in prefetched(row, "sources")],
        gettext_lazy("web addresses of the sources, in the same order; empty where a source has none"),
        "list",
        repeats=True,
    ),
]
UPDATED = Column(
    "updated",
    lambda row: row.updated,
    gettext_lazy("when this register last saved the record, in UTC; not when anything happened"),
    "moment",
)


class Table:
    """One list as data. Subclasses say what a row is, how it is read and what its columns are.

    A table with a page is a list of the site and answers in every format at its
    address with a suffix; `page` names the address of the list's page. One with a
    filter set is a list of the API. One with neither is a part of the whole register
    only, and of the records that name it among their `parts`: relation and table.
    """

    name = ""
    label: object = ""
    about: object = ""
    model: type[Model]
    filterset_class: type | None = None
    page = ""
    select_related: tuple[str, ...] = ()
    own_columns: list[Column] = []
    has_sources = True
    parts: dict[str, str] = {}

    def related(self) -> list[Prefetch]:
        """What a row shows of other records, as the public may see it now."""
        return []

    def records(self) -> QuerySet:
        """All rows, as the public may see them."""
        return self.model.objects.published()

    def rows(self) -> QuerySet:
        """How a row is read, with everything its columns show."""
        return self.records().select_related(*self.select_related).prefetch_related(*self.prefetches())

    def prefetches(self, but: Iterable[str] = ()) -> list[Prefetch]:
        """What is read beside the rows, but for some relations."""
        sources = [Prefetch("sources", Source.objects.published().order_by("slug").only(*OF_SOURCES))]
        related = [*(sources if self.has_sources else []), *self.related()]
        return as_lists(each for each in related if each.prefetch_through not in but)

    def rows_with_parts(self) -> QuerySet:
        """The rows, with the rows of their parts in the order of these."""
        parts = as_lists(Prefetch(relation, TABLES[name].rows()) for relation, name in self.parts.items())
        rows = self.records().select_related(*self.select_related)
        return rows.prefetch_related(*self.prefetches(but=self.parts), *parts)

    def select(self, request: HttpRequest):
        """The filter set of a request over the rows; it may have errors."""
        return self.filterset_class(request.GET, queryset=self.rows(), request=request)

    @cached_property
    def columns(self) -> list[Column]:
        """`id` and `url` first, what the record says, and where it comes from last."""
        return [
            Column("id", identity, gettext_lazy("names the record for ever; what other columns and filters refer to")),
            Column("url", self.address, gettext_lazy("the page that shows the record"), "address"),
            *self.own_columns,
            *(SOURCES if self.has_sources else []),
            *([UPDATED] if issubclass(self.model, Editorial) else []),
        ]

    def address(self, record: Model) -> str:
        """The path of the page that shows a row."""
        return record.get_absolute_url()

    def title(self, record: Model) -> str:
        """What an entry of a feed is called."""
        return getattr(record, "label", "") or str(record)

    def summary(self, record: Model) -> str:
        """What an entry of a feed says."""
        return getattr(record, "summary", "")

    def cells(self, record: Model, site: str) -> list[Value]:
        """What a row says in each column, in the language in use; `site` is the address that paths begin with."""
        return [written(column, column.read(record), site) for column in self.columns]


def written(column: Column, value: Value, site: str) -> Value:
    if column.kind == "address" and value:
        return f"{site}{value}" if value.startswith("/") else value
    if column.kind == "moment" and value:
        return value.astimezone(UTC)
    if isinstance(value, time):
        return value.isoformat("minutes")
    return None if value == "" else value


def as_text(value: Value) -> str:
    """A value as plain text, the same in every format: dates after ISO 8601, numbers without idle decimals."""
    if value is None:
        return ""
    if type(value) is str:
        return value
    if isinstance(value, list):
        return BETWEEN.join(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return format(plain_number(value), "f") if isinstance(value, Decimal) else str(value)


def plain_number(value: Decimal) -> Decimal:
    """300.00 as 300, 91.20 as 91.2."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def in_lots(records: Iterable[Model], language: str, make: Callable[[Model], object]) -> Iterator[list]:
    """What is made of each record, in lots: between them nothing of the language stays behind in the thread."""
    records = iter(records)
    while True:
        with override(language):
            lot = [make(record) for record in islice(records, ROWS_AT_ONCE)]
        if not lot:
            return
        yield lot


TABLES: dict[str, Table] = {}


def register(table: type[Table]) -> type[Table]:
    """Make a table part of the register's data; a decorator."""
    TABLES[table.name] = table()
    return table


def notes() -> list[str]:
    """What is to be known of the values, whatever the list."""
    return [
        _("Several values in one cell stand in order, with a semicolon and a blank between them."),
        _("A date known only to the month or the year is written 2027-01 or 2027; nothing is added to it."),
        _("An empty cell means: not stated in our sources."),
    ]
