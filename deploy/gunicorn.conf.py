"""How gunicorn serves the register: `gunicorn -c deploy/gunicorn.conf.py portal.wsgi`.

A change of the code is taken up by `kill -HUP`, without a dropped request.
"""

import os

from gunicorn.http import message

bind = os.environ.get("BIND", "127.0.0.1:8001")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))  # one for each core
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60  # seconds until a worker that hangs is replaced
graceful_timeout = 30  # seconds that a request may take to end when a worker is to go
keepalive = 75  # seconds, more than nginx keeps a connection that nobody uses
control_socket_disable = True
max_requests = 20_000  # a worker is replaced now and then, not all at the same time
max_requests_jitter = 2_000
# As long as nginx lets through: up to there the register answers in the visitor's language, and not gunicorn, whose own
# ceiling is 8 KB. Without any limit a request could fill the memory.
limit_request_line = message.MAX_REQUEST_LINE = 64 * 1024
accesslog = "-" if os.environ.get("ACCESS_LOG") == "1" else None


def child_exit(server, worker) -> None:
    """Take a worker that has gone out of the numbers, where they are kept at all."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        mark_process_dead(worker.pid)


if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    from prometheus_client.multiprocess import mark_process_dead
