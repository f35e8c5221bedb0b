"""A throw-away PostgreSQL from Debian's binaries, for the tests that must hold on both databases."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

# Quick and forgetful: what it holds is gone after the tests anyway.
SETTINGS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"
OWNER = "postgres"  # it refuses to run as root; Debian's package brings this account


def find_binaries() -> Path | None:
    """The folder of the newest PostgreSQL installed, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return probing.getsockname()[1]


def as_owner(*command: str | Path) -> None:
    prefix = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *map(str, command)], check=True, capture_output=True, cwd="/")


@contextmanager
def postgresql(binaries: Path, memory: str = "128MB") -> Iterator[str]:
    """A server on a free port of this machine, with so much memory of its own; gives the URL of an empty database."""
    with TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder:
        data, port = Path(folder) / "data", free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, OWNER)
        as_owner(binaries / "initdb", "-D", data, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        options = f"-p {port} -h 127.0.0.1 -k {folder} {SETTINGS} -c shared_buffers={memory}"
        as_owner(binaries / "pg_ctl", "-D", data, "-l", Path(folder) / "log", "-o", options, "-w", "start")
        try:
            as_owner(binaries / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", OWNER, "register")
            yield f"postgres://{OWNER}@127.0.0.1:{port}/register"
        finally:
            as_owner(binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop")
