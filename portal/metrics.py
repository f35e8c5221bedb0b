"""Numbers for Prometheus, where METRICS=1 asks for them: how many requests, with which answers, how long they took.

Several processes add up where PROMETHEUS_MULTIPROC_DIR names a folder for them, as `prometheus_client` has it: each
writes files of its own there, named by its number, and whoever is asked reads them all.
"""

import fcntl
import os
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
REQUESTS = Counter("register_requests", "Requests by page, method and status.", ["page", "method", "status"])
SECONDS = Histogram(
    "register_request_seconds",
    "Seconds to the first byte of an answer, by page.",
    ["page"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


class MetricsMiddleware:
    """Counts every request, by the name of its address; by `kept` where no view was asked, as for most pages."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        kept = "kept" if response.status_code in {200, 304} else "refused"
        page = (match.view_name or "unknown") if match else kept
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(page, method, response.status_code).inc()
        SECONDS.labels(page).observe(time.perf_counter() - begun)
        return response


def may_read(request: HttpRequest) -> bool:
    """Only who asks the server itself, from an address that METRICS_ADDRESSES allows; nobody through a proxy."""
    if "X-Forwarded-For" in request.headers:
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ADDRESSES)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another one has got its number
        return True
    return True


def add_up_former(folder: Path) -> None:
    """Move what processes counted that have gone into one file of each kind, and take theirs away.

    Every reload and every killed worker leaves some. Without what they counted, the numbers would go back.
    """
    for file in folder.glob("*_[0-9]*.db"):
        kind, _, process = file.stem.rpartition("_")
        if is_there(int(process)):
            continue
        former = MmapedDict(str(folder / f"{kind}_former.db"))
        for key, value, *_ in MmapedDict.read_all_values_from_file(file):
            former.write_value(key, former.read_value(key)[0] + value, 0)
        former.close()
        file.unlink()


def numbers_of_all(folder: Path) -> bytes:
    """What all processes counted; asked by one at a time: what is moved meanwhile would count twice or not at all."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        add_up_former(folder)
        return generate_latest(registry)


@require_safe
@never_cache
def numbers(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        raise PermissionDenied
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    told = numbers_of_all(Path(folder)) if folder else generate_latest(REGISTRY)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


urlpatterns = [path("", numbers, name="metrics")]
