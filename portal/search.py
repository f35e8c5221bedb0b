"""One search over every kind of record: `/search/?q=`, its suggestions, and what to do when nothing is found."""

from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, islice

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet, TextChoices, prefetch_related_objects
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from initiatives.models import Discrepancy, Indicator, Initiative, Plan
from meetings.models import Decision, Meeting, Person, Session, Statement
from portal.entries import LANGUAGES, find_numbers
from portal.filters import FilterForm, SearchField
from portal.hits import QUESTIONS_WHILE_TYPING, Hits, find, find_names, read_for, understand
from portal.index import ContentState, Index, kept
from portal.models import Body, Country, Direction, Document, Editorial, Topic, shown_texts, sort_column
from portal.passages import holds_all, how_much, mark_words, passage
from portal.prepared import PreparedQuery, prepared, prepared_rows
from portal.query import Query, pieces_of
from portal.spelling import Vocabulary, readings
from portal.text import folded_words

SHOWN_OF_A_KIND, SHOWN_ON_A_PAGE, SUGGESTED = 5, 20, 8
MOST_LOOSENED = 6  # questions that ask less, offered where nothing was found
MOST_WORDS_OFFERED = 24  # words of all the questions that are tried for such an offer

MOST_READ_TO_OFFER = 400_000  # occurrences of these words, half of what may be read for the text itself


class Kind(TextChoices):
    """The kinds of record in the order of the page."""

    MEETING = "meeting", _("Meetings")
    DECISION = "decision", _("Decisions")
    PLAN = "plan", _("Plans")
    INITIATIVE = "initiative", _("Initiatives")
    DIRECTION = "direction", _("Directions")
    TOPIC = "topic", _("Topics")
    BODY = "body", _("Bodies")
    COUNTRY = "country", _("Countries")
    PERSON = "person", _("Persons")
    STATEMENT = "statement", _("Statements")
    SESSION = "session", _("Sessions")
    DOCUMENT = "document", _("Documents")
    FIGURE = "figure", _("Figures")
    DISCREPANCY = "discrepancy", _("Where sources disagree")


# What a result shows of its record.
RECORDS: dict[Kind, QuerySet] = {
    Kind.MEETING: Meeting.objects.select_related("series", "country"),
    Kind.DECISION: Decision.objects.select_related("meeting", "meeting__series"),
    Kind.INITIATIVE: Initiative.objects.all(),
    Kind.PLAN: Plan.objects.all(),
    Kind.DIRECTION: Direction.objects.all(),
    Kind.TOPIC: Topic.objects.all(),
    Kind.BODY: Body.objects.all(),
    Kind.COUNTRY: Country.objects.all(),
    Kind.PERSON: Person.objects.all(),
    Kind.STATEMENT: Statement.objects.select_related("meeting", "meeting__series", "person"),
    Kind.SESSION: Session.objects.select_related("meeting", "meeting__series"),
    Kind.DOCUMENT: Document.objects.all(),
    Kind.FIGURE: Indicator.objects.all(),
    Kind.DISCREPANCY: Discrepancy.objects.all(),
}
MODELS: dict[Kind, type[Editorial]] = {kind: records.model for kind, records in RECORDS.items()}
LISTS = {
    Kind.MEETING: "meeting_list",
    Kind.DECISION: "decision_list",
    Kind.INITIATIVE: "initiative_list",
    Kind.BODY: "body_list",
    Kind.STATEMENT: "statement_list",
    Kind.DOCUMENT: "document_list",
    Kind.FIGURE: "figure_list",
}
# Kinds whose records have names that are looked for; the others are known by what they say.
NAMED = [kind for kind in Kind if kind not in (Kind.DECISION, Kind.STATEMENT, Kind.SESSION, Kind.DISCREPANCY)]
# What one of each is called.
NOUNS = {
    Kind.MEETING: _("Meeting"),
    Kind.PLAN: _("Plan"),
    Kind.INITIATIVE: _("Initiative"),
    Kind.DIRECTION: _("Direction"),
    Kind.TOPIC: _("Topic"),
    Kind.BODY: _("Body"),
    Kind.COUNTRY: _("Country"),
    Kind.PERSON: _("Person"),
    Kind.DOCUMENT: _("Document"),
    Kind.FIGURE: _("Figure"),
}
# Of these the newest come first among equals, the others by name.
DATED = {Kind.MEETING: "start", Kind.DECISION: "meeting__start", Kind.STATEMENT: "meeting__start"}


class KindField(forms.ChoiceField):
    def __init__(self, **kwargs):
        message = {"invalid_choice": _("Unknown value: %(value)s.")}
        super().__init__(required=False, choices=Kind.choices, error_messages=message, **kwargs)


class SearchForm(FilterForm):
    """What is asked of a state of the content, of all the words or of the names."""

    kind = KindField()

    def __init__(self, data: QueryDict, content: ContentState, column: str = "words") -> None:
        super().__init__(data)
        self.fields["q"] = SearchField(content=lambda: content, column=column)


@dataclass(frozen=True)
class Result:
    """A record as a search shows it: its name and a passage with the words found marked."""

    record: Editorial
    title: SafeString
    code: SafeString  # of what has no name: a decision's own, the meeting of a statement
    passage: SafeString
    language: str  # of the texts in which it was found
    is_named: bool  # what was typed is its very name or code


@dataclass
class Group:
    """What was found of one kind, the best first."""

    kind: Kind
    ids: list[int]
    rank: tuple[bool, ...]  # of the best
    results: list[Result]

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.results)


@dataclass(frozen=True)
class Offer:
    """Another question, how much it finds, and in the texts of which language."""

    text: str
    count: int
    language: str


def public_index(kind: Kind, language: str, state: ContentState) -> Index:
    """The public records of a kind in the order in which equals stand."""

    def make() -> Index:
        records = MODELS[kind].objects.published()
        newest = [f"-{DATED[kind]}"] if kind in DATED else []
        order = records.order_by(*newest, sort_column(language), "slug")
        ids = array("I", order.values_list("pk", flat=True).iterator())
        index = Index(ids)
        index.add_order("usual", ids)
        return index

    return kept(state, ("search", kind, language), make)


class Search:
    """What a text finds for a reader of a language, of one kind or of all."""

    def __init__(self, text: str, language: str, state: ContentState, kind: str = "") -> None:
        self.text = text
        self.language = language
        self.other = next(other for other in LANGUAGES if other != language)
        self.kind = kind
        self.state = state
        # Records read without their parts, as they say by themselves all that was asked for.
        self.without_parts: set[Editorial] = set()

    @cached_property
    def hits(self) -> Hits:
        return find(self.text, self.state)

    @property
    def query(self) -> Query:
        return self.hits.query

    def public_ids(self, kind: Kind) -> BitMap:
        return self.hits.ids(MODELS[kind]) & public_index(kind, self.language, self.state).ids

    @cached_property
    def found(self) -> dict[Kind, BitMap]:
        """The public records of every kind of which something was found."""
        return {kind: ids for kind in Kind if (ids := self.public_ids(kind))}

    @cached_property
    def groups(self) -> list[Group]:
        """Every kind of which something was found, the kind with the best first; without results yet."""
        groups = [self.group(kind, ids) for kind, ids in self.found.items()]
        return sorted(groups, key=lambda group: group.rank, reverse=True)

    def group(self, kind: Kind, ids: BitMap) -> Group:
        model, index = MODELS[kind], public_index(kind, self.language, self.state)
        ranked = self.hits.ranks(model, ids, self.language)
        order = list(index.groups_in_order([group for _rank, group in ranked], "usual"))
        return Group(kind, order, ranked[0][0], [])

    @cached_property
    def total(self) -> int:
        return sum(len(ids) for ids in self.found.values())

    @cached_property
    def own_total(self) -> int:
        """How many were found in the reader's language."""
        own = {kind: self.hits.ids_in(MODELS[kind], self.language) for kind in self.found}
        return sum(own[kind].intersection_cardinality(ids) for kind, ids in self.found.items())

    @cached_property
    def shown_groups(self) -> list[Group]:
        """The groups with their first results, or the one asked for without any; a query for each kind shown."""
        groups = [group for group in self.groups if self.kind in ("", group.kind)]
        if not self.kind:
            for group in groups:
                group.results = self.read(group.kind, group.ids[:SHOWN_OF_A_KIND])
        return groups

    def pages(self) -> Paginator:
        """The ids of the kind asked for, in pages."""
        return Paginator(next((group.ids for group in self.groups if group.kind == self.kind), []), SHOWN_ON_A_PAGE)

    def rows(self, kind: Kind, ids: list[int]) -> list[Editorial]:
        rows: PreparedQuery = prepared(
            self.state, ("found", kind), MODELS[kind], lambda: prepared_rows(RECORDS[kind].published())
        )
        return rows.once(ids, self.state)

    def read(self, kind: Kind, ids: list[int]) -> list[Result]:
        rows = self.rows(kind, ids)
        own = self.hits.ids_in(MODELS[kind], self.language)
        found = [(row, self.language if row.pk in own else self.other) for row in rows]
        self.read_parts(found)
        return [self.result(record, language) for record, language in found]

    def read_parts(self, found: list[tuple[Editorial, str]]) -> None:
        """The parts of the records that do not say by themselves all that was asked for; one query for all of them."""
        for record, language in found:
            own = [self.title_of(record), *self.own_texts(record, language)]
            if not record.searched_parts or holds_all(own, self.query):
                self.without_parts.add(record)
        needing = [record for record, _language in found if record not in self.without_parts]
        if needing:
            prefetch_related_objects(needing, *needing[0].searched_parts)

    def result(self, record: Editorial, found_in: str) -> Result:
        """A code is found in either language; then the texts decide which of them it is."""
        marked = mark_words(self.title_of(record), self.query)
        piece = self.passage_of(record, found_in)
        is_in_own = found_in != self.language or piece or "<mark>" in marked
        if not is_in_own and (other := self.passage_of(record, self.other)):
            piece, found_in = other, self.other
        is_named = record.pk in self.hits.answered("named", type(record))
        return Result(record, marked, mark_words(code_of(record), self.query), piece, found_in, is_named)

    def title_of(self, record: Editorial) -> str:
        return getattr(record, "label", "") or record.name_in(self.language)

    def own_texts(self, record: Editorial, language: str) -> list[str]:
        """The texts of a record without its parts, and without the name that stands above the passage."""
        texts = [record.name_in(language), *shown_texts(record, language)]
        return [text for text in texts if text and text != self.title_of(record)]

    def passage_of(self, record: Editorial, language: str) -> SafeString:
        texts = self.own_texts(record, language)
        if record not in self.without_parts:
            texts += record.texts_of_parts_in(language)
        return passage(texts, self.query)

    # Nothing found

    def offers(self, texts: Iterable[str]) -> list[Offer]:
        """Those of some questions that find something, of the first that may be tried; one query for all of them."""
        ways = [Search(text, self.language, self.state) for text in worth_trying(dict.fromkeys(texts), self.state)]
        asked = {}
        for number, way in enumerate(ways):
            query = understand(way.text, self.state)
            asked[f"{number}"] = ("words", query.everywhere())
            if query.unwanted:
                asked[f"-{number}"] = ("words", query.none_of())
            way.hits = Hits(query)
        answers = find_numbers(asked) if asked else {}
        for number, way in enumerate(ways):
            way.hits.found = answers[f"{number}"]
            way.hits.excluded = answers.get(f"-{number}", way.hits.excluded)
        return [way.as_offer() for way in ways if way.total]

    def as_offer(self) -> Offer:
        return Offer(self.text, self.total, self.language if self.own_total else self.other)

    def loosened(self) -> list[Offer]:
        """The question without each of its conditions in turn, where that finds something."""
        return self.offers(self.with_less())

    def with_less(self) -> Iterator[str]:
        pieces = pieces_of(self.text)
        if any(piece.is_phrase for piece in pieces):
            yield " ".join(piece.unquoted for piece in pieces)
        for number in range(min(len(pieces), MOST_LOOSENED)):
            left = pieces[:number] + pieces[number + 1 :]
            if not all(piece.is_unwanted for piece in left):
                yield " ".join(piece.typed for piece in left)

    def meant(self) -> Offer | None:
        """The question with words read as near ones of names: the likeliest that finds something."""
        texts = []
        for reading in readings(self.text, names_vocabulary(self.state)):
            unquoted = " ".join(piece.unquoted for piece in pieces_of(reading))
            texts += [reading, unquoted]
        return next(iter(self.offers(texts)), None)


def worth_trying(texts: Collection[str], state: ContentState) -> Iterator[str]:
    """The first of some texts, as many as have together the words that may be looked for."""
    words = accumulate(len(folded_words(text)) for text in texts)
    read = accumulate(read_for(text, state) for text in texts)
    for text, so_many, so_much in zip(texts, words, read, strict=True):
        if so_many > MOST_WORDS_OFFERED or so_much > MOST_READ_TO_OFFER:
            return
        yield text


def code_of(record: Editorial) -> str:
    """By what code, shown beside what it says, a record without a name is found."""
    if isinstance(record, Statement):
        return record.meeting.label
    return record.code if isinstance(record, Decision) else ""


def names_vocabulary(state: ContentState) -> Vocabulary:
    """The words of the names of public records and topics, in both languages; a misspelt one may be of either."""
    return kept(state, "names", lambda: Vocabulary(chain.from_iterable(map(names_of, NAMED))))


def names_of(kind: Kind) -> Iterable[str]:
    """The names of the public records of a kind in every language in which they have one, and their acronyms."""
    columns = {column.name for column in MODELS[kind]._meta.fields}
    name = MODELS[kind].name_field
    named = [f"{name}_{language}" for language in LANGUAGES] if f"{name}_{LANGUAGES[0]}" in columns else [name]
    named += columns & {"acronym"}
    rows = MODELS[kind].objects.published().order_by().values_list(*named)
    return filter(None, chain.from_iterable(rows.iterator()))


# Suggestions while typing


@dataclass(frozen=True)
class Suggestion:
    """A record whose name fits what was typed so far; `also` is the name that fits where the title does not show it."""

    title: SafeString
    also: SafeString
    also_language: str
    kind: str
    url: str


def suggest(text: str, language: str, state: ContentState) -> list[Suggestion]:
    """The records with the best fitting names, the best first whatever their kind; a query for each kind shown."""
    search = Search(text, language, state)
    search.hits = find_names(text, search.state)
    best = sorted(chain.from_iterable(places_of_names(search, kind) for kind in NAMED))[:SUGGESTED]
    wanted: dict[Kind, list[int]] = {}
    for *_place, kind, record_id in best:
        wanted.setdefault(kind, []).append(record_id)
    rows = {kind: {row.pk: row for row in search.rows(kind, ids)} for kind, ids in wanted.items()}
    return [as_suggestion(search, kind, rows[kind][each]) for *_place, kind, each in best if each in rows[kind]]


def places_of_names(search: Search, kind: Kind) -> Iterator[tuple]:
    """The best names of a kind, each with its place among those of all kinds; equals of several kinds take turns."""
    model, index = MODELS[kind], public_index(kind, search.language, search.state)
    ids = search.public_ids(kind)
    groups = search.hits.ranks(model, ids, search.language, QUESTIONS_WHILE_TYPING) if ids else []
    for answers, group in groups:
        misses = tuple(not answer for answer in answers)
        for turn, record_id in enumerate(islice(index.in_order(group, "usual"), SUGGESTED)):
            yield misses, turn, NAMED.index(kind), kind, record_id


def as_suggestion(search: Search, kind: Kind, record: Editorial) -> Suggestion:
    title, language = search.title_of(record), search.language
    names = [(title, language), *((record.name_in(each), each) for each in (search.language, search.other))]
    name, language = max(names, key=lambda name: how_much(name[0], search.query))  # of equals the first
    also = mark_words(name, search.query) if name != title else SafeString("")
    return Suggestion(mark_words(title, search.query), also, language, NOUNS[kind], record.get_absolute_url())
