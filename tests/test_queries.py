"""A page takes a constant, small number of queries, whatever the number of rows."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.web import FORMATS, LISTS, make_web, own_pages

MOST = 15

pytestmark = pytest.mark.django_db


def count_queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/en/{path}")
        answer.getvalue()  # what streams is read row by row
    assert answer.status_code == 200, path
    return len(queries)


def counts(client, rows: int) -> dict[str, int]:
    """Queries by page, over a register with so many rows of everything."""
    with transaction.atomic():
        web = make_web(rows)
        pages = {path: path for path in [*LISTS, *FORMATS]} | own_pages(web)
        numbers = {name: count_queries(client, path) for name, path in pages.items()}
        transaction.set_rollback(True)
    return numbers


@pytest.fixture
def one_row(client) -> dict[str, int]:
    return counts(client, 1)


def test_no_page_takes_more_than_fifteen_queries(one_row):
    pages = {name: number for name, number in one_row.items() if name not in FORMATS}
    assert {name: number for name, number in pages.items() if number > MOST} == {}


@pytest.mark.parametrize("rows", [3, 100])
def test_more_rows_take_no_more_queries(client, one_row, rows):
    assert counts(client, rows) == one_row
