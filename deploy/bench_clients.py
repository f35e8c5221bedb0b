"""Who asks in the benchmark: wrk where it is installed, else a small client of asyncio.

Both keep so many connections busy for so many seconds, each with one request at a time,
and count every answer that is no success, and every one that does not come, as an error.
wrk leaves alone what is on its way when its time is over; the small client waits for it,
which makes it the one for answers that take longer than the time itself.
"""

import asyncio
import re
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE = 10  # seconds after which a visitor goes away
KINDS = ("connect", "read", "write", "status", "timeout")
# What wrk prints has no 95th percentile, and what two runs print cannot be put together; its script tells all.
WRK_SCRIPT = """
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d %d\\n", summary.requests, summary.duration,
    e.connect, e.read, e.write, e.status, e.timeout))
  for i = 1, #latency do
    io.write(string.format("LATENCY %d %d\\n", latency(i)))
  end
end
"""
WRK_RESULT = re.compile(r"^RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", re.MULTILINE)
WRK_LATENCY = re.compile(r"^LATENCY (\d+) (\d+)$", re.MULTILINE)


@dataclass
class Load:
    """What some connections got: how many answers in how many seconds, and how often after how many microseconds."""

    requests: int = 0
    seconds: float = 0.0
    unfinished: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    latencies: Counter[int] = field(default_factory=Counter)

    def __add__(self, other: "Load") -> "Load":
        return Load(
            self.requests + other.requests,
            self.seconds + other.seconds,
            self.unfinished + other.unfinished,
            self.errors + other.errors,
            self.latencies + other.latencies,
        )

    @property
    def handled(self) -> int:
        """What the server had to work on: the requests that were still on their way too."""
        return self.requests + self.unfinished

    def percentile(self, part: float) -> float:
        """The milliseconds within which such a part of the answers came."""
        left = part * self.latencies.total()
        for latency, count in sorted(self.latencies.items()):
            left -= count
            if left <= 0:
                return latency / 1000
        return 0.0


def ask(url: str, headers: dict[str, str], connections: int, seconds: int) -> Load:
    if shutil.which("wrk"):
        return ask_with_wrk(url, headers, connections, seconds)
    return ask_patiently(url, headers, connections, seconds)


# wrk


def ask_with_wrk(url: str, headers: dict[str, str], connections: int, seconds: int) -> Load:
    with TemporaryDirectory() as folder:
        script = Path(folder) / "result.lua"
        script.write_text(WRK_SCRIPT, encoding="ascii")
        told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={PATIENCE}s"]
        command += ["-s", str(script), *told, url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return read_wrk(said, connections)


def read_wrk(said: str, connections: int) -> Load:
    """What wrk's script has printed. At the end every connection waits for one more answer."""
    requests, microseconds, *errors = map(int, WRK_RESULT.search(said).groups())
    latencies = Counter({int(latency): int(count) for latency, count in WRK_LATENCY.findall(said)})
    return Load(requests, microseconds / 1e6, connections, +Counter(dict(zip(KINDS, errors, strict=True))), latencies)


# The small client


def ask_patiently(
    url: str, headers: dict[str, str], connections: int, seconds: float, patience: float = PATIENCE
) -> Load:
    """With the small client, which waits for the last answers: nothing is left unfinished."""
    return asyncio.run(ask_at_once(url, headers, connections, seconds, patience))


async def ask_at_once(url: str, headers: dict[str, str], connections: int, seconds: float, patience: float) -> Load:
    _scheme, _empty, place, path = url.split("/", 3)
    host, _, port = place.partition(":")
    lines = [f"GET /{path} HTTP/1.1", f"Host: {place}", *(f"{name}: {value}" for name, value in headers.items())]
    message = ("\r\n".join(lines) + "\r\n\r\n").encode()
    got, started = Load(), time.perf_counter()
    visitors = [Visitor(host, int(port), message, patience, got) for _ in range(connections)]
    await asyncio.gather(*(visitor.visit(started + seconds) for visitor in visitors))
    got.seconds = time.perf_counter() - started
    return got


@dataclass
class Visitor:
    """Who asks the same again and again, and adds what comes of it to `got`."""

    host: str
    port: int
    message: bytes
    patience: float
    got: Load

    async def visit(self, until: float) -> None:
        """Over one connection, made anew after an error."""
        while time.perf_counter() < until:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port)
            except OSError:
                self.got.errors["connect"] += 1
                await asyncio.sleep(0.1)  # who is turned away does not come back at once
                continue
            try:
                while time.perf_counter() < until:
                    await self.ask(reader, writer)
            except TimeoutError:
                self.got.errors["timeout"] += 1
            except (OSError, ValueError, asyncio.IncompleteReadError):
                self.got.errors["read"] += 1
            finally:
                writer.close()

    async def ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started = time.perf_counter()
        writer.write(self.message)
        status = await asyncio.wait_for(read_answer(reader), self.patience)
        self.got.requests += 1
        self.got.latencies[round((time.perf_counter() - started) * 1e6)] += 1
        if status >= HTTPStatus.BAD_REQUEST:
            self.got.errors["status"] += 1


async def read_answer(reader: asyncio.StreamReader) -> int:
    """The status of an answer, read to its end. Raises ValueError where it does not say where that is."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(maxsplit=2)[1])
    if status == HTTPStatus.NOT_MODIFIED:
        return status
    if length := re.search(rb"(?i)\r\ncontent-length: *(\d+)", head):
        await reader.readexactly(int(length[1]))
    elif re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
        await read_chunks(reader)
    else:
        raise ValueError("an answer without a length")
    return status


async def read_chunks(reader: asyncio.StreamReader) -> None:
    size = 1
    while size:
        size = int(await reader.readuntil(b"\r\n"), 16)
        await reader.readexactly(size + len(b"\r\n"))
