"""Rows that are read by the hundred have the links that Django's prefetch would read, each record made once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from initiatives.models import Initiative
from portal import linked
from portal.linked import LinkedRows
from portal.models import State, Topic
from portal.tables import TABLES
from tests.web import make_web

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_the_links_that_django_would_read(name):
    make_web(3)
    expected = list(TABLES[name].rows_with_parts().order_by("pk"))
    rows = LinkedRows(TABLES[name].rows_with_parts())
    lists = [each.to_attr for each in TABLES[name].rows_with_parts()._prefetch_related_lookups]
    assert [row.pk for row in rows.all()] == [row.pk for row in expected]
    for found, row in zip(rows.all(), expected, strict=True):
        assert {each: getattr(found, each) for each in lists} == {each: getattr(row, each) for each in lists}


def topics_of_two(rows: LinkedRows) -> list[list[Topic]]:
    return [row.list_of_topics for row in rows.all()]


def test_rows_share_the_records_that_they_are_linked_to():
    make_web(2)
    topic = Topic.objects.published().first()
    for initiative in Initiative.objects.all():
        initiative.topics.set([topic])
    one, other = topics_of_two(LinkedRows(TABLES["initiatives"].rows()))
    assert one == other == [topic]
    assert one[0] is other[0]


def test_a_topic_that_is_a_draft_is_on_no_row():
    make_web(2)
    rows = TABLES["initiatives"].rows()
    assert any(topics_of_two(LinkedRows(rows)))
    Topic.objects.update(state=State.DRAFT)
    assert topics_of_two(LinkedRows(rows)) == [[], []]


def test_what_other_rows_were_linked_to_is_not_read_again():
    make_web(2)
    rows = LinkedRows(TABLES["initiatives"].rows())
    ids = list(Initiative.objects.values_list("pk", flat=True))
    rows.read(ids)
    with CaptureQueriesContext(connection) as queries:
        rows.read(ids)
    assert len(queries) == 1 + len(rows.links)


def test_where_there_are_many_to_link_to_only_some_are_kept(monkeypatch):
    make_web(3)
    monkeypatch.setattr(linked, "MOST_ROWS", 0)
    rows = LinkedRows(TABLES["initiatives"].rows())
    expected = [[*row.list_of_topics] for row in TABLES["initiatives"].rows().order_by("pk")]
    assert topics_of_two(rows) == expected
    assert [each.known for each in rows.links] == [{}] * len(rows.links)
