"""The register on several servers: each part is killed under load, and what visitors and editors then get.

One test, because starting the cluster takes most of its time. It prints how many requests
each loss has cost, and after how long the part was in use again.
"""

import importlib.util
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from deploy.cluster import ROOT, Cluster, cluster, missing_tools, status_of, wait_for, workers_of
from tests.conftest import miss
from tests.html_forms import form_values

PAGES = [
    f"/{language}/{path}"
    for language in ("vi", "en")
    for path in ("", "countries/", "bodies/?q=word{}", "search/?q=asean+{}")
]
# Only a short export: a long one that is being sent when its database dies is broken off (tests/test_broken_off.py).
PAGES += ["/api/v1/countries/", "/en/bodies.csv"]
VISITORS = 4
PASSWORD = "một mật khẩu đủ dài"
EDITING_IMPOSSIBLE = {"vi": "Hiện chưa thể biên tập", "en": "Editing is not possible at the moment"}


class Editor:
    """Somebody signed in at one of the app servers, with a browser's cookies and forms."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.cookies))
        self.post("/admin/login/", "login-form", username="editor", password=PASSWORD)

    def open(self, path: str, fields: dict | None = None, language: str = "en") -> tuple[int, str]:
        body = urlencode(fields, doseq=True).encode() if fields else None
        request = Request(self.address + path, body, {"Accept-Language": language})
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def post(self, path: str, form: str, **fields: str) -> tuple[int, str]:
        """Fill in a form of a page and send it."""
        _status, page = self.open(path)
        return self.open(path, form_values(page, form) | fields)


def fetch(address: str, path: str) -> int:
    """The status of a whole answer; 0 where it was cut off."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (HTTPException, OSError):
        return 0
    finally:
        connection.close()
    return answer.status


@contextmanager
def visitors(address: str) -> Iterator[list[tuple[str, int]]]:
    """Several visitors who read one page after another; the list holds each page with its status."""
    answers: list[tuple[str, int]] = []
    going = threading.Event()

    def read(first: int) -> None:
        number = first
        while not going.is_set():
            path = PAGES[number % len(PAGES)].format(number)  # some of them are new, so that no kept page answers
            answers.append((path, fetch(address, path)))
            number += 1

    threads = [threading.Thread(target=read, args=(number,)) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        going.set()
        for thread in threads:
            thread.join()


def report(what: str, answers: list[tuple[str, int]], recovery: float) -> None:
    failed = sum(status != 200 for _path, status in answers)
    print(f"{what}: {len(answers)} pages read, {failed} failed, in use again after {recovery:.1f} s")


def lose(parts: Cluster, what: str, kill, start, is_back) -> None:
    """Kill a part while pages are read, and start it again: not one page may fail."""
    with visitors(parts.address) as answers:
        time.sleep(0.5)
        kill()
        time.sleep(2)
        start()
        started = time.monotonic()
        wait_for(is_back, what)
        recovery = time.monotonic() - started
        time.sleep(0.5)
    report(what, answers, recovery)
    assert len(answers) > 20
    assert [answer for answer in answers if answer[1] != 200] == []


def publish_on_one_and_read_on_the_other(parts: Cluster, editor: Editor) -> None:
    names = {"name_vi": "Chuyển đổi số", "name_en": "Digital shift", "slug": "digital-shift"}
    status, page = editor.post("/admin/portal/topic/add/", "topic_form", **names)
    assert (status, "errornote" in page) == (200, False)
    # Approving takes a second person (`tests/portal/test_workflow.py`); here only the way of a write counts.
    publish = "from portal.models import Topic; Topic.objects.filter(slug='digital-shift').update(state='published')"
    parts.manage("shell", "-c", publish)
    published = time.monotonic()
    wait_for(lambda: status_of(f"{parts.app_address(1)}/en/topics/digital-shift/") == 200, "the other server", 1)
    print(f"published on one server, read on the other after {time.monotonic() - published:.2f} s")


def reload_under_load(parts: Cluster) -> None:
    with visitors(parts.address) as answers:
        for number in range(2):
            server = parts.processes[f"app-{number}"].pid
            former = workers_of(server)
            os.kill(server, signal.SIGHUP)
            wait_for(lambda server=server, former=former: not former & workers_of(server), "new workers")
    report("both app servers reloaded", answers, 0)
    assert [answer for answer in answers if answer[1] != 200] == []


def lose_the_primary(parts: Cluster, editor: Editor) -> None:
    """What is published stays readable, also by who is signed in, and editors are told plainly."""
    with visitors(parts.address) as answers:
        time.sleep(0.5)
        parts.stop_database("primary")
        time.sleep(1)
        assert editor.open("/en/topics/digital-shift/")[0] == 200
        assert "primary: the database does not answer" in editor.open("/readyz")[1]
        for language, sentence in EDITING_IMPOSSIBLE.items():
            status, page = editor.open("/admin/portal/topic/", language=language)
            assert (status, f"<h1>{sentence}</h1>" in page) == (503, True)
        parts.start_database("primary")
        started = time.monotonic()
        wait_for(lambda: editor.open("/admin/portal/topic/")[0] == 200, "editing")
        recovery = time.monotonic() - started
    report("primary", answers, recovery)
    assert [answer for answer in answers if answer[1] != 200] == []


def fill(parts: Cluster) -> None:
    """Some content, which takes seconds, instead of all of it, which takes half a minute."""
    parts.manage("migrate", "--verbosity", "0")
    files = sorted((ROOT / "fixtures").glob("0[1-5]_*.yaml"))
    parts.manage("sync_content", *map(str, files))
    parts.manage("createsuperuser", "--noinput", "--username", "editor", "--email", "")


@pytest.fixture
def parts(monkeypatch) -> Iterator[Cluster]:
    for package in missing_tools():
        miss(package)
    for library in ("psycopg", "redis"):
        if importlib.util.find_spec(library) is None:
            miss(f"{library} (requirements-scale.txt)")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    with cluster(fill=fill) as parts:
        yield parts


def test_no_lost_part_costs_a_page_and_a_lost_primary_only_editing(parts):
    editor = Editor(parts.app_address(0))
    publish_on_one_and_read_on_the_other(parts, editor)
    reload_under_load(parts)

    def replica_answers() -> bool:
        return editor.open("/readyz")[1] == "ready\n"

    def stop_replica() -> None:
        parts.stop_database("replica")

    lose(parts, "replica", stop_replica, lambda: parts.start_database("replica"), replica_answers)
    lose(parts, "Redis", lambda: parts.kill_process("redis"), parts.start_redis, lambda: True)
    one_back = f"{parts.app_address(1)}/healthz"
    lose(
        parts,
        "app server",
        lambda: parts.kill_process("app-1"),
        lambda: parts.start_app(1),
        lambda: status_of(one_back),
    )
    lose_the_primary(parts, editor)
