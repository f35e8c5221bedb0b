"""The words of every record as the databases index them, and the question put to them.

One code path for two databases: `portal.query` cuts and folds the words, so SQLite's
FTS5 and PostgreSQL's tsvector only look them up. `portal.database` makes the tables
and indexes that Django's migrations cannot.
"""

import json
import sys
from array import array
from collections.abc import Iterable, Iterator

from django.db import connections, models
from django.db.models.expressions import RawSQL
from pyroaring import BitMap

from portal.query import Condition
from portal.reading import reading_alias

LANGUAGES = ("vi", "en")
# In the number of an entry, kind and language stand above these bits and the record below: a set of 32 bits holds it.
RECORD_BITS = 26
MOST_RECORDS = 1 << RECORD_BITS
FEW_ENTRIES = 300
PIECE = 1 << 16  # characters of an answer that are taken apart at once


class ContentVersion(models.Model):
    """One row, whose text changes with every write to a record or its links, in the same transaction.

    Triggers change it (`portal.database`), so that no way of writing can forget to.
    What is derived from the content and kept in memory is kept under it.
    """

    version = models.CharField(max_length=40)

    class Meta:
        app_label = "portal"

    def __str__(self) -> str:
        return self.version


class SearchEntry(models.Model):
    """The words of one record in one language."""

    number = models.BigIntegerField(primary_key=True)
    names = models.TextField()  # what the record is called, without marks
    words = models.TextField()  # all of its texts, without marks
    marked = models.TextField()  # all of its texts, with their marks

    class Meta:
        app_label = "portal"

    def __str__(self) -> str:
        return str(self.number)


def first_number(model: type[models.Model], language: str = LANGUAGES[0]) -> int:
    return (model.search_kind * len(LANGUAGES) + LANGUAGES.index(language)) << RECORD_BITS


def entry_number(model: type[models.Model], record_id: int, language: str) -> int:
    """The number of a record's search entry in a language."""
    return first_number(model, language) + record_id


def numbers_in_use(models: Iterable[type[models.Model]]) -> list[range]:
    """Of each model in each language the numbers from its first entry to its last; one query."""
    table = SearchEntry._meta.db_table
    blocks = [first_number(model, language) for model in models for language in LANGUAGES]
    end = "(SELECT {0}(number) FROM {1} WHERE number BETWEEN {2} AND {3})"
    ends = [end.format(which, table, first, first + MOST_RECORDS - 1) for first in blocks for which in ("min", "max")]
    with connections[reading_alias()].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(ends)}")  # noqa: S608 - names and numbers of ours
        found = cursor.fetchone()
    return [range(first, last + 1) for first, last in zip(found[::2], found[1::2], strict=True) if last is not None]


def vendor() -> str:
    """Which database is read: "sqlite" or "postgresql"."""
    return connections[reading_alias()].vendor


def sqlite_index(column: str) -> str:
    """The table of FTS5 that indexes the words in a column of the entries."""
    return f"{SearchEntry._meta.db_table}_{column}"


def lookup(column: str, condition: Condition) -> tuple[str, str, str]:
    """(number column, table with condition, its one parameter) for the database in use."""
    if vendor() == "sqlite":
        index = sqlite_index(column)
        return "rowid", f"{index} WHERE {index} MATCH %s", condition.fts5()
    return "number", f"portal_searchentry WHERE {column}_vector @@ %s::tsquery", condition.tsquery()


def of_model(number: str, model: type[models.Model]) -> str:
    """The condition that an entry is one of a model; an expression, so that no index but that of the words is used."""
    first = first_number(model) >> RECORD_BITS
    return f"{number} >> {RECORD_BITS} BETWEEN {first} AND {first + len(LANGUAGES) - 1}"


def entries_holding(model: type[models.Model], condition: Condition) -> RawSQL:
    """The ids of the records of a model with an entry that fits, as a subquery."""
    number, table, parameter = lookup("words", condition)
    return RawSQL(f"SELECT {number} & {MOST_RECORDS - 1} FROM {table} AND {of_model(number, model)}", [parameter])  # noqa: S608, S611 - names of ours; the words are a parameter


# PostgreSQL takes reading every entry to be cheap, not knowing that their words stand apart. Said in one message with
# the question, it holds for that one only, and costs no further way to the server and back.
BY_THE_INDEX = "SET LOCAL enable_seqscan = off; "


def pieces_of_text(joined: str) -> Iterator[str]:
    """A text with commas in pieces of some size, cut at commas."""
    start = 0
    while start < len(joined):
        end = joined.find(",", start + PIECE)
        end = len(joined) if end < 0 else end
        yield joined[start:end]
        start = end + 1


def read_numbers(joined: str | bytes | None) -> BitMap:
    """The set of numbers that a database sent as one value: text with commas, or four bytes each, the highest first."""
    if not joined:
        return BitMap()
    if isinstance(joined, str):
        # In pieces: a hundred thousand numbers of Python take 4 MB, the numbers as they are need 400 KB.
        numbers = array("I")
        for piece in pieces_of_text(joined):
            numbers.fromlist(json.loads(f"[{piece}]"))
        return BitMap(numbers)
    numbers = array("I", joined)
    if sys.byteorder == "little":
        numbers.byteswap()
    return BitMap(numbers)


def find_numbers(
    conditions: dict[str, tuple[str, Condition]], model: type[models.Model] | None = None
) -> dict[str, BitMap]:
    """Per name of a condition on a column the numbers of the entries that fit, of one model or of all; one query."""
    is_sqlite = vendor() == "sqlite"
    joined = "group_concat({0})" if is_sqlite else "string_agg(int4send({0}::int), '')"
    selects, parameters = [], []
    for name, (column, condition) in conditions.items():
        number, table, parameter = lookup(column, condition)
        among = f" AND {of_model(number, model)}" if model else ""
        selects.append(f"SELECT '{name}', {joined.format(number)} FROM {table}{among}")  # noqa: S608 - names of ours; the words are a parameter
        parameters.append(parameter)
    question = " UNION ALL ".join(selects)
    with connections[reading_alias()].cursor() as cursor:
        cursor.execute(question if is_sqlite else BY_THE_INDEX + question, parameters)
        if not is_sqlite:
            cursor.nextset()
        return {name: read_numbers(numbers) for name, numbers in cursor}


def find_among(
    numbers: BitMap, conditions: dict[str, tuple[str, Condition]], model: type[models.Model] | None = None
) -> dict[str, BitMap]:
    """Per name of a condition those of some entries that fit; one query.

    Of a few entries each is looked at: this takes a tenth of looking every condition up in the index of PostgreSQL,
    and in that of SQLite, where words are common that together are not.
    """
    if not numbers:
        return {}
    if len(numbers) > FEW_ENTRIES:
        return {name: fitting & numbers for name, fitting in find_numbers(conditions, model).items()}
    return look_at(numbers, conditions) if vendor() == "sqlite" else ask_about(numbers, conditions)


def look_at(numbers: BitMap, conditions: dict[str, tuple[str, Condition]]) -> dict[str, BitMap]:
    """`find_among` by reading the words of the entries."""
    entries = SearchEntry.objects.filter(number__in=list(numbers))
    columns = sorted({column for column, _condition in conditions.values()})
    rows = list(entries.values("number", *columns))
    return {
        name: BitMap(row["number"] for row in rows if condition.holds_in(row[column]))
        for name, (column, condition) in conditions.items()
    }


def ask_about(numbers: BitMap, conditions: dict[str, tuple[str, Condition]]) -> dict[str, BitMap]:
    """`find_among` by asking PostgreSQL about each of the entries."""
    questions = ", ".join(f"{column}_vector @@ %s::tsquery" for column, _condition in conditions.values())
    question = f"SELECT number, {questions} FROM portal_searchentry WHERE number = ANY(%s)"  # noqa: S608 - names of ours; the words are parameters
    parameters = [condition.tsquery() for _column, condition in conditions.values()]
    with connections[reading_alias()].cursor() as cursor:
        cursor.execute(question, [*parameters, list(numbers)])
        rows = cursor.fetchall()
    return {name: BitMap(row[0] for row in rows if row[place]) for place, name in enumerate(conditions, start=1)}
