"""Editing meetings, with their sessions, statements and decisions in place."""

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meetings.completeness import MISSING, completeness, count_done, meetings_to_look_at, with_completeness
from meetings.models import VERBS_BY_LEVEL, Decision, Level, Meeting, Person, Session, Statement
from portal.admin import (
    PUBLICATION,
    SOURCES,
    OrderedFormSet,
    RecordAdmin,
    TabbedRowInline,
    shorten,
)
from portal.dates import show_span
from portal.list_filters import ConditionFilter, MissingSource, OwnWork, TranslationFilter
from portal.models import State

DATE_CHANGES = (_("Changes of dates"), {"fields": ["log_of_dates"]})


class LevelFilter(admin.SimpleListFilter):
    """The level of commitment, which follows from the verb."""

    title = _("level of commitment")
    parameter_name = "level"

    def lookups(self, request, model_admin):
        return [(level, level.label) for level in VERBS_BY_LEVEL]

    def queryset(self, request, queryset):
        return queryset.filter(level=self.value()) if self.value() else queryset


class ProgrammeFilter(ConditionFilter):
    """Meetings ahead of which no session is known."""

    title = _("programme")
    parameter_name = "programme"
    values = (("missing", _("Ahead, without programme")),)

    @staticmethod
    def condition(model, value, user):
        return Q(pk__in=model.objects.exclude(state=State.WITHDRAWN).upcoming().without_programme().values("pk"))


class MeetingList(ChangeList):
    """The list knows of each meeting what is there and what is missing."""

    def get_queryset(self, request, exclude_parameters=None):
        return with_completeness(super().get_queryset(request, exclude_parameters))


class SessionInline(TabbedRowInline):
    model = Session
    readonly_fields = ["state"]
    fields = [
        ("order", "kind", "state"),
        "name",
        ("date", "end_date", "part_of_day"),
        ("start_time", "end_time"),
        "place",
        "summary",
        "sources",
    ]


class StatementInline(TabbedRowInline):
    model = Statement
    readonly_fields = ["state"]
    formset = OrderedFormSet
    fields = [("order", "state"), "person", "session", "role", "text", "directions", "sources"]


class DecisionInline(TabbedRowInline):
    model = Decision
    readonly_fields = ["state"]
    formset = OrderedFormSet
    fields = [("order", "verb", "state", "confidence"), "text", "bodies", "documents", "sources"]


@admin.register(Meeting)
class MeetingAdmin(RecordAdmin):
    list_display = [
        "listed_name",
        "dates",
        "status",
        "state",
        "completeness_count",
        "series_label",
        "number",
        "country",
        "updated_on",
    ]
    list_filter = [
        "state",
        "status",
        TranslationFilter,
        MissingSource,
        OwnWork,
        ProgrammeFilter,
        "format",
        "confidence",
        ("series", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["series", "country"]
    date_hierarchy = "start"
    ordering = ["-start", "slug"]
    inlines = [SessionInline, StatementInline, DecisionInline]
    readonly_fields = ["completeness_list"]
    first_page_panel = "admin/meetings/completeness.html"
    fieldsets = [
        (None, {"fields": ["name", ("series", "number"), "theme", "summary"]}),
        (
            _("When and where"),
            {
                "fields": [
                    ("start", "end", "precision"),
                    ("status", "format", "timezone"),
                    "dates_reason",
                    "country",
                    "city",
                    "venue",
                ]
            },
        ),
        (_("Relations"), {"fields": ["chair", "vice_chair", "part_of", "partners", "documents"]}),
        (_("Sources"), {"fields": ["sources", "confidence"]}),
        (_("Completeness"), {"fields": ["completeness_list"]}),
        PUBLICATION,
    ]

    def get_changelist(self, request, **kwargs):
        return MeetingList

    @admin.display(description=_("completeness"))
    def completeness_count(self, meeting) -> str:
        """How many of the things asked for are there, and which are not."""
        marks = completeness(meeting)
        missing = ", ".join(str(each.label) for each in marks if each.state == MISSING)
        done, asked = count_done(marks)
        count = gettext("%(done)d of %(asked)d") % {"done": done, "asked": asked}
        return gettext("%(count)s; missing: %(what)s") % {"count": count, "what": missing} if missing else count

    @admin.display(description=_("completeness"))
    def completeness_list(self, meeting) -> str:
        """Each thing that the record should have, with whether it has it."""
        if not meeting.pk:
            return "–"
        marks = completeness(with_completeness(Meeting.objects).get(pk=meeting.pk))
        rows = ((each.state, each.label, each.word) for each in marks)
        items = format_html_join("", '<li class="mark-{}">{}: <strong>{}</strong></li>', rows)
        return format_html('<ul class="completeness">{}</ul>', items)

    def first_page_context(self) -> dict:
        meetings = [(each, completeness(each)) for each in meetings_to_look_at()]
        return {"meetings": meetings, "columns": [each.label for each in meetings[0][1]] if meetings else []}

    @admin.display(description=_("series"), ordering="series__acronym")
    def series_label(self, meeting) -> str:
        return meeting.series.label

    @admin.display(description=_("dates"), ordering="start")
    def dates(self, meeting) -> str:
        return show_span(meeting.start, meeting.end, meeting.precision)

    def choice_label(self, record) -> str:
        return shorten(f"{record.label} ({record.start.year})")

    def get_fieldsets(self, request, obj=None):
        """What was said of the dates of a public meeting, and by whom it was changed, stands below its dates."""
        fieldsets = super().get_fieldsets(request, obj)
        return [*fieldsets, DATE_CHANGES] if obj and obj.date_changes.exists() else fieldsets

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "log_of_dates"]

    @admin.display(description=_("changes of dates"))
    def log_of_dates(self, meeting) -> str:
        lines = [
            (
                date_format(localtime(change.at), "SHORT_DATETIME_FORMAT"),
                change.username or change.get_origin_display(),
                change.what,
                change.why,
            )
            for change in meeting.date_changes.all()
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} ({}): {} {}</li>", lines))

    def save_model(self, request, obj, form, change) -> None:
        obj.changed_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(Session)
class SessionAdmin(RecordAdmin):
    is_once_named = False
    list_display = ["listed_name", "meeting_label", "kind", "date", "state", "order", "updated_on"]
    list_filter = [
        "state",
        "kind",
        TranslationFilter,
        MissingSource,
        OwnWork,
        ("meeting", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["meeting__series"]
    date_hierarchy = "date"
    ordering = ["-meeting__start", "meeting", "order"]
    fieldsets = [
        (None, {"fields": ["name", "meeting", ("kind", "order"), "summary"]}),
        (
            _("When and where"),
            {"fields": [("date", "end_date"), ("start_time", "end_time", "part_of_day"), "place"]},
        ),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("meeting"), ordering="meeting__start")
    def meeting_label(self, session) -> str:
        return session.meeting.label

    def choice_label(self, record) -> str:
        return shorten(f"{record.meeting.label}: {record}")


@admin.register(Statement)
class StatementAdmin(RecordAdmin):
    is_once_named = False
    list_display = ["order", "listed_name", "person", "state", "meeting_label", "updated_on"]
    list_display_links = ["listed_name"]
    list_filter = ["state", TranslationFilter, MissingSource, OwnWork, ("meeting", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["meeting__series", "person"]
    date_hierarchy = "date"
    ordering = ["-meeting__start", "meeting", "order"]
    fieldsets = [
        (None, {"fields": ["text", "person", "role"]}),
        (_("When and where"), {"fields": [("meeting", "order"), "session", ("date", "precision")]}),
        (_("Relations"), {"fields": ["directions"]}),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("meeting"), ordering="meeting__start")
    def meeting_label(self, statement) -> str:
        return statement.meeting.label

    def choice_label(self, record) -> str:
        return shorten(f"{record.slug.upper()} {record.person}: {record.text}")


@admin.register(Decision)
class DecisionAdmin(RecordAdmin):
    is_once_named = False
    list_display = ["code", "listed_name", "verb", "level_label", "state", "meeting_label", "updated_on"]
    list_display_links = ["code", "listed_name"]
    list_filter = [
        "state",
        LevelFilter,
        TranslationFilter,
        MissingSource,
        OwnWork,
        "confidence",
        "verb",
        ("meeting", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["meeting__series"]
    date_hierarchy = "meeting__start"
    ordering = ["-meeting__start", "meeting", "order"]
    readonly_fields = ["level_label"]
    fieldsets = [
        (None, {"fields": [("verb", "level_label"), "text"]}),
        (_("Facts"), {"fields": [("meeting", "order"), "confidence"]}),
        (_("Relations"), {"fields": ["bodies", "documents"]}),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("number in the register"), ordering="slug")
    def code(self, decision) -> str:
        return decision.code

    @admin.display(description=_("level of commitment"), ordering="firmness")
    def level_label(self, decision) -> str:
        return Level(decision.level).label if decision.pk and decision.level else "–"

    @admin.display(description=_("meeting"), ordering="meeting__start")
    def meeting_label(self, decision) -> str:
        return decision.meeting.label

    def choice_label(self, record) -> str:
        return shorten(f"{record.code} {record.get_verb_display()}: {record.text}")


@admin.register(Person)
class PersonAdmin(RecordAdmin):
    list_display = ["listed_name", "role_now", "country", "body_label", "state", "updated_on"]
    list_filter = ["state", TranslationFilter, MissingSource, OwnWork, ("country", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["country", "body"]
    fieldsets = [
        (None, {"fields": ["name", "role"]}),
        (_("Stands for"), {"fields": ["country", "body"], "description": _("A country or a body, not both.")}),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("role"))
    def role_now(self, person) -> str:
        return shorten(person.role)

    @admin.display(description=_("body"), ordering="body__acronym")
    def body_label(self, person) -> str | None:
        return person.body and person.body.label
