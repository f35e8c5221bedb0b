"""What follows from the meetings: plans, initiatives, figures, and where sources disagree.

The top of the model graph: points at meetings, decisions and the vocabulary.
"""

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from meetings.models import Decision, Meeting, Person, Statement
from portal.models import (
    Body,
    Confidence,
    Country,
    Direction,
    Document,
    EditorialQuerySet,
    Part,
    PartQuerySet,
    Precision,
    Qualifier,
    Record,
    Topic,
    not_before,
    page_address,
    year_in_range,
    year_validators,
)


class PlanKind(models.TextChoices):
    MASTERPLAN = "masterplan", _("Master plan")
    VISION = "vision", _("Vision")
    STRATEGY = "strategy", _("Strategy")
    FRAMEWORK = "framework", _("Framework")
    AGREEMENT = "agreement", _("Agreement")


class PlanStatus(models.TextChoices):
    IN_NEGOTIATION = "in-negotiation", _("In negotiation")
    ADOPTED = "adopted", _("Adopted")
    IN_FORCE = "in-force", _("In force")
    COMPLETED = "completed", _("Completed")


class Plan(Record):
    """A master plan, vision, strategy, framework or agreement."""

    search_kind = 12
    searched_parts = ("items",)

    acronym = models.CharField(_("acronym"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=240)
    kind = models.CharField(_("kind"), max_length=10, choices=PlanKind, db_index=True)
    start_year = models.PositiveSmallIntegerField(_("first year"), null=True, blank=True, validators=year_validators)
    end_year = models.PositiveSmallIntegerField(_("last year"), null=True, blank=True, validators=year_validators)
    status = models.CharField(_("status"), max_length=14, choices=PlanStatus, db_index=True)
    predecessor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="successors", verbose_name=_("follows")
    )
    summary = models.TextField(_("summary"))
    adopted_at = models.ForeignKey(
        Meeting, models.PROTECT, null=True, blank=True, related_name="adopted_plans", verbose_name=_("adopted at")
    )
    adopted_on = models.DateField(_("adopted on"), null=True, blank=True)
    precision = models.CharField(_("precision of the date"), max_length=5, choices=Precision, blank=True)
    decisions = models.ManyToManyField(
        Decision, related_name="plans", blank=True, verbose_name=_("decisions that concern it")
    )
    documents = models.ManyToManyField(Document, related_name="plans", blank=True, verbose_name=_("documents"))

    class Meta(Record.Meta):
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["start_year", "slug"]
        constraints = [
            not_before("end_year", "start_year", "plan_end_not_before_start"),
            year_in_range("start_year", "plan_start_range"),
            year_in_range("end_year", "plan_end_range"),
            models.CheckConstraint(
                condition=Q(adopted_on__isnull=True, precision="") | (Q(adopted_on__isnull=False) & ~Q(precision="")),
                name="plan_date_with_precision",
                violation_error_message=_("A date and its precision go together."),
            ),
        ]

    def get_absolute_url(self) -> str:
        return page_address("plan", self.slug)

    @property
    def label(self) -> str:
        return self.acronym or self.name


class PlanItemKind(models.TextChoices):
    OUTCOME = "outcome", _("Desired outcome")
    THRUST = "thrust", _("Strategic thrust")
    PILLAR = "pillar", _("Pillar")
    SHIFT = "shift", _("Shift")
    ACTION = "action", _("Action")


class PlanItem(Part):
    """One outcome, thrust, pillar or action of a plan; its key is its code."""

    parent_field = "plan"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="items", verbose_name=_("plan"))
    code = models.CharField(_("code"), max_length=12, help_text=_("As the plan numbers it, such as DO1."))
    kind = models.CharField(_("kind"), max_length=7, choices=PlanItemKind)
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=300)

    class Meta:
        verbose_name = _("plan item")
        verbose_name_plural = _("plan items")
        ordering = ["plan", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "key"],
                name="plan_item_key_once",
                violation_error_message=_("The plan already has an item with this key."),
            ),
            models.UniqueConstraint(
                fields=["plan", "code"],
                name="plan_item_code_once",
                violation_error_message=_("The plan already has an item with this code."),
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z]+[0-9]*$"),
                name="plan_item_code_format",
                violation_error_message=_("A code is capital letters and a number, such as DO1."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.label} {self.code}: {self.name}"

    def key_text(self) -> str:
        return self.code


class InitiativeStatus(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    PLANNED = "planned", _("Planned")
    ONGOING = "ongoing", _("Ongoing")
    COMPLETED = "completed", _("Completed")


class PlanBasis(models.TextChoices):
    STATED = "stated", _("A source ties it to the plan")
    IN_FORCE = "in-force", _("Filed by the editors: the plan in force at the time")


class InitiativeQuerySet(EditorialQuerySet):
    def at_meetings(self, slugs: list[str]):
        """Decided, spoken of, or moved a step at one of the meetings."""
        decided = Decision.objects.published().filter(meeting__slug__in=slugs)
        said = Statement.objects.published().filter(meeting__slug__in=slugs)
        moved = Milestone.objects.filter(meeting__in=Meeting.objects.published().filter(slug__in=slugs))
        return self.filter(
            Q(pk__in=self.model.decisions.through.objects.filter(decision__in=decided).values("initiative"))
            | Q(pk__in=self.model.statements.through.objects.filter(statement__in=said).values("initiative"))
            | Q(pk__in=moved.values("initiative"))
        )

    def without_news(self, today: date | None = None):
        """Not completed, and nothing dated in the last twelve months: no milestone, no decision, no statement.

        A date known to the month or the year counts as long as any of its days may lie within. When
        the record itself was last edited is no news.
        """
        limit = a_year_before(today or timezone.localdate())
        recent = Q(date__gte=limit)
        recent |= Q(precision=Precision.MONTH, date__gte=limit.replace(day=1))
        recent |= Q(precision=Precision.YEAR, date__gte=limit.replace(month=1, day=1))
        meetings = Meeting.objects.filter(end__gte=limit)
        return (
            self.exclude(status=InitiativeStatus.COMPLETED)
            .exclude(pk__in=Milestone.objects.filter(recent).values("initiative"))
            .exclude(pk__in=news_of(self.model.decisions, decision__meeting__in=meetings))
            .exclude(pk__in=news_of(self.model.statements, statement__meeting__in=meetings))
        )


def a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def news_of(relation, **recent):
    """The initiatives that a recent decision or statement speaks of."""
    return relation.through.objects.filter(**recent).values("initiative")


class Initiative(Record):
    """A piece of work that has a name: a project, guide, network, facility or programme."""

    search_kind = 13
    searched_parts = ("milestones",)

    acronym = models.CharField(_("acronym"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=240)
    summary = models.TextField(_("summary"))
    status = models.CharField(_("status"), max_length=9, choices=InitiativeStatus, db_index=True)
    lead_body = models.ForeignKey(
        Body, models.PROTECT, null=True, blank=True, related_name="led_initiatives", verbose_name=_("lead body")
    )
    lead_countries = models.ManyToManyField(
        Country, related_name="led_initiatives", blank=True, verbose_name=_("lead countries")
    )
    partners = models.ManyToManyField(
        Body, related_name="partnered_initiatives", blank=True, verbose_name=_("partners")
    )
    directions = models.ManyToManyField(
        Direction,
        related_name="initiatives",
        blank=True,
        verbose_name=_("directions"),
        help_text=_("Filed by the editors; no source claims it."),
    )
    topics = models.ManyToManyField(
        Topic,
        related_name="initiatives",
        blank=True,
        verbose_name=_("topics"),
        help_text=_("Filed by the editors; no source claims it."),
    )
    plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, blank=True, related_name="initiatives", verbose_name=_("plan")
    )
    plan_basis = models.CharField(_("why this plan"), max_length=8, choices=PlanBasis, blank=True)
    plan_items = models.ManyToManyField(
        PlanItem,
        related_name="initiatives",
        blank=True,
        verbose_name=_("plan items"),
        help_text=_("Filed by the editors; no source claims it."),
    )
    start_year = models.PositiveSmallIntegerField(
        _("first year"), null=True, blank=True, validators=year_validators, db_index=True
    )
    end_year = models.PositiveSmallIntegerField(_("last year"), null=True, blank=True, validators=year_validators)
    website = models.URLField(_("website"), max_length=500, blank=True)
    decisions = models.ManyToManyField(
        Decision, related_name="initiatives", blank=True, verbose_name=_("decisions that concern it")
    )
    statements = models.ManyToManyField(
        Statement, related_name="initiatives", blank=True, verbose_name=_("statements that speak of it")
    )
    documents = models.ManyToManyField(Document, related_name="initiatives", blank=True, verbose_name=_("documents"))
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, default=Confidence.MEDIUM)

    objects = InitiativeQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("initiative")
        verbose_name_plural = _("initiatives")
        ordering = ["slug"]
        constraints = [
            not_before("end_year", "start_year", "initiative_end_not_before_start"),
            year_in_range("start_year", "initiative_start_range"),
            year_in_range("end_year", "initiative_end_range"),
            models.CheckConstraint(
                condition=Q(plan__isnull=True, plan_basis="") | (Q(plan__isnull=False) & ~Q(plan_basis="")),
                name="initiative_plan_with_basis",
                violation_error_message=_("A plan and the reason for it go together."),
            ),
        ]

    def get_absolute_url(self) -> str:
        return page_address("initiative", self.slug)


class Milestone(Part):
    """A dated step of an initiative: the history of its status."""

    parent_field = "initiative"

    initiative = models.ForeignKey(Initiative, models.CASCADE, related_name="milestones", verbose_name=_("initiative"))
    date = models.DateField(_("date"))
    precision = models.CharField(_("precision of the date"), max_length=5, choices=Precision, default=Precision.DAY)
    status = models.CharField(_("new status"), max_length=9, choices=InitiativeStatus, blank=True)
    text = models.TextField(_("text"))
    meeting = models.ForeignKey(
        Meeting, models.SET_NULL, null=True, blank=True, related_name="milestones", verbose_name=_("meeting")
    )
    decision = models.ForeignKey(
        Decision, models.SET_NULL, null=True, blank=True, related_name="milestones", verbose_name=_("decision")
    )

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["initiative", "date", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["initiative", "key"],
                name="milestone_key_once",
                violation_error_message=_("The initiative already has a milestone with this key."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.initiative}: {self.key}"

    def key_text(self) -> str:
        return self.date.isoformat()[: {"day": 10, "month": 7, "year": 4}[self.precision]]


class IndicatorKind(models.TextChoices):
    COUNT = "count", _("Count")
    CURRENCY = "currency", _("Money")
    PERCENT = "percent", _("Percentage")
    PEOPLE = "people", pgettext_lazy("kind of indicator", "People")


class Indicator(Record):
    """A figure that is quoted: what it counts and in which unit."""

    search_kind = 14

    name = models.CharField(_("name"), max_length=240)
    unit = models.CharField(_("unit"), max_length=60)
    kind = models.CharField(_("kind"), max_length=8, choices=IndicatorKind, db_index=True)

    class Meta(Record.Meta):
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")
        ordering = ["slug"]

    def get_absolute_url(self) -> str:
        """Figures stand on one page."""
        return f"{reverse('figure_list')}#{self.slug}"


class ObservationKind(models.TextChoices):
    """Measured, or laid down by a decision (a budget, a pledge, a limit), or still ahead."""

    ACTUAL = "actual", _("Actual")
    SET = "set", _("Set, not measured")
    TARGET = "target", _("Target")
    PROJECTED = "projected", _("Projected")


AHEAD = [ObservationKind.TARGET, ObservationKind.PROJECTED]


class ObservationQuerySet(PartQuerySet):
    def of_indicators(self, slugs: list[str]):
        return self.filter(indicator__in=Indicator.objects.published().filter(slug__in=slugs))


class Observation(Part):
    """One value of an indicator: when, how much, whether it happened, and who said so."""

    parent_field = "indicator"

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="observations", verbose_name=_("indicator"))
    year = models.PositiveSmallIntegerField(_("year"), validators=year_validators, db_index=True)
    end_year = models.PositiveSmallIntegerField(
        _("last year, when over several"), null=True, blank=True, validators=year_validators
    )
    value = models.DecimalField(_("value"), max_digits=16, decimal_places=2)
    qualifier = models.CharField(_("qualifier"), max_length=9, choices=Qualifier, blank=True)
    kind = models.CharField(_("actual or not"), max_length=9, choices=ObservationKind, db_index=True)
    statement = models.ForeignKey(
        Statement, models.SET_NULL, null=True, blank=True, related_name="observations", verbose_name=_("said in")
    )

    objects = ObservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("observation")
        verbose_name_plural = _("observations")
        ordering = ["indicator", "year", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "key"],
                name="observation_key_once",
                violation_error_message=_("The indicator already has an observation with this key."),
            ),
            year_in_range("year", "observation_year_range"),
            year_in_range("end_year", "observation_end_range"),
            not_before("end_year", "year", "observation_end_not_before_start"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator}: {self.key}"

    def key_text(self) -> str:
        return "-".join(str(part) for part in [self.year, self.end_year, self.qualifier] if part)

    @property
    def is_ahead(self) -> bool:
        """A target or projection: it has not happened."""
        return self.kind in AHEAD


class DiscrepancyQuerySet(EditorialQuerySet):
    def with_versions(self):
        return self.prefetch_related("versions")


class Discrepancy(Record):
    """Sources disagree: the versions, what the register chose, and why."""

    search_kind = 15
    searched_parts = ("versions",)
    name_field = "subject"

    subject = models.CharField(_("subject"), max_length=240)
    choice = models.TextField(_("choice and why"))
    meetings = models.ManyToManyField(Meeting, related_name="discrepancies", blank=True, verbose_name=_("meetings"))
    decisions = models.ManyToManyField(Decision, related_name="discrepancies", blank=True, verbose_name=_("decisions"))
    initiatives = models.ManyToManyField(
        Initiative, related_name="discrepancies", blank=True, verbose_name=_("initiatives")
    )
    plans = models.ManyToManyField(Plan, related_name="discrepancies", blank=True, verbose_name=_("plans"))
    indicators = models.ManyToManyField(
        Indicator, related_name="discrepancies", blank=True, verbose_name=_("indicators")
    )
    bodies = models.ManyToManyField(Body, related_name="discrepancies", blank=True, verbose_name=_("bodies"))
    documents = models.ManyToManyField(Document, related_name="discrepancies", blank=True, verbose_name=_("documents"))
    people = models.ManyToManyField(Person, related_name="discrepancies", blank=True, verbose_name=_("people"))

    objects = DiscrepancyQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ["slug"]

    def get_absolute_url(self) -> str:
        """Discrepancies stand together on the page about method."""
        return f"{reverse('methodology')}#{self.slug}"


class Version(Part):
    """One of the versions in which sources tell a disputed fact."""

    parent_field = "discrepancy"

    discrepancy = models.ForeignKey(Discrepancy, models.CASCADE, related_name="versions", verbose_name=_("discrepancy"))
    order = models.PositiveSmallIntegerField(_("order"))
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["discrepancy", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["discrepancy", "key"],
                name="version_key_once",
                violation_error_message=_("The discrepancy already has a version with this key."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.discrepancy}: {self.order}"

    def key_text(self) -> str:
        return f"v{self.order}"


def with_their_versions(discrepancies: Iterable[Discrepancy]) -> list[Discrepancy | Version]:
    """Each discrepancy followed by its prefetched versions."""
    return [part for discrepancy in discrepancies for part in [discrepancy, *discrepancy.versions.all()]]


def disputes_of(record: Record) -> list[Discrepancy | Version]:
    """The prefetched discrepancies of a record with their versions, as they stand on its page."""
    return with_their_versions(record.discrepancies.all())
