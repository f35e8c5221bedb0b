"""What lists are counted by, in memory."""

import tracemalloc
from collections.abc import Callable

import pytest
from pyroaring import BitMap

from portal.entries import PIECE, read_numbers
from portal.index import NOT_STATED, Index, sets_by_value

MANY = 50_000


def memory_taken(work: Callable[[], object]) -> int:
    """The most bytes that a piece of work holds at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ids_are_told_apart_by_value_and_what_states_none_is_left_out():
    pairs = [(1, "a"), (2, "b"), (3, "a"), (4, ""), (5, None), (None, "a")]
    assert sets_by_value(pairs) == {"a": BitMap([1, 3]), "b": BitMap([2])}


def test_what_is_not_a_record_of_the_list_is_in_no_facet():
    index = Index([1, 2, 3])
    index.add_facet("status", [(1, "planned"), (4, "planned")])
    assert index.values["status"] == {"planned": BitMap([1]), NOT_STATED: BitMap([2, 3])}


def make_index() -> None:
    index = Index(iter(range(MANY)))
    index.add_facet("year", ((number, number % 20) for number in range(MANY)))
    index.add_order("name", reversed(range(MANY)))


def test_an_index_takes_no_more_memory_while_it_is_made_than_its_numbers():
    assert memory_taken(make_index) < 20 * MANY


@pytest.mark.parametrize("count", [0, 1, 2, PIECE, 2 * PIECE])
def test_numbers_sent_as_one_text_are_read_to_the_last(count):
    numbers = range(1 << 28, (1 << 28) + count)
    assert read_numbers(",".join(map(str, numbers))) == BitMap(numbers)


def test_the_texts_of_many_numbers_are_not_in_memory_together():
    text = ",".join(map(str, range(MANY)))
    assert memory_taken(lambda: read_numbers(text)) < 30 * MANY
