"""What the databases keep by themselves and migrations cannot say for both: triggers and text indexes.

Made after every `migrate`, and only where missing: SQLite drops the triggers of a table
that a migration rebuilds.
"""

from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from portal.entries import ContentVersion, SearchEntry, sqlite_index

COLUMNS = ("names", "words", "marked")
EVENTS = ("INSERT", "UPDATE", "DELETE")

# A random text rather than a number: what a rolled-back transaction wrote can never pass for what comes after it.
SQLITE_NEW_VERSION = """DELETE FROM portal_contentversion;
    INSERT INTO portal_contentversion (id, version) VALUES (1, lower(hex(randomblob(16))));"""
SQLITE_VERSION_TRIGGER = """CREATE TRIGGER IF NOT EXISTS "version_{table}_{event}" AFTER {event} ON "{table}"
    BEGIN {new_version} END"""
# Each column has an index of its own: with the places of all three in one, a question about names would read them all.
# Short beginnings are indexed too: "h" would else put together the places of every word that begins with it.
SQLITE_TEXT_INDEX = """CREATE VIRTUAL TABLE IF NOT EXISTS {index} USING fts5({column},
    content='portal_searchentry', content_rowid='number', tokenize='ascii', prefix='1 2 3 4 5 6')"""
SQLITE_FILL_TEXT_INDEX = "INSERT INTO {index}({index}) VALUES ('rebuild')"
SQLITE_TAKE_OUT = "INSERT INTO {index}({index}, rowid, {column}) VALUES ('delete', old.number, old.{column});"
SQLITE_PUT_IN = "INSERT INTO {index}(rowid, {column}) VALUES (new.number, new.{column});"
SQLITE_INDEX_TRIGGER = """CREATE TRIGGER IF NOT EXISTS "{column}_{event}" AFTER {event} ON portal_searchentry
    BEGIN {actions} END"""
# Until November 2026 the columns had one index together.
SQLITE_INDEX_OF_ALL = "portal_searchentry_fts"

POSTGRESQL_NEW_VERSION = """CREATE OR REPLACE FUNCTION portal_new_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO portal_contentversion (id, version) VALUES (1, gen_random_uuid()::text)
        ON CONFLICT (id) DO UPDATE SET version = excluded.version;
        RETURN NULL;
    END $$"""
POSTGRESQL_VERSION_TRIGGER = """CREATE OR REPLACE TRIGGER "version_{table}"
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}"
    FOR EACH STATEMENT EXECUTE FUNCTION portal_new_version()"""
POSTGRESQL_VECTOR = """ALTER TABLE portal_searchentry ADD COLUMN IF NOT EXISTS {column}_vector tsvector
    GENERATED ALWAYS AS (to_tsvector('simple', {column})) STORED"""
# The wide columns stand apart, so that going from the index to the numbers of what it found reads few pages.
POSTGRESQL_NARROW = "ALTER TABLE portal_searchentry SET (toast_tuple_target = 128)"
# But the words of names stay in the row: whether they stand together is asked of each row that has them all.
POSTGRESQL_NAMES_INSIDE = "ALTER TABLE portal_searchentry ALTER COLUMN names_vector SET STORAGE MAIN"
POSTGRESQL_TEXT_INDEX = """CREATE INDEX IF NOT EXISTS portal_searchentry_{column} ON portal_searchentry
    USING gin ({column}_vector) WITH (fastupdate = off)"""  # no list of late entries to read through at every search


def content_models() -> list[type[Model]]:
    """Every model whose rows the public may see, by their own mark, in the order in which they may refer to others."""
    return [model for model in apps.get_models() if getattr(model, "is_content", False)]


def content_tables() -> list[str]:
    """The tables of the content: of its models and of the links between them; and of what else pages are made of."""
    models = [*content_models(), *(model for model in apps.get_models() if getattr(model, "is_on_pages", False))]
    links = [field.remote_field.through for model in models for field in model._meta.many_to_many]
    return sorted({model._meta.db_table for model in [*models, *links]})


def sqlite_statements() -> Iterator[str]:
    for column in COLUMNS:
        names = {"index": sqlite_index(column), "column": column}
        take_out, put_in = SQLITE_TAKE_OUT.format(**names), SQLITE_PUT_IN.format(**names)
        yield SQLITE_TEXT_INDEX.format(**names)
        for event, actions in {"INSERT": put_in, "UPDATE": f"{take_out} {put_in}", "DELETE": take_out}.items():
            yield SQLITE_INDEX_TRIGGER.format(column=column, event=event, actions=actions)
    for table in content_tables():
        for event in EVENTS:
            yield SQLITE_VERSION_TRIGGER.format(table=table, event=event, new_version=SQLITE_NEW_VERSION)


def postgresql_statements() -> Iterator[str]:
    yield POSTGRESQL_NARROW
    for column in COLUMNS:
        yield POSTGRESQL_VECTOR.format(column=column)
        yield POSTGRESQL_TEXT_INDEX.format(column=column)
    yield POSTGRESQL_NAMES_INSIDE
    yield POSTGRESQL_NEW_VERSION
    for table in content_tables():
        yield POSTGRESQL_VERSION_TRIGGER.format(table=table)


def complete_database(using: str = DEFAULT_DB_ALIAS, **kwargs) -> None:
    """Make what is missing, once every table of the content is there."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if not {*content_tables(), ContentVersion._meta.db_table, SearchEntry._meta.db_table} <= tables:
        return
    if connection.vendor == "sqlite":
        with transaction.atomic(using):
            execute(using, [*without_index_of_all(tables), *sqlite_statements(), *filling_new_indexes(tables)])
    else:
        execute(using, postgresql_statements())  # each by itself: together they would lock every table at once


def execute(using: str, statements: Iterable[str]) -> None:
    with connections[using].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def without_index_of_all(tables: set[str]) -> Iterator[str]:
    """Takes it away at the second `migrate`: servers of the release before still ask it after the first."""
    if {SQLITE_INDEX_OF_ALL, *map(sqlite_index, COLUMNS)} <= tables:
        for event in EVENTS:
            yield f"DROP TRIGGER IF EXISTS fts_{event}"
        yield f"DROP TABLE {SQLITE_INDEX_OF_ALL}"


def filling_new_indexes(tables: set[str]) -> Iterator[str]:
    """With the entries that were there before the indexes."""
    for column in COLUMNS:
        if sqlite_index(column) not in tables:
            yield SQLITE_FILL_TEXT_INDEX.format(index=sqlite_index(column))
