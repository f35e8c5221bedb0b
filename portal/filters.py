"""The filter toolbox: one address is one state.

A list's filter set reads the query string, and nothing else does. Parameters
are slugs or codes; a repeated parameter means OR, different ones AND. A value
that is not known becomes an error beside its field while the rest applies.

What fits, how many that are and how many each option would give follow from
sets of ids in memory (`portal.index`); rows are only read for what is shown.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple
from urllib.parse import urlencode

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _
from pyroaring import BitMap

from portal.dates import show_date
from portal.hits import Hits, affordable, find
from portal.index import NOT_STATED, ContentState, Index, content_state, kept
from portal.linked import LinkedRows
from portal.models import FIRST_YEAR, LAST_YEAR, sort_column
from portal.query import MOST_TERMS, pieces_of
from portal.text import english_sort_key, sort_key

LONGEST_SEARCH = 200
LONG_FACET = 12
MOST_CHIPS = 24  # each names all the others in its address
RELEVANCE = "relevance"
ROWS_AT_ONCE = 500
BLANKS = " \t\r\n"  # around a value; other characters that show nothing are wrong values
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A plus sign that nobody encoded arrives as a blank.
LOST_PLUS = re.compile(r"(?<=T)([\d:.]+) (?=\d\d:?\d\d$)")


def microseconds(moment: datetime) -> int:
    """Since 1970: moments as whole numbers, to be compared in an array."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Option(NamedTuple):
    """One value of a facet as the page shows it, and how many records it would give."""

    value: str
    label: str
    chosen: bool = False
    count: int = 0


@dataclass
class Facet:
    """One field of the filter form: its legend, options and what is wrong with its values."""

    name: str
    legend: str
    options: list[Option]
    errors: list[str] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        return bool(self.errors) or any(option.chosen for option in self.options)

    @property
    def is_long(self) -> bool:
        return len(self.options) > LONG_FACET


@dataclass(frozen=True)
class YearBound:
    """One end of a range of years as the form shows it."""

    name: str
    label: str
    value: str
    errors: list[str]


@dataclass(frozen=True)
class Chip:
    """An active value, and the query string of the same list without it."""

    label: str
    query: str


@dataclass(frozen=True)
class WayOut:
    """A condition, the query string of the list without it, and how many records that gives."""

    label: str
    query: str
    count: int


# Fields: what a parameter may hold. Each is made for one request and read there, so no form copies it once more.


class ReadOnce:
    """For a form field or a filter of which a form or a filter set would make a deep copy for each request."""

    def __deepcopy__(self, memo: dict) -> "ReadOnce":
        return copy(self)


class ValuesField(ReadOnce, forms.Field):
    """Some of the known values. Raises for unknown ones; `valid_part` keeps the others."""

    def __init__(self, *, knows: Callable[[str], bool], **kwargs):
        super().__init__(required=False, widget=forms.SelectMultiple, **kwargs)
        self.knows = knows
        self.valid_part: list[str] = []

    def clean(self, value: list[str] | None) -> list[str]:
        given = [part.strip(BLANKS) for part in value or [] if part.strip(BLANKS)]
        self.valid_part = list(dict.fromkeys(part for part in given if self.knows(part)))
        unknown = list(dict.fromkeys(part for part in given if not self.knows(part)))
        if unknown:
            shown = ", ".join(part[:60] for part in unknown[:5])
            raise forms.ValidationError(_("Unknown value: %(values)s.") % {"values": shown}, code="unknown")
        return self.valid_part


def is_year(value: str) -> bool:
    """Whether this is a year that a record could have; one without any is a valid question with an empty answer."""
    return value.isascii() and value.isdigit() and len(value) == 4 and FIRST_YEAR <= int(value) <= LAST_YEAR


class YearField(ReadOnce, forms.CharField):
    """One year, as a number in `cleaned_data`."""

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def clean(self, value: str | None) -> int | None:
        value = (value or "").strip(BLANKS)
        if value and not is_year(value):
            message = _("%(value)s is no year from %(first)s to %(last)s.")
            shown = {"value": value[:60], "first": FIRST_YEAR, "last": LAST_YEAR}
            raise forms.ValidationError(message % shown, code="unknown")
        return int(value) if value else None


class SearchField(ReadOnce, forms.CharField):
    """Words to look for in a state of the content. Raises for too many of them; `valid_part` is what may be looked for.

    `column`: where they are looked for, "words" or "names".
    """

    def __init__(self, *, content: Callable[[], ContentState], column: str = "words", **kwargs):
        super().__init__(required=False, max_length=LONGEST_SEARCH, **kwargs)
        self.content = content
        self.column = column
        self.valid_part: str | None = None

    def clean(self, value: str | None) -> str:
        text = super().clean(value)
        pieces = list(dict.fromkeys(piece.typed for piece in pieces_of(text)))
        first = text if len(pieces) <= MOST_TERMS else " ".join(pieces[:MOST_TERMS])
        self.valid_part = affordable(first, self.column, self.content()) if pieces else text
        if self.valid_part != first:
            message = _("These words occur in too many records; only “%(text)s” is looked for.")
            raise forms.ValidationError(message % {"text": self.valid_part}, code="often")
        if first != text:
            message = _("These are %(given)s words; only the first %(most)s are looked for.")
            raise forms.ValidationError(message % {"given": len(pieces), "most": MOST_TERMS}, code="many")
        return text


class SortField(ReadOnce, forms.Field):
    """One of the sort keys, with or without the minus that turns the order round."""

    def __init__(self, *, keys: Iterable[str], **kwargs):
        super().__init__(required=False, **kwargs)
        self.keys = set(keys)

    def clean(self, value: str | None) -> str:
        value = (value or "").strip(BLANKS)
        if value and value != RELEVANCE and value.removeprefix("-") not in self.keys:
            raise forms.ValidationError(_("Unknown order: %(value)s.") % {"value": value[:60]}, code="unknown")
        return value


class MomentField(ReadOnce, forms.CharField):
    """A day or a moment after ISO 8601; what names no time zone is in the register's own, a day begins at midnight."""

    def __init__(self, **kwargs):
        super().__init__(required=False, **kwargs)

    def clean(self, value: str | None) -> datetime | None:
        value = (value or "").strip(BLANKS)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(LOST_PLUS.sub(r"\1+", value))
            return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
        except (ValueError, OverflowError) as error:
            message = _("%(value)s is no day or time such as 2026-01-16 or 2026-01-16T09:30:00Z.")
            raise forms.ValidationError(message % {"value": value[:60]}, code="unknown") from error


class FilterForm(forms.Form):
    """A form in which a wrong value does not take the right ones with it."""

    def add_error(self, field, error) -> None:
        super().add_error(field, error)
        if field:
            self.cleaned_data[field] = getattr(self.fields[field], "valid_part", None)


# Filters: what a parameter asks of a record


class ValuesFilter(ReadOnce, django_filters.Filter):
    """A repeatable parameter over fixed choices, each with its count.

    `optional`: the field may be empty, which is a value too. `phrase` says the values
    in a sentence on the list, `phrase_for_none` that none is stated. `is_attribute`: the
    phrase says what kind of thing the noun is, as a word beside it.
    """

    def __init__(
        self,
        *,
        choices: Iterable[tuple[str, str]] = (),
        optional: bool = False,
        phrase: str = "%(values)s",
        phrase_for_none: str = "",
        is_attribute: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.choices = choices
        self.optional = optional
        self.phrase = phrase
        self.phrase_for_none = phrase_for_none
        self.is_attribute = is_attribute

    def pairs(self, records: QuerySet) -> Iterable[tuple[int, object]]:
        """(id, value) for every value of every record, in one query."""
        return records.order_by().values_list("pk", self.field_name).iterator()

    def offered(self, index: Index) -> list[tuple[str, str]]:
        """The values a visitor chooses from, with their labels, in their order."""
        return [(str(value), str(label)) for value, label in self.choices]

    def knows(self, value: str) -> bool:
        return value in self.labels

    @cached_property
    def labels(self) -> dict[str, str]:
        """What may be asked for, with its label in the reader's language."""
        return self.parent.kept((self.parameter, get_language()), self.make_labels)

    def make_labels(self) -> dict[str, str]:
        labels = dict(self.offered(self.parent.index))
        return labels | {NOT_STATED: _("Not stated")} if self.optional else labels

    @property
    def shown(self) -> list[str]:
        """The values that the page offers."""
        return list(self.labels)

    @cached_property
    def field(self) -> ValuesField:
        return ValuesField(knows=self.knows, label=self.label)

    def matching(self, values: list[str]) -> BitMap:
        """The ids of the records with one of the values."""
        return BitMap.union(BitMap(), *(self.parent.ids_with(self.parameter, value) for value in values))

    def labels_of(self, values: list[str]) -> list[str]:
        """The values by themselves, as on a chip; "not stated" needs its field said."""
        return [
            _("%(field)s: not stated") % {"field": self.label} if value == NOT_STATED else self.labels.get(value, value)
            for value in values
        ]

    def words(self, values: list[str]) -> str:
        """What the values ask, as a part of a sentence."""
        named = [self.in_sentence(self.labels.get(value, value)) for value in values if value != NOT_STATED]
        parts = [str(self.phrase) % {"values": get_text_list(named, _("or"))}] if named else []
        parts += [str(self.phrase_for_none)] if NOT_STATED in values else []
        return get_text_list(parts, _("or"))

    def in_sentence(self, label: str) -> str:
        """A label as it stands inside a sentence: choices are common words."""
        return label[:1].lower() + label[1:]


class RecordsFilter(ValuesFilter):
    """A repeatable parameter whose values are the slugs of records.

    `known` gives every record that may be asked for, called for each state of the
    content: language and clock move on. `official`: their order is the one given,
    else the alphabet's. `every`: also those are offered that no record has.
    `through` gives the pairs of id and slug where the path crosses other records.
    """

    def __init__(
        self,
        *,
        known: Callable[[], QuerySet],
        name: str = "name",
        official: bool = False,
        every: bool = False,
        through: Callable[[], Iterable[tuple[int, str]]] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.known = known
        self.name = name
        self.official = official
        self.every = every
        self.through = through

    def pairs(self, records):
        known = set(self.known().values_list("slug", flat=True))
        pairs = self.through() if self.through else super().pairs(records)
        return ((record_id, slug) for record_id, slug in pairs if slug in known)

    def offered(self, index):
        options = [(record.slug, getattr(record, self.name)) for record in self.known()]
        if self.official:
            return options
        key = sort_key if get_language() == "vi" else english_sort_key
        return sorted(options, key=lambda option: key(option[1]))

    @property
    def shown(self):
        if self.every:
            return list(self.labels)
        occurring = self.parent.index.values[self.parameter]
        asked = set(self.parent.values.get(self.parameter) or [])
        return sorted({*occurring, *asked} & self.labels.keys(), key=self.places.__getitem__)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each value stands among all that may be asked for."""
        return self.parent.kept(
            ("places", self.parameter, get_language()),
            lambda: {value: place for place, value in enumerate(self.labels)},
        )

    def in_sentence(self, label):
        return label


class YearsFilter(ValuesFilter):
    """A repeatable parameter of years; the options are the years that occur, the latest first."""

    def offered(self, index):
        years = [value for value in index.values[self.parameter] if value != NOT_STATED]
        return [(str(year), str(year)) for year in sorted(years, reverse=True)]

    def knows(self, value):
        return super().knows(value) or is_year(value)

    def pairs(self, records):
        return ((record_id, year and str(year)) for record_id, year in super().pairs(records))

    def in_sentence(self, label):
        return label


class YearBoundFilter(ReadOnce, django_filters.Filter):
    """`year_from` or `year_to`: every year of the facet `year` from or up to one."""

    def __init__(self, *, is_first: bool):
        super().__init__(label=gettext_lazy("From year") if is_first else gettext_lazy("To year"))
        self.is_first = is_first
        self.phrase = gettext_lazy("from %(year)s on") if is_first else gettext_lazy("up to %(year)s")

    @cached_property
    def field(self) -> YearField:
        return YearField(label=self.label)

    def matching(self, bound: int) -> BitMap:
        years = [year for year in self.parent.index.values["year"] if year != NOT_STATED]
        inside = [year for year in years if (int(year) >= bound if self.is_first else int(year) <= bound)]
        return BitMap.union(BitMap(), *(self.parent.ids_with("year", year) for year in inside))

    def labels_of(self, bound: int) -> list[str]:
        return [self.words(bound)]

    def words(self, bound: int) -> str:
        return str(self.phrase) % {"year": bound}


class SearchFilter(ReadOnce, django_filters.Filter):
    """`q`: what `portal.hits` finds."""

    @cached_property
    def field(self) -> SearchField:
        return SearchField(content=lambda: self.parent.content, label=self.label)

    def matching(self, text: str) -> BitMap:
        return self.parent.hits.ids(self.parent.model)

    def labels_of(self, text: str) -> list[str]:
        return [f"“{text}”"]

    def words(self, text: str) -> str:
        pieces = pieces_of(text)
        without = [f"“{piece.raw}”" for piece in pieces if piece.is_unwanted]
        wanted = " ".join(piece.typed for piece in pieces if not piece.is_unwanted) if without else text
        parts = [_("with the words “%(text)s”") % {"text": wanted}] if wanted else []
        parts += [_("without the words %(words)s") % {"words": get_text_list(without, _("or"))}] if without else []
        return ", ".join(parts)


class UpdatedSinceFilter(ReadOnce, django_filters.Filter):
    """`updated_since`: the records saved at a moment or later."""

    @cached_property
    def field(self) -> MomentField:
        return MomentField(label=self.label)

    def matching(self, moment: datetime) -> BitMap:
        moments, ids = self.parent.updates
        return BitMap(ids[bisect_left(moments, microseconds(moment)) :])

    def labels_of(self, moment: datetime) -> list[str]:
        return [self.words(moment)]

    def words(self, moment: datetime) -> str:
        local = timezone.localtime(moment) if moment.year not in (1, 9999) else moment
        hour = "" if (local.hour, local.minute) == (0, 0) else f" {local:%H:%M}"
        return _("updated since %(moment)s") % {"moment": show_date(local.date()) + hour}


class SortFilter(ReadOnce, django_filters.Filter):
    """`sort`: the filter set applies it after all the others."""

    @cached_property
    def field(self) -> SortField:
        return SortField(keys=self.parent.sort_keys, label=self.label)


# The filter set


class Matches(Sequence):
    """The records that fit, in their order. Reads rows in lots, and only those asked for.

    `rows_of` finds the rows of some ids, in any order.
    """

    def __init__(self, filterset: "RecordFilterSet", rows_of: Callable[[list[int]], Iterable]):
        self.filterset = filterset
        self.rows_of = rows_of

    def __len__(self) -> int:
        return len(self.filterset.ids)

    def count(self) -> int:
        return len(self)

    def __getitem__(self, place: int | slice) -> list:
        """A slice as a list of records; a single place as the record there. No steps, nothing from the end."""
        if isinstance(place, slice):
            return self.read(list(islice(self.filterset.ids_in_order(), place.start or 0, place.stop)))
        found = self[place : place + 1]
        if not found:
            raise IndexError(place)
        return found[0]

    def __iter__(self) -> Iterator:
        ids = self.filterset.ids_in_order()
        while lot := list(islice(ids, ROWS_AT_ONCE)):
            yield from self.read(lot)

    def read(self, ids: list[int]) -> list:
        rows = {record.pk: record for record in self.rows_of(ids)} if ids else {}
        return [rows[record_id] for record_id in ids if record_id in rows]


class RecordFilterSet(django_filters.FilterSet):
    """What every list has: `q`, `sort`, facets with counts, chips, a sentence that says the filter.

    `sort_keys` maps a key to the columns it sorts by; the word NAME among them
    stands for the sort column of the reader's language. `sort_choices` are the
    orders a visitor is offered. `noun` begins the sentence.
    """

    q = SearchFilter(label=gettext_lazy("Keyword"))
    sort = SortFilter(label=gettext_lazy("Order"))
    updated_since = UpdatedSinceFilter(label=gettext_lazy("Updated since"))

    sort_keys: dict[str, tuple[str, ...]] = {"name": ("NAME",)}
    sort_choices: tuple[tuple[str, str], ...] = ()
    default_sort = "name"
    noun = ""

    class Meta:
        form = FilterForm
        fields: list[str] = []  # every filter is declared, none is made from a column

    def __init__(self, data: QueryDict, queryset: QuerySet | None = None, **kwargs):
        model = self._meta.model
        super().__init__(data, queryset=model.objects.published() if queryset is None else queryset, **kwargs)
        self.model = model
        for name, bound in self.filters.items():
            bound.parameter = name

    # The content

    @cached_property
    def content(self) -> ContentState:
        """Taken before anything is read, so that what is kept under it is never older."""
        return content_state()

    def kept(self, name: object, make: Callable[[], object]) -> object:
        return kept(self.content, (type(self), name), make)

    @cached_property
    def index(self) -> Index:
        return self.kept("index", self.make_index)

    def make_index(self) -> Index:
        """Every public record of the model by every facet; one query a facet, once for each state of the content."""
        records = self.model.objects.published()
        index = Index(records.order_by().values_list("pk", flat=True).iterator())
        for name, bound in self.filters.items():
            if isinstance(bound, ValuesFilter):
                index.add_facet(name, bound.pairs(records))
        return index

    @cached_property
    def updates(self) -> tuple[array, array]:
        """When each public record was last saved, in microseconds since 1970, in order; and the ids beside."""
        return self.kept("updates", self.gather_updates)

    def gather_updates(self) -> tuple[array, array]:
        records = self.model.objects.published().order_by("updated", "pk")
        moments, ids = array("q"), array("I")
        for record_id, updated in records.values_list("pk", "updated").iterator():
            moments.append(microseconds(updated))
            ids.append(record_id)
        return moments, ids

    @property
    def latest_update(self) -> datetime | None:
        """When one of the records that fit was last saved."""
        moments, ids = self.updates
        places = (place for place in range(len(ids) - 1, -1, -1) if ids[place] in self.ids)
        latest = next(places, None)
        return None if latest is None else EPOCH + timedelta(microseconds=moments[latest])

    # What is asked

    @cached_property
    def values(self) -> dict:
        """The valid values by parameter."""
        self.form.full_clean()
        return self.form.cleaned_data

    @cached_property
    def active(self) -> dict:
        """The filters that are set, each with its value; the order of the list is none."""
        return {name: self.values[name] for name in self.filters if name != "sort" and self.values.get(name)}

    @cached_property
    def hits(self) -> Hits:
        return find(self.values.get("q") or "", self.content, self.model)

    @property
    def chosen_sort(self) -> str:
        sort = self.values.get("sort")
        if sort and (sort != RELEVANCE or self.values.get("q")):
            return sort
        return RELEVANCE if self.values.get("q") else self.default_sort

    # What fits

    def ids_with(self, name: str, value: str) -> BitMap:
        """The ids of the records with a value of a facet, whatever else is asked."""
        return self.index.values[name].get(value, BitMap())

    @cached_property
    def matching(self) -> dict[str, BitMap]:
        """What each active filter lets through by itself."""
        return {name: self.filters[name].matching(value) for name, value in self.active.items()}

    def ids_but_for(self, *names: str) -> BitMap:
        """The ids that fit all active filters but these."""
        kept_by = [ids for name, ids in self.matching.items() if name not in names]
        return BitMap.intersection(self.index.ids, *kept_by)

    @cached_property
    def ids(self) -> BitMap:
        return self.ids_but_for()

    def count_by(self, name: str) -> dict[str, int]:
        """How many of the records that fit have each value of a facet."""
        return {
            value: self.ids_with(name, value).intersection_cardinality(self.ids) for value in self.index.values[name]
        }

    def ids_in_order(self) -> Iterator[int]:
        if self.chosen_sort == RELEVANCE:
            groups = [group for _answers, group in self.hits.ranks(self.model, self.ids, get_language())]
            return self.index.groups_in_order(groups, self.order(self.default_sort))
        return self.index.in_order(self.ids, self.order(self.chosen_sort))

    def order(self, sort: str) -> tuple[str, ...]:
        """The order of a sort key, taken into the index; its columns are its name there."""
        columns = tuple(self.order_by(sort))
        if columns not in self.index.orders:
            records = self.model.objects.published().order_by(*columns)
            self.index.add_order(columns, records.values_list("pk", flat=True).iterator())
        return columns

    def order_by(self, sort: str) -> list[str]:
        """Columns for a sort key; the slug makes every order a total one."""
        name = sort_column(get_language())
        columns = [column.replace("NAME", name) for column in self.sort_keys[sort.removeprefix("-")]]
        if sort.startswith("-"):
            columns = [column.removeprefix("-") if column.startswith("-") else f"-{column}" for column in columns]
        return [*columns, "slug"]

    @property
    def qs(self) -> Matches:
        """The records that fit, in their order, as the queryset given reads them."""
        return Matches(self, LinkedRows(self.queryset).read)

    # What the page shows of it

    @cached_property
    def facets(self) -> list[Facet]:
        """Every facet with its options, each counted under all active filters but those of its own facet."""
        facets = []
        for name, bound in self.filters.items():
            if not isinstance(bound, ValuesFilter):
                continue
            facets.append(Facet(name, bound.label, self.options_of(name), self.errors_of(name)))
        return facets

    def options_of(self, name: str) -> list[Option]:
        bound, chosen, others = self.filters[name], set(self.values.get(name) or []), self.ids_but_for(name)
        counts = {value: self.ids_with(name, value).intersection_cardinality(others) for value in bound.shown}
        return [Option(value, bound.labels[value], value in chosen, count) for value, count in counts.items()]

    @property
    def year_bounds(self) -> list[YearBound]:
        """The first and the last year of a range as the form shows them; empty for a list without years."""
        names = [name for name, bound in self.filters.items() if isinstance(bound, YearBoundFilter)]
        return [
            YearBound(name, self.filters[name].label, self.data.get(name, ""), self.errors_of(name)) for name in names
        ]

    def stated(self, record_id: int, name: str) -> list[Option]:
        """The values that a record has of a facet, in the order of the facet; what the index knows needs no query."""
        labels, values = self.filters[name].labels, self.index.values[name]
        return [
            Option(value, labels[value])
            for value in labels
            if value != NOT_STATED and record_id in values.get(value, ())
        ]

    def errors_of(self, name: str) -> list[str]:
        return [str(error) for error in self.form.errors.get(name, [])]

    @property
    def search_text(self) -> str:
        return self.data.get("q", "")

    @property
    def search_errors(self) -> list[str]:
        return self.errors_of("q")

    @property
    def sort_errors(self) -> list[str]:
        return self.errors_of("sort")

    @property
    def since_text(self) -> str:
        return self.data.get("updated_since", "")

    @property
    def since_errors(self) -> list[str]:
        return self.errors_of("updated_since")

    @property
    def offered_sorts(self) -> list[tuple[str, str]]:
        """The orders a visitor is offered; by relevance only where there is a text to be relevant to."""
        return [*([(RELEVANCE, _("Best match first"))] if self.values.get("q") else []), *self.sort_choices]

    @property
    def usual_sort(self) -> str:
        """The order that needs no parameter."""
        return RELEVANCE if self.values.get("q") else self.default_sort

    @property
    def is_filtered(self) -> bool:
        return bool(self.active)

    @cached_property
    def is_plain(self) -> bool:
        """The list as it stands: nothing asked but which of its pages."""
        asked = [part for name, parts in self.data.lists() if name != "page" for part in parts]
        return not any(part.strip() for part in asked)

    @cached_property
    def state_words(self) -> list[str]:
        """What tells this state of the list from the plain one: values chosen, and another order."""
        orders = dict(self.sort_choices) if self.chosen_sort != self.default_sort else {}
        return [*self.active_labels, *(orders[sort] for sort in [self.chosen_sort] if sort in orders)]

    @property
    def sentence(self) -> str:
        """The filter in words: Initiatives that are ongoing, led by Viet Nam or Singapore. Empty for the plain list."""
        names = sorted(self.active, key="q".__eq__)  # the text comes last
        parts = [self.filters[name].words(self.active[name]) for name in names]
        if not parts:
            return ""
        # Translators: in the sentence that says a filter, between "Initiatives that are ongoing" and what follows.
        runs_on = pgettext("parts of a sentence", ", ") if self.is_attribute(names[0]) else ", "
        return f"{self.noun} {runs_on.join(filter(None, [parts[0], ', '.join(parts[1:])]))}"

    def is_attribute(self, name: str) -> bool:
        """Whether a filter says, by a word beside the noun, what kind of thing it is."""
        return getattr(self.filters[name], "is_attribute", False)

    @cached_property
    def active_labels(self) -> list[str]:
        """What every active value is called."""
        return [label for name, value in self.active.items() for label in self.filters[name].labels_of(value)]

    @cached_property
    def chips(self) -> list[Chip]:
        """Each of the first active values with the address of the list without it."""
        single = [
            (name, each)
            for name, value in self.active.items()
            for each in (value if isinstance(value, list) else [None])
        ]
        shown = zip(single[:MOST_CHIPS], self.active_labels, strict=False)
        return [Chip(label, self.query_without(name, value)) for (name, value), label in shown]

    @property
    def chips_left_out(self) -> int:
        return len(self.active_labels) - len(self.chips)

    @property
    def ways_out(self) -> list[WayOut]:
        """For each active filter how many records the list has without it."""
        ways = []
        for name, value in self.active.items():
            label = get_text_list(self.filters[name].labels_of(value), _("or"))
            ways.append(WayOut(label, self.query_without(name), len(self.ids_but_for(name))))
        return ways

    @cached_property
    def valid_query(self) -> str:
        """The query string of the filter and order that apply, without what is wrong, the page or the look."""
        query = []
        for name in self.filters:
            if value := self.values.get(name):
                given = value if isinstance(value, list) else self.data.getlist(name)[-1:]
                query += [(name, part) for part in given if part.strip()]
        return f"?{urlencode(query)}" if query else ""

    @cached_property
    def asked(self) -> list[tuple[str, str, str]]:
        """(parameter, value, both as they stand in an address) of all that was asked, but for the page."""
        return [
            (name, part.strip(), urlencode([(name, part)]))
            for name, given in self.data.lists()
            for part in given
            if name != "page" and part.strip()
        ]

    def query_without(self, name: str, value: str | None = None) -> str:
        """The query string of the first page without one parameter, or one of its values."""
        left = [
            encoded for asked, part, encoded in self.asked if not (asked == name and (value is None or value == part))
        ]
        return f"?{'&'.join(left)}"
