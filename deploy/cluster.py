"""The register on several servers, on this one machine: what the tests break, and anybody can try.

    python deploy/cluster.py [PORT]

PostgreSQL with a streaming replica, Redis, two gunicorn servers and nginx before them, from
Debian's binaries (postgresql, redis-server, nginx-light), in a folder that is gone afterwards.
Nothing but environment variables makes it a cluster, and nginx has the site of `nginx.conf`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.postgresql import OWNER, SETTINGS, as_owner, find_binaries, free_port  # noqa: E402 - needs the path

MAXIMUM_OF_REDIS = ("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")  # as the runbook says, but small
ROOM = 512 * 2**20  # bytes, of which it uses half
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START = 30  # seconds in which a part must answer
NGINX = """{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-errors.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def missing_tools() -> list[str]:
    """What of the cluster is not installed on this machine, by the names of Debian's packages."""
    found = {
        "postgresql": find_binaries(),
        "redis-server": shutil.which("redis-server"),
        "nginx-light": find_nginx(),
    }
    return [package for package, place in found.items() if not place]


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


def site_of(port: int, app_ports: list[int]) -> str:
    """The example's site, without its certificates, on our ports."""
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    site = re.sub(r"^ *(ssl_\w+|listen 443) .*\n", "", site, flags=re.MULTILINE)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    for example, actual in zip(("8001", "8002"), app_ports, strict=True):
        site = site.replace(f"127.0.0.1:{example} ", f"127.0.0.1:{actual} ")
    return site


def wait_for(condition, what: str, seconds: float = START) -> None:
    """Ask again until it holds. Raises TimeoutError with `what` did not come about."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def status_of(address: str) -> int:
    """The status of the answer; 0 where there is none."""
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310 - an address of our own
            return answer.status
    except HTTPError as error:
        return error.code
    except OSError:
        return 0


def workers_of(server: int) -> set[int]:
    """The processes in which a gunicorn serves, by the number of the one that watches over them."""
    return set(map(int, Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()))


class Cluster:
    """The parts by name; each can be stopped as a power cut would, and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.binaries = find_binaries()
        self.app_ports = [free_port(), free_port()]
        self.ports = {name: free_port() for name in ("primary", "replica", "redis")}
        self.processes: dict[str, subprocess.Popen] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def app_address(self, number: int) -> str:
        return f"http://127.0.0.1:{self.app_ports[number]}"

    def database_url(self, name: str) -> str:
        return f"postgres://{OWNER}@127.0.0.1:{self.ports[name]}/register"

    def environment(self) -> dict[str, str]:
        """All that makes the register a cluster."""
        return os.environ | {
            "DEBUG": "0",
            "HTTPS": "0",
            "BEHIND_PROXY": "1",
            "TWO_FACTOR_REQUIRED": "0",
            "SECRET_KEY": "of-the-cluster-on-one-machine-and-nothing-else",
            "DATABASE_URL": self.database_url("primary"),
            "REPLICA_URL": self.database_url("replica"),
            "CACHE_URL": f"redis://127.0.0.1:{self.ports['redis']}/0",
            "STATIC_ROOT": str(self.folder / "static"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def manage(self, *command: str) -> str:
        """What a command of the register prints. Raises CalledProcessError with its errors."""
        full = [sys.executable, "manage.py", *command]
        run = subprocess.run(full, cwd=ROOT, env=self.environment(), check=True, capture_output=True, text=True)
        return run.stdout

    def make_databases(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER)
        primary = self.folder / "primary"
        as_owner(
            self.binaries / "initdb", "-D", primary, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"
        )
        self.start_database("primary")
        server = ("-h", "127.0.0.1", "-p", str(self.ports["primary"]), "-U", OWNER)
        as_owner(self.binaries / "createdb", *server, "register")
        as_owner(
            self.binaries / "pg_basebackup", *server, "-D", self.folder / "replica", "-R", "-X", "stream", "-c", "fast"
        )
        self.start_database("replica")

    def start_database(self, name: str) -> None:
        options = f"-p {self.ports[name]} -h 127.0.0.1 -k {self.folder} {SETTINGS}"
        log = self.folder / f"{name}.log"
        as_owner(self.binaries / "pg_ctl", "-D", self.folder / name, "-l", log, "-o", options, "-w", "start")

    def stop_database(self, name: str) -> None:
        """At once, connections cut and nothing written: what a crash leaves."""
        as_owner(self.binaries / "pg_ctl", "-D", self.folder / name, "-m", "immediate", "stop")

    def signal_database(self, name: str, number: int) -> None:
        """To the server and all of its processes: SIGSTOP is a disk that stalls, SIGCONT the end of it."""
        postmaster = (self.folder / name / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="utf-8").split()
        for process in [postmaster, *children]:
            with suppress(ProcessLookupError):
                os.kill(int(process), number)

    def start_process(self, name: str, *command: str, **environment: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment() | environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill_process(self, name: str) -> None:
        """The process and all that it started, at once."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start_redis(self) -> None:
        port = str(self.ports["redis"])
        command = ("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        self.start_process("redis", *command, *MAXIMUM_OF_REDIS)

    def redis_reads(self) -> int:
        """How often Redis, since its start, was asked for a key; 0 while it is away."""
        command = ("redis-cli", "-p", str(self.ports["redis"]), "info", "stats")
        told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return sum(map(int, re.findall(r"^keyspace_(?:hits|misses):(\d+)", told, flags=re.MULTILINE)))

    def start_app(self, number: int) -> None:
        bind = f"127.0.0.1:{self.app_ports[number]}"
        command = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "portal.wsgi")
        self.start_process(f"app-{number}", *command, BIND=bind)
        wait_for(lambda: status_of(f"{self.app_address(number)}/readyz") == 200, f"app server {number}")

    def start_nginx(self) -> None:
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "site.conf").write_text(site_of(self.port, self.app_ports), encoding="utf-8")
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, user=user), encoding="utf-8")
        self.start_process("nginx", find_nginx(), "-c", str(configuration), "-g", "daemon off;")
        wait_for(lambda: status_of(f"{self.address}/healthz") == 200, "nginx")

    def start(self, fill: Callable) -> None:
        # The files of the pages need no database, and take as long as filling one.
        self.start_process("files", sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        self.make_databases()
        self.start_redis()
        fill(self)
        self.processes["files"].wait()
        del self.processes["files"]
        for number in range(2):
            self.start_app(number)
        self.start_nginx()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill_process(name)
        for name in ("replica", "primary"):
            if (self.folder / name / "postmaster.pid").exists():
                self.signal_database(name, signal.SIGCONT)
                self.stop_database(name)


def whole_register(parts: Cluster) -> None:
    parts.manage("prepare")


def quick_folder() -> Path | None:
    """Memory instead of a disk, where the machine offers it: two databases are made of thousands of small files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if roomy else None


@contextmanager
def cluster(port: int = 0, fill: Callable[[Cluster], None] = whole_register) -> Iterator[Cluster]:
    """A running cluster, filled by a function, behind nginx on a port of this machine."""
    with ExitStack() as stack:
        place = TemporaryDirectory(prefix="cluster-", dir=quick_folder(), ignore_cleanup_errors=True)
        folder = stack.enter_context(place)
        parts = Cluster(Path(folder), port or free_port())
        stack.callback(parts.stop)
        parts.start(fill)
        yield parts


def end(number: int, frame) -> None:
    """What `kill` and a closed terminal ask for is done as by Ctrl-C: everything is stopped, and the folder goes."""
    for other in ENDINGS:
        signal.signal(other, signal.SIG_IGN)  # a second one would break off the tidying
    raise KeyboardInterrupt


def main(port: int) -> None:
    for number in ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup has its reasons
            signal.signal(number, end)
    if missing := missing_tools():
        sys.exit(f"Not installed: {', '.join(missing)}. On Debian: apt-get install {' '.join(missing)}")
    with cluster(port) as parts:
        print(f"The register stands at {parts.address}/ ; Ctrl-C ends it.", flush=True)
        signal.pause()


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    except KeyboardInterrupt:
        print()
