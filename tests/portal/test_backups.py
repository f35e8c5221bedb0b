"""Backups: made and read back while others write, checked, and never in place of something by mistake."""

import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import DEFAULT_DB_ALIAS

from portal import backups
from tests.conftest import miss
from tests.postgresql import find_binaries, postgresql
from tests.register import Register, psycopg


def write_all_the_while(register: Register, act) -> int:
    """Do something while a row after another is written; how many rows were there when it was done."""
    ended, written = threading.Event(), [0]

    def write() -> None:
        while not ended.is_set():
            register.write(written[0] + 1)
            written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    while written[0] < 5:
        time.sleep(0.01)
    try:
        act()
    finally:
        ended.set()
        writer.join()
    return written[0]


def save_and_bring_back(register: Register, place: Path) -> None:
    """A backup under writes is one moment of them, and reading it back gives just that moment."""
    made = []
    written = write_all_the_while(register, lambda: made.append(register.manage("backup", place)))
    assert made[0].returncode == 0, made[0].stderr
    assert "checked" in made[0].stdout
    assert register.numbers() == list(range(1, written + 1))
    read = register.manage("restore", place, "--force")
    assert read.returncode == 0, read.stderr
    assert "every migration is there" in read.stdout
    kept = register.numbers()
    assert 5 <= len(kept) <= written
    assert kept == list(range(1, len(kept) + 1))


def test_a_backup_of_sqlite_under_writes_is_one_moment_and_is_brought_back(register, tmp_path):
    save_and_bring_back(register, tmp_path / "copy.backup")
    assert (tmp_path / "copy.backup").stat().st_mode & 0o777 == 0o600


def test_a_backup_of_postgresql_under_writes_is_one_moment_and_is_brought_back(tmp_path):
    if (binaries := find_binaries()) is None:
        miss("PostgreSQL")
    if psycopg is None:
        miss("psycopg (requirements-scale.txt)")
    with postgresql(binaries) as url:
        register = Register(url)
        assert register.manage("migrate", "--verbosity", "0").returncode == 0
        with closing(register.connect()) as connection:
            # Its columns beside are made by the database.
            assert connection.execute("SELECT count(*) FROM portal_searchentry").fetchone() == (0,)
        save_and_bring_back(register, tmp_path / "copy.backup")
        cut = tmp_path / "cut"
        cut.write_bytes((tmp_path / "copy.backup").read_bytes()[:-2000])
        refused = register.manage("restore", cut, "--force")
        assert refused.returncode == 1
        assert "pg_restore failed" in refused.stderr


def test_restoring_waits_for_who_writes_and_writers_go_on_afterwards(register, tmp_path):
    register.write(1_000_000)
    assert register.manage("backup", tmp_path / "copy.backup").returncode == 0
    results = []
    write_all_the_while(
        register, lambda: results.append(register.manage("restore", tmp_path / "copy.backup", "--force"))
    )
    assert results[0].returncode == 0, results[0].stderr
    assert 1_000_000 in register.numbers()
    register.write(2_000_000)
    assert register.numbers()[-1] == 2_000_000


def test_nothing_is_replaced_unless_somebody_says_so(register, tmp_path):
    place = tmp_path / "copy.backup"
    assert register.manage("backup", place).returncode == 0
    before = place.read_bytes()
    again = register.manage("backup", place)
    assert (again.returncode, "--force" in again.stderr) == (1, True)
    assert place.read_bytes() == before
    onto = register.manage("restore", place)
    assert (onto.returncode, "The database is not empty" in onto.stderr) == (1, True)


def test_a_folder_gets_a_file_named_by_the_moment(register, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    run = register.manage("backup", folder)
    (made,) = folder.iterdir()
    assert made.name.startswith("register-")
    assert str(made) in run.stdout


def test_a_folder_that_is_not_there_is_not_taken_for_a_file(register, tmp_path):
    run = register.manage("backup", tmp_path / "backups")
    assert run.returncode == 1
    assert f"There is no folder {tmp_path / 'backups'}; make it" in run.stderr
    assert not (tmp_path / "backups").exists()


def test_where_there_is_no_database_none_is_made_to_be_backed_up(tmp_path):
    mistyped = tmp_path / "regster.sqlite3"
    run = Register(f"sqlite:///{mistyped}").manage("backup", tmp_path)
    assert run.returncode == 1
    assert run.stderr.strip() == f"CommandError: There is no database {mistyped}; look at DATABASE_URL."
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "told"), [("backup", "There is no database "), ("restore", "unable to open database file")]
)
def test_a_database_that_cannot_be_opened_is_said_in_a_sentence(command, told, register, tmp_path):
    kept = tmp_path / "kept.backup"
    register.manage("backup", kept)
    run = Register(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite3'}").manage(command, kept, "--force")
    assert run.returncode == 1
    assert run.stderr.startswith("CommandError: The")
    assert told in run.stderr and "Traceback" not in run.stderr


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0 and nothing more", b""])
def test_what_is_no_whole_copy_is_refused_and_changes_nothing(register, tmp_path, content):
    register.write(7)
    place = tmp_path / "copy.backup"
    place.write_bytes(content)
    refused = register.manage("restore", place, "--force")
    assert refused.returncode == 1
    assert str(place) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert register.numbers() == [7]


def test_a_damaged_copy_is_noticed_before_anything_is_replaced(register, tmp_path):
    register.write(7)
    place = tmp_path / "copy.backup"
    register.manage("backup", place)
    content = bytearray(place.read_bytes())
    content[4096:40960] = bytes(36864)
    place.write_bytes(content)
    assert register.manage("restore", place, "--check").returncode == 1
    assert register.manage("restore", place, "--force").returncode == 1
    assert register.numbers() == [7]


def test_an_empty_database_is_filled_without_force(register, tmp_path):
    register.write(7)
    register.manage("backup", tmp_path / "copy.backup")
    other = Register(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    run = other.manage("restore", tmp_path / "copy.backup")
    assert run.returncode == 0, run.stderr
    assert other.numbers() == [7]


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """No file grows beyond a size, as on a disk that is nearly full; also in the commands that are run meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_copy_for_which_there_is_no_room_leaves_nothing_behind(register, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    with little_room(200_000):
        run = register.manage("backup", folder / "copy.backup")
    assert (run.returncode, run.stderr) == (1, "CommandError: No copy was made: disk I/O error.\n")
    assert list(folder.iterdir()) == []


def test_a_folder_that_takes_no_file_is_said_in_a_sentence(register):
    run = register.manage("backup", "/proc/copy.backup")
    assert run.returncode == 1
    assert run.stderr == "CommandError: /proc/copy.backup cannot be written: No such file or directory.\n"


def test_a_copy_that_there_is_no_room_to_restore_leaves_the_database_as_it_was(register, tmp_path):
    register.manage("backup", tmp_path / "copy.backup")
    register.write(7)
    with little_room(200_000):
        run = register.manage("restore", tmp_path / "copy.backup", "--force")
    assert run.returncode == 1
    assert run.stderr == "CommandError: The database stays as it was, because it cannot be written: disk I/O error.\n"
    assert register.numbers() == [7]
    after = register.manage("backup", tmp_path / "after.backup")
    assert after.returncode == 0, after.stderr


def test_restoring_does_not_wait_for_ever_for_who_keeps_the_database_to_himself(register, tmp_path, monkeypatch):
    register.manage("backup", tmp_path / "copy.backup")
    register.write(7)
    with (
        closing(register.connect()) as other,
        closing(sqlite3.connect(register.url.removeprefix("sqlite:///"), timeout=0.1)) as own,
    ):
        other.execute("BEGIN EXCLUSIVE")
        database = SimpleNamespace(ensure_connection=lambda: None, connection=own)
        monkeypatch.setattr(backups, "connections", {DEFAULT_DB_ALIAS: database})
        monkeypatch.setattr(backups, "IN_TURN", 0.3)
        with pytest.raises(backups.Unusable, match="in use"):
            backups.restore_sqlite(tmp_path / "copy.backup")
    assert register.numbers() == [7]


@pytest.mark.parametrize("name", ["x#1.backup", "q?x#y%20.backup", "50%.backup", "bản sao.backup"])
def test_a_file_may_have_any_name(register, tmp_path, name):
    folder = tmp_path / "copies #1?"
    folder.mkdir()
    register.write(7)
    made = register.manage("backup", folder / name)
    assert made.returncode == 0, made.stderr
    assert [file.name for file in folder.iterdir()] == [name]
    checked = register.manage("restore", folder / name, "--check")
    assert (checked.returncode, checked.stdout) == (0, f"{folder / name} is whole.\n")
    register.write(8)
    assert register.manage("restore", folder / name, "--force").returncode == 0
    assert register.numbers() == [7]
