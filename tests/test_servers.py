"""What gunicorn and nginx answer by themselves, and what they let through to the register."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import empty_register, nginx_before

OF_SERVERS = ["default-src 'none'; frame-ancestors 'none'"]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[int]:
    with empty_register(tmp_path_factory.mktemp("server")) as port:
        yield port


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory) -> Iterator[int]:
    with nginx_before(server, tmp_path_factory.mktemp("proxy")) as port:
        yield port


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, list[str]]:
    """(status, content security policies) of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get_all("Content-Security-Policy", [])
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/metrics", {}, 403),
        ("POST", "/en/", {"Content-Length": "99999999"}, 413),
        ("GET", f"/en/?q={'x' * 200_000}", {}, 414),
    ],
)
def test_an_answer_of_nginx_itself_carries_a_policy(proxy, method, path, headers, status):
    assert ask(proxy, path, method, **headers) == (status, OF_SERVERS)


def test_an_answer_of_the_register_keeps_its_own_policy_behind_nginx(server, proxy):
    status, policies = ask(proxy, "/healthz")
    assert (status, policies) == ask(server, "/healthz")
    assert len(policies) == 1 and "'self'" in policies[0]


def own_address(port: int, **headers: str) -> str:
    """By which address the register names itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/robots.txt", headers={"Host": "localhost"} | headers)
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return re.search(r"^Sitemap: (.*)/sitemap.xml$", text, re.MULTILINE)[1]


@pytest.mark.parametrize(
    ("name", "value"), [("X-Forwarded-Proto", "https"), ("X-Forwarded-Protocol", "ssl"), ("X-Forwarded-Ssl", "on")]
)
def test_nobody_says_that_they_came_by_https_where_no_proxy_is_believed(server, name, value):
    assert own_address(server, **{name: value}) == "http://localhost"


@pytest.fixture(params=["port", "socket"])
def behind(request, tmp_path) -> Iterator[tuple[int, Path | None]]:
    """(port, socket) of a register that believes a proxy, which asks the socket if there is one."""
    socket = tmp_path / "socket" if request.param == "socket" else None
    with empty_register(tmp_path, socket, BEHIND_PROXY="1") as port:
        yield port, socket


def test_a_proxy_says_how_a_visitor_came_and_nobody_else_does(behind, tmp_path_factory):
    port, socket = behind
    with nginx_before(port, tmp_path_factory.mktemp("plain"), socket) as plain:
        assert own_address(plain, **{"X-Forwarded-Proto": "https"}) == "http://localhost"
    # What a proxy says whose visitors come by https.
    with nginx_before(port, tmp_path_factory.mktemp("tls"), socket, scheme="https") as tls:
        assert own_address(tls) == "https://localhost"


def test_no_header_moves_the_register_to_another_address(server):
    assert ask(server, "/healthz", SCRIPT_NAME="/evil", PATH_INFO="/en/")[0] == 200
