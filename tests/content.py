"""The content of the register, for tests that need it whole.

Most tests build the few rows they need; these functions serve the others. Loading
takes some seconds, so it is done once a run where the database can be copied, and a
module is filled once and emptied at its end.
"""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import yaml
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils.translation import override

FILES = sorted((settings.BASE_DIR / "fixtures").glob("*.yaml"))


def load_content(*paths: Path) -> None:
    """Load the given fixture files, or all of them in their order; in the default language, as a command does."""
    with override(settings.LANGUAGE_CODE):
        call_command("loaddata", *(paths or FILES), verbosity=0)


def make_once(place: Path, make: Callable[[Path], None]) -> Path:
    """A file of this run: whichever worker needs it first makes it, and the others wait until it is whole."""
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            unfinished = place.with_suffix(".part")
            unfinished.unlink(missing_ok=True)  # of a worker that failed
            make(unfinished)
            unfinished.rename(place)
    return place


def keep_content(place: Path) -> None:
    """Load the content into the test database, and copy it from there."""
    load_content()
    connection.ensure_connection()  # loaddata leaves it closed
    with closing(sqlite3.connect(place)) as copy:
        connection.connection.backup(copy)


@cache
def snapshot(folder: Path) -> sqlite3.Connection:
    """The loaded content as a database of its own, made once a run."""
    return sqlite3.connect(make_once(folder / "content.sqlite3", keep_content), check_same_thread=False)


@cache
def copied_rows() -> dict[str, list[bytes]]:
    """The loaded content as PostgreSQL writes it, table by table; loaded once a run."""
    load_content()
    rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as written:
                rows[table] = [bytes(part) for part in written]
    return rows


def restore_rows() -> None:
    """Write the copied rows in the place of all there are, none of them checked or followed by anything again."""
    rows = copied_rows()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {', '.join(map(connection.ops.quote_name, rows))}")
        for table, parts in rows.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as reading:
                for part in parts:
                    reading.write(part)
        models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in rows]
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def restore_content(folder: Path) -> None:
    """The whole content in the test database, copied from what was loaded once: that takes no time."""
    if connection.vendor == "postgresql":
        restore_rows()
        return
    copy = snapshot(folder)
    connection.ensure_connection()
    copy.backup(connection.connection)


@contextmanager
def whole_content(request, django_db_blocker) -> Iterator[None]:
    """The whole content, for a fixture of the scope "module" that also asks for `django_db_setup`.

    The module must say `pytestmark = pytest.mark.django_db`: without a test that is
    marked so, no test database is made, and this would load into the real one.
    """
    assert request.node.get_closest_marker("django_db"), "Mark the module with django_db."
    with django_db_blocker.unblock():
        restore_content(request.getfixturevalue("run_folder"))
        try:
            yield
        finally:
            call_command("flush", verbosity=0, interactive=False)


@cache
def read_rows(path: Path) -> list[dict]:
    """The rows of a fixture file, each a dictionary with `model` and `fields`."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
