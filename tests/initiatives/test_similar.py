"""Initiatives are alike by their topics: those with most in common first, then the newest; never a draft."""

import pytest

from initiatives.models import Initiative
from initiatives.similar import similar_to
from portal.index import content_state
from portal.models import State
from tests.factories import make_initiative, make_topic

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.fixture
def topics():
    return [make_topic() for _ in range(3)]


def similar(initiative, most: int = 5) -> list[Initiative]:
    return similar_to(initiative, most, content_state())


def test_most_topics_in_common_come_first_then_the_newest(topics):
    one = make_initiative(topics=topics)
    old_two = make_initiative(topics=topics[:2], start_year=2001)
    old_one = make_initiative(topics=topics[:1], start_year=2001)
    new_one = make_initiative(topics=topics[2:], start_year=2020)
    all_three = make_initiative(topics=topics, start_year=1999)
    make_initiative(topics=[make_topic()])
    assert similar(one) == [all_three, old_two, new_one, old_one]
    assert similar(one, most=2) == [all_three, old_two]


def test_the_slug_decides_between_equals(topics):
    one = make_initiative(topics=topics)
    second, first = (make_initiative(topics=topics, start_year=2020, slug=slug) for slug in ("b", "a"))
    assert similar(one) == [first, second]


def test_without_topics_nothing_is_alike(topics):
    make_initiative()
    assert similar(make_initiative()) == []


def test_a_draft_is_like_nothing_and_a_change_of_topics_counts_at_once(topics):
    one, other = make_initiative(topics=topics), make_initiative(topics=topics[:1])
    assert similar(one) == [other]
    Initiative.objects.filter(pk=other.pk).update(state=State.DRAFT)
    assert similar(one) == []
    Initiative.objects.filter(pk=other.pk).update(state=State.PUBLISHED)
    other.topics.clear()
    assert similar(one) == []
