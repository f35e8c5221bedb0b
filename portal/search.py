"""One search over every kind of record: `/search/?q=`, its suggestions, and what to do when nothing is found."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from django import forms
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet, TextChoices, prefetch_related_objects
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap
from rapidfuzz import fuzz, process

from initiatives.models import Discrepancy, Indicator, Initiative, Plan
from meetings.models import Decision, Meeting, Person, Session, Statement
from portal.entries import LANGUAGES
from portal.filters import FilterForm, SearchField
from portal.hits import Hits, find
from portal.index import ContentState, Index, content_state, kept
from portal.models import Body, Country, Direction, Document, Editorial, Topic, shown_texts, sort_column
from portal.passages import holds_all, mark_words, passage
from portal.prepared import PreparedQuery, prepared, prepared_rows, rows_once
from portal.query import Query, parse_query
from portal.text import fold, folded_words, words_of

SHOWN_OF_A_KIND, SHOWN_ON_A_PAGE, SUGGESTED = 5, 20, 8
NEAR_ENOUGH = 75  # of 100: how like a word must be to one of a name to be meant by it
FEWEST_LETTERS = 3


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
# Of these the newest come first among equals, the others by name.
DATED = {Kind.MEETING: "start", Kind.DECISION: "meeting__start", Kind.STATEMENT: "meeting__start"}


class KindField(forms.ChoiceField):
    def __init__(self, **kwargs):
        message = {"invalid_choice": _("Unknown value: %(value)s.")}
        super().__init__(required=False, choices=Kind.choices, error_messages=message, **kwargs)


class SearchForm(FilterForm):
    q = SearchField()
    kind = KindField()


@dataclass(frozen=True)
class Result:
    """A record as a search shows it: its name and a passage with the words found marked."""

    record: Editorial
    title: SafeString
    passage: SafeString
    language: str  # of the texts in which it was found


@dataclass
class Group:
    """What was found of one kind, the best first."""

    kind: Kind
    ids: list[int]
    own_count: int  # found in the reader's language
    rank: tuple[bool, ...]  # of the best
    results: list[Result]

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.results)


@dataclass(frozen=True)
class Loosened:
    """A question that asks less, and how much it finds."""

    text: str
    count: int


def public_index(kind: Kind, language: str, state: ContentState) -> Index:
    """The public records of a kind in the order in which equals stand."""

    def make() -> Index:
        records = MODELS[kind].objects.published()
        newest = [f"-{DATED[kind]}"] if kind in DATED else []
        order = records.order_by(*newest, sort_column(language), "slug")
        ids = list(order.values_list("pk", flat=True))
        index = Index(ids)
        index.add_order("usual", ids)
        return index

    return kept(state, ("search", kind, language), make)


class Search:
    """What a text finds for a reader of a language, of one kind or of all."""

    def __init__(self, text: str, language: str, kind: str = "", state: ContentState | None = None) -> None:
        self.text = text
        self.language = language
        self.other = next(other for other in LANGUAGES if other != language)
        self.kind = kind
        self.state = state or content_state()
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
    def groups(self) -> list[Group]:
        """Every kind of which something was found, the kind with the best first; without results yet."""
        groups = [self.group(kind, ids) for kind in Kind if (ids := self.public_ids(kind))]
        return sorted(groups, key=lambda group: group.rank, reverse=True)

    def group(self, kind: Kind, ids: BitMap) -> Group:
        model, index = MODELS[kind], public_index(kind, self.language, self.state)
        ranked = self.hits.ranks(model, ids, self.language)
        order = list(index.groups_in_order([group for _rank, group in ranked], "usual"))
        own = self.hits.ids_in(model, self.language).intersection_cardinality(ids)
        return Group(kind, order, own, ranked[0][0], [])

    @cached_property
    def total(self) -> int:
        return sum(group.count for group in self.groups)

    @cached_property
    def own_total(self) -> int:
        return sum(group.own_count for group in self.groups)

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

    def read(self, kind: Kind, ids: list[int]) -> list[Result]:
        rows = rows_once(
            self.state, ("found", kind, self.language), ids, lambda missing: self.reader(kind).about(*missing)
        )
        own = self.hits.ids_in(MODELS[kind], self.language)
        found = [(row, self.language if row.pk in own else self.other) for row in rows]
        self.read_parts(found)
        return [self.result(record, language) for record, language in found]

    def reader(self, kind: Kind) -> PreparedQuery:
        return prepared(self.state, ("found", kind), MODELS[kind], lambda: prepared_rows(RECORDS[kind].published()))

    def read_parts(self, found: list[tuple[Editorial, str]]) -> None:
        """The parts of the records that do not say by themselves all that was asked for; one query for all of them."""
        for record, language in found:
            if not record.searched_parts or holds_all(self.own_texts(record, language), self.query):
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
        return Result(record, marked, piece, found_in)

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

    def loosened(self) -> list[Loosened]:
        """The question without each of its conditions in turn, where that finds something."""
        ways = [Search(text, self.language, state=self.state) for text in self.with_less()]
        return [Loosened(way.text, way.total) for way in ways if way.total]

    def with_less(self) -> list[str]:
        pieces = self.text.split()
        ways = [self.text.replace('"', "")] if '"' in self.text else []
        if '"' not in self.text and len(pieces) > 1:
            ways += [" ".join(pieces[:number] + pieces[number + 1 :]) for number in range(min(len(pieces), 6))]
        return [way for way in dict.fromkeys(ways) if parse_query(way)]

    def meant(self) -> Loosened | None:
        """The question with its unknown words read as near ones of names and topics, if that finds something."""
        words = names_vocabulary(self.language, self.state)
        typed = folded_words(self.text)
        read = [word if word in words else nearest(word, words) for word in typed]
        if not all(read) or [fold(word) for word in read] == typed:
            return None
        other = Search(" ".join(read), self.language, state=self.state)
        return Loosened(other.text, other.total) if other.total else None


def names_vocabulary(language: str, state: ContentState) -> dict[str, str]:
    """Folded words of the names of public records and topics, each with its spelling."""

    def make() -> dict[str, str]:
        columns = [(MODELS[kind], MODELS[kind].name_field) for kind in NAMED]
        texts: Iterable[str] = chain.from_iterable(names_of(model, name, language) for model, name in columns)
        return {fold(word): word for text in texts for word in words_of(text)}

    return kept(state, ("names", language), make)


def names_of(model: type[Model], name: str, language: str) -> Iterable[str]:
    own = f"{name}_{language}" if hasattr(model, f"{name}_{language}") else name
    return filter(None, model.objects.published().order_by().values_list(own, flat=True))


def nearest(word: str, words: dict[str, str]) -> str:
    """The spelling of the word that is most like a folded one; empty where none is like it."""
    if len(word) < FEWEST_LETTERS:
        return word
    best = process.extractOne(word, words.keys(), scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return words[best[0]] if best else ""


# Suggestions while typing


@dataclass(frozen=True)
class Suggestion:
    """A record whose name fits what was typed so far."""

    title: SafeString
    kind: str
    url: str


def suggest(text: str, language: str) -> list[Suggestion]:
    """The records with the best fitting names, of all kinds that have names; a query for each kind shown."""
    search = Search(text, language)
    if not search.query:
        return []
    named = {kind: search.hits.answered("in_name", MODELS[kind]) & search.public_ids(kind) for kind in NAMED}
    groups = [search.group(kind, ids) for kind, ids in named.items() if ids]
    suggestions: list[Suggestion] = []
    for group in sorted(groups, key=lambda group: group.rank, reverse=True):
        room = SUGGESTED - len(suggestions)
        suggestions += [
            Suggestion(result.title, group.kind.label, result.record.get_absolute_url())
            for result in search.read(group.kind, group.ids[:room])
        ]
    return suggestions
