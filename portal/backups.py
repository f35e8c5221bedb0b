"""Copies of the whole database, made while the register is in use, and checked before anybody relies on them.

SQLite has its own online backup; PostgreSQL its tools `pg_dump`, `pg_restore` and `psql`, which must
be as new as the server. A copy is written beside its place and moved there only when it proved whole.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

SQLITE_FILE = b"SQLite format 3\0"
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
IN_TURN = 20  # seconds that a restore into SQLite waits for whoever has the database for himself


class Unusable(Exception):
    """A copy that cannot be made or relied on; its text says why, for whoever typed the command."""


@contextmanager
def at_hand() -> Iterator[None]:
    """What Django says of a database that cannot be asked, in the words of the commands."""
    try:
        yield
    except DatabaseError as error:
        name = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
        raise Unusable(f"The database {name} does not answer: {' '.join(str(error).split())}") from error


def is_sqlite() -> bool:
    return connections[DEFAULT_DB_ALIAS].vendor == "sqlite"


def models_kept() -> list[type[Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


@at_hand()
def count_rows() -> dict[str, int]:
    """Rows by table of the database in use."""
    return {model._meta.db_table: model._base_manager.count() for model in models_kept()}


@at_hand()
def write_backup(place: Path) -> None:
    """A copy of one moment of the database, checked. Raises Unusable, or OSError where nothing can be written."""
    with TemporaryDirectory(prefix=f"{place.name}.unfinished-", dir=place.parent) as folder:
        unfinished = Path(folder, place.name)
        unfinished.touch(mode=0o600)  # it holds the hashes of passwords
        (copy_sqlite if is_sqlite() else dump_postgresql)(unfinished)
        check(unfinished)
        unfinished.replace(place)


def copy_sqlite(place: Path) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    try:
        with closing(sqlite3.connect(place)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, whatever the database keeps beside its own
    except sqlite3.Error as error:
        raise Unusable(f"No copy was made: {error}.") from error


def check(place: Path) -> None:
    """Whether a file is a whole copy for the kind of database in use. Raises Unusable."""
    if not place.is_file():
        raise Unusable(f"There is no file {place}.")
    is_copy_of_sqlite = place.open("rb").read(len(SQLITE_FILE)) == SQLITE_FILE
    if is_copy_of_sqlite != is_sqlite():
        kind = "SQLite" if is_sqlite() else "PostgreSQL"
        raise Unusable(f"{place} is no copy of a {kind} database.")
    (check_sqlite if is_copy_of_sqlite else check_dump)(place)


def open_to_read(place: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)


def check_sqlite(place: Path) -> None:
    try:
        with closing(open_to_read(place)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchall()
            orphans = copy.execute("PRAGMA foreign_key_check").fetchall()
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise Unusable(f"{place} is damaged: {error}") from error
    if found != [("ok",)] or orphans:
        raise Unusable(f"{place} is damaged: {found[0][0]}; {len(orphans)} references lead nowhere.")
    expect_tables(place, tables)


def expect_tables(place: Path, tables: set[str]) -> None:
    if "django_migrations" not in tables or "portal_source" not in tables:
        raise Unusable(f"{place} is a database, but not one of the register.")


def check_dump(place: Path) -> None:
    """Everything in a dump is unpacked, into nowhere, so that one cut short is noticed."""
    listed = run_tool("pg_restore", "--list", str(place)).decode()
    run_tool("pg_restore", "--file", os.devnull, str(place))
    expect_tables(
        place, {words[-2] for line in listed.splitlines() if "TABLE DATA" in line and (words := line.split())}
    )


def dump_postgresql(place: Path) -> None:
    run_tool(
        "pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--file={place}", f"--dbname={name_of_database()}"
    )


def name_of_database() -> str:
    return str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])


def run_tool(tool: str, *arguments: str) -> bytes:
    """What one of PostgreSQL's tools prints; it is told of the server by the environment, where no list shows it."""
    found = shutil.which(tool) or newest_of_debian(tool)
    if not found:
        raise Unusable(f"{tool} is not installed; on Debian: apt-get install postgresql-client")
    settings = connections[DEFAULT_DB_ALIAS].settings_dict
    server = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    known = {variable: str(settings[name]) for variable, name in server.items() if settings[name]}
    run = subprocess.run([found, *arguments], env=os.environ | known, capture_output=True, check=False)
    if run.returncode:
        raise Unusable(f"{tool} failed: {run.stderr.decode(errors='replace').strip()}")
    return run.stdout


def newest_of_debian(tool: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else None


@at_hand()
def holds_rows() -> bool:
    """Whether the database in use has tables that somebody would miss."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        return bool(connection.introspection.table_names(cursor))


@at_hand()
def read_backup(place: Path) -> None:
    """The database becomes what the copy holds, at once or not at all. Raises Unusable."""
    check(place)
    (restore_sqlite if is_sqlite() else restore_postgresql)(place)
    connections[DEFAULT_DB_ALIAS].close()


def restore_sqlite(place: Path) -> None:
    """In one step of SQLite's own, that waits for who writes; who reads meanwhile sees the state before."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    until = monotonic() + IN_TURN

    def wait(status: int, *pages: int) -> None:
        if status in BUSY and monotonic() > until:
            raise Unusable("The database is in use. Stop the servers and try again.")

    try:
        with closing(open_to_read(place)) as copy:
            copy.backup(connection.connection, progress=wait)  # which else tries again for ever
    except sqlite3.Error as error:
        raise Unusable(f"The database stays as it was, because it cannot be written: {error}.") from error


def restore_postgresql(place: Path) -> None:
    arguments = ("--clean", "--if-exists", "--no-owner", "--no-acl", "--single-transaction", "--exit-on-error")
    run_tool("pg_restore", *arguments, f"--dbname={name_of_database()}", str(place))


def migrations_missing() -> list[str]:
    """Migrations that the code has and the database has not, by name."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def migrations_unknown() -> list[str]:
    """Migrations that the database has and the code has not: it was made by a later release."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    applied = MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations()
    ours = {config.label for config in apps.get_app_configs()}
    return [
        f"{app}.{name}"
        for app, name in sorted(applied)
        if app in ours and (app, name) not in executor.loader.disk_migrations
    ]
