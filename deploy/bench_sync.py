"""How long loading content takes and how much memory it needs: prints a table, asserts nothing.

    .venv/bin/python deploy/bench_sync.py [SIZE ...]

Each measurement is a process of its own, of which the system says how much memory it took
at most, on databases in a temporary folder. What is kept of each record is its key and a few
numbers, so that many records take little more than few; the last row is of long texts.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000)
ROW = """\
- model: portal.source
  fields:
    slug: source-{number}
    title: Joint media statement number {number} on digital cooperation
    publisher: ASEAN
    published_on: 2026-01-16
    precision: day
    url: https://example.org/statements/{number}
    language: en
    reliability: primary
    state: published
    updated: 2026-11-22 00:00:00+00:00

"""


LONG_NOTE = f"    note: {'Seen in the records of the meeting, and once more. ' * 80}\n"  # 4,000 characters


def write_records(path: Path, count: int, changed: int = 0, note: str = "") -> None:
    """A fixture of so many sources, the first ones with another publisher."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            row = ROW.format(number=number).rstrip("\n") + f"\n{note}\n"
            file.write(row.replace("ASEAN\n", "ASEAN Secretariat\n") if number < changed else row)


def measure(database: Path, *arguments: object) -> tuple[float, float]:
    """Seconds and peak megabytes of one management command, as its own process."""
    command = [sys.executable, str(ROOT / "manage.py"), *map(str, arguments)]
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{database}", "DEBUG": "1"}
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - started, used.ru_maxrss / 1024


def show(what: str, measured: tuple[float, float]) -> None:
    seconds, megabytes = measured
    print(f"{what:<58} {seconds:8.1f} s {megabytes:8.0f} MB", flush=True)


def measure_content(database: Path) -> None:
    measure(database, "migrate", "--verbosity", 0)
    show("the content, first time", measure(database, "sync_content"))
    show("the content, unchanged (to take under 5 s)", measure(database, "sync_content"))
    show("the content, dry run", measure(database, "sync_content", "--dry-run"))


def measure_many(folder: Path, count: int) -> None:
    database, path = folder / f"{count}.sqlite3", folder / "many.yaml"
    measure(database, "migrate", "--verbosity", 0)
    write_records(path, count)
    show(f"{count:,} records, first time", measure(database, "sync_content", path))
    show(f"{count:,} records, unchanged", measure(database, "sync_content", path))
    write_records(path, count, changed=count // 100)
    show(f"{count:,} records, one in a hundred changed", measure(database, "sync_content", path))


def main(sizes: list[int]) -> None:
    print(f"{'Loading content (SQLite)':<58} {'time':>10} {'memory':>11}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure_content(folder / "content.sqlite3")
        for count in sizes:
            measure_many(folder, count)
        database, path = folder / "long.sqlite3", folder / "long.yaml"
        measure(database, "migrate", "--verbosity", 0)
        write_records(path, sizes[0], note=LONG_NOTE)
        what = f"{sizes[0]:,} records of 4,000 characters, first time"
        show(what, measure(database, "sync_content", path))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
