"""The page of a record reads what its queries would find, whatever record they were written for first."""

import pytest
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from initiatives.views import InitiativeDetailView, PlanDetailView
from meetings.views import DecisionDetailView, MeetingDetailView, PersonDetailView
from portal.models import Country, State
from portal.prepared import is_direct
from portal.views import BodyDetailView, CountryDetailView, DirectionDetailView, DocumentDetailView, TopicDetailView
from tests.web import make_web

VIEWS = [
    *(InitiativeDetailView, PlanDetailView, DecisionDetailView, MeetingDetailView, PersonDetailView),
    *(BodyDetailView, CountryDetailView, DirectionDetailView, DocumentDetailView, TopicDetailView),
]

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def read(view_class, slug: str):
    view = view_class()
    view.setup(RequestFactory().get("/"), slug=slug)
    return view.get_object()


def related_of(record, names: list[str]) -> dict[str, list]:
    return {name: list(getattr(record, name).all()) for name in names}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_record_has_the_relations_that_django_would_read(view, language):
    make_web(3)
    with override(language):
        related = view().related()
        names = [each.prefetch_to for each in related if is_direct(each)]
        for expected in view.model.objects.published().prefetch_related(*related):
            found = read(view, expected.slug)
            assert found == expected
            with CaptureQueriesContext(connection) as queries:
                assert related_of(found, names) == related_of(expected, names)
            assert len(queries) == 0


def test_what_belongs_to_the_record_knows_it_without_a_query():
    web = make_web(2)
    initiative = read(InitiativeDetailView, web["initiative"][0].slug)
    with CaptureQueriesContext(connection) as queries:
        assert {step.initiative.pk for step in initiative.milestones.all()} == {initiative.pk}
    assert len(queries) == 0


def test_what_is_counted_with_a_relation_is_there_too():
    web = make_web(2)
    country = web["country"][0]
    expected = Country.objects.prefetch_related(*CountryDetailView().related()).get(slug=country.slug)
    counted = [(meeting.slug, meeting.decision_count) for meeting in expected.hosted_meetings.all()]
    assert any(count for _slug, count in counted)
    found = read(CountryDetailView, country.slug)
    assert [(meeting.slug, meeting.decision_count) for meeting in found.hosted_meetings.all()] == counted


def test_a_draft_is_not_there_whether_record_or_relation():
    web = make_web(1)
    slug = web["initiative"][0].slug
    assert list(read(InitiativeDetailView, slug).topics.all()) == web["topic"]
    type(web["topic"][0]).objects.update(state=State.DRAFT)
    assert list(read(InitiativeDetailView, slug).topics.all()) == []
    type(web["initiative"][0]).objects.update(state=State.DRAFT)
    with pytest.raises(Http404):
        read(InitiativeDetailView, slug)


@pytest.mark.django_db(transaction=True)
def test_postgresql_plans_the_queries_of_a_page_once():
    slug = make_web(1)["initiative"][0].slug
    for _again in range(3):
        read(InitiativeDetailView, slug)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%initiatives_initiative%%'"
            )
            assert cursor.fetchone()[0] >= 2  # itself, and what it is linked to
    assert read(InitiativeDetailView, slug).slug == slug
