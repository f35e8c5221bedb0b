"""What gunicorn and nginx answer by themselves, and what they let through to the register."""

import http.client
from collections.abc import Iterator

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


def test_no_header_moves_the_register_to_another_address(server):
    assert ask(server, "/healthz", SCRIPT_NAME="/evil", PATH_INFO="/en/")[0] == 200
