"""The filter toolbox: one address is one state.

A list's filter set reads the query string, and nothing else does. Parameters
are slugs or codes; a repeated parameter means OR, different ones AND. A value
that is not known becomes an error beside its field while the rest applies.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal.models import FIRST_YEAR, LAST_YEAR

LONGEST_SEARCH = 200
LONGEST_SLUG = 120


@dataclass
class Option:
    """One value of a facet as the page shows it."""

    value: str
    label: str
    chosen: bool = False


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


@dataclass(frozen=True)
class Chip:
    """An active value, and the query string of the same list without it."""

    label: str
    query: str


class ValuesField(forms.Field):
    """Some of the known values. Raises for unknown ones; `valid_part` keeps the others."""

    def __init__(self, *, options: list[Option], **kwargs):
        super().__init__(required=False, widget=forms.SelectMultiple, **kwargs)
        self.options = options
        self.valid_part: list[str] = []

    def clean(self, value: list[str] | None) -> list[str]:
        given = [part.strip() for part in value or [] if part.strip()]
        self.valid_part = list(dict.fromkeys(part for part in given if self.knows(part)))
        unknown = list(dict.fromkeys(part for part in given if not self.knows(part)))
        if unknown:
            shown = ", ".join(part[:60] for part in unknown[:5])
            raise forms.ValidationError(_("Unknown value: %(values)s.") % {"values": shown}, code="unknown")
        return self.valid_part

    def knows(self, value: str) -> bool:
        return any(option.value == value for option in self.options)


class YearsField(ValuesField):
    """Years; one without any record is a valid question with an empty answer."""

    def knows(self, value: str) -> bool:
        return value.isascii() and value.isdigit() and len(value) == 4 and FIRST_YEAR <= int(value) <= LAST_YEAR


class ValuesFilter(django_filters.Filter):
    """A repeatable parameter over fixed choices.

    `many` says that the path runs through several rows of another table: then
    the condition goes into a subquery, so that no record is counted twice.
    """

    field_class = ValuesField

    def __init__(self, *, choices: Iterable[tuple[str, str]] = (), many: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.choices = choices
        self.many = many

    def options(self) -> list[Option]:
        return [Option(value=str(value), label=str(label)) for value, label in self.choices]

    @cached_property
    def field(self) -> ValuesField:
        return self.field_class(options=self.options(), label=self.label)

    def filter(self, queryset: QuerySet, values: list[str] | None) -> QuerySet:
        if not values:
            return queryset
        condition = {f"{self.field_name}__in": values}
        if self.many:
            return queryset.filter(pk__in=queryset.model.objects.filter(**condition).values("pk"))
        return queryset.filter(**condition)


class RecordsFilter(ValuesFilter):
    """A repeatable parameter whose values are the slugs of records.

    `known` gives every record that may be asked for; `offered` the ones a visitor
    chooses from, by default the same. Both are called for each request: language
    and clock move on.
    `through` turns the slugs into a subquery where the path crosses other records,
    which must be public too.
    """

    def __init__(
        self,
        *,
        known: Callable[[], QuerySet],
        offered: Callable[[], QuerySet] | None = None,
        name: str = "name",
        through: Callable[[list[str]], QuerySet] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.known = known
        self.offered = offered or known
        self.name = name
        self.through = through

    def options(self) -> list[Option]:
        records = list(self.offered())
        asked = {value.strip() for value in self.parent.asked(self.parameter)} - {record.slug for record in records}
        if asked := {value for value in asked if value and len(value) <= LONGEST_SLUG and "\0" not in value}:
            records += self.known().filter(slug__in=asked)
        return [Option(record.slug, getattr(record, self.name)) for record in records]

    def filter(self, queryset: QuerySet, values: list[str] | None) -> QuerySet:
        if values and self.through:
            reached = queryset.model.objects.filter(**{f"{self.field_name}__in": self.through(values)})
            return queryset.filter(pk__in=reached.values("pk"))
        return super().filter(queryset, values)


class YearsFilter(ValuesFilter):
    """A repeatable parameter of years; the options are the years that occur."""

    field_class = YearsField

    def options(self) -> list[Option]:
        years = self.parent.queryset.order_by().values_list(self.field_name, flat=True).distinct()
        return [Option(value=str(year), label=str(year)) for year in sorted(filter(None, years), reverse=True)]


class FilterForm(forms.Form):
    """A form in which a wrong value does not take the right ones with it."""

    def add_error(self, field, error) -> None:
        super().add_error(field, error)
        if field:
            self.cleaned_data[field] = getattr(self.fields[field], "valid_part", None)


class SearchField(forms.CharField):
    def __init__(self, **kwargs):
        super().__init__(required=False, max_length=LONGEST_SEARCH, **kwargs)


class SearchFilter(django_filters.Filter):
    """`q`: the queryset decides what a search is."""

    field_class = SearchField

    @cached_property
    def field(self) -> SearchField:
        return SearchField(label=self.label)

    def filter(self, queryset: QuerySet, value: str | None) -> QuerySet:
        return queryset.search(value) if value else queryset


class SortField(forms.Field):
    """One of the sort keys, with or without the minus that turns the order round."""

    def __init__(self, *, keys: Iterable[str], **kwargs):
        super().__init__(required=False, **kwargs)
        self.keys = set(keys)

    def clean(self, value: str | None) -> str:
        value = (value or "").strip()
        if value and value.removeprefix("-") not in self.keys:
            raise forms.ValidationError(_("Unknown order: %(value)s.") % {"value": value[:60]}, code="unknown")
        return value


class SortFilter(django_filters.Filter):
    """`sort`: the filter set applies it after all the others."""

    @cached_property
    def field(self) -> SortField:
        return SortField(keys=self.parent.sort_keys, label=self.label)


class RecordFilterSet(django_filters.FilterSet):
    """What every list has: `q`, `sort`, facets, chips.

    `sort_keys` maps a key to the columns it sorts by; the word NAME among them
    stands for the sort column of the reader's language. `sort_choices` are the
    orders a visitor is offered.
    """

    q = SearchFilter(label=gettext_lazy("Keyword"))
    sort = SortFilter(label=gettext_lazy("Order"))

    sort_keys: dict[str, tuple[str, ...]] = {"name": ("NAME",)}
    sort_choices: tuple[tuple[str, str], ...] = ()
    default_sort = "name"

    class Meta:
        form = FilterForm

    def __init__(self, data: QueryDict, **kwargs):
        super().__init__(data, **kwargs)
        for name, bound in self.filters.items():
            bound.parameter = name

    def asked(self, parameter: str) -> list[str]:
        """The raw values of a parameter, as the address has them."""
        return self.data.getlist(parameter)

    def order_by(self, sort: str) -> list[str]:
        """Columns for a sort key; the slug makes every order a total one."""
        name = "sort_vi" if get_language() == "vi" else "sort_en"
        columns = [column.replace("NAME", name) for column in self.sort_keys[sort.removeprefix("-")]]
        if sort.startswith("-"):
            columns = [column.removeprefix("-") if column.startswith("-") else f"-{column}" for column in columns]
        return [*columns, "slug"]

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        for name, value in self.values.items():
            if name != "sort":
                queryset = self.filters[name].filter(queryset, value)
        return queryset.order_by(*self.order_by(self.chosen_sort))

    @cached_property
    def values(self) -> dict:
        """The valid values by parameter."""
        self.form.full_clean()
        return self.form.cleaned_data

    @cached_property
    def facets(self) -> list[Facet]:
        facets = []
        for name, bound in self.filters.items():
            if not isinstance(bound, ValuesFilter):
                continue
            chosen = set(self.values.get(name) or [])
            options = [Option(option.value, option.label, option.value in chosen) for option in bound.field.options]
            facets.append(Facet(name, bound.label, options, self.errors_of(name)))
        return facets

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
    def chosen_sort(self) -> str:
        return self.values.get("sort") or self.default_sort

    @property
    def is_filtered(self) -> bool:
        return bool(self.chips)

    @property
    def is_plain(self) -> bool:
        """The list as it stands: nothing asked but which of its pages."""
        asked = [part for name, parts in self.data.lists() if name != "page" for part in parts]
        return not any(part.strip() for part in asked)

    @property
    def state_words(self) -> list[str]:
        """What tells this state of the list from the plain one: values chosen, and another order."""
        orders = dict(self.sort_choices) if self.chosen_sort != self.default_sort else {}
        return [chip.label for chip in self.chips] + [orders[sort] for sort in [self.chosen_sort] if sort in orders]

    @cached_property
    def chips(self) -> list[Chip]:
        """Every active value with the address of the list without it."""
        chips = []
        if self.values.get("q"):
            chips.append(Chip(f"“{self.values['q']}”", self.query_without("q")))
        for facet in self.facets:
            labels = {option.value: option.label for option in facet.options}
            for value in self.values.get(facet.name) or []:
                label = labels.get(value, value)
                chips.append(Chip(label, self.query_without(facet.name, value)))
        return chips

    def query_without(self, name: str, value: str | None = None) -> str:
        """The query string of the first page without one parameter, or one of its values."""
        query: QueryDict = self.data.copy()
        kept = [part for part in query.getlist(name) if value is not None and part.strip() != value]
        query.setlist(name, kept)
        query.pop("page", None)
        for empty in [key for key in query if not any(part.strip() for part in query.getlist(key))]:
            del query[empty]
        return f"?{query.urlencode()}" if query else "?"
