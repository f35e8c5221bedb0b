"""What a text finds, and what of it comes first; the same on both databases.

The order follows from yes-or-no questions, the most telling first: is this its very
name, or another name of the same thing; do the marks fit as typed; are the words in
the name; do they stand in a row; are they whole words; is it in the reader's language.
Of a word that is nearly everywhere, and of many words that together are
often found, only the names are asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from django.db.models import Model, QuerySet
from pyroaring import BitMap

from portal.entries import (
    FEW_ENTRIES,
    LANGUAGES,
    MOST_RECORDS,
    SearchEntry,
    find_among,
    find_numbers,
    first_number,
    numbers_in_use,
    vendor,
)
from portal.glossary import SAME_THING
from portal.index import ContentState, kept
from portal.models import Body, editorial_models
from portal.occurrences import Cost, Sample, as_much_as_may_be
from portal.query import Names, OtherNames, Query, parse_query
from portal.text import folded_words

KEPT_ANSWERS = 32  # each up to 0.1 MB where there are 100,000 records
# Entries, by the column in which they were found, that are still asked about marks, rows and whole words.
TOO_MANY_TO_ASK = {"words": 5_000, "names": 2_000}
TOO_MANY_TO_TELL = 20_000  # names that hold the words: most things are named so, and it tells nothing of one
FEW_TO_READ = 5_000  # entries, among which everything may be looked for
SAMPLED = 200  # entries by which it is judged what else may be
COSTS = {"sqlite": Cost(begun=1, row=1), "postgresql": Cost(begun=4, row=100)}
MOST_WORDS_TO_ASK = 8  # of a text by which more than a few entries are asked
# The questions in the order of their weight, as `questions` names them.
QUESTIONS = ("named", "otherwise_named", "marked", "in_name", "in_a_row", "whole")
# Of names that are only half typed those come first that begin so.
QUESTIONS_WHILE_TYPING = ("named", "otherwise_named", "begins", "marked", "in_a_row", "whole")


def names_of_one_thing() -> Iterator[Iterable[str]]:
    """Groups of names: the glossary's, and those of every public record with an acronym, also typed in one word."""
    yield from SAME_THING
    for model in editorial_models():
        if any(column.name == "acronym" for column in model._meta.fields):
            named = model.objects.published().exclude(acronym="")
            for acronym, *names in named.values_list("acronym", "name_vi", "name_en"):
                yield acronym, "".join(folded_words(acronym)), *names


def names_of_one_line() -> QuerySet:
    """Pairs of acronyms: of a public body and of the one that followed it."""
    followed = Body.objects.published().filter(successor__in=Body.objects.published())
    return followed.exclude(acronym="").exclude(successor__acronym="").values_list("acronym", "successor__acronym")


def each_with_the_others(groups: Iterable[Iterable[str]]) -> Names:
    names: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for group in groups:
        cut = {tuple(folded_words(name)) for name in group if name} - {()}
        for name in cut:
            names.setdefault(name, set()).update(cut - {name})
    return {name: frozenset(others) for name, others in names.items() if others}


def other_names() -> OtherNames:
    return OtherNames(each_with_the_others(names_of_one_thing()), each_with_the_others(names_of_one_line()))


@dataclass
class Hits:
    """The numbers of the search entries that a text finds, and of those about which a question is answered yes."""

    query: Query
    found: BitMap = field(default_factory=BitMap)
    excluded: BitMap = field(default_factory=BitMap)
    answers: dict[str, BitMap] = field(default_factory=dict)

    def ids(self, model: type[Model]) -> BitMap:
        """The ids of a model's records, whether public or not; in whichever language they were found."""
        return of_model(self.found, model) - of_model(self.excluded, model)

    def ids_in(self, model: type[Model], language: str) -> BitMap:
        """Those found in their texts in a language."""
        return in_language(self.found, model, language) & self.ids(model)

    def answered(self, question: str, model: type[Model]) -> BitMap:
        """The ids of a model's records about which a question is answered yes."""
        return of_model(self.answers.get(question, BitMap()), model)

    def ranks(
        self, model: type[Model], ids: BitMap, language: str, questions: tuple[str, ...] = QUESTIONS
    ) -> list[tuple[tuple[bool, ...], BitMap]]:
        """The ids in groups of equal standing, the best first, each with the answers that put it there."""
        groups: list[tuple[tuple[bool, ...], BitMap]] = [((), ids)]
        sets = [self.answered(question, model) for question in questions]
        for yes in [*sets, in_language(self.found, model, language)]:
            groups = [
                ((*answers, answer), part)
                for answers, group in groups
                for answer, part in ((True, group & yes), (False, group - yes))
                if part
            ]
        return groups


@cache
def every_number() -> BitMap:
    """Whatever entries there are: numbers have 32 bits."""
    return BitMap(range(1 << 32))


@cache
def block(model: type[Model], language: str) -> BitMap:
    """All the numbers that entries of a model in a language can have."""
    start = first_number(model, language)
    return BitMap(range(start, start + MOST_RECORDS))


def in_language(numbers: BitMap, model: type[Model], language: str) -> BitMap:
    return (numbers & block(model, language)).shift(-first_number(model, language))


def of_model(numbers: BitMap, model: type[Model]) -> BitMap:
    return BitMap.union(*(in_language(numbers, model, language) for language in LANGUAGES))


def are_most_named_so(query: Query, found: BitMap, column: str, state: ContentState) -> bool:
    """Whether so many names hold the words that they tell nothing; of what texts found, judged by a few entries."""
    if len(found) <= TOO_MANY_TO_TELL:
        return False
    return column == "names" or sample_of("names", state).number_of(query) > TOO_MANY_TO_TELL


def questions(query: Query, found: BitMap, column: str, state: ContentState) -> dict[str, tuple]:
    """What is asked of the entries that were found in a column: by name the column and the condition."""
    asked = {"named": ("names", query.as_named())}
    if other := query.as_otherwise_named():
        asked["otherwise_named"] = ("names", other)
    if not are_most_named_so(query, found, column, state):
        in_name, begins = ("names", query.everywhere()), ("names", query.as_beginning())
        asked |= {"in_name": in_name} if column == "words" else {"begins": begins}
    most = TOO_MANY_TO_ASK[column] if len(query.words) <= MOST_WORDS_TO_ASK else FEW_ENTRIES
    if len(found) > most:
        return asked
    if whole := query.whole_words():
        asked["whole"] = (column, whole)
    if query.has_marks:
        asked["marked"] = ("marked", query.with_marks())
    if query.is_row:
        asked["in_a_row"] = (column, query.in_a_row())
    return asked


def understand(text: str, state: ContentState) -> Query:
    """The text as a question that knows the other names of things."""
    return parse_query(text, kept(state, "other names", other_names))


def sample_of(column: str, state: ContentState) -> Sample | None:
    """By what it is judged how much a text would have the database read; None where it may read everything."""
    blocks = kept(state, "numbers in use", lambda: numbers_in_use(editorial_models()))
    if sum(map(len, blocks)) <= FEW_TO_READ:
        return None
    return kept(state, ("sample", column), lambda: read_sample(column, blocks))


def read_sample(column: str, blocks: list[range]) -> Sample:
    """The words in a column of a few entries, as far from one another as may be; one query."""
    apart = sum(map(len, blocks)) // SAMPLED
    numbers: list[int] = []
    start = 0
    for block in blocks:
        numbers += block[start::apart]
        start = (start - len(block)) % apart
    texts = SearchEntry.objects.filter(number__in=numbers).values_list(column, flat=True)
    return Sample(texts, apart, COSTS[vendor()])


def affordable(text: str, column: str, state: ContentState) -> str:
    """The text, or as much of it as may be looked for in a column where there are many records."""
    sample = sample_of(column, state)
    return as_much_as_may_be(text, sample, kept(state, "other names", other_names)) if sample else text


def read_for(text: str, state: ContentState) -> int:
    """How many occurrences the database reads to find what a text finds; 0 where there are few."""
    sample = sample_of("words", state)
    return sample.read_for(understand(text, state)) if sample else 0


def excluded(query: Query, model: type[Model] | None) -> BitMap:
    """The entries that hold a word to be left out; a record is left out whichever of its languages holds it."""
    return find_numbers({"excluded": ("words", query.none_of())}, model)["excluded"] if query.unwanted else BitMap()


@lru_cache(maxsize=KEPT_ANSWERS)
def find(text: str, state: ContentState, model: type[Model] | None = None) -> Hits:
    """What a text finds among the records of a model, or of all; a few queries the first time in a state of content.

    A text of nothing but words to be left out finds all the others, one without any word nothing.
    """
    query = understand(text, state)
    if not query:
        return Hits(query)
    if not query.wanted:
        return Hits(query, every_number(), excluded(query, model))
    return fitting(query, "words", state, model)


@lru_cache(maxsize=KEPT_ANSWERS)
def find_names(text: str, state: ContentState) -> Hits:
    """What a text finds among the names alone, of all records: for what is only half typed."""
    query = understand(text, state)
    return fitting(query, "names", state) if query.wanted else Hits(query)


def fitting(query: Query, column: str, state: ContentState, model: type[Model] | None = None) -> Hits:
    """The entries in whose names or texts all that is wanted occurs, and what tells the better of them."""
    found = find_numbers({"found": (column, query.everywhere())}, model)["found"]
    answers = find_among(found, questions(query, found, column, state), model)
    return Hits(query, found, excluded(query, model) if found else BitMap(), answers)
