"""The register on several servers: each part is killed under load, and what visitors and editors then get.

One test, because starting the cluster takes most of its time. It prints how many requests
each loss has cost, and after how long the part was in use again.
"""

import importlib.util
import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
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
A_HANG = 14  # seconds, in which a database that hangs is tried more than once
A_LONG_TIME = 2  # seconds
A_LONG_WAIT = 8  # seconds for both databases to be given up, which takes 5 where nothing else runs
LAST_WORDS = 10_000  # characters of the log of each server, which pytest shows where the test failed
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


@dataclass
class Answer:
    """What a visitor got; the status is 0 where the answer was cut off, or none came."""

    path: str
    status: int
    seconds: float

    @property
    def failed(self) -> bool:
        return self.status not in (200, 302)


class Visitor:
    """Reads one page after another, over a connection that is kept as browsers do, or one for each page."""

    def __init__(self, address: str, keeps: bool) -> None:
        self.connection, self.keeps = HTTPConnection(urlsplit(address).netloc, timeout=20), keeps

    def ask(self, path: str, theme: str = "") -> Answer:
        """Read a page; with a theme, send the form that chooses it."""
        began, body = time.monotonic(), urlencode({"theme": theme, "next": path}) if theme else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if theme else {}
        try:
            self.connection.request("POST" if theme else "GET", "/theme/" if theme else path, body, headers)
            answer = self.connection.getresponse()
            answer.read()
            status = answer.status
        except (HTTPException, OSError):
            status = 0
        if status == 0 or not self.keeps:
            self.connection.close()
        return Answer(path, status, time.monotonic() - began)


@contextmanager
def visitors(address: str, posting: bool = False) -> Iterator[list[Answer]]:
    """Several visitors at once; the list holds what each of them got. Who posts does so every third time."""
    answers: list[Answer] = []
    going = threading.Event()

    def read(first: int) -> None:
        visitor, number = Visitor(address, keeps=first % 2 == 0), first
        while not going.is_set():
            path = PAGES[number % len(PAGES)].format(number)  # some of them are new, so that no kept page answers
            answers.append(visitor.ask(path, theme="dark" if posting and number % 3 == 0 else ""))
            number += 1
        visitor.connection.close()

    threads = [threading.Thread(target=read, args=(number,)) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        going.set()
        for thread in threads:
            thread.join()


def report(what: str, answers: list[Answer], recovery: float) -> None:
    failed, slow = sum(answer.failed for answer in answers), sum(answer.seconds > A_LONG_TIME for answer in answers)
    longest = max(answer.seconds for answer in answers)
    print(
        f"{what}: {len(answers)} pages read, {failed} failed, {slow} took over {A_LONG_TIME} s and the longest"
        f" {longest:.1f} s, in use again after {recovery:.1f} s"
    )
    assert [answer for answer in answers if answer.failed] == []


def lose(parts: Cluster, what: str, kill, start, is_back) -> None:
    """Take a part away while pages are read, and give it back: not one page may fail."""
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


def lose_by_hanging(parts: Cluster, is_back) -> None:
    """A replica that hangs keeps the first few waiting; then the primary is read, and it again when it goes on."""
    with visitors(parts.address) as answers:
        time.sleep(0.5)
        parts.signal_database("replica", signal.SIGSTOP)
        time.sleep(A_HANG)
        parts.signal_database("replica", signal.SIGCONT)
        started = time.monotonic()
        wait_for(is_back, "replica that hung")
        recovery = time.monotonic() - started
    report("replica that hangs", answers, recovery)
    assert len(answers) > 10 * sum(answer.seconds > A_LONG_TIME for answer in answers)


def hang_redis(parts: Cluster) -> None:
    """Pages are made instead of fetched; one request at a time tries whether it answers."""
    process, reads = parts.processes["redis"].pid, [0]

    def go_on() -> None:
        os.kill(process, signal.SIGCONT)
        reads[0] = parts.redis_reads()

    stop = partial(os.kill, process, signal.SIGSTOP)
    lose(parts, "Redis that hangs", stop, go_on, lambda: parts.redis_reads() > reads[0])


def hang_both(parts: Cluster, editor: Editor) -> None:
    """Kept pages are shown, others are an error that says so, and the servers say that they live."""
    kept = "/en/topics/digital-shift/"
    assert status_of(parts.address + kept) == 200
    names = ("primary", "replica")
    for name in names:
        parts.signal_database(name, signal.SIGSTOP)
    try:
        hung = time.monotonic()
        for number in range(6):  # the first of each worker wait
            assert editor.open(f"/en/bodies/?q=hung{number}")[0] == 503
        waited = time.monotonic() - hung
        assert waited < 2 * A_LONG_WAIT
        answers = [editor.open(path) for path in ("/readyz", "/en/bodies.csv?q=hung", "/api/v1/countries/")]
        assert [status for status, _text in answers] == [503, 503, 503]
        assert json.loads(answers[2][1])["status"] == 503
        assert not Visitor(parts.address, keeps=False).ask(kept).failed
        assert [status_of(f"{parts.app_address(number)}/healthz") for number in range(2)] == [200, 200]
    finally:
        for name in names:
            parts.signal_database(name, signal.SIGCONT)
    started = time.monotonic()
    wait_for(lambda: editor.open("/readyz")[1] == "ready\n", "both databases")
    wait_for(lambda: editor.open("/admin/portal/topic/")[0] == 200, "editing")
    recovery = time.monotonic() - started
    print(f"both databases hung: two workers waited {waited:.1f} s in all, in use again after {recovery:.1f} s")


def publish_on_one_and_read_on_the_other(parts: Cluster, editor: Editor) -> None:
    """An editor writes, submits and approves at one server; the page is at the other within a second."""
    names = {"name_vi": "Chuyển đổi số", "name_en": "Digital shift", "slug": "digital-shift", "_continue": "1"}
    status, page = editor.post("/admin/portal/topic/add/", "topic_form", **names)
    assert (status, "errornote" in page) == (200, False)
    _status, page = editor.post(step_on(page, "submit"), "step-form")
    assert status_of(f"{parts.app_address(1)}/en/topics/digital-shift/") == 404
    editor.post(step_on(page, "approve"), "step-form", when="now", own_work_reason="Nobody else is here.")
    published = time.monotonic()
    wait_for(lambda: status_of(f"{parts.app_address(1)}/en/topics/digital-shift/") == 200, "the other server", 1)
    print(f"published on one server, read on the other after {time.monotonic() - published:.2f} s")


def step_on(page: str, action: str) -> str:
    """The address of a step that the form of a record leads to."""
    found = re.search(rf'href="([^"]*/{action}/)"', page)
    assert found, f"no way to {action}"
    return found[1]


def reload_under_load(parts: Cluster) -> None:
    with visitors(parts.address, posting=True) as answers:
        for number in range(2):
            server = parts.processes[f"app-{number}"].pid
            former = workers_of(server)
            os.kill(server, signal.SIGHUP)
            wait_for(lambda server=server, former=former: not former & workers_of(server), "new workers")
    report("both app servers reloaded", answers, 0)


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
        for number in range(2):
            print((parts.folder / f"app-{number}.log").read_text(encoding="utf-8")[-LAST_WORDS:])


def test_no_lost_part_costs_a_page_and_a_lost_primary_only_editing(parts):
    editor = Editor(parts.app_address(0))
    publish_on_one_and_read_on_the_other(parts, editor)
    reload_under_load(parts)

    def replica_answers() -> bool:
        return editor.open("/readyz")[1] == "ready\n"

    def stop_replica() -> None:
        parts.stop_database("replica")

    lose(parts, "replica", stop_replica, lambda: parts.start_database("replica"), replica_answers)
    lose_by_hanging(parts, replica_answers)
    # A Redis that has just started counts from 0.
    lose(parts, "Redis", lambda: parts.kill_process("redis"), parts.start_redis, lambda: parts.redis_reads() > 0)
    hang_redis(parts)
    one_back = f"{parts.app_address(1)}/healthz"
    lose(
        parts,
        "app server",
        lambda: parts.kill_process("app-1"),
        lambda: parts.start_app(1),
        lambda: status_of(one_back),
    )
    lose_the_primary(parts, editor)
    hang_both(parts, editor)
