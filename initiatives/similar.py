"""The initiatives that share topics, counted in memory: a join over ten thousand of them would cost a whole page."""

from array import array
from collections.abc import Iterable
from itertools import islice, zip_longest

from pyroaring import BitMap

from initiatives.models import Initiative
from portal.index import ContentState, Index, kept
from portal.prepared import public_rows

SHOWN = ("id", "slug", "name_vi", "name_en", "status")


def topics_index(state: ContentState) -> Index:
    """The public initiatives by topic, the newest first; two queries for each state of the content."""

    def make() -> Index:
        initiatives = Initiative.objects.published().order_by("-start_year", "slug")
        newest_first = array("I", initiatives.values_list("pk", flat=True).iterator())
        index = Index(newest_first)
        index.add_facet("topic", Initiative.topics.through.objects.values_list("initiative_id", "topic_id").iterator())
        index.add_order("newest", newest_first)
        return index

    return kept(state, "initiatives by topic", make)


def by_sets_in_common(sets: Iterable[BitMap]) -> list[BitMap]:
    """What is in all of the sets, what is in all but one, and so on down to one; each in one group."""
    at_least: list[BitMap] = []
    for members in sets:
        at_least.append(BitMap())
        for place in range(len(at_least) - 1, 0, -1):
            at_least[place] |= at_least[place - 1] & members
        at_least[0] |= members
    pairs = zip_longest(at_least, at_least[1:], fillvalue=BitMap())
    return [these - those for these, those in pairs][::-1]


def similar_to(initiative: Initiative, most: int, state: ContentState) -> list[Initiative]:
    """The others that share a topic, those with most topics in common first, then the newest: name, slug and status."""
    index = topics_index(state)
    topics = [index.values["topic"].get(topic.pk, BitMap()) for topic in initiative.topics.all()]
    groups = [group - BitMap([initiative.pk]) for group in by_sets_in_common(topics)]
    ids = list(islice(index.groups_in_order(groups, "newest"), most))
    return public_rows(Initiative, SHOWN, ids, state)
