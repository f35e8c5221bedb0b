"""A page takes a constant, small number of queries, whatever the number of rows."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.web import API, FORMATS, LISTS, make_web, own_pages

MOST = 5  # a meeting: for the version of the content, itself, what belongs to it, its initiatives and its series
MOST_OF_A_SEARCH = 5  # for the version, what a new text finds, and the parts of three kinds
# The first page after a change also reads what lists are counted by: a query for each facet, each order, each kind.
MOST_AT_FIRST = 45
# What describes every list at once, with the values of all its filters, and is kept until the content changes.
WHOLE = ["/api/v1/openapi.json", "open-data/api/"]
MOST_OF_THE_WHOLE = 250
# Lists that were asked something, with what fits and without.
FILTERED = [
    *("meetings/?when=past&country=none", "decisions/?level=commits&sort=level", "statements/?direction=none"),
    *("initiatives/?status=ongoing&country=none&sort=-start", "initiatives/?status=ongoing&q=zz&year=none"),
    *("documents/?year=none&kind=declaration", "bodies/?status=active", "figures/?projected=true&projected=false"),
    *("initiatives/?q=-zz", "search/?q=-zz", "search/?q=zz+yy+-xx", "search/suggestions/?q=a"),
]

pytestmark = pytest.mark.django_db


def count_queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path if path.startswith("/") else f"/en/{path}")
        answer.getvalue()  # what streams is read row by row
    assert answer.status_code == 200, path
    return len(queries)


def counts(client, rows: int) -> dict[str, tuple[int, int]]:
    """(at first, then) queries by page, over a register with so many rows of everything."""
    with transaction.atomic():
        web = make_web(rows)
        pages = {path: path for path in [*LISTS, *FILTERED, *FORMATS, *API]} | own_pages(web)
        numbers = {}
        for name, path in pages.items():
            web["topic"][0].save()  # a change: nothing that was kept is of use
            ContentType.objects.clear_cache()
            numbers[name] = (count_queries(client, path), count_queries(client, path))
        transaction.set_rollback(True)
    return numbers


@pytest.fixture(scope="module")
def few_rows(django_db_setup, django_db_blocker) -> dict[str, tuple[int, int]]:
    """Two of each kind: a record that is alone has no others like it to be read."""
    with django_db_blocker.unblock():
        return counts(Client(), 2)


def test_no_page_takes_more_than_a_few_queries(few_rows):
    then = {name: then for name, (_first, then) in few_rows.items() if name not in FORMATS}
    searches = [name for name in then if name.startswith("search/")]
    assert max(then.pop(name) for name in searches) <= MOST_OF_A_SEARCH
    assert {name: number for name, number in then.items() if number > MOST} == {}
    at_first = {name: first for name, (first, _then) in few_rows.items() if name not in FORMATS}
    assert max(at_first.pop(name) for name in WHOLE) <= MOST_OF_THE_WHOLE
    assert {name: number for name, number in at_first.items() if number > MOST_AT_FIRST} == {}


@pytest.mark.parametrize("rows", [4, 40])  # 40: more than a page of a list
def test_more_rows_take_no_more_queries(client, few_rows, rows):
    many = counts(client, rows)
    # Which relations its examples have, and so which are read, depends on the record that comes first.
    assert max(counted[name][0] for counted in (many, few_rows) for name in WHOLE) <= MOST_OF_THE_WHOLE
    many |= {name: (few_rows[name][0], many[name][1]) for name in WHOLE}
    assert many == few_rows
