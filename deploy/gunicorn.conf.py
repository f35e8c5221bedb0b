"""How gunicorn serves the register: `gunicorn -c deploy/gunicorn.conf.py portal.wsgi`.

The register is loaded once, before the workers are made, which share the memory of what
they do not change. `kill -HUP` takes up new code, new libraries and these settings
without a dropped request: the process starts itself again under its number, while the
workers that there are go on, and end when the new ones take over. One that hangs is
killed after `graceful_timeout`, as gunicorn does where it ends altogether.
"""

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import time
from functools import partial
from typing import BinaryIO

from gunicorn.http import message, wsgi
from gunicorn.workers.gthread import ThreadWorker

bind = os.environ.get("BIND", "127.0.0.1:8001")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # one for each core
threads = int(os.environ.get("WEB_THREADS", "4"))
preload_app = True
timeout = 60  # seconds until a worker that hangs is replaced
graceful_timeout = 30  # seconds that a request may take to end when a worker is to go
forwarder_headers = ""  # the register stands at the root of its address; no header says otherwise
# Nor does one say that a request came by https, whoever sends it: the register itself believes X-Forwarded-Proto, and
# only with BEHIND_PROXY.
secure_scheme_headers = {}
keepalive = 75  # seconds, more than nginx keeps a connection that nobody uses
control_socket_disable = True
# As long as nginx lets through: up to there the register answers in the visitor's language, and not gunicorn, whose own
# ceiling is 8 KB. Without any limit a request could fill the memory.
limit_request_line = message.MAX_REQUEST_LINE = 64 * 1024
accesslog = "-" if os.environ.get("ACCESS_LOG") == "1" else None

FORMER_WORKERS = "FORMER_WORKERS"  # the variable that tells a process started anew whom to send home
A_MOMENT, MOMENTS = 0.0001, 20  # seconds for each connection that a worker has, up to so many
ARENAS, TRIM, MAPPED = -8, -1, -3  # M_ARENA_MAX, M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h

# Until the register is loaded: nearly all that is made meanwhile stays, and is looked through once, at its end.
gc.disable()


class HeadWithBody:
    """The connection to who asked; keeps the head of an answer until the first bytes of its body go out with it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.head = connection, None

    def sendall(self, part: bytes) -> None:
        if self.head is None:
            self.head = part
        else:
            self.connection.sendall(self.head + part)
            self.head = b""

    def sendfile(self, file: BinaryIO, offset: int, count: int) -> None:
        self.flush()
        self.connection.sendfile(file, offset, count)

    def flush(self) -> None:
        if self.head:
            self.sendall(b"")


class Answer(wsgi.Response):
    """An answer that is sent by one call where it is small: a process killed before has sent nothing of it.

    gunicorn sends the head by itself. A proxy that has it cannot ask another server for what a killed one owes.
    """

    def __init__(self, request, connection: socket.socket, settings) -> None:
        super().__init__(request, HeadWithBody(connection), settings)

    def close(self) -> None:
        super().close()
        self.sock.flush()


wsgi.Response = Answer


class Worker(ThreadWorker):
    """Answers by threads, each of which forgets the id of a request when all has been said about it.

    What gunicorn says next may be about a request that it refuses, and of which the register never hears.
    """

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless a worker that has fewer takes it within a moment.

        All are told of it, and any may be the first: of two workers one often had 14 of 16 connections, and who
        asked it waited several times as long.
        """
        if self.cfg.workers > 1:
            time.sleep(A_MOMENT * min(self.nr_conns, MOMENTS))
        super().accept(listener)

    def handle(self, connection) -> object:
        try:
            return super().handle(connection)
        finally:
            if register := sys.modules.get("portal.logs"):  # not where another application is served
                register.current_id.set(register.NO_ID)


worker_class = Worker


def when_ready(server) -> None:
    """Before the first worker is made."""
    keep_memory_small()
    # Kept by the server: a reload reads this file anew, and its variables begin again.
    server.former_workers = list(map(int, filter(None, os.environ.pop(FORMER_WORKERS, "").split(","))))
    for worker in server.former_workers:
        end(worker)
    if server.former_workers:
        signal.signal(signal.SIGALRM, partial(kill_former_workers, server))
        signal.alarm(server.cfg.graceful_timeout)


def keep_memory_small() -> None:
    """What is loaded is never looked through for garbage, which would copy it; what is freed goes back to the system.

    The C library otherwise keeps a heap for every thread.
    """
    malloc = ctypes.CDLL(None)
    if hasattr(malloc, "mallopt"):
        for option, value in ((ARENAS, 1), (TRIM, 128 * 1024), (MAPPED, 128 * 1024)):
            malloc.mallopt(option, value)
    gc.collect()
    gc.freeze()
    # A page makes thousands of things; to look through them each time costs a tenth.
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def end(worker: int) -> None:
    """Let a worker finish what it was asked; it may have gone meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGTERM)


def are_there(server) -> list[int]:
    """The former workers that have not gone; whose number a new one has got by now is gone."""
    return [worker for worker in server.former_workers if worker not in server.WORKERS and is_child(worker)]


def is_child(process: int) -> bool:
    """Whether a process of ours has this number and has not ended; looked at only, for gunicorn to take note of."""
    try:
        return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def kill_former_workers(server, *signal_and_frame) -> None:
    """Those that have not ended when they should have would keep their memory and the sockets for ever."""
    for worker in are_there(server):
        server.log.error("The former worker %s hangs and is killed", worker)
        os.kill(worker, signal.SIGKILL)


def on_exit(server) -> None:
    """A former worker that still hangs would keep the address from the next start."""
    kill_former_workers(server)


def on_reload(server) -> None:
    """Become a new process of the same number, with the sockets and the workers of this one."""
    signal.alarm(0)  # would outlive this process, whose place the new one takes
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the new one listens to signals
    handed_over = {
        "GUNICORN_PID": str(os.getpid()),
        "GUNICORN_FD": ",".join(str(listener.fileno()) for listener in server.LISTENERS),
        FORMER_WORKERS: ",".join(map(str, [*are_there(server), *server.WORKERS])),
    }
    os.chdir(server.START_CTX["cwd"])
    os.execve(sys.executable, sys.orig_argv, server.cfg.env_orig | handed_over)  # noqa: S606 - the command of our own start
