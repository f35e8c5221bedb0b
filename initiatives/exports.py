"""Initiatives, plans, figures and where sources disagree, as data."""

from dataclasses import replace

from django.db.models import Model, Prefetch
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from initiatives.filters import FigureFilterSet, InitiativeFilterSet, PlanFilterSet
from initiatives.models import (
    Discrepancy,
    Indicator,
    Initiative,
    Milestone,
    Observation,
    Plan,
    PlanItem,
    Version,
)
from meetings.models import Decision, Meeting, Person, Statement
from portal.models import Body, Country, Direction, Document, Topic
from portal.pages import public
from portal.tables import Column, Fields, Relation, Table, as_text, named, plain_number, prefetched, register, shown


@register
class InitiativeTable(Table):
    name = "initiatives"
    label = _("Initiatives")
    about = _("A piece of work that has a name: a project, guide, network, facility or programme.")
    model = Initiative
    filterset_class = InitiativeFilterSet
    page = "initiative_list"
    select_related = ("lead_body", "plan")
    parts = {"milestones": "milestones"}
    field = Fields(Initiative)
    own_columns = [
        *field.plain("acronym"),
        *field.both("name", "summary"),
        *field.coded("status"),
        *field.one("lead_body"),
        *field.many("lead_countries"),
        *field.many("partners"),
        *field.many("directions"),
        *field.many("topics"),
        *field.one("plan"),
        *field.coded("plan_basis"),
        Column(
            "plan_items",
            lambda row: ["/".join(item.natural_key()) for item in prefetched(row, "plan_items")],
            _("items of the plan, filed by the editors: their ids"),
            "list",
        ),
        *field.plain("start_year", "integer"),
        *field.plain("end_year", "integer"),
        *field.plain("website", "address"),
        *field.many("decisions", named=False),
        *field.many("statements", named=False),
        *field.many("documents"),
        *field.coded("confidence"),
    ]

    def related(self):
        statements = Statement.objects.order_by("meeting__start", "order").select_related("meeting")
        return [
            named("lead_countries", Country.objects),
            named("partners", Body.objects.order_by("slug")),
            named("directions", Direction.objects),
            named("topics", Topic.objects),
            public("decisions", Decision.objects.oldest_first().only("slug")),
            public("statements", statements.only("slug", "meeting__slug")),
            named("documents", Document.objects),
            Prefetch("plan_items", PlanItem.objects.filter(plan__in=Plan.objects.published()).select_related("plan")),
        ]


@register
class PlanTable(Table):
    name = "plans"
    label = _("Plans")
    about = _("A master plan, vision, strategy, framework or agreement.")
    model = Plan
    filterset_class = PlanFilterSet
    page = "plan_list"
    select_related = ("predecessor", "adopted_at", "adopted_at__series")
    parts = {"items": "plan-items"}
    field = Fields(Plan)
    own_columns = [
        *field.plain("acronym"),
        *field.both("name"),
        *field.coded("kind"),
        *field.coded("status"),
        *field.plain("start_year", "integer"),
        *field.plain("end_year", "integer"),
        *field.one("predecessor"),
        *field.one("adopted_at"),
        *field.day("adopted_on"),
        *field.both("summary"),
        *field.many("decisions", named=False),
        *field.many("documents"),
        *field.many("initiatives"),
    ]

    def related(self):
        return [
            public("decisions", Decision.objects.oldest_first().only("slug")),
            named("documents", Document.objects),
            named("initiatives", Initiative.objects.order_by("slug"), "plan"),
        ]


def observation_text(observation: Observation) -> str:
    """year[/last year]:value:kind[:qualifier], as in 2025:300:projected:more-than."""
    years = "/".join(str(year) for year in [observation.year, observation.end_year] if year)
    return ":".join(filter(None, [years, as_text(observation.value), observation.kind, observation.qualifier]))


def observation_words(observation: Observation, unit: str) -> str:
    """A value in words: 2025: more than 300 US$ billion (projected)."""
    years = "–".join(str(year) for year in [observation.year, observation.end_year] if year)
    amount = formats.number_format(plain_number(observation.value), force_grouping=True)
    value = " ".join(filter(None, [str(observation.get_qualifier_display()), amount, unit]))
    return f"{years}: {value} ({observation.get_kind_display()})"


@register
class FigureTable(Table):
    name = "figures"
    label = _("Figures")
    about = _("One indicator with all its values; each value also has a row of its own in observations.csv.")
    model = Indicator
    filterset_class = FigureFilterSet
    page = "figure_list"
    parts = {"observations": "observations"}
    field = Fields(Indicator)
    own_columns = [
        *field.both("name", "unit"),
        *field.coded("kind"),
        Column(
            "observations",
            lambda row: [observation_text(observation) for observation in prefetched(row, "observations")],
            _("every value as year:value:kind:qualifier, such as 2025:300:projected:more-than; a span is 2026/2030"),
            "list",
        ),
    ]

    def related(self):
        return [Prefetch("observations", Observation.objects.order_by("year", "value", "key"))]

    def title(self, record):
        return f"{record.name} ({record.unit})"

    def summary(self, record):
        return ". ".join(
            observation_words(observation, record.unit) for observation in prefetched(record, "observations")
        )


def shown_with(record: Model | None, *names: str) -> Model | None:
    """A related record, if the public may see it and what it belongs to."""
    return record if record and all(shown(part) for part in [record, *(getattr(record, n) for n in names)]) else None


class PartTable(Table):
    """Rows that belong to a record, and are public when it is; they stand on its page."""

    @property
    def parent(self) -> str:
        return self.model.parent_field

    def records(self):
        parents = self.model._meta.get_field(self.parent).related_model
        return self.model.objects.filter(**{f"{self.parent}__in": parents.objects.published()})

    def address(self, record):
        return getattr(record, self.parent).get_absolute_url()


def through(parent: str, columns: list[Column]) -> list[Column]:
    """Columns of a parent on the rows of its parts."""
    return [replace(column, read=lambda row, read=column.read: read(getattr(row, parent))) for column in columns]


@register
class ObservationTable(PartTable):
    name = "observations"
    label = _("Values of the figures")
    about = _("One value of an indicator: when, how much, whether it happened, and who said so.")
    model = Observation
    select_related = ("indicator", "statement", "statement__meeting", "statement__person")
    field = Fields(Observation)
    own_columns = [
        *field.one("indicator"),
        *through("indicator", Fields(Indicator).both("unit")),
        *field.plain("year", "integer"),
        *field.plain("end_year", "integer"),
        *field.plain("value", "number"),
        *field.coded("qualifier"),
        *field.coded("kind"),
        Column(
            "statement",
            lambda row: getattr(shown_with(row.statement, "meeting", "person"), "slug", None),
            _("the statement in which it was said: its id"),
            refers_to=Statement,
            relation=Relation(Statement, lambda row: shown_with(row.statement, "meeting", "person")),
        ),
    ]


@register
class MilestoneTable(PartTable):
    name = "milestones"
    label = _("Milestones")
    about = _("A dated step of an initiative: the history of its status.")
    model = Milestone
    select_related = ("initiative", "meeting", "meeting__series", "decision", "decision__meeting")
    field = Fields(Milestone)
    own_columns = [
        *field.one("initiative"),
        *field.day("date"),
        *field.coded("status"),
        *field.both("text"),
        *field.one("meeting"),
        Column(
            "decision",
            lambda row: getattr(shown_with(row.decision, "meeting"), "slug", None),
            _("the decision behind it: its id"),
            refers_to=Decision,
            relation=Relation(Decision, lambda row: shown_with(row.decision, "meeting")),
        ),
    ]


@register
class PlanItemTable(PartTable):
    name = "plan-items"
    label = _("Items of plans")
    about = _("One outcome, thrust, pillar or action of a plan.")
    model = PlanItem
    select_related = ("plan",)
    field = Fields(PlanItem)
    own_columns = [
        *field.one("plan"),
        *field.plain("code"),
        *field.coded("kind"),
        *field.plain("order", "integer"),
        *field.both("name"),
    ]


CONCERNED = {
    "meetings": Meeting,
    "decisions": Decision,
    "initiatives": Initiative,
    "plans": Plan,
    "indicators": Indicator,
    "bodies": Body,
    "documents": Document,
    "people": Person,
}


def ids_of_concerned() -> list[Column]:
    field = Fields(Discrepancy)
    return [column for name in CONCERNED for column in field.many(name, named=False)]


@register
class DiscrepancyTable(Table):
    name = "discrepancies"
    label = _("Where sources disagree")
    about = _("A fact that sources tell differently, what the register chose, and why.")
    model = Discrepancy
    field = Fields(Discrepancy)
    own_columns = [*field.both("subject", "choice"), *ids_of_concerned()]

    def related(self):
        return [public(name, model.objects.order_by("slug")) for name, model in CONCERNED.items()]


@register
class VersionTable(PartTable):
    name = "versions"
    label = _("Versions of disputed facts")
    about = _("One of the versions in which sources tell a disputed fact.")
    model = Version
    select_related = ("discrepancy",)
    field = Fields(Version)
    own_columns = [*field.one("discrepancy"), *field.plain("order", "integer"), *field.both("text")]
