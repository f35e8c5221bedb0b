"""The numbers for Prometheus from a real server: what its processes counted, those that have gone too."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from deploy.cluster import status_of, wait_for, workers_of
from tests.conftest import miss
from tests.servers import empty_register

try:
    from prometheus_client import multiprocess
except ImportError:  # requirements-scale.txt is not installed
    multiprocess = None


class Server:
    """A register that counts what it is asked."""

    def __init__(self, port: int, folder: Path) -> None:
        self.address, self.folder = f"http://127.0.0.1:{port}", folder

    @property
    def process(self) -> int:
        return int((self.folder / "pid").read_text(encoding="ascii"))

    def workers(self) -> set[int]:
        return workers_of(self.process)

    def visit(self, times: int) -> None:
        assert [status_of(f"{self.address}/healthz") for _ in range(times)] == [200] * times

    def counted(self) -> tuple[int, int]:
        """Visits by the counter, and by the histogram."""
        with urlopen(f"{self.address}/metrics", timeout=20) as answer:
            text = answer.read().decode()
        names = ("register_requests_total", "register_request_seconds_count")
        found = [re.findall(rf'^{name}{{.*page="alive".*}} (.+)$', text, re.MULTILINE) for name in names]
        return tuple(sum(map(int, map(float, values))) for values in found)

    def counting(self) -> set[str]:
        """By whom there are files."""
        return {path.stem.rpartition("_")[2] for path in (self.folder / "numbers").glob("*.db")}


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    if multiprocess is None:
        miss("prometheus-client (requirements-scale.txt)")
    (tmp_path / "numbers").mkdir()
    environment = {
        "METRICS": "1",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "numbers"),
        "GUNICORN_CMD_ARGS": f"--pid {tmp_path / 'pid'}",
    }
    with empty_register(tmp_path, **environment) as port:
        yield Server(port, tmp_path)


def reload(server: Server, former: int) -> None:
    os.kill(server.process, signal.SIGHUP)


def kill(server: Server, former: int) -> None:
    os.kill(former, signal.SIGKILL)


@pytest.mark.parametrize("end", [reload, kill])
def test_what_a_worker_counted_stays_when_it_has_gone_and_its_files_go(server, end):
    server.visit(3)
    for _ in range(2):
        (former,) = server.workers()
        before = server.counted()
        assert str(former) in server.counting()
        end(server, former)
        wait_for(lambda former=former: server.workers() and former not in server.workers(), "the end of the worker")
        server.visit(2)
        assert server.counted() == tuple(number + 2 for number in before)
        assert server.counting() == {"former", *map(str, server.workers())}


def test_who_hangs_is_counted_once_before_and_after_it_is_killed(server):
    server.visit(3)
    (former,) = server.workers()
    before = server.counted()
    os.kill(former, signal.SIGSTOP)
    reload(server, former)
    wait_for(lambda: len(server.workers()) == 2, "the new worker")
    server.visit(2)
    assert server.counted() == tuple(number + 2 for number in before)
    assert str(former) in server.counting()
    kill(server, former)
    wait_for(lambda: former not in server.workers(), "the end of the worker")
    assert server.counted() == tuple(number + 2 for number in before)
    assert str(former) not in server.counting()
