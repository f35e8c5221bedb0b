"""How fast the exports write, and how much memory they take: prints a table, asserts nothing.

    python deploy/bench_exports.py [rows ...]    10,000 and 100,000 unless told

Each size gets a database of its own in a temporary folder, filled with decisions; each
export runs in a process of its own. The memory is what the export adds to the peak of
that process, after an empty export has built what is kept for all of them.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django  # noqa: E402 (the settings are named first)

django.setup()

from django.test import Client  # noqa: E402 (the models need the settings)
from django.utils import timezone  # noqa: E402

from meetings.models import Decision, Meeting, Verb  # noqa: E402
from portal.models import Body, Source, State  # noqa: E402

SIZES = (10_000, 100_000)
# The usual and the largest page of the API, each made for the first time.
API = {"/api/v1/decisions/": 30, "/api/v1/decisions/?page_size=1000": 1000}
EXPORTS = ("decisions.csv", "decisions.xlsx", "decisions.atom", "meetings.ics", "open-data.zip", *API)
NOTHING = "/en/decisions.csv?updated_since=2999-01-01"
LOT = 5_000
PER_MEETING = 100


def record(kind: str, number: int) -> dict:
    return {"slug": f"{kind}-{number}", "state": State.PUBLISHED, "updated": timezone.now()}


def both(field: str, text: str) -> dict:
    return {f"{field}_vi": text, f"{field}_en": text}


def meeting(number: int, series: Body) -> Meeting:
    day = date(2000, 1, 1) + timedelta(days=number)
    texts = both("name", f"Meeting {number}") | both("summary", "The ministers met.")
    return Meeting(series=series, start=day, end=day, status="held", **texts, **record("meeting", number))


def decision(number: int, at: Meeting) -> Decision:
    text = f"Agreed to go on with cooperation in the digital field, number {number}, and to report on it."
    verb = list(Verb)[number % len(Verb)]
    return Decision(
        meeting=at, order=number % PER_MEETING + 1, verb=verb, **both("text", text), **record("decision", number)
    )


def tie(decisions: list[Decision], relation: str, name: str, targets: list) -> None:
    """One of the targets for every decision."""
    through = getattr(Decision, relation).through
    links = (
        through(**{"decision_id": each.pk, f"{name}_id": targets[place % len(targets)].pk})
        for place, each in enumerate(decisions)
    )
    through.objects.bulk_create(links, batch_size=LOT)


def fill(rows: int) -> None:
    bodies = [
        Body(kind="network", status="active", **both("name", f"Body {n}"), **both("mandate", "."), **record("body", n))
        for n in range(20)
    ]
    Body.objects.bulk_create(bodies)
    sources = [
        Source(title=f"Source {n}", publisher="ASEAN", language="en", reliability="primary", **record("source", n))
        for n in range(50)
    ]
    Source.objects.bulk_create(sources)
    count = max(1, rows // PER_MEETING)
    meetings = Meeting.objects.bulk_create((meeting(n, bodies[n % 20]) for n in range(count)), batch_size=LOT)
    decisions = Decision.objects.bulk_create(
        (decision(n, meetings[min(n // PER_MEETING, count - 1)]) for n in range(rows)), batch_size=LOT
    )
    tie(decisions, "sources", "source", sources)
    tie(decisions, "bodies", "body", bodies)


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(address: str) -> int:
    """Read an answer to its end, in parts as a server sends it; its bytes."""
    answer = Client().get(address, headers={"Host": "localhost"})
    parts = answer.streaming_content if answer.streaming else [answer.content]
    return sum(len(part) for part in parts)


def measure(path: str) -> dict:
    read(NOTHING)
    before, start = peak(), time.perf_counter()
    size = read(path if path.startswith("/") else f"/en/{path}")
    return {"seconds": time.perf_counter() - start, "memory": peak() - before, "bytes": size}


def run(database: Path, *arguments: str) -> str:
    """A process of this script, or of manage.py, over a database."""
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{database}", "DEBUG": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def report(rows: int) -> Iterable[str]:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.sqlite3"
        run(database, "manage.py", "migrate", "--verbosity", "0")
        run(database, __file__, "--fill", str(rows))
        for path in EXPORTS:
            found = json.loads(run(database, __file__, "--measure", path))
            written = rows if path.startswith(("decisions", "open")) else max(1, rows // PER_MEETING)
            written = min(written, 500) if path.endswith(".atom") else API.get(path, written)
            yield (
                f"{path:<34}{written:>9,} rows{written / found['seconds']:>10,.0f} rows/s"
                f"{found['memory']:>8.1f} MB{found['bytes'] / 1e6:>9.1f} MB written"
            )


def main(arguments: list[str] | None = None) -> None:
    """Print the table; with --fill or --measure do one part of it in this process."""
    arguments = arguments or []
    if arguments[:1] == ["--fill"]:
        fill(int(arguments[1]))
    elif arguments[:1] == ["--measure"]:
        print(json.dumps(measure(arguments[1])))
    else:
        for rows in map(int, arguments or SIZES):
            print(f"Exports of a register with {rows:,} decisions: rows a second, memory added, size")
            for line in report(rows):
                print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
