"""What visitors get from a server: gunicorn under production settings on this machine, asked by wrk.

    python deploy/bench_serving.py [--seconds 5] [--steady 60] [--connections 16] [SIZE|content ...]

For each size, on SQLite and where it is installed on PostgreSQL: the time to the first
page, then per page requests a second, latencies, CPU time of the workers and of the
database per request, and that as a multiple of a bare Django view of the same server;
at the end the memory of a worker, and a minute with 64 connections. "cold" is with the
cache of pages switched off, "warm" with it, "304" a visitor who has the page. Without
wrk a small client of asyncio asks instead, and takes time from the server for itself.
Prints, asserts nothing.
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.postgresql import find_binaries, free_port, postgresql  # noqa: E402 - the folder must be on the path first

SIZES = ["content", "100", "10000", "100000"]
HEADERS = {"Accept-Encoding": "gzip, deflate, br"}
FILTERS = {
    "content": "status=ongoing&country=vn",
    "made": "status=ongoing&status=planned&country=sg&country=vn&topic=topic-3",
}
DETAILS = {"content": "5g-rollout", "made": "initiative-7"}
WORDS = {"content": "an+ninh+m%E1%BA%A1ng", "made": "chung3"}
ENVIRONMENT = {
    "DEBUG": "0",
    "HTTPS": "0",
    "SECRET_KEY": "of-the-benchmark-and-nothing-else-0000",
    "API_REQUESTS_A_MINUTE": "0",
    "PYTHONWARNINGS": "ignore",
}
TICKS = os.sysconf("SC_CLK_TCK")
# What wrk prints has no 95th percentile; its script does.
WRK_SCRIPT = """
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


@dataclass
class Load:
    """What so many connections got in so many seconds; latencies in milliseconds."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p95: float
    p99: float


# Who asks


def ask_with_wrk(url: str, headers: dict[str, str], connections: int, seconds: float) -> Load:
    with TemporaryDirectory() as folder:
        script = Path(folder) / "result.lua"
        script.write_text(WRK_SCRIPT, encoding="ascii")
        told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), *told, url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    numbers = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", said)
    requests, duration, errors, *latencies = map(int, numbers.groups())
    return Load(requests, duration / 1e6, errors, *(latency / 1000 for latency in latencies))


async def ask_again_and_again(host: str, port: int, message: bytes, until: float) -> tuple[list[float], int]:
    """The latencies of one connection, and whether it ended in an error. Reads answers that say their length."""
    latencies: list[float] = []
    reader, writer = await asyncio.open_connection(host, port)
    while (started := time.perf_counter()) < until:
        writer.write(message)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length and b" 304 " not in head[:16] else 0)
        except (OSError, asyncio.IncompleteReadError):
            return latencies, 1
        if head[9:10] not in b"23":
            return latencies, 1
        latencies.append((time.perf_counter() - started) * 1000)
    writer.close()
    return latencies, 0


async def ask_at_once(url: str, headers: dict[str, str], connections: int, seconds: float) -> Load:
    _scheme, _empty, place, path = url.split("/", 3)
    host, _, port = place.partition(":")
    lines = [f"GET /{path} HTTP/1.1", f"Host: {place}", *(f"{name}: {value}" for name, value in headers.items())]
    message = ("\r\n".join(lines) + "\r\n\r\n").encode()
    until = time.perf_counter() + seconds
    asked = [ask_again_and_again(host, int(port), message, until) for _ in range(connections)]
    answers = await asyncio.gather(*asked)
    latencies = sorted(latency for those, _error in answers for latency in those) or [0.0]
    p50, p95, p99 = (latencies[int(len(latencies) * part)] for part in (0.5, 0.95, 0.99))
    return Load(len(latencies), seconds, sum(error for _those, error in answers), p50, p95, p99)


def ask(url: str, headers: dict[str, str], connections: int, seconds: float) -> Load:
    if shutil.which("wrk"):
        return ask_with_wrk(url, headers, connections, seconds)
    return asyncio.run(ask_at_once(url, headers, connections, seconds))


# Who answers


def process_status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, or nothing where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []


def children_of(parent: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if (status := process_status(pid)) and int(status[1]) == parent]


def cpu_seconds(pids: list[int]) -> float:
    """CPU time of processes, that of their children which have ended included."""
    return sum(sum(map(int, status[11:15])) / TICKS for pid in pids if (status := process_status(pid)))


def listener_of(port: int) -> int:
    """The process that listens on a port of this machine; 0 where it cannot be told."""
    marks = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    sockets = {f"socket:[{mark[9]}]" for mark in marks if mark[3] == "0A" and int(mark[1].split(":")[1], 16) == port}
    owners = [
        int(path.parts[2])
        for path in Path("/proc").glob("[0-9]*/fd/*")
        if path.is_symlink() and os.readlink(path) in sockets
    ]
    return min(owners, default=0)


def memory(pid: int) -> float:
    """Megabytes of a process, what it shares with others counted in part (PSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024


class Server:
    """gunicorn as `make serve` starts it, and the database behind it."""

    def __init__(self, environment: dict[str, str], database: int) -> None:
        self.environment, self.database = environment, database
        self.port = free_port()
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
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                pass
        except OSError:
            return False
        return bool(self.get("/vi/"))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> dict[str, str]:
        """The headers of an answer. Raises for anything but 200."""
        asked = Request(self.address(path), headers=HEADERS)  # noqa: S310 - an address of our own server
        with urlopen(asked, timeout=60) as answer:  # noqa: S310 - the same
            answer.read()
            return dict(answer.headers)

    def workers(self) -> list[int]:
        return children_of(self.process.pid)

    def processes(self) -> list[int]:
        return [*self.workers(), *([self.database, *children_of(self.database)] if self.database else [])]


@contextmanager
def running(environment: dict[str, str], database: int) -> Iterator[Server]:
    server = Server(environment, database)
    server.start()
    try:
        yield server
    finally:
        server.stop()


# The measurement


class Round:
    """The pages of one server, each beside a bare view of the same moment."""

    def __init__(self, server: Server, connections: int, seconds: float) -> None:
        self.server, self.connections, self.seconds = server, connections, seconds

    def load(self, path: str, headers: dict[str, str], seconds: float) -> tuple[Load, float]:
        """What was got, and milliseconds of CPU per request."""
        before = cpu_seconds(self.server.processes())
        got = ask(self.server.address(path), headers, self.connections, seconds)
        taken = cpu_seconds(self.server.processes()) - before
        return got, taken * 1000 / max(1, got.requests)

    def measure(self, name: str, path: str, *, known: bool = False) -> None:
        for _ in range(8):  # each worker has what it keeps, and the page where pages are kept
            etag = self.server.get(path).get("ETag", "")
        headers = HEADERS | ({"If-None-Match": etag} if known else {})
        bare, plain = self.load("/bare", HEADERS, max(1, self.seconds / 3))
        got, cost = self.load(path, headers, self.seconds)
        rate, bare_rate = got.requests / got.seconds, bare.requests / bare.seconds
        print(
            f"  {name:34}{rate:9.0f}{got.p50:9.1f}{got.p95:9.1f}{got.p99:9.1f}"
            f"{cost:10.2f}{cost / plain:9.1f}{rate / bare_rate:9.2f}{got.errors:8}",
            flush=True,
        )


def pages_of(size: str) -> dict[str, str]:
    kind = "content" if size == "content" else "made"
    return {
        "home": "/vi/",
        "list": "/vi/initiatives/",
        "list, filtered, with facets": f"/vi/initiatives/?{FILTERS[kind]}",
        "detail": f"/vi/initiatives/{DETAILS[kind]}/",
        "search": f"/vi/search/?q={WORDS[kind]}",
    }


def measure(size: str, environment: dict[str, str], database: int, wanted: argparse.Namespace) -> None:
    head = ("requests/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "x bare", "rate", "errors")
    print(
        f"  {'':31}" + "".join(f"{word:>{width}}" for word, width in zip(head, [12, 9, 9, 9, 10, 9, 9, 8], strict=True))
    )
    pages, api, csv = pages_of(size), "/api/v1/initiatives/", "/vi/initiatives.csv"
    with running(environment | {"PAGE_CACHE_MEGABYTES": "0"}, database) as server:
        cold = Round(server, wanted.connections, wanted.seconds)
        cold.measure("bare view", "/bare")
        for name, path in pages.items():
            cold.measure(f"{name}: cold", path)
        cold.measure("API list: made", api)
        cold.measure("API list: 304", api, known=True)
        if size in ("content", "100"):  # a long one streams for longer than the measurement
            cold.measure("CSV: made", csv)
        print(f"  cold server: first page after {server.seconds_to_first_page:.2f} s, {memory_line(server)}")
    with running(environment, database) as server:
        warm = Round(server, wanted.connections, wanted.seconds)
        warm.measure("home as a static file", "/static/home.html")
        for name, path in pages.items():
            warm.measure(f"{name}: warm", path)
            warm.measure(f"{name}: 304", path, known=True)
        warm.measure("CSV: 304", csv, known=True)
        steady = ask(server.address(pages["home"]), HEADERS, 64, wanted.steady)
        print(f"  64 connections for {wanted.steady} s: {steady.requests:,} requests, {steady.errors} errors")
        print(f"  warm server: first page after {server.seconds_to_first_page:.2f} s, {memory_line(server)}")


def memory_line(server: Server) -> str:
    return "workers of " + " and ".join(f"{memory(pid):.0f} MB" for pid in server.workers())


def serve_size(size: str, vendor: str, wanted: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        url, database = f"sqlite:///{folder}/bench.sqlite3", 0
        if vendor == "PostgreSQL":
            url = stack.enter_context(postgresql(find_binaries()))
            database = listener_of(int(url.rpartition(":")[2].partition("/")[0]))
        environment = ENVIRONMENT | {"DATABASE_URL": url, "STATIC_FOLDER": f"{folder}/static"}
        print(f"{vendor}, {size} ({'wrk' if shutil.which('wrk') else 'asyncio'}, {wanted.connections} connections)")
        command = [sys.executable, str(ROOT / "deploy" / "bench_site.py"), size]
        subprocess.run(command, env=os.environ | environment, check=True)
        measure(size, environment, database, wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description="What visitors get from a server.")
    parser.add_argument("sizes", nargs="*", default=SIZES, help="numbers of records, or `content`")
    parser.add_argument("--seconds", type=int, default=5, help="for each page")
    parser.add_argument("--steady", type=int, default=60, help="seconds with 64 connections")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--database", choices=["SQLite", "PostgreSQL"], help="one of them only")
    wanted = parser.parse_args()
    vendors = ["SQLite"] + (["PostgreSQL"] if find_binaries() else [])
    for size in wanted.sizes:
        for vendor in vendors if not wanted.database else [wanted.database]:
            serve_size(size, vendor, wanted)


if __name__ == "__main__":
    main()
