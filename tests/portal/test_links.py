"""The check of links: asks politely, only what is public, and blames no link for a broken line of our own."""

import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.links import asking
from portal.links.asking import Asker, is_public_address
from portal.links.models import SourceCheck
from portal.management.commands import check_links
from tests.factories import make_document, make_source

pytestmark = pytest.mark.django_db

CONTACT = "mailto:editors@example.org"
STATUSES = {
    "/page": 200,
    "/gone": 404,
    "/down": 500,
    "/guarded": 403,
    "/busy": 429,
    "/moved": 301,
    "/circle": 302,
    "/inward": 302,
    "/no-head": 200,
    "/rude": 200,
}
LOCATIONS = {"/moved": "/page", "/circle": "/circle", "/inward": "http://metadata.internal/"}


class Site(BaseHTTPRequestHandler):
    """A site with a page of every kind; it writes down who asked for what."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.server.seen.append((self.command, self.path, self.headers["User-Agent"]))
        if self.path == "/rude" and self.command == "HEAD":
            return  # closes without a word
        status = 405 if self.path == "/no-head" and self.command == "HEAD" else STATUSES.get(self.path, 404)
        self.send_response(status)
        if self.path in LOCATIONS:
            self.send_header("Location", LOCATIONS[self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args) -> None:
        """Nothing to the console."""


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.seen = []
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(autouse=True)
def nobody_asked_yet(site):
    site.seen.clear()


def check(*options, **given) -> None:
    call_command("check_links", *options, contact=CONTACT, delay=0, timeout=5, allow_private=True, **given)


def found(site) -> dict[str, tuple]:
    """Path to (outcome, status or problem)."""
    checks = SourceCheck.objects.all()
    return {each.url.removeprefix(site.address): (each.outcome, each.status or each.problem) for each in checks}


@pytest.mark.databases
def test_each_answer_is_remembered_for_what_it_means_to_a_reader(site, capsys):
    for path in STATUSES.keys() - {"/inward"}:
        make_source(url=site.address + path)
    check()
    assert found(site) == {
        "/page": ("ok", 200),
        "/gone": ("fails", 404),
        "/down": ("fails", 500),
        "/guarded": ("unclear", 403),
        "/busy": ("unclear", 429),
        "/moved": ("ok", 200),
        "/circle": ("fails", "redirects"),
        "/no-head": ("ok", 200),
        "/rude": ("ok", 200),
    }
    assert SourceCheck.objects.get(url=f"{site.address}/moved").redirect == f"{site.address}/page"
    assert "9 addresses asked: 4 answer, 3 fail, 2 gave no clear answer." in capsys.readouterr().out


def test_sources_and_documents_are_asked_by_name_once_each_without_their_pages(site):
    for row in (make_source(url=f"{site.address}/page"), make_document(url=f"{site.address}/page")):
        assert row.url
    make_document(url="")
    check()
    ((method, path, agent),) = site.seen
    assert (method, path) == ("HEAD", "/page")
    assert CONTACT in agent and "asean-digital-register" in agent


def test_nobody_is_asked_by_an_unnamed_stranger(settings):
    settings.SECURITY_CONTACT = ""
    with pytest.raises(CommandError, match="Say who asks"):
        call_command("check_links", contact="")


def test_what_was_asked_lately_is_left_out_and_the_longest_unasked_comes_first(site):
    for path in ("/page", "/gone", "/down"):
        make_source(url=site.address + path)
    check(limit=2)
    assert len(found(site)) == 2
    check()
    assert len(site.seen) == 2 + 1 + sum(method == "GET" for method, _path, _agent in site.seen)
    SourceCheck.objects.filter(url__endswith="/page").update(checked=timezone.now() - timedelta(days=9))
    site.seen.clear()
    check()
    assert [path for _method, path, _agent in site.seen] == ["/page"]


def test_since_when_a_link_fails_is_kept_until_it_answers_again(site, monkeypatch):
    make_source(url=f"{site.address}/gone")
    check()
    first = SourceCheck.objects.get()
    check(days=0)
    again = SourceCheck.objects.get()
    assert (again.since, again.checked > first.checked) == (first.since, True)
    monkeypatch.setitem(STATUSES, "/gone", 200)
    check(days=0)
    assert SourceCheck.objects.get().since > first.since


def test_an_address_that_no_record_has_any_more_is_forgotten(site):
    source = make_source(url=f"{site.address}/gone")
    check()
    source.url = f"{site.address}/page"
    source.save()
    check()
    assert found(site) == {"/page": ("ok", 200)}


def test_a_host_rests_between_two_requests_and_hosts_take_turns(monkeypatch):
    clock, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(check_links.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(check_links.time, "sleep", sleep)
    turns = check_links.Turns(2)
    for host in ("a", "b", "a", "a"):
        turns.wait(host)
    assert slept == [2.0, 2.0]
    urls = ["http://a/1", "http://a/2", "http://a/3", "http://b/1"]
    assert check_links.spread(urls) == ["http://a/1", "http://b/1", "http://a/2", "http://a/3"]


# What is never asked


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://localhost:8000/", "http://[::1]/", "http://10.0.0.1/", "http://192.168.1.1/"),
        *("http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://224.0.0.1/"),
        *("http://100.64.0.1/", "http://2130706433/", "http://[fd00::1]/", "http://[fe80::1]/"),
        *("file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "javascript:alert(1)", "", "http://"),
        *("http://user:secret@example.org/", "http://example.org:99999/", "http://[::1"),
    ],
)
def test_no_address_of_our_own_network_and_no_other_scheme_is_asked(url):
    answer = Asker("test", timeout=1, wait=pytest.fail).ask(url)
    assert (answer.outcome, answer.problem) == ("fails", "address")


def test_a_redirect_into_our_own_network_is_not_followed(site, monkeypatch):
    real = socket.getaddrinfo

    def names(host, *args, **kwargs):
        return real("10.0.0.1" if host == "metadata.internal" else host, *args, **kwargs)

    monkeypatch.setattr(asking.socket, "getaddrinfo", names)
    monkeypatch.setattr(asking, "is_public_address", lambda text: not text.startswith("10."))
    answer = Asker("test", timeout=5).ask(f"{site.address}/inward")
    assert (answer.problem, answer.redirect) == ("address", "http://metadata.internal/")
    assert [path for _method, path, _agent in site.seen] == ["/inward"]


def test_a_name_with_one_private_address_among_public_ones_is_not_asked(monkeypatch):
    pair = [(0, 0, 0, "", (address, 80)) for address in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(asking.socket, "getaddrinfo", lambda *args, **kwargs: pair)
    assert Asker("test").ask("http://example.org/").problem == "address"


@pytest.mark.parametrize(
    ("address", "public"), [("93.184.215.14", True), ("2606:2800:21f::1", True), ("::ffff:10.0.0.1", False)]
)
def test_which_addresses_are_public(address, public):
    assert is_public_address(address) is public


# Our own line


def go_offline(monkeypatch, but: str = "") -> None:
    real = socket.getaddrinfo

    def names(host, *args, **kwargs):
        if host != but:
            raise socket.gaierror("no names")
        return real(host, *args, **kwargs)

    monkeypatch.setattr(asking.socket, "getaddrinfo", names)


@pytest.mark.parametrize("sources", [1, 8])
def test_off_line_it_says_so_and_no_link_is_called_broken(monkeypatch, sources):
    go_offline(monkeypatch)
    for number in range(sources):
        make_source(url=f"https://host{number}.example/")
    with pytest.raises(CommandError, match="off-line"):
        check()
    assert not SourceCheck.objects.exists()


def test_a_host_that_alone_is_silent_fails(site, monkeypatch):
    go_offline(monkeypatch, but="127.0.0.1")
    make_source(url=f"{site.address}/page")
    for number in range(7):
        make_source(url=f"https://host{number}.example/")
    check()
    assert SourceCheck.objects.failing().count() == 7
    assert set(SourceCheck.objects.failing().values_list("problem", flat=True)) == {"name"}


def test_a_line_that_breaks_on_the_way_blames_no_link_after_that(site, monkeypatch):
    def answers(asker, url):
        if url.endswith("/page") and not SourceCheck.objects.exists():
            return asking.Answer("ok", 200)
        return asking.Answer("fails", problem="connection")

    monkeypatch.setattr(Asker, "ask", answers)
    make_source(url="https://a.example/page")
    make_source(url="https://b.example/")
    with pytest.raises(CommandError, match="off-line"):
        check()
    assert [each.outcome for each in SourceCheck.objects.all()] == ["ok"]


# What editors see


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "en"
    return client


def listed(editor, model: str, value: str) -> set[str]:
    page = editor.get(reverse(f"admin:portal_{model}_changelist"), {"link": value})
    return {record.url for record in page.context["cl"].result_list}


def test_the_list_is_filtered_by_what_links_answered(editor, site):
    paths = {"fails": "/gone", "ok": "/page", "unclear": "/guarded", "moved": "/moved"}
    for path in paths.values():
        make_source(url=site.address + path)
    make_document(url=site.address + "/gone")
    check()
    make_source(url="https://example.org/later")
    make_document(url="")
    for value, path in paths.items():
        also = {f"{site.address}/moved"} if value == "ok" else set()
        assert listed(editor, "source", value) == {site.address + path} | also
    assert listed(editor, "source", "unasked") == {"https://example.org/later"}
    assert (listed(editor, "document", "fails"), listed(editor, "document", "unasked")) == (
        {f"{site.address}/gone"},
        set(),
    )


def test_list_and_form_say_what_the_address_answered(editor, site):
    source = make_source(url=f"{site.address}/gone")
    form = reverse("admin:portal_source_change", args=[source.pk])
    assert "not asked yet" in editor.get(form).content.decode()
    check()
    assert "link fails (404), so since" in editor.get(form).content.decode()
    page = editor.get(reverse("admin:portal_source_changelist")).content.decode()
    assert '<td class="field-link">link fails</td>' in page


def test_the_list_takes_no_query_more_for_a_check(editor, site):
    make_source(url=f"{site.address}/page")
    address = reverse("admin:portal_source_changelist")
    editor.get(address)
    with CaptureQueriesContext(connection) as before:
        editor.get(address)
    check()
    with CaptureQueriesContext(connection) as after:
        editor.get(address)
    assert len(after) == len(before)
