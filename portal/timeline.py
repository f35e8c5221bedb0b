"""Everything dated on one line of time: meetings, their decisions, plans, documents, steps of initiatives.

An entry keeps the precision of its date: what is known to the year stands under
the year, and under no month.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.db.models import TextChoices
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from initiatives.models import Initiative, InitiativeStatus, Milestone, Plan
from meetings.models import Meeting
from portal.dates import iso_date, show_date, show_span
from portal.filters import RecordFilterSet, ValuesFilter, YearBoundFilter, YearsFilter
from portal.index import Index
from portal.models import Document, Precision


class EntryKind(TextChoices):
    MEETING = "meeting", _("Meeting")
    DECISIONS = "decision", _("Decisions")
    PLAN = "plan", _("Plan adopted")
    DOCUMENT = "document", _("Document published")
    STEP = "milestone", _("Step of an initiative")


ICONS = {
    EntryKind.MEETING: "calendar",
    EntryKind.DECISIONS: "stamp",
    EntryKind.PLAN: "waypoints",
    EntryKind.DOCUMENT: "file-text",
    EntryKind.STEP: "git-commit-horizontal",
}


@dataclass(frozen=True)
class Entry:
    """Something that has a date: what, when and as exactly as known, and where to read on."""

    kind: EntryKind
    day: date
    precision: str
    title: str
    url: str
    text: str = ""
    end: date | None = None
    status: InitiativeStatus | None = None

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def when(self) -> str:
        return show_span(self.day, self.end, self.precision) if self.end else show_date(self.day, self.precision)

    @property
    def iso(self) -> str:
        return iso_date(self.day, self.precision)

    @property
    def month(self) -> date | None:
        """The first of its month, or None where only the year is known."""
        return None if self.precision == Precision.YEAR else self.day.replace(day=1)

    @property
    def is_ahead(self) -> bool:
        return self.day > timezone.localdate()

    @property
    def newest_first(self) -> tuple:
        """A key to sort by; the less is known of a date, the later it stands in its month and year."""
        month = self.day.month if self.precision != Precision.YEAR else 0
        day = self.day.day if self.precision == Precision.DAY else 0
        # The address decides between equals: it makes the order the same in both languages.
        return (-self.day.year, -month, -day, list(EntryKind).index(self.kind), self.url)


def of_meetings() -> Iterator[Entry]:
    """The meetings, and for each that decided something its decisions, on its last day; one query."""
    for meeting in Meeting.objects.published().select_related("series").with_counts():
        dates = {"precision": meeting.precision, "end": meeting.end}
        name = meeting.name if meeting.name != meeting.label else ""
        yield Entry(
            EntryKind.MEETING, meeting.start, title=meeting.label, url=meeting.get_absolute_url(), text=name, **dates
        )
        if meeting.decision_count:
            title = ngettext(
                "The %(n)s entry of %(label)s in the register",
                "All %(n)s entries of %(label)s in the register",
                meeting.decision_count,
            )
            yield Entry(
                EntryKind.DECISIONS,
                meeting.end if meeting.precision == Precision.DAY else meeting.start,
                meeting.precision,
                title % {"n": meeting.decision_count, "label": meeting.label},
                f"{reverse('decision_list')}?meeting={meeting.slug}",
            )


def of_plans() -> Iterator[Entry]:
    for plan in Plan.objects.published().exclude(adopted_on=None):
        text = plan.get_kind_display()
        yield Entry(EntryKind.PLAN, plan.adopted_on, plan.precision, plan.name, plan.get_absolute_url(), text)


def of_documents() -> Iterator[Entry]:
    for document in Document.objects.published().exclude(published_on=None):
        text, url = document.get_kind_display(), document.get_absolute_url()
        yield Entry(EntryKind.DOCUMENT, document.published_on, document.precision, document.title, url, text)


def of_steps() -> Iterator[Entry]:
    """The steps of initiatives, linked to their place on the initiative's page."""
    steps = Milestone.objects.filter(initiative__in=Initiative.objects.published()).select_related("initiative")
    for step in steps:
        initiative = step.initiative
        url = f"{initiative.get_absolute_url()}#step-{step.key}"
        status = InitiativeStatus(step.status) if step.status else None
        yield Entry(EntryKind.STEP, step.date, step.precision, initiative.name, url, step.text, status=status)


def all_entries() -> list[Entry]:
    """Every dated thing the public may see, the newest first; four queries."""
    entries = [*of_meetings(), *of_plans(), *of_documents(), *of_steps()]
    return sorted(entries, key=lambda entry: entry.newest_first)


def by_year_and_month(entries: Iterable[Entry]) -> list[tuple[int, list[tuple[date | None, list[Entry]]]]]:
    """Sorted entries as (year, [(first of the month or None, entries)])."""
    years = groupby(entries, key=lambda entry: entry.day.year)
    return [
        (year, [(month, list(those)) for month, those in groupby(of_year, key=lambda entry: entry.month)])
        for year, of_year in years
    ]


class EntryKinds(ValuesFilter):
    def pairs(self, records):
        return ((place, entry.kind) for place, entry in enumerate(self.parent.entries))


class EntryYears(YearsFilter):
    def pairs(self, records):
        return ((place, str(entry.day.year)) for place, entry in enumerate(self.parent.entries))


class TimelineFilterSet(RecordFilterSet):
    """`kind` and `year`, over entries that come from several tables; an id is the place of an entry among all."""

    q = sort = updated_since = None
    kind = EntryKinds(label=_("Kind"), choices=EntryKind.choices, phrase=_("of the kind “%(values)s”"))
    year = EntryYears(label=_("Year"), phrase=_("in %(values)s"))
    year_from = YearBoundFilter(is_first=True)
    year_to = YearBoundFilter(is_first=False)

    default_sort = ""
    noun = _("Dated entries")

    class Meta(RecordFilterSet.Meta):
        model = Meeting

    @cached_property
    def entries(self) -> list[Entry]:
        """All of them in the reader's language, the newest first."""
        return self.kept(("entries", get_language()), all_entries)

    def make_index(self) -> Index:
        index = Index(range(len(self.entries)))
        for name in ("kind", "year"):
            index.add_facet(name, self.filters[name].pairs(None))
        return index

    @cached_property
    def matching_entries(self) -> list[Entry]:
        return [self.entries[place] for place in self.ids]
