"""What the databases keep by themselves and migrations cannot say for both: triggers and text indexes.

Made after every `migrate`, and only where missing: SQLite drops the triggers of a table
that a migration rebuilds.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from portal.entries import ContentVersion, SearchEntry

COLUMNS = ("names", "words", "marked")

# A random text rather than a number: what a rolled-back transaction wrote can never pass for what comes after it.
SQLITE_NEW_VERSION = """DELETE FROM portal_contentversion;
    INSERT INTO portal_contentversion (id, version) VALUES (1, lower(hex(randomblob(16))));"""
SQLITE_VERSION_TRIGGER = """CREATE TRIGGER IF NOT EXISTS "version_{table}_{event}" AFTER {event} ON "{table}"
    BEGIN {new_version} END"""
# Short beginnings are indexed too: "h" would else put together the places of every word that begins with it.
SQLITE_BEGINNINGS = "prefix='1 2 3 4 5 6'"
SQLITE_TEXT_INDEX = f"""CREATE VIRTUAL TABLE IF NOT EXISTS portal_searchentry_fts USING fts5({{columns}},
    content='portal_searchentry', content_rowid='number', tokenize='ascii', {SQLITE_BEGINNINGS})"""
SQLITE_IS_OLD = "SELECT 1 FROM sqlite_master WHERE name = 'portal_searchentry_fts' AND instr(sql, %s) = 0"
SQLITE_FILL_TEXT_INDEX = "INSERT INTO portal_searchentry_fts(portal_searchentry_fts) VALUES ('rebuild')"
SQLITE_TAKE_OUT = """INSERT INTO portal_searchentry_fts(portal_searchentry_fts, rowid, {columns})
    VALUES ('delete', old.number, {old});"""
SQLITE_PUT_IN = "INSERT INTO portal_searchentry_fts(rowid, {columns}) VALUES (new.number, {new});"
SQLITE_INDEX_TRIGGER = """CREATE TRIGGER IF NOT EXISTS "fts_{event}" AFTER {event} ON portal_searchentry
    BEGIN {actions} END"""

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
    columns = ", ".join(COLUMNS)
    take_out = SQLITE_TAKE_OUT.format(columns=columns, old=", ".join(f"old.{column}" for column in COLUMNS))
    put_in = SQLITE_PUT_IN.format(columns=columns, new=", ".join(f"new.{column}" for column in COLUMNS))
    yield SQLITE_TEXT_INDEX.format(columns=columns)
    for event, actions in {"INSERT": put_in, "DELETE": take_out, "UPDATE": f"{take_out} {put_in}"}.items():
        yield SQLITE_INDEX_TRIGGER.format(event=event, actions=actions)
    for table in content_tables():
        for event in ("INSERT", "UPDATE", "DELETE"):
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
    wanted = {*content_tables(), ContentVersion._meta.db_table, SearchEntry._meta.db_table}
    if not wanted <= set(connection.introspection.table_names()):
        return
    statements = sqlite_statements() if connection.vendor == "sqlite" else postgresql_statements()
    if connection.vendor == "sqlite":
        renew_text_index(using)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def renew_text_index(using: str) -> None:
    """Make SQLite's text index anew where it was made before short beginnings were indexed; no entry changes."""
    with transaction.atomic(using), connections[using].cursor() as cursor:
        cursor.execute(SQLITE_IS_OLD, [SQLITE_BEGINNINGS])
        if cursor.fetchone():
            cursor.execute("DROP TABLE portal_searchentry_fts")
            cursor.execute(SQLITE_TEXT_INDEX.format(columns=", ".join(COLUMNS)))
            cursor.execute(SQLITE_FILL_TEXT_INDEX)
