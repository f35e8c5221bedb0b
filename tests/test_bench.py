"""The benchmark's clients: what they count is what a server did."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import pytest

from deploy.bench_clients import Load, Visitor, ask_patiently, read_wrk

pytestmark = pytest.mark.usefixtures("own_event_loop")

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
KNOWN = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\nok"


async def ask(answer: Callable) -> Load:
    """What a visitor gets within a moment from a server that answers so."""
    got = Load()
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        await Visitor(host, port, b"GET / HTTP/1.1\r\n\r\n", patience=5, got=got).visit(time.perf_counter() + 0.05)
    return got


def got_from(text: bytes, *, closing: bool = False) -> Load:
    """What a visitor gets where this is the answer to everything, and with `closing` the end of the connection."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            await reader.readline()
            writer.write(text)
            if closing:
                break
        writer.close()

    return asyncio.run(ask(answer))


@pytest.mark.parametrize("answer", [WHOLE, CHUNKED, KNOWN])
def test_answers_over_one_connection_are_read_to_their_ends(answer):
    got = got_from(answer)
    assert got.requests > 1
    assert (got.latencies.total(), got.errors) == (got.requests, Counter())


def test_an_error_of_the_server_is_counted_as_one():
    got = got_from(FAILED)
    assert got.errors == Counter(status=got.requests) != Counter()


@pytest.mark.parametrize("answer", [CUT_OFF, ENDLESS])
def test_an_answer_whose_end_is_missing_is_an_error_and_no_answer(answer):
    got = got_from(answer, closing=True)
    assert (got.requests, set(got.errors)) == (0, {"read"})


def test_a_server_that_is_not_there_is_an_error():
    got = ask_patiently("http://127.0.0.1:1/", {}, connections=1, seconds=0.01)
    assert (got.requests, set(got.errors)) == (0, {"connect"})


def test_what_wrk_says_is_understood():
    got = read_wrk("  100 requests\nRESULT 100 1000500 1 0 2 3 0\nLATENCY 500 99\nLATENCY 40000 1\n", connections=16)
    assert (got.requests, got.seconds, got.handled) == (100, 1.0005, 116)
    assert got.errors == Counter(connect=1, write=2, status=3)
    assert (got.percentile(0.5), got.percentile(0.99), got.percentile(1)) == (0.5, 0.5, 40.0)


def test_loads_put_together_have_the_percentiles_of_all_their_answers():
    one = Load(requests=3, seconds=1, latencies=Counter({1000: 3}))
    other = Load(requests=1, seconds=1, errors=Counter(read=1), latencies=Counter({9000: 1}))
    both = one + other
    assert (both.requests, both.seconds, both.errors) == (4, 2, Counter(read=1))
    assert (both.percentile(0.75), both.percentile(0.95)) == (1.0, 9.0)
