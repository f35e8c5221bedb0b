"""What pages cost in the database that DATABASE_URL names: fills it and asks the application, in this one process.

    python deploy/bench_pages.py SIZE

Started by deploy/bench.py, with an empty database, under production settings.
"""

import io
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path
from urllib.parse import quote

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

# Models can be imported only now.
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402

from deploy.bench_words import COMMON, DEAR, RARE, SEARCHED, SOME, USUAL  # noqa: E402
from initiatives.models import Initiative, InitiativeStatus  # noqa: E402
from portal import urls  # noqa: E402
from portal.hits import find, find_names  # noqa: E402
from portal.models import Body, Country, Direction, Source, Topic  # noqa: E402
from portal.text import english_sort_key, sort_key  # noqa: E402

ROUNDS, BARE_ROUNDS, AT_ONCE, SEED = 24, 4, 5000, 20260116
CODES = ("bn", "id", "kh", "la", "mm", "my", "ph", "sg", "th", "tl", "vn")
DEAREST = 5  # of a page are printed
FILTERED = "/vi/initiatives/?status=ongoing&status=planned&country=sg&country=vn&topic=topic-3"


# The records


def named(model, slug: str, **more):
    return model.objects.create(slug=slug, name_vi=f"Tên {slug}", name_en=f"Name {slug}", state="published", **more)


def make_vocabulary() -> dict[str, list]:
    facts = {"capital_vi": "x", "capital_en": "x", "ministry_vi": "x", "ministry_en": "x", "joined_on": "1995-07-28"}
    return {
        "lead_countries": [named(Country, code, code=code.upper(), **facts) for code in CODES],
        "directions": [named(Direction, f"direction-{n}", number=n) for n in range(1, 9)],
        "topics": [named(Topic, f"topic-{n}") for n in range(30)],
        "bodies": [named(Body, f"body-{n}", kind="network", status="active") for n in range(30)],
    }


def make_initiative(number: int, bodies: list, chance: random.Random) -> Initiative:
    name = f"Sáng kiến {' '.join(chance.choices(RARE, k=4))} {number}"
    text = " ".join([*chance.sample(COMMON, len(COMMON) - 2), *chance.choices(SOME, k=2), *chance.choices(RARE, k=20)])
    return Initiative(
        slug=f"initiative-{number}",
        state="published",
        updated=timezone.now(),
        name_vi=name,
        name_en=f"Initiative {number}",
        summary_vi=text,
        summary_en=f"Summary {number} {' '.join(chance.choices(RARE, k=10))}",
        status=chance.choice(InitiativeStatus.values),
        lead_body=chance.choice([*bodies, None]),
        start_year=chance.choice([*range(2005, 2027), None]),
        sort_vi=sort_key(name),
        sort_en=english_sort_key(f"Initiative {number}"),
    )


def fill(size: int) -> None:
    """So many initiatives, with links and search entries."""
    chance, vocabulary = random.Random(SEED), make_vocabulary()  # noqa: S311 - invented records, the same in every round
    source = Source.objects.create(slug="source", title="x", publisher="x", language="en", reliability="primary")
    for start in range(0, size, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, size))
        batch = [make_initiative(number, vocabulary["bodies"], chance) for number in numbers]
        Initiative.objects.bulk_create(batch)
        for relation in ("lead_countries", "directions", "topics"):
            through = getattr(Initiative, relation).through
            column = through._meta.get_field(vocabulary[relation][0]._meta.model_name)
            through.objects.bulk_create(
                through(initiative=initiative, **{column.name: choice})
                for initiative in batch
                for choice in chance.sample(vocabulary[relation], chance.choice([0, 1, 1, 2]))
            )
        links = Initiative.sources.through
        links.objects.bulk_create(links(initiative=initiative, source=source) for initiative in batch)
    call_command("rebuild_search", stdout=io.StringIO())  # as docs/operations.md says, after so many were loaded
    with connection.cursor() as cursor:
        # As PostgreSQL does by itself after a while.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


# The requests

application = None
EXPECTED = ("200", "400")  # 400 is what the API says to a text with words of too many records


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def get(address: str) -> bytes:
    """The body of the answer to a GET request, as a server would ask for it. Raises for what is not expected."""
    where, _, query = address.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": where,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
    statuses: list[str] = []
    answer = application(environ, lambda status, headers, error=None: statuses.append(status))
    body = b"".join(answer)
    answer.close()
    if not statuses[0].startswith(EXPECTED):
        raise RuntimeError(f"{address}: {statuses[0]}")
    return body


def server_seconds() -> float:
    """CPU seconds of the database's process that serves this one; 0 where the database is in this process."""
    if connection.vendor == "sqlite":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = Path(f"/proc/{cursor.fetchone()[0]}/schedstat").read_text(encoding="ascii")
    return int(times.split()[0]) / 1e9  # finer than the hundredths of a second of `stat`


def cpu(address: str) -> float:
    """Milliseconds of CPU that this process takes to answer a request."""
    started = time.process_time()
    get(address)
    return (time.process_time() - started) * 1000


def costs(addresses: Iterator[str]) -> tuple[list[float], float]:
    """Milliseconds of CPU of each request, and the median of the bare view asked in between.

    In between, because the machine may be busier now than a minute ago. What the
    database's server takes is spread evenly.
    """
    first = next(addresses)  # after the request that is not counted, where there is one
    own, plain, before = [], [], server_seconds()
    for address in chain([first], islice(addresses, ROUNDS - 1)):
        own.append(cpu(address))
        plain += [cpu("/bare") for _ in range(BARE_ROUNDS)]
    served = (server_seconds() - before) * 1000 / ROUNDS
    return [cost + served for cost in own], statistics.median(plain)


def same(address: str) -> Callable[[], Iterator[str]]:
    """The same request again and again, after one that was not counted."""

    def requests() -> Iterator[str]:
        get(address)
        while True:
            yield address

    return requests


def each_once(pattern: str, texts: list[str]) -> Callable[[], Iterator[str]]:
    """Every request with a text that was not asked for before, after some that were not counted."""

    def requests() -> Iterator[str]:
        addresses = [pattern.format(quote(text)) for text in texts]
        for address in addresses[: len(addresses) - ROUNDS][:20]:
            get(address)
        yield from addresses[-ROUNDS:]

    return requests


MEASURED: dict[str, Callable[[], Iterator[str]]] = {
    "list, unfiltered": same("/vi/initiatives/"),
    "list, last page": same("/vi/initiatives/?page=400"),
    "list, filtered, all facets": same(FILTERED),
    "list, filtered, by date": same(FILTERED + "&sort=-start"),
    "list, text with few hits, first time": each_once("/vi/initiatives/?q={}", RARE),
    "list, text with few hits, again": same("/vi/initiatives/?q=" + quote(f"{RARE[7]} {RARE[8]}")),
    "list, text with pages of hits, first time": each_once("/vi/initiatives/?q={}", SOME),
    "list, word in nearly every record, first time": each_once("/vi/initiatives/?q={}", COMMON),
    "list, word in nearly every record, again": same("/vi/initiatives/?q=chung3"),
    "search, few hits, first time": each_once("/vi/search/?q={}", RARE[100:]),
    "search, word in nearly every record, first time": each_once("/vi/search/?q={}", COMMON),
    "search, word in nearly every record, again": same("/vi/search/?q=chung3"),
    "suggestions, each the first": each_once("/vi/search/suggestions/?q=s%C3%A1ng+ki%E1%BA%BFn+{}", RARE[200:]),
    "API, a usual page": same("/api/v1/initiatives/"),
    "API, filtered": same("/api/v1" + FILTERED.removeprefix("/vi")),
    "a record": same("/vi/initiatives/initiative-7/"),
}


def measure() -> None:
    get("/bare")
    print(f"  {'list, first after a change of the content':48}{cpu('/vi/initiatives/'):9.2f} ms")
    for name, requests in MEASURED.items():
        taken, plain = costs(requests())
        taken.sort()
        median, high = statistics.median(taken), taken[int(len(taken) * 0.95) - 1]
        shown = f"{median:9.2f} ms {high:9.2f} ms p95 {median / plain:9.1f} {high / plain:9.1f}"
        print(f"  {name:48}{shown}    bare {plain:.2f} ms", flush=True)


def first_time(address: str) -> float:
    """Milliseconds of CPU, the database's server included, of a text that was not asked before; the best of three."""
    taken = []
    for _ in range(3):
        find.cache_clear()
        find_names.cache_clear()
        before = server_seconds()
        own = cpu(address)
        taken.append(own + (server_seconds() - before) * 1000)
    return min(taken)


def measure_texts() -> None:
    """The dearest texts of every page on which one searches, as multiples of what usual texts cost there."""
    for page in SEARCHED:
        usual = statistics.median(first_time(f"{page}?q={quote(text)}") for text in USUAL)
        print(f"  {page}, the median of usual texts {usual:23.2f} ms")
        dear = {what: first_time(f"{page}?q={quote(text)}") for what, text in DEAR.items()}
        for what in sorted(dear, key=dear.get, reverse=True)[:DEAREST]:
            print(f"    {what:46}{dear[what]:9.2f} ms {dear[what] / usual:9.1f} x usual", flush=True)


def main(size: int) -> None:
    global application  # noqa: PLW0603 - made once, after the database is there
    call_command("migrate", verbosity=0, interactive=False)
    started = time.monotonic()
    fill(size)
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    urls.urlpatterns.insert(0, path("bare", bare))
    application = get_wsgi_application()
    print(f"{connection.vendor}, {size:,} initiatives (filled in {time.monotonic() - started:.0f} s)", flush=True)
    measure()
    measure_texts()


if __name__ == "__main__":
    main(int(sys.argv[1]))
