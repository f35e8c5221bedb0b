"""Real servers on free ports: gunicorn with the settings of the register, nginx with the site of the example."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.cluster import NGINX, ROOT, find_nginx, site_of, status_of, wait_for
from tests.conftest import miss
from tests.postgresql import free_port


@contextmanager
def running(folder: Path, name: str, *command: str, port: int, where: Path, **environment: str) -> Iterator[int]:
    """A server that answers on its port; what it says goes to `folder/log`."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=where, env=os.environ | environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: status_of(f"http://127.0.0.1:{port}/healthz") == 200, name)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def gunicorn(
    folder: Path, application: str, where: Path = ROOT, socket: Path | None = None, **environment: str
) -> Iterator[int]:
    """The port of one worker that serves an application, found from the folder `where`; it may have a socket too."""
    port = free_port()
    settings = str(ROOT / "deploy" / "gunicorn.conf.py")
    command = (sys.executable, "-m", "gunicorn", "-c", settings, application)
    if socket:
        command += ("--bind", f"127.0.0.1:{port}", "--bind", f"unix:{socket}")
    environment |= {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1"}
    with running(folder, "gunicorn", *command, port=port, where=where, **environment):
        yield port


@contextmanager
def empty_register(folder: Path, socket: Path | None = None, **environment: str) -> Iterator[int]:
    """The port of a register without tables, for what is answered before anything is read."""
    environment |= {"DEBUG": "1", "DATABASE_URL": f"sqlite:///{folder / 'none.sqlite3'}"}
    with gunicorn(folder, "portal.wsgi", socket=socket, **environment) as port:
        yield port


@contextmanager
def nginx_before(server: int, folder: Path, socket: Path | None = None, scheme: str = "$scheme") -> Iterator[int]:
    """The port of an nginx before the server at a port, or at a socket; `scheme` is what it says of requests."""
    port, nginx = free_port(), find_nginx() or miss("nginx")
    site = site_of(port, [server, server]).replace("$scheme", scheme)
    if socket:
        site = site.replace(f"127.0.0.1:{server} ", f"unix:{socket} ")
    (folder / "site.conf").write_text(site, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user), encoding="utf-8")
    command = (nginx, "-c", str(folder / "nginx.conf"), "-g", "daemon off;")
    with running(folder, "nginx", *command, port=port, where=folder):
        yield port
