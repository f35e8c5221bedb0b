"""The filters of initiatives and figures."""

from itertools import chain

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from initiatives.models import (
    AHEAD,
    Indicator,
    IndicatorKind,
    Initiative,
    InitiativeStatus,
    Milestone,
    Observation,
    Plan,
)
from meetings.models import Decision, Meeting, Statement
from portal.filters import RecordFilterSet, RecordsFilter, ValuesFilter, YearBoundFilter, YearsFilter
from portal.index import NOT_STATED
from portal.models import Body, Country, Direction, Topic


def meetings_of_initiatives():
    """(initiative, meeting) where it was decided, spoken of or moved a step; three queries."""
    decided = Decision.objects.published().order_by().values_list("initiatives", "meeting__slug")
    said = Statement.objects.published().order_by().values_list("initiatives", "meeting__slug")
    moved = Milestone.objects.order_by().values_list("initiative", "meeting__slug")
    return ((initiative, slug) for initiative, slug in chain(decided, said, moved) if initiative)


class InitiativeFilterSet(RecordFilterSet):
    status = ValuesFilter(
        label=_("Status"),
        field_name="status",
        choices=InitiativeStatus.choices,
        phrase=_("that are %(values)s"),
        is_attribute=True,
    )
    country = RecordsFilter(
        label=_("Lead country"),
        field_name="lead_countries__slug",
        known=Country.objects.published,
        official=True,
        every=True,
        optional=True,
        phrase=_("led by %(values)s"),
        phrase_for_none=_("whose lead country is not stated"),
    )
    direction = RecordsFilter(
        label=_("Direction"),
        field_name="directions__slug",
        known=Direction.objects.published,
        official=True,
        every=True,
        optional=True,
        phrase=_("in the direction %(values)s"),
        phrase_for_none=_("in none of the directions"),
    )
    body = RecordsFilter(
        label=_("Lead body"),
        field_name="lead_body__slug",
        known=Body.objects.published,
        optional=True,
        name="label",
        phrase=_("led by the body %(values)s"),
        phrase_for_none=_("whose lead body is not stated"),
    )
    plan = RecordsFilter(
        label=_("Plan"),
        field_name="plan__slug",
        known=Plan.objects.published,
        optional=True,
        name="label",
        phrase=_("on the plan %(values)s"),
        phrase_for_none=_("on no plan"),
    )
    topic = RecordsFilter(
        label=_("Topic"),
        field_name="topics__slug",
        known=Topic.objects.published,
        optional=True,
        phrase=_("on the topic %(values)s"),
        phrase_for_none=_("without a topic"),
    )
    partner = RecordsFilter(
        label=_("Partner"),
        field_name="partners__slug",
        known=Body.objects.published,
        optional=True,
        phrase=_("with the partner %(values)s"),
        phrase_for_none=_("without a stated partner"),
    )
    meeting = RecordsFilter(
        label=_("Meeting"),
        known=lambda: Meeting.objects.published().select_related("series").order_by("-start", "slug"),
        official=True,
        optional=True,
        through=meetings_of_initiatives,
        name="label",
        phrase=_("that the meeting %(values)s dealt with"),
        phrase_for_none=_("that no meeting of the register dealt with"),
    )
    year = YearsFilter(
        label=_("First year"),
        field_name="start_year",
        optional=True,
        phrase=_("begun in %(values)s"),
        phrase_for_none=_("whose first year is not stated"),
    )
    year_from = YearBoundFilter(is_first=True)
    year_to = YearBoundFilter(is_first=False)

    # The codes of the status, read backwards, happen to follow its course: proposed, planned, ongoing, completed.
    sort_keys = {
        "name": ("NAME",),
        "status": ("-status", "NAME"),
        "start": ("start_year", "NAME"),
        "updated": ("updated",),
    }
    sort_choices = [
        ("name", _("Name, A to Z")),
        ("status", _("Status")),
        ("-start", _("Newest first")),
        ("-updated", _("Last updated first")),
    ]
    default_sort = "name"
    noun = _("Initiatives")

    class Meta(RecordFilterSet.Meta):
        model = Initiative

    @property
    def as_table(self) -> bool:
        """`view=table`: the same list as a table instead of cards."""
        return self.data.get("view") == "table"

    @cached_property
    def state_words(self) -> list[str]:
        return super().state_words + ([str(_("Table"))] if self.as_table else [])


class PlanFilterSet(RecordFilterSet):
    """The plans are few: a text, an order, and what changed."""

    sort_keys = {"kind": ("kind", "start_year"), "start": ("start_year", "NAME"), "name": ("NAME",)}
    sort_choices = [("kind", _("Kind")), ("-start", _("Newest first")), ("name", _("Name, A to Z"))]
    default_sort = "kind"
    noun = _("Plans")

    class Meta(RecordFilterSet.Meta):
        model = Plan


class ObservedYears(YearsFilter):
    """The index holds pairs of year and certainty, which `FigureFilterSet` reads."""

    def pairs(self, records):
        return observed_pairs()

    def offered(self, index):
        years = {pair[0] for pair in index.values["year"] if pair != NOT_STATED}
        return [(year, year) for year in sorted(years, reverse=True)]

    @property
    def shown(self):
        return list(self.labels)


class ObservedKinds(ValuesFilter):
    def pairs(self, records):
        return observed_pairs()


def observed_pairs():
    """(indicator, (year, whether it is a projection or target)) of every observation; one query."""
    rows = Observation.objects.order_by().values_list("indicator", "year", "kind")
    return ((indicator, (str(year), str(kind in AHEAD).lower())) for indicator, year, kind in rows)


class FigureFilterSet(RecordFilterSet):
    """`year` and `projected` must hold of one and the same observation, so they apply together."""

    kind = ValuesFilter(
        label=_("Kind"), field_name="kind", choices=IndicatorKind.choices, phrase=_("of the kind “%(values)s”")
    )
    year = ObservedYears(label=_("Year"), phrase=_("with a value for %(values)s"))
    projected = ObservedKinds(
        label=_("Actual or projected"),
        choices=[("false", _("Actual")), ("true", _("Target or projected"))],
        phrase=_("with a value that is %(values)s"),
    )

    sort_keys = {"name": ("NAME",), "kind": ("kind", "NAME")}
    sort_choices = [("name", _("Name, A to Z")), ("kind", _("Kind"))]
    default_sort = "name"
    noun = _("Figures")

    together = ("year", "projected")

    class Meta(RecordFilterSet.Meta):
        model = Indicator

    def ids_with(self, name, value):
        """Of a year or a certainty: with an observation that has it and, of the other, one of the values chosen."""
        if name not in self.together:
            return super().ids_with(name, value)
        mine = self.together.index(name)
        chosen = self.values.get(self.together[1 - mine])
        pairs = {pair: ids for pair, ids in self.index.values["year"].items() if pair != NOT_STATED}
        fitting = [
            ids for pair, ids in pairs.items() if pair[mine] == value and (not chosen or pair[1 - mine] in chosen)
        ]
        return BitMap.union(BitMap(), *fitting)

    def ids_but_for(self, *names):
        """Without one of the two its other says nothing by itself: the counts look at both (`ids_with`)."""
        return super().ids_but_for(*names, *(self.together if set(names) & set(self.together) else ()))
