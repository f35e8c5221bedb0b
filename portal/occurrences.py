"""How much of its index a text would have a database read, judged by some of the entries; and what to leave of it.

A search costs as much as its words occur. A word of nearly every record is looked up among a hundred thousand
records in some milliseconds; two dozen of them are not, and nobody needs them. Nothing here knows a model.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain

from portal.query import Condition, Group, OtherNames, Piece, Query, Term, parse_query, pieces_of

MOST_READ = 800_000  # occurrences, of all words of a text together
# Of a word beside a rarer one so many occurrences are read for each of the rarer one; of a beginning always all.
READ_BESIDE_ONE = 10
AFTER_EVERY_WORD = "\U0010ffff"


@dataclass(frozen=True)
class Cost:
    """What it takes a database, in occurrences of a word that are read.

    `begun`: to read an occurrence of one of several words that begin so. `row`: to tell whether words of an entry
    stand in a row.
    """

    begun: int
    row: int


class Sample:
    """The words of some entries, given as they are indexed, of which each stands for so many."""

    def __init__(self, texts: Iterable[str], stands_for: int, cost: Cost) -> None:
        self.entries = [frozenset(text.split()) for text in texts]
        self.stands_for = stands_for
        self.cost = cost
        self.counts = Counter(chain.from_iterable(self.entries))
        self.words = sorted(self.counts)
        self.counts_before = [0, *accumulate(self.counts[word] for word in self.words)]

    def read_for(self, query: Query) -> int:
        """How many occurrences are read to find what a query finds."""
        wanted = self.read_for_all(query.everywhere()) if query.wanted else 0
        unwanted = sum(self.count(term) + self.read_for_rows([(term,)]) for term in query.unwanted)
        return self.stands_for * (wanted + unwanted)

    def read_for_all(self, condition: Condition) -> int:
        groups, shared = condition.apart()
        counts = [sum(self.count(term) for term in group) for group in groups]
        beside = READ_BESIDE_ONE * max(min(counts), 1)
        begun = [any(term.goes_on for term in group) for group in groups]
        read = sum(count if goes_on else min(count, beside) for count, goes_on in zip(counts, begun, strict=True))
        return read + sum(map(self.count, shared)) + self.read_for_rows([(*group, *shared) for group in groups])

    def read_for_rows(self, groups: list[Group]) -> int:
        """Each entry that holds the words is looked at, but once for however many rows."""
        rows = [term for group in groups for term in group if len(term.words) > 1]
        looked_at = [entry for entry in self.holding(groups) if any(holds(entry, row) for row in rows)] if rows else []
        return self.cost.row * len(looked_at)

    def number_of(self, query: Query) -> int:
        """How many entries hold all that is wanted."""
        return self.stands_for * len(self.holding(query.everywhere().needed()))

    def holding(self, groups: list[Group]) -> list[frozenset[str]]:
        """The entries of the sample with a term of each group, whose words may stand wherever they like."""
        return [entry for entry in self.entries if all(any(holds(entry, term) for term in group) for group in groups)]

    def count(self, term: Term) -> int:
        """What it takes to read all the occurrences of its words, of which an entry has one of each word."""
        *whole, last = term.words
        if not term.goes_on:
            return sum(map(self.count_word, term.words))
        first, end = bisect_left(self.words, last), bisect_left(self.words, last + AFTER_EVERY_WORD)
        occurrences = self.counts_before[end] - self.counts_before[first]
        return sum(map(self.count_word, whole)) + occurrences * (self.cost.begun if end - first > 1 else 1)

    def count_word(self, word: str) -> int:
        return self.counts.get(word, 0)


def holds(entry: frozenset[str], term: Term) -> bool:
    """Whether an entry holds the words of a term."""
    if not term.goes_on:
        return entry.issuperset(term.words)
    *whole, begun = term.words
    return entry.issuperset(whole) and any(word.startswith(begun) for word in entry)


def as_much_as_may_be(text: str, sample: Sample, other_names: OtherNames) -> str:
    """The text, or what may be looked for instead: its words wherever they stand, or the first of them."""

    def may_be(way: str) -> bool:
        return sample.read_for(parse_query(way, other_names)) <= MOST_READ

    if may_be(text):
        return text
    words = words_to_look_for(pieces_of(text))
    ways = (" ".join(words[:number]) for number in range(len(words), 0, -1))
    return next(filter(may_be, ways), f'"{words[0]}"')


def words_to_look_for(pieces: list[Piece]) -> list[str]:
    """Each by itself, but for what is left out."""
    return [word for piece in pieces for word in ([piece.typed] if piece.is_unwanted else piece.words_with_marks)]
