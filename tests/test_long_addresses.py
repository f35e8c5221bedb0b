"""Addresses that are too long, asked of real servers: the page about them is ours, in the visitor's language."""

import http.client
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup

from tests.servers import empty_register, nginx_before

HEADINGS = {"vi": "Không xử lý được yêu cầu này", "en": "This request could not be understood"}
NO_PAGE = {"vi": "Không có trang nào tại địa chỉ này", "en": "There is no page at this address"}
ADVICE = {"vi": "tối đa 8000 ký tự", "en": "up to 8000 characters"}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[int]:
    with empty_register(tmp_path_factory.mktemp("server")) as port:
        yield port


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory) -> Iterator[int]:
    with nginx_before(server, tmp_path_factory.mktemp("proxy")) as port:
        yield port


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("place", ["server", "proxy"])
@pytest.mark.parametrize("kilobytes", [9, 50])
def test_a_query_that_is_too_long_is_answered_by_a_page_with_a_way_back(place, kilobytes, request):
    port = request.getfixturevalue(place)
    for language, heading in HEADINGS.items():
        status, text = ask(port, f"/{language}/meetings/?country={'x' * kilobytes * 1000}")
        page = BeautifulSoup(text, "html5lib")
        assert (status, page.html["lang"], page.h1.get_text()) == (400, language, heading)
        assert ADVICE[language] in page.select_one(".lede").get_text()
        assert page.select_one("main a.btn")["href"] == f"/{language}/"


@pytest.mark.django_db
@pytest.mark.parametrize("language", HEADINGS)
@pytest.mark.parametrize(
    ("end", "status", "headings"),
    [pytest.param("/", 404, NO_PAGE, id="names no page"), pytest.param("", 400, HEADINGS, id="cannot be redirected")],
)
def test_a_path_that_is_too_long_is_answered_by_a_page(client, language, end, status, headings):
    answer = client.get(f"/{language}/meetings/{'x' * 50_000}{end}")
    page = BeautifulSoup(answer.content, "html5lib")
    assert (answer.status_code, page.html["lang"], page.h1.get_text()) == (status, language, headings[language])


REDIRECTED = ["/en/meetings/{long}", "/meetings/{long}/", "/en/meetings?q={long}", "/admin/{long}/", "/admin/?q={long}"]


@pytest.mark.parametrize("path", REDIRECTED)
def test_a_long_address_is_redirected_and_its_server_asked_again(proxy, path):
    assert ask(proxy, path.format(long="x" * 7900))[0] in {301, 302}
    assert ask(proxy, "/healthz")[0] == 200


@pytest.mark.parametrize("place", ["server", "proxy"])
def test_what_no_server_should_keep_in_memory_is_refused_by_the_first_that_sees_it(place, request):
    status, text = ask(request.getfixturevalue(place), f"/en/?q={'x' * 200_000}")
    assert (status, "<main" in text) == (414, False)
