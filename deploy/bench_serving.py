"""What visitors get from a server: gunicorn under production settings on this machine, asked by wrk.

    python deploy/bench_serving.py [--seconds 5] [--steady 60] [--connections 16] [--database ...] [SIZE|content ...]

For each size, on SQLite and where it is installed on PostgreSQL, two tables in Markdown: "cold",
with the cache of pages switched off, and "warm", with it; "304" is a visitor who has the page.
Around them the time from the start of the server to the whole home page, the memory of the
workers, and a minute with 64 connections. Prints, asserts nothing.

A line is measured in slices of a second, of more where answers take long, the bare view and
the page in turn: what else the machine does meanwhile meets both. Each slice ends when the
server is at rest again, and what it still had to do then is counted with it: else the end of
a slow page would be the bare view's. "x bare" and "rate", the CPU time of a request and the
requests a second as multiples of the bare view's, are medians over these pairs; latencies are
those of all slices together. /proc counts CPU time in steps of 10 ms, a hundredth of a slice.
Before a line is measured, each worker has made its page.

The bare view is a view that answers "ok" through gunicorn, Django's handler and all of the
register's middleware (bench_site.py); "bare view, no middleware" is the same without.
CPU time is that of the workers and of PostgreSQL. A CSV file, which is streamed, is asked
for by one visitor, to its end. wrk counts a long answer also as those which its connection
could have asked for meanwhile, so high percentiles are rather too high. Without wrk a small
client of asyncio asks instead (bench_clients.py), and takes time from the server for itself.
"""

import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from deploy.bench_clients import Load, ask, ask_patiently  # noqa: E402 - the folder must be on the path first
from tests.postgresql import find_binaries, free_port, postgresql  # noqa: E402 - the same

SIZES = ["content", "100", "10000", "100000"]
FILL_SECONDS = {"content": 25, "100": 10, "10000": 50, "100000": 500}  # roughly, to say how long all will take
HEADERS = {"Accept-Encoding": "gzip, deflate, br"}
FILTERS = {
    "content": "status=ongoing&country=vn",
    "made": "status=ongoing&status=planned&country=sg&country=vn&topic=topic-3",
}
DETAILS = {"content": "5g-rollout", "made": "initiative-7"}
WORDS = {"content": "an+ninh+m%E1%BA%A1ng", "made": "chung3"}
BARE, HOME, API, CSV = "/bare", "/vi/", "/api/v1/initiatives/", "/vi/initiatives.csv"
ENVIRONMENT = {
    "DEBUG": "0",
    "HTTPS": "0",
    "SECRET_KEY": "of-the-benchmark-and-nothing-else-0000",
    "API_REQUESTS_A_MINUTE": "0",
    "PYTHONWARNINGS": "ignore",
}
TICKS = os.sysconf("SC_CLK_TCK")
SLICE = 1  # second: the shortest time for which wrk asks
LONGEST_SLICE = 20  # seconds
QUIET = 0.05  # seconds without work that count as rest
MANY = 64  # connections of the last minute
MEMORY = "1GB"  # of PostgreSQL, where the entries of 100,000 records find room
VARIANTS = {"": "identity", ".gz": "gzip", ".br": "br"}  # of a static file: what whitenoise looks for


# Processes


def process_status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, or nothing where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def children_of(parent: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if (status := process_status(pid)) and int(status[1]) == parent]


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of processes, that of their children which have ended included."""
    return sum(sum(map(int, status[11:15])) / TICKS for pid in pids if (status := process_status(pid)))


def thread_state(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def are_at_rest(pids: Iterable[int]) -> bool:
    """Whether no thread of the processes runs, or would if the machine let it, or reads from a disk."""
    threads = [path for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return not any(thread_state(path) in ("R", "D") for path in threads)


def link_of(path: Path) -> str:
    """Where a link points; empty where that is not for us to read, or the process is gone."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def listener_of(port: int) -> int:
    """The process that listens on a port of this machine; 0 where it cannot be told."""
    marks = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    sockets = {f"socket:[{mark[9]}]" for mark in marks if mark[3] == "0A" and int(mark[1].split(":")[1], 16) == port}
    owners = [int(path.parts[2]) for path in Path("/proc").glob("[0-9]*/fd/*") if link_of(path) in sockets]
    return min(owners, default=0)


def memory(pid: int) -> float:
    """Megabytes of a process, what it shares with others counted in part (PSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


# Who answers


@dataclass
class Answer:
    status: int
    etag: str
    encoding: str
    body: bytes

    @classmethod
    def read(cls, response: HTTPResponse) -> "Answer":
        headers = response.headers
        return cls(response.status, headers.get("ETag", ""), headers.get("Content-Encoding", ""), response.read())


class Server:
    """gunicorn as `make serve` starts it, and the database behind it."""

    def __init__(self, port: int, environment: dict[str, str], database: int) -> None:
        self.port, self.environment, self.database = port, environment, database
        self.process: subprocess.Popen | None = None
        self.seconds_to_first_page = 0.0

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")]
        command += ["bench_site:serve()", "--pythonpath", str(ROOT / "deploy"), "--bind", f"127.0.0.1:{self.port}"]
        command += ["--max-requests", "0", "--log-level", "error"]  # no worker is replaced while it is measured
        started = time.monotonic()
        self.process = subprocess.Popen(command, env=os.environ | self.environment, cwd=ROOT)
        while not self.answers():
            time.sleep(0.01)
        self.seconds_to_first_page = time.monotonic() - started

    def answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError("gunicorn did not start")
        try:
            status = self.get(HOME).status
        except ConnectionError:
            return False
        if status != 200:
            raise RuntimeError(f"the home page is answered with {status}")
        return True

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, path: str, headers: dict[str, str] = HEADERS) -> Answer:
        with closing(self.connect()) as connection:
            connection.request("GET", path, headers=headers)
            return Answer.read(connection.getresponse())

    def etag(self, path: str) -> str:
        """Of what may be too long to be read for it."""
        with closing(self.connect()) as connection:
            connection.request("GET", path, headers=HEADERS)
            return connection.getresponse().headers.get("ETag", "")

    def get_from_each(self, path: str, headers: dict[str, str]) -> Answer:
        """The last answer, after each worker has given some: a connection stays with the worker that took it up."""
        waiting = set(self.workers())
        while waiting:
            with closing(self.connect()) as connection:
                connection.request("GET", "/worker")
                worker = int(connection.getresponse().read())
                for _ in range(3):
                    connection.request("GET", path, headers=headers)
                    answer = Answer.read(connection.getresponse())
            waiting.discard(worker)
        return answer

    def workers(self) -> list[int]:
        return children_of(self.process.pid)

    def processes(self) -> list[int]:
        return [*self.workers(), *([self.database, *children_of(self.database)] if self.database else [])]

    def rest(self) -> float:
        """Waits until there is nothing left to do; gives the seconds that this took."""
        processes, started = self.processes(), time.monotonic()
        last_busy = started
        while time.monotonic() < last_busy + QUIET:
            if not are_at_rest(processes):
                last_busy = time.monotonic()
            time.sleep(QUIET / 5)
        return last_busy - started


@contextmanager
def running(port: int, environment: dict[str, str], database: int) -> Iterator[Server]:
    server = Server(port, environment, database)
    server.start()
    try:
        yield server
    finally:
        server.stop()


# The measurement


@dataclass
class Slice:
    """What was got in a short time; milliseconds of CPU a request, and requests a second."""

    load: Load
    cost: float
    rate: float


def cells(*texts: str) -> str:
    name, *numbers = texts
    return f"| {name:34} | " + " | ".join(f"{number:>10}" for number in numbers) + " |"


def table_head() -> str:
    words = ("requests/s", "p50 ms", "p95 ms", "p99 ms", "p99/p50", "CPU ms", "x bare", "rate", "errors")
    return cells("page", *words) + "\n| " + "-" * 34 + " |" + " ---------: |" * len(words)


class Round:
    """The pages of one server, each beside the bare view of the same moments."""

    def __init__(self, server: Server, connections: int, pairs: int) -> None:
        self.server, self.connections, self.pairs = server, connections, pairs
        self.bare: list[Slice] = []
        self.errors: list[str] = []
        print(table_head(), flush=True)

    def measure(self, name: str, path: str, *, known: bool = False) -> None:
        """A line of the table; with `known` for a visitor who has the page already."""
        headers = HEADERS | ({"If-None-Match": self.server.etag(path)} if known else {})
        if self.server.get_from_each(path, headers).status != (304 if known else 200):
            raise RuntimeError(f"{path}: not what was to be measured")
        # All threads of the workers, too. Who waits long for an answer needs longer slices to get some.
        ask_patiently(self.server.address(BARE), HEADERS, self.connections, 0.1)
        waited = ask_patiently(self.server.address(path), headers, self.connections, 0.1).percentile(1) / 1000
        seconds = min(LONGEST_SLICE, max(SLICE, ceil(2 * waited)))
        bare, page = [], []
        for _ in range(self.pairs):
            bare.append(self.slice(BARE, HEADERS, SLICE))
            page.append(self.slice(path, headers, seconds))
        self.bare += bare
        pairs = list(zip(page, bare, strict=True))
        cost = statistics.median(one.cost / other.cost for one, other in pairs)
        rate = statistics.median(one.rate / other.rate for one, other in pairs)
        self.print_line(name, page, f"{cost:.2f}", f"{rate:.2f}")

    def slice(self, path: str, headers: dict[str, str], seconds: int) -> Slice:
        self.server.rest()
        before = cpu_seconds(self.server.processes())
        load = ask(self.server.address(path), headers, self.connections, seconds)
        late = self.server.rest()
        taken = cpu_seconds(self.server.processes()) - before
        handled = max(1, load.handled)
        return Slice(load, taken * 1000 / handled, handled / (load.seconds + late))

    def measure_file(self, name: str, path: str) -> None:
        """A line for a file that is streamed, to one visitor, beside all that was asked of the bare view."""
        before = cpu_seconds(self.server.processes())
        load = ask_patiently(self.server.address(path), HEADERS, 1, self.pairs, patience=600)
        taken = (cpu_seconds(self.server.processes()) - before) * 1000 / max(1, load.requests)
        bare = statistics.median(slice.cost for slice in self.bare)
        self.print_line(name, [Slice(load, taken, load.requests / load.seconds)], f"{taken / bare:.0f}", "")

    def print_line(self, name: str, page: list[Slice], cost_ratio: str, rate_ratio: str) -> None:
        load = sum((slice.load for slice in page), Load())
        p50, p95, p99 = (load.percentile(part) for part in (0.5, 0.95, 0.99))
        rate = statistics.median(slice.rate for slice in page)
        cost = statistics.median(slice.cost for slice in page)
        latencies = (f"{p50:.1f}", f"{p95:.1f}", f"{p99:.1f}", f"{p99 / (p50 or 1):.1f}")
        errors = load.errors.total()
        shown_rate = f"{rate:.0f}" if rate >= 10 else f"{rate:.2f}"
        print(cells(name, shown_rate, *latencies, f"{cost:.2f}", cost_ratio, rate_ratio, str(errors)), flush=True)
        if errors:
            self.errors.append(f"{name}: {errors_in_words(load)}")

    def print_end(self) -> None:
        self.print_line("bare view, all slices", self.bare, "1.00", "1.00")
        for line in self.errors:
            print(f"\nErrors, {line}")


def errors_in_words(load: Load) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in load.errors.items()) or "no error"


def pages_of(size: str) -> dict[str, str]:
    kind = "content" if size == "content" else "made"
    return {
        "home": HOME,
        "list": "/vi/initiatives/",
        "list, filtered, with facets": f"/vi/initiatives/?{FILTERS[kind]}",
        "detail": f"/vi/initiatives/{DETAILS[kind]}/",
        "search": f"/vi/search/?q={WORDS[kind]}",
    }


def write_home(server: Server, folder: Path) -> None:
    """The home page as a static file: what the server sends, also compressed, under the names of whitenoise."""
    for suffix, encoding in VARIANTS.items():
        page = server.get(HOME, {"Accept-Encoding": encoding})
        (folder / f"home.html{suffix}").write_bytes(page.body)


def compare_homes(server: Server) -> None:
    """Raises RuntimeError where the static file is not the page, to the byte."""
    for encoding in VARIANTS.values():
        page, file = (server.get(path, {"Accept-Encoding": encoding}) for path in (HOME, "/static/home.html"))
        if (file.body, file.encoding) != (page.body, page.encoding):
            raise RuntimeError(f"the static file is not the home page ({encoding})")


def measure_cold(server: Server, size: str, wanted: argparse.Namespace) -> None:
    cold = Round(server, wanted.connections, wanted.seconds)
    cold.measure("bare view, no middleware", "/bare-alone")
    for name, path in pages_of(size).items():
        cold.measure(f"{name}: cold", path)
    cold.measure("API list: made", API)
    cold.measure("API list: 304", API, known=True)
    cold.measure_file("CSV: made, one visitor", CSV)
    cold.print_end()


def measure_warm(server: Server, size: str, wanted: argparse.Namespace) -> None:
    warm = Round(server, wanted.connections, wanted.seconds)
    warm.measure("home as a static file", "/static/home.html")
    for name, path in pages_of(size).items():
        warm.measure(f"{name}: warm", path)
        warm.measure(f"{name}: 304", path, known=True)
    warm.measure("CSV: 304", CSV, known=True)
    warm.print_end()
    many = ask(server.address(HOME), HEADERS, MANY, wanted.steady)
    print(
        f"\n{MANY} connections for {wanted.steady} s, home: {many.requests:,} requests, {errors_in_words(many)}; "
        f"p50 {many.percentile(0.5):.1f} ms, p99 {many.percentile(0.99):.1f} ms"
    )


def print_server(server: Server) -> None:
    workers = " and ".join(f"{memory(pid):.0f} MB" for pid in server.workers())
    print(
        f"\nFirst page {server.seconds_to_first_page:.2f} s after the start; at the end workers of {workers}, "
        f"gunicorn's own process {memory(server.process.pid):.0f} MB.\n",
        flush=True,
    )


def measure(size: str, environment: dict[str, str], database: int, wanted: argparse.Namespace) -> None:
    port = free_port()  # one for both servers: pages name their own address
    with running(port, environment | {"PAGE_CACHE_MEGABYTES": "0"}, database) as server:
        measure_cold(server, size, wanted)
        print_server(server)
        write_home(server, Path(environment["STATIC_FOLDER"]))
    with running(port, environment, database) as server:
        compare_homes(server)
        measure_warm(server, size, wanted)
        print_server(server)


def serve_size(size: str, vendor: str, wanted: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        url, database = f"sqlite:///{folder}/bench.sqlite3", 0
        if vendor == "PostgreSQL":
            url = stack.enter_context(postgresql(find_binaries(), memory=MEMORY))
            database = listener_of(int(url.rpartition(":")[2].partition("/")[0]))
        environment = ENVIRONMENT | {"DATABASE_URL": url, "STATIC_FOLDER": f"{folder}/static"}
        started = time.monotonic()
        command = [sys.executable, str(ROOT / "deploy" / "bench_site.py"), size]
        subprocess.run(command, env=os.environ | environment, check=True)
        filled = time.monotonic() - started
        asking = "wrk" if shutil.which("wrk") else "asyncio"
        print(f"### {vendor}, {size} (filled in {filled:.0f} s; {asking}, {wanted.connections} connections)\n")
        measure(size, environment, database, wanted)


def minutes(wanted: argparse.Namespace, vendors: list[str]) -> float:
    """About how long all of it takes."""
    lines = 21
    asking = lines * (wanted.seconds * 2 * (SLICE + 0.3) + 1) + wanted.steady
    return len(vendors) * sum(asking + FILL_SECONDS.get(size, 60) for size in wanted.sizes) / 60


def main() -> None:
    parser = argparse.ArgumentParser(description="What visitors get from a server.")
    parser.add_argument("sizes", nargs="*", default=SIZES, help="numbers of records, or `content`")
    parser.add_argument("--seconds", type=int, default=5, help="for each page, and as many for the bare view")
    parser.add_argument("--steady", type=int, default=60, help=f"seconds with {MANY} connections")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--database", choices=["SQLite", "PostgreSQL"], help="one of them only")
    wanted = parser.parse_args()
    vendors = ["SQLite"] + (["PostgreSQL"] if find_binaries() else [])
    vendors = [wanted.database] if wanted.database else vendors
    print(f"What visitors get from a server: takes about {minutes(wanted, vendors):.0f} minutes.\n", flush=True)
    for size in wanted.sizes:
        for vendor in vendors:
            serve_size(size, vendor, wanted)


if __name__ == "__main__":
    main()
