"""Editing plans, initiatives, figures and discrepancies, with their rows in place."""

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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
from portal.admin import (
    PUBLICATION,
    SOURCES,
    PartAdmin,
    RecordAdmin,
    RowInline,
    TabbedAdmin,
    TabbedRowInline,
    add_sources,
    add_topics,
    shorten,
)
from portal.dates import show_date
from portal.list_filters import ConditionFilter, MissingSource, OwnWork, TranslationFilter
from portal.models import State


class NewsFilter(ConditionFilter):
    """Initiatives of which nothing dated is known for a year."""

    title = _("news")
    parameter_name = "news"
    values = (("old", _("None for 12 months")),)

    @staticmethod
    def condition(model, value, user):
        return Q(pk__in=model.objects.exclude(state=State.WITHDRAWN).without_news().values("pk"))


def show_years(record: Plan | Initiative) -> str:
    """2026–2030, or the one year that is known."""
    years = [record.start_year, record.end_year]
    return "–".join(dict.fromkeys(str(year) for year in years if year))


class MilestoneInline(TabbedRowInline):
    model = Milestone
    fields = [("date", "precision", "status"), "text", "meeting", "decision", "sources", "note"]


class PlanItemInline(TabbedRowInline):
    model = PlanItem
    fields = [("order", "code", "kind"), "name", "sources", "note"]


class ObservationInline(RowInline):
    model = Observation
    fields = [("year", "end_year", "kind"), ("qualifier", "value"), "statement", "sources", "note"]


class VersionInline(TabbedRowInline):
    model = Version
    fields = ["order", "text", "sources", "note"]


@admin.register(Initiative)
class InitiativeAdmin(RecordAdmin):
    list_display = ["listed_name", "status", "state", "lead_label", "plan_label", "years", "updated_on"]
    list_filter = [
        "state",
        "status",
        TranslationFilter,
        MissingSource,
        OwnWork,
        NewsFilter,
        "confidence",
        ("directions", admin.RelatedOnlyFieldListFilter),
        ("plan", admin.RelatedOnlyFieldListFilter),
        ("lead_body", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["lead_body", "plan"]
    actions = [add_sources, add_topics]
    inlines = [MilestoneInline]
    fieldsets = [
        (None, {"fields": ["name", "acronym", "summary", "status"]}),
        (_("Facts"), {"fields": [("start_year", "end_year"), "website"]}),
        (_("Who leads"), {"fields": ["lead_body", "lead_countries", "partners"]}),
        (_("Where it belongs"), {"fields": ["plan", "plan_basis", "plan_items", "directions", "topics"]}),
        (_("Relations"), {"fields": ["decisions", "statements", "documents"]}),
        (_("Sources"), {"fields": ["sources", "confidence"]}),
        PUBLICATION,
    ]

    @admin.display(description=_("lead body"), ordering="lead_body__acronym")
    def lead_label(self, initiative) -> str | None:
        return initiative.lead_body and initiative.lead_body.label

    @admin.display(description=_("plan"), ordering="plan__acronym")
    def plan_label(self, initiative) -> str | None:
        return initiative.plan and initiative.plan.label

    @admin.display(description=_("years"), ordering="start_year")
    def years(self, initiative) -> str:
        return show_years(initiative)


@admin.register(Plan)
class PlanAdmin(RecordAdmin):
    list_display = ["listed_name", "kind", "years", "status", "state", "adopted", "updated_on"]
    list_filter = ["state", "kind", "status", TranslationFilter, MissingSource, OwnWork]
    inlines = [PlanItemInline]
    fieldsets = [
        (None, {"fields": ["name", "acronym", "kind", "status", "summary"]}),
        (_("Facts"), {"fields": [("start_year", "end_year"), ("adopted_on", "precision"), "adopted_at"]}),
        (_("Relations"), {"fields": ["predecessor", "decisions", "documents"]}),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("years"), ordering="start_year")
    def years(self, plan) -> str:
        return show_years(plan)

    @admin.display(description=_("adopted on"), ordering="adopted_on")
    def adopted(self, plan) -> str:
        return show_date(plan.adopted_on, plan.precision)


@admin.register(PlanItem)
class PlanItemAdmin(PartAdmin, TabbedAdmin):
    search_fields = ["code", "name_vi", "name_en", "plan__acronym", "plan__name_vi", "plan__name_en"]
    list_display = ["code", "listed_name", "plan_label", "kind"]
    list_display_links = ["listed_name"]
    list_filter = ["kind", TranslationFilter, MissingSource, ("plan", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["plan"]
    ordering = ["plan__slug", "order"]
    fieldsets = [
        (None, {"fields": ["name", "plan", ("code", "kind", "order")]}),
        SOURCES,
        (_("Editors"), {"fields": ["key", "note"]}),
    ]

    @admin.display(description=_("name"), ordering="order")
    def listed_name(self, item) -> str:
        return shorten(item.name or item.code)

    @admin.display(description=_("plan"), ordering="plan__acronym")
    def plan_label(self, item) -> str:
        return item.plan.label


@admin.register(Milestone)
class MilestoneAdmin(PartAdmin, TabbedAdmin):
    search_fields = ["key", "text_vi", "text_en", "initiative__acronym", "initiative__name_vi", "initiative__name_en"]
    list_display = ["shown_date", "initiative", "status", "listed_text"]
    list_display_links = ["shown_date", "listed_text"]
    list_filter = ["status", TranslationFilter, MissingSource]
    list_select_related = ["initiative"]
    date_hierarchy = "date"
    ordering = ["-date", "pk"]
    fieldsets = [
        (None, {"fields": ["text", "initiative", ("date", "precision", "status")]}),
        (_("Relations"), {"fields": ["meeting", "decision"]}),
        SOURCES,
        (_("Editors"), {"fields": ["key", "note"]}),
    ]

    @admin.display(description=_("date"), ordering="date")
    def shown_date(self, milestone) -> str:
        return show_date(milestone.date, milestone.precision)

    @admin.display(description=_("text"))
    def listed_text(self, milestone) -> str:
        return shorten(milestone.text or milestone.key)

    def choice_label(self, record) -> str:
        return shorten(f"{show_date(record.date, record.precision)}: {record.text}")


@admin.register(Indicator)
class IndicatorAdmin(RecordAdmin):
    list_display = ["listed_name", "unit", "kind", "state", "updated_on"]
    list_filter = ["state", "kind", TranslationFilter, MissingSource, OwnWork]
    inlines = [ObservationInline]
    fieldsets = [(None, {"fields": ["name", "unit", "kind"]}), SOURCES, PUBLICATION]


@admin.register(Observation)
class ObservationAdmin(PartAdmin):
    search_fields = ["key", "year", "indicator__name_vi", "indicator__name_en"]
    list_display = ["indicator", "year", "end_year", "qualifier", "value", "kind"]
    list_filter = ["kind", "qualifier", MissingSource, ("indicator", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["indicator"]
    ordering = ["indicator__slug", "year"]
    fieldsets = [
        (None, {"fields": ["indicator", ("year", "end_year", "kind"), ("qualifier", "value")]}),
        (_("Relations"), {"fields": ["statement"]}),
        SOURCES,
        (_("Editors"), {"fields": ["key", "note"]}),
    ]

    def choice_label(self, record) -> str:
        return shorten(f"{record.key}: {record.value:n}")


@admin.register(Discrepancy)
class DiscrepancyAdmin(RecordAdmin):
    inlines = [VersionInline]
    fieldsets = [
        (None, {"fields": ["subject", "choice"]}),
        (
            _("What it concerns"),
            {
                "fields": [
                    "meetings",
                    "decisions",
                    "initiatives",
                    "plans",
                    "indicators",
                    "bodies",
                    "documents",
                    "people",
                ]
            },
        ),
        SOURCES,
        PUBLICATION,
    ]


@admin.register(Version)
class VersionAdmin(PartAdmin, TabbedAdmin):
    search_fields = ["text_vi", "text_en", "discrepancy__subject_vi", "discrepancy__subject_en"]
    list_display = ["discrepancy", "order", "listed_text"]
    list_display_links = ["listed_text"]
    list_filter = [TranslationFilter, MissingSource]
    list_select_related = ["discrepancy"]
    ordering = ["discrepancy__slug", "order"]
    fieldsets = [
        (None, {"fields": ["text", ("discrepancy", "order")]}),
        SOURCES,
        (_("Editors"), {"fields": ["key", "note"]}),
    ]

    @admin.display(description=_("text"))
    def listed_text(self, version) -> str:
        return shorten(version.text or version.key)

    def choice_label(self, record) -> str:
        return shorten(f"{record.order}. {record.text}")
