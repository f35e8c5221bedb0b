"""One search over every kind of record: `/search/?q=`."""

from dataclasses import dataclass

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from initiatives.models import Indicator, Initiative, Plan
from meetings.models import Decision, Meeting, Person, Statement
from portal.filters import SearchField
from portal.models import Body, Country, Direction, Document, Editorial, SearchEntry, Topic

SHOWN = 10  # records of one kind on the page; the list of the kind has the others

# The kinds in the order of the page, each with the list that takes the same `q`, where there is one.
KINDS = [
    (_("Meetings"), Meeting.objects.select_related("series"), "meeting_list"),
    (_("Decisions"), Decision.objects.select_related("meeting"), "decision_list"),
    (_("Initiatives"), Initiative.objects.all(), "initiative_list"),
    (_("Plans"), Plan.objects.all(), ""),
    (_("Directions"), Direction.objects.all(), ""),
    (_("Topics"), Topic.objects.all(), ""),
    (_("Bodies"), Body.objects.all(), "body_list"),
    (_("Countries"), Country.objects.all(), ""),
    (_("Persons"), Person.objects.all(), ""),
    (_("Statements"), Statement.objects.select_related("meeting", "person"), "statement_list"),
    (_("Documents"), Document.objects.all(), "document_list"),
    (_("Figures"), Indicator.objects.all(), "figure_list"),
]


class SearchForm(forms.Form):
    q = SearchField()


@dataclass
class Group:
    """What was found of one kind."""

    label: str
    records: list[Editorial]
    count: int
    list_address: str

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.records)


def found_of(kind: QuerySet, ids: list[int], language: str) -> list[Editorial]:
    return list(kind.published().filter(pk__in=ids).by_name(language)) if ids else []


def search_everything(text: str, language: str) -> list[Group]:
    """Per kind with a hit, its public records by name; one query for the hits and one for each kind hit."""
    hits: dict[str, list[int]] = {}
    for kind, record_id in SearchEntry.objects.search(text).values_list("kind", "record_id"):
        hits.setdefault(kind, []).append(record_id)
    groups = []
    for label, records, list_name in KINDS:
        found = found_of(records, hits.get(records.model._meta.label_lower, []), language)
        if found:
            address = reverse(list_name) if list_name else ""
            # A kind without a list of its own is shown whole.
            shown = found[:SHOWN] if list_name else found
            groups.append(Group(label, shown, len(found), address))
    return groups
