"""The numbers of the whole content agree, whatever the filter: page, CSV, XLSX, feed and API."""

import csv
import io
import re
from urllib.parse import urlencode

import feedparser
import pytest
from bs4 import BeautifulSoup
from django.http import QueryDict
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from portal.filters import ValuesFilter
from portal.tables import TABLES
from tests.content import whole_content

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

LISTS = [name for name, table in TABLES.items() if table.page]
TEXTS = ["an ninh mang", "AI", "5G", "digital", "trí tuệ", "nothing-of-the-kind", "kế hoạch -2030"]


@pytest.fixture(scope="module", autouse=True)
def register(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


@st.composite
def filters(draw) -> tuple[str, str]:
    """(list, query string) of some filter that a visitor could set."""
    name = draw(st.sampled_from(LISTS))
    filterset = TABLES[name].filterset_class(QueryDict())
    with override("en"):
        options = {
            parameter: list(bound.labels)
            for parameter, bound in filterset.filters.items()
            if isinstance(bound, ValuesFilter) and bound.labels
        }
    chosen = draw(st.lists(st.sampled_from(sorted(options)), max_size=2, unique=True)) if options else []
    pairs = [
        (parameter, value)
        for parameter in chosen
        for value in draw(st.lists(st.sampled_from(options[parameter]), min_size=1, max_size=3))
    ]
    pairs += [("q", draw(st.sampled_from(TEXTS)))] if draw(st.booleans()) else []
    pairs += [("sort", draw(st.sampled_from(["", "-"])) + draw(st.sampled_from(sorted(filterset.sort_keys))))]
    pairs += [("updated_since", draw(st.sampled_from(["2020-01-01", "2999-01-01"])))] if draw(st.booleans()) else []
    return name, urlencode(pairs)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(filters())
def test_page_csv_xlsx_feed_and_api_give_the_same_records(asked):
    name, query = asked
    client = Client()
    page = BeautifulSoup(client.get(f"/en/{name}/?{query}").content, "html5lib")
    total = int(re.sub(r"\D", "", page.select_one("#count").get_text()))
    text = client.get(f"/en/{name}.csv?{query}").getvalue().decode("utf-8-sig")
    rows = [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    book = load_workbook(io.BytesIO(client.get(f"/en/{name}.xlsx?{query}").getvalue()), read_only=True)
    cells = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, max_col=1, values_only=True)]
    feed = feedparser.parse(client.get(f"/en/{name}.atom?{query}").content)
    assert not feed.bozo
    assert [total, int(feed.feed.opensearch_totalresults), len(feed.entries)] == [len(rows)] * 3
    answer = client.get(f"/api/v1/{name}/?page_size=1000&{query}", headers={"Accept-Language": "en"}).json()
    assert len(set(rows)) == len(rows) == answer["count"]
    assert [record["id"] for record in answer["results"]] == rows
    assert cells == rows


@pytest.mark.parametrize("name", LISTS)
def test_a_text_means_the_same_in_every_format(name):
    table = TABLES[name]
    text = Client().get(f"/en/{name}.csv").getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == table.model.objects.published().count()
    feed = feedparser.parse(Client().get(f"/en/{name}.atom").content)
    assert [entry.link for entry in feed.entries] == [row["url"] for row in rows]
