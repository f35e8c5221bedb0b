"""No query string makes an answer cost more than ten times what is usual at its address, whoever writes it.

What it costs is counted and not timed, so that a busy machine finds the same as an idle one (`cost`).
"""

from cProfile import Profile
from statistics import median
from urllib.parse import urlencode

import pytest
from django.conf import settings as project_settings
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.filters import LONGEST_SEARCH, RecordFilterSet
from portal.hits import find, find_names
from portal.limits import LONGEST_QUERY, MOST_PARAMETERS
from portal.representation import lists
from portal.search import Kind
from portal.timeline import TimelineFilterSet
from tests.content import whole_content
from tests.web import whole_addresses

pytestmark = pytest.mark.django_db

MOST = 10  # times the median
STEPS = 10  # instructions of SQLite's virtual machine that weigh as much as a call
BYTES = 10  # of an answer that do: each is rendered, compressed and sent

Query = list[tuple[str, str]]


# What a request costs


@pytest.fixture(scope="module", autouse=True)
def content(request, django_db_setup, django_db_blocker):
    if project_settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":
        pytest.skip("Only SQLite says how many instructions it ran.")
    with whole_content(request, django_db_blocker):
        yield


@pytest.fixture
def visitor(monkeypatch) -> Client:
    """A client for whom every page is made anew, as often as it asks."""
    monkeypatch.setattr(project_settings, "PAGE_CACHE_MEGABYTES", 0)
    monkeypatch.setattr(project_settings, "API_REQUESTS_A_MINUTE", 0)
    return Client()


def cost(visitor: Client, address: str) -> int:
    """What an answer costs, in calls: of functions, ours, Django's and Python's own, and what weighs as much as one.

    SQLite calls one of ours after so many instructions, so what it does is counted with
    them. What a text finds is looked for anew; what is kept of the content stays kept.
    """
    calls = Profile()
    connection.connection.set_progress_handler(lambda: None, STEPS)
    find.cache_clear()
    find_names.cache_clear()
    try:
        calls.enable()
        size = len(visitor.get(address).getvalue())
        calls.disable()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return sum(entry.callcount for entry in calls.getstats()) + size // BYTES


def address_of(path: str, query: Query) -> str:
    return f"{path}?{urlencode(query)}"


# Where one may ask


def public_paths() -> list[str]:
    """Those that visitors ask with a query string, and the lists of the API."""
    with override("vi"):
        found = [path for path in whole_addresses() if path.startswith("/vi/") or path == "/sitemap.xml"]
    return sorted({*found, *(f"/api/v1/{name}/" for name in lists())})


def name_of(path: str) -> str:
    """What is listed at an address: meetings, at /vi/meetings.csv."""
    return path.rstrip("/").rpartition("/")[2].partition(".")[0]


def filterset_of(path: str) -> RecordFilterSet | None:
    classes = {name: table.filterset_class for name, table in lists().items()} | {"timeline": TimelineFilterSet}
    return classes[name_of(path)](QueryDict()) if name_of(path) in classes else None


def values_at(path: str) -> dict[str, list[str]]:
    """Every value that is offered, by parameter, what most records have first."""
    filterset = filterset_of(path)
    if not filterset:
        return {"kind": list(Kind.values)}
    options = {facet.name: sorted(facet.options, key=lambda option: -option.count) for facet in filterset.facets}
    return {name: [option.value for option in those] for name, those in options.items() if those}


# What is asked

TEXTS = ["ASEAN", "kinh tế số", "digital", "2025", "an toàn thông tin", "adgmin-6", '"trí tuệ nhân tạo"']


def ordinary(path: str) -> list[Query]:
    """What visitors ask: the whole, a value of each facet, two at once, each order, some words."""
    filterset = filterset_of(path)
    first = [(name, those[0]) for name, those in values_at(path).items()]
    orders = [value for value, _label in filterset.sort_choices] if filterset else []
    texts = [[("q", text)] for text in TEXTS] if "q" in getattr(filterset, "filters", "q") else []
    return [[], *([pair] for pair in first), first[:2], *([("sort", order)] for order in orders), *texts]


def row(*words: str) -> str:
    """As many words as a text may have, the same again if need be."""
    return (" ".join(words) + " ")[:LONGEST_SEARCH].strip() if len(words) > 1 else row(*words * LONGEST_SEARCH)


LETTERS = "abcdeghiklmnopqrstuvxy"
HOSTILE_TEXTS = {
    "50 KB": "a" * 50_000,
    "50 KB of marks": "a" + "\u0301" * 25_000,
    "marks and little else": "a" + "\u0301" * (LONGEST_SEARCH - 1),
    "letters that fold into many": "ﷺ" * LONGEST_SEARCH,
    "500 words": " ".join(f"w{number}" for number in range(500)),
    "300 phrases": " ".join(f'"a{number} b"' for number in range(300)),
    "500 exclusions": "số " + " ".join(f"-w{number}" for number in range(500)),
    "one word again and again": row("số"),
    "beginnings of nearly everything": row(*LETTERS),
    "long beginnings": row(
        "asea", "thon", "tron", "phat", "tien", "kinh", "chuy", "ngan", "quoc", "nghi", "digi", "coop"
    ),
    "exclusions of nearly everything": row("số", *(f"-{letter}" for letter in LETTERS)),
    "phrases that fit": row('"kinh tế"', '"chuyển đổi"', '"công nghệ"', '"thông tin"', '"an toàn"', '"dữ liệu"', "số"),
    "other names": row("ai", "iot", "5g", "asean", "adm", "adgmin", "telmin", "defa", "cert", "vn", "sg", "my", "th"),
    "near misses": row(
        "asaen", "dgitial", "kimh", "tees", "chuyenn", "thongg", "nghiepj", "conng", "netwrok", "secruity"
    ),
    "like nothing": row("xqzzwy", "qqqwwz", "zxzxzx", "wqwqwq", "qzqzqz", "xwxwxw"),
    "near misses of phrases": row('"asaen dgitial"', '"kimh tees"', "số", "chuyenn", '"thongg nghiepj"'),
    "nested quotes": '"' * 90 + 'a "b" -"c' + '"' * 90,
    "signs of the databases": row(
        "NEAR(a", "b,10)", "OR", "AND", "NOT", "*", "^", "{words}", ":", "+", "%_%", "a*", "&", "|"
    ),
    "percent signs": "%" * LONGEST_SEARCH,
    "nothing but signs": "- " * 100,
}


def hostile(path: str) -> dict[str, Query]:
    values = values_at(path)
    every = [(name, value) for name, those in values.items() for value in those]
    name, value = every[0] if every else ("q", "a")
    longest = "y" * (LONGEST_QUERY - len(urlencode(every)) - 10)
    return {
        "every option": every,
        "every option, and the longest address": [*every, ("x", longest)],
        "every option, and the most parameters": [*every, *[("x", "y")] * (MOST_PARAMETERS - len(every))],
        "every option 50 times": every * 50,
        "every option and a text": [*every, ("q", HOSTILE_TEXTS["long beginnings"])],
        "every option and nothing found": [*every, ("q", HOSTILE_TEXTS["near misses"])],
        "one value 2,000 times": [(name, value)] * 2000,
        "one value as often as may be": [(name, value)] * MOST_PARAMETERS,
        "wrong values": [(name, f"x{number}") for number in range(MOST_PARAMETERS)],
        "long wrong values": [(name, '"<&' * 60)] * 12,
        "1,000 unknown parameters": [(f"x{number}", "y") for number in range(1000)],
        "everything wrong at once": [
            *(("page", "9" * 999), ("page_size", "9" * 999), ("limit", "9" * 9), ("sort", "x" * 999)),
            *(("year_from", "0001"), ("year_to", "9" * 999), ("updated_since", "2" * 999), ("\0" * 99, "\0" * 99)),
        ],
        "a page far off": [("page", "99999999")],
        "pages as large as may be": [("page_size", "1000")],
        "pages of one": [("page_size", "1")],
        "all the years there are": [("year_from", "1967"), ("year_to", "2100"), ("updated_since", "1970-01-01")],
        "with all there is to it": [("view", "table"), ("sessions", "1")],
    }


IN_PAGES = ("/vi/initiatives/", "/vi/search/", "/vi/search/suggestions/")  # a text is the same question on every list
IN_A_FILE = ("every option", "every option and a text", "all the years there are", "with all there is to it")
IN_A_TEXT = (
    "every option, and the longest address",
    "every option, and the most parameters",
    "everything wrong at once",
)


def is_file(path: str) -> bool:
    return path.endswith((".csv", ".xlsx", ".atom", ".ics"))


def is_asked(path: str) -> bool:
    """Whether an address is one of a list or of the search."""
    return bool(filterset_of(path)) or path in IN_PAGES


def queries_for(path: str) -> list[Query]:
    """Files are dear, and what they hold is chosen as on their page: less is asked of them."""
    queries = ordinary(path) if is_asked(path) else [[]]
    return [queries[0], *queries[1::3]] if is_file(path) else queries


def queries_against(path: str) -> dict[str, Query]:
    queries = hostile(path)
    if is_file(path):
        return {what: queries[what] for what in IN_A_FILE}
    if not is_asked(path):
        return {what: queries[what] for what in IN_A_TEXT}
    texts = HOSTILE_TEXTS if path in IN_PAGES or path.startswith("/api/v1/") else {}
    return queries | {f"a text: {what}": [("q", text)] for what, text in texts.items()}


def usual_cost(visitor: Client, path: str) -> float:
    """The median of what visitors ask, once everything that is kept of the content is kept."""
    queries = queries_for(path)
    for query in [*queries, [("page_size", "1000")]]:
        visitor.get(address_of(path, query)).getvalue()
    return median(cost(visitor, address_of(path, query)) for query in queries)


@pytest.mark.parametrize("path", public_paths())
def test_no_query_string_costs_more_than_ten_times_the_median(visitor, path):
    usual = usual_cost(visitor, path)
    costs = {what: cost(visitor, address_of(path, query)) for what, query in queries_against(path).items()}
    assert {what: round(paid / usual, 1) for what, paid in costs.items() if paid > MOST * usual} == {}


# What nobody thought of

PIECES = [
    "số",
    "asean",
    "a",
    "k",
    "2025",
    "adgmin",
    "xqz",
    '"',
    "-",
    '"kinh tế"',
    "-an",
    "\u0301",
    "ﷺ",
    "*",
    "%",
    "OR",
    "(",
]
texts = st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join) | st.text(max_size=LONGEST_SEARCH)
NAMES = ["q", "kind", "status", "country", "body", "topic", "meeting", "year", "year_from", "year_to", "sort", "page"]
NAMES += ["page_size", "updated_since", "view", "x"]
values = st.sampled_from(["ongoing", "sg", "vn", "adgmin", "none", "2025", "-name", "1", "1000", "table"]) | texts


@pytest.fixture
def usual_costs(visitor) -> dict[str, float]:
    return {path: usual_cost(visitor, path) for path in (*IN_PAGES, "/api/v1/decisions/")}


@settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from([*IN_PAGES, "/api/v1/decisions/"]),
    query=st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=40),
)
def test_no_mixture_of_parameters_costs_more_than_ten_times_the_median(visitor, usual_costs, path, query):
    assert cost(visitor, address_of(path, query)) <= MOST * usual_costs[path]
