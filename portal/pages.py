"""The page toolbox: what list pages and detail pages have in common.

A list view names its model, its filter set and what its rows need; a detail
view names what its page needs. Everything passes through `published()`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Model, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.generic import DetailView, ListView
from pyroaring import BitMap

from portal.filters import Matches, RecordFilterSet
from portal.index import ContentState, content_state, kept, sets_by_value
from portal.models import Reliability, Source, State
from portal.prepared import PreparedQuery, PreparedRecord, asked, prepared, prepared_rows, public_rows

RELIABILITY_ORDER = {Reliability.PRIMARY: 0, Reliability.SECONDARY: 1, Reliability.WEAK: 2}


def public(relation: str, queryset: QuerySet) -> Prefetch:
    """Prefetch only what the public may see; a plain prefetch would show drafts."""
    return Prefetch(relation, queryset.published())


def drawn_once(state: ContentState, template: str, facts: Callable[[], dict], variant: object = None) -> SafeString:
    """A part of a page that is the same for every visitor, drawn once for each state of the content.

    The template knows nothing of the request, only `facts`, which are gathered when it is drawn. What differs
    otherwise, within one state and language, is named by `variant`; few pages have such a part, so that little is kept.
    """
    return kept(state, (template, get_language(), variant), lambda: render_to_string(template, facts()))


def all_of_few(filterset: RecordFilterSet) -> list[Model]:
    """What a filter set of a few records finds; all of them are read once for each state of the content."""
    rows = filterset.queryset.order_by()
    records = filterset.kept(("all", get_language()), lambda: {record.pk: record for record in rows})
    return [records[record_id] for record_id in filterset.ids_in_order() if record_id in records]


SOURCE_COLUMNS = ("id", "slug", "title", "publisher", "published_on", "precision", "url", "language", "reliability")
# Of about so many records the ids of their sources are kept in memory, for each state of the content.
MOST_LINKED = 5000


def links_of(model: type[Model], ids: list[int]) -> str:
    """The SQL for (model, record id, source id) of some records of a model; writing it by Django costs more than it."""
    through = model.sources.through._meta
    owner, source = (through.get_field(name).column for name in (model._meta.model_name, "source"))
    places = ", ".join(["%s"] * len(ids))
    selected = f"SELECT '{model._meta.label}', {owner}, {source} FROM {through.db_table}"  # noqa: S608 - names of ours
    return f"{selected} WHERE {owner} IN ({places})"


def read_links(records: Iterable[Model]) -> dict[tuple[str, int], list[int]]:
    """The ids of the sources of each of some records, by model and record id, in one query."""
    ids: dict[type[Model], list[int]] = {}
    for record in records:
        ids.setdefault(type(record), []).append(record.pk)
    links: dict[tuple[str, int], list[int]] = {(model._meta.label, pk): [] for model, pks in ids.items() for pk in pks}
    if links:
        sql = " UNION ALL ".join(links_of(model, pks) for model, pks in ids.items())
        numbers = [pk for pks in ids.values() for pk in pks]
        for label, pk, source in asked(Source.objects.db, sql, numbers, often=False):
            links[label, pk].append(source)
    return links


def sources_of(records: list[Model], state: ContentState) -> dict[tuple[str, int], list[Source]]:
    """The public sources of each record, by model and record id; one query for those that no other page has shown."""
    known: dict[tuple[str, int], list[int]] = kept(state, "ids of sources", dict)
    wanted = {(record._meta.label, record.pk): record for record in records}
    links = {key: known[key] for key in wanted if key in known}
    now = read_links(record for key, record in wanted.items() if key not in links)
    links |= now
    if len(known) < MOST_LINKED:
        known.update(now)
    linked = list({source for ids in links.values() for source in ids})
    sources = {source.pk: source for source in public_rows(Source, SOURCE_COLUMNS, linked, state)}
    return {key: [sources[pk] for pk in ids if pk in sources] for key, ids in links.items()}


@dataclass
class NumberedSource:
    number: int
    source: Source


@dataclass
class Evidence:
    """The sources of everything on one page, each under one number.

    Fetched with one query at most, however many kinds of record the page shows.
    """

    sources: list[NumberedSource] = field(default_factory=list)
    links: dict[tuple[str, int], list[NumberedSource]] = field(default_factory=dict)

    @classmethod
    def of(cls, *groups: Iterable[Model], state: ContentState | None = None) -> "Evidence":
        """Number the sources in the order in which the records stand on the page; in a state, if that is known."""
        records = [record for group in groups for record in group]
        linked = sources_of(records, state or content_state())
        evidence, numbered = cls(), {}
        for record in records:
            key = (record._meta.label, record.pk)
            if key in evidence.links:
                continue
            for source in sorted(linked[key], key=lambda s: (RELIABILITY_ORDER[s.reliability], s.slug)):
                if source.pk not in numbered:
                    numbered[source.pk] = NumberedSource(len(numbered) + 1, source)
                    evidence.sources.append(numbered[source.pk])
                evidence.links.setdefault(key, []).append(numbered[source.pk])
        return evidence

    def for_record(self, record: Model) -> list[NumberedSource]:
        return self.links.get((record._meta.label, record.pk), [])

    def count_for(self, record: Model) -> int:
        return len(self.for_record(record))


def count_sources(model: type[Model]) -> dict[int, BitMap]:
    """The ids of the records of a model that have so many public sources, by how many that is; one query."""
    links = model.sources.through.objects.filter(source__in=Source.objects.published())
    return sets_by_value(links.order_by().values_list(f"{model._meta.model_name}_id").annotate(Count("pk")).iterator())


@dataclass
class SourceCounts:
    """The number of public sources of each record of a list."""

    counts: dict[int, BitMap]

    def count_for(self, record: Model) -> int:
        return next((count for count, ids in self.counts.items() if record.pk in ids), 0)


class RecordListView(ListView):
    """A page of records under a filter set; the filter set alone reads the query string.

    Subclasses set `model`, `filterset_class`, `template_name` and, for what their
    rows show, `columns` (unless named, all of them), `select_related` and `related`.
    `is_dataset` says that the whole list is data to be reused, and is announced as
    such; `exported`, that it is found in other formats beside its page,
    `has_calendar` that one of them is a calendar.
    """

    filterset_class = None
    paginate_by = 30
    columns: tuple[str, ...] = ()
    select_related: tuple[str, ...] = ()
    context_object_name = "records"
    is_dataset = False
    exported = True
    has_calendar = False

    def related(self) -> list[Prefetch | str]:
        """What the rows show of other records."""
        return []

    def rows(self) -> QuerySet:
        """How a row is read, with everything it shows."""
        rows = self.model.objects.published().select_related(*self.select_related).prefetch_related(*self.related())
        return rows.only(*self.columns) if self.columns else rows

    def get_queryset(self) -> Matches:
        self.filterset = self.filterset_class(self.request.GET, queryset=self.model.objects.all(), request=self.request)
        return Matches(self.filterset, self.read)

    def read(self, ids: list[int]) -> list[Model]:
        """Rows as `rows` reads them, in the order of the ids."""
        content = self.filterset.content
        rows: PreparedQuery = prepared(content, type(self), self.model, lambda: prepared_rows(self.rows()))
        return rows.once(ids, content)

    def gather_evidence(self, records: list[Model]) -> Evidence | SourceCounts:
        """What the rows name of their sources: how many there are; overridden where they name them."""
        return SourceCounts(self.filterset.kept("source counts", lambda: count_sources(self.model)))

    def get_context_data(self, **kwargs) -> dict:
        context = super().get_context_data(filterset=self.filterset, **kwargs)
        context["evidence"] = self.gather_evidence(list(context["object_list"]))
        context["elided_pages"] = context["paginator"].get_elided_page_range(context["page_obj"].number, on_each_side=2)
        return context


class RecordDetailView(DetailView):
    """The page of one public record, or the notice that it was withdrawn; anything else is 404."""

    select_related: tuple[str, ...] = ()
    context_object_name = "record"

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            withdrawn = self.model.objects.filter(slug=kwargs["slug"], state=State.WITHDRAWN).first()
            if withdrawn is None:
                raise
            return render(request, "withdrawn.html", {"withdrawn": withdrawn}, status=410)

    def related(self) -> list[Prefetch | str]:
        return []

    def get_object(self, queryset: QuerySet | None = None) -> Model:
        """Raises Http404 for what is not public or not there."""
        self.content = content_state()
        record = prepared(self.content, type(self), self.model, self.prepare).called(self.kwargs["slug"], self.content)
        if record is None:
            raise Http404(self.kwargs["slug"])
        return record

    def prepare(self) -> PreparedRecord:
        return PreparedRecord(self.model.objects.published().select_related(*self.select_related), self.related())

    def get_context_data(self, **kwargs) -> dict:
        context = super().get_context_data(**kwargs)
        return context | {"content": self.content, "structured": self.structured_data(context)}

    def structured_data(self, context: dict) -> list[dict]:
        """What the page tells machines of its record (`portal.structured`), from what the page shows."""
        return []
