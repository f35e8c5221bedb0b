"""The editors' inbox of reports: whoever edits may look into one, whoever reviews decides."""

from copy import deepcopy

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from portal.admin import FoldedSearchMixin, shorten
from portal.editing.given_back import GivesBack
from portal.reports.models import CLOSED, ErrorReport, ReportState

DECIDE = "portal.review_content"


def outcome_of(report: ErrorReport) -> str:
    """What has come of a report so far, in one line."""
    return " · ".join(filter(None, [str(report.get_state_display()), report.outcome_vi, report.outcome_en]))


def mark_of(report: ErrorReport) -> str:
    """What changes whenever somebody handles the report."""
    return str(report.handled or "")


class OutcomeForm(forms.ModelForm):
    """Comes back once, with what another wrote, where the report was handled while the form was open."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = mark_of(self.instance)

    def clean(self) -> dict:
        # Who saves the same report at this moment goes first, or comes after.
        stored = get_object_or_404(ErrorReport.objects.select_for_update(), pk=self.instance.pk)
        if self.cleaned_data["seen"] != mark_of(stored):
            self.data = self.data.copy()
            self.data["seen"] = mark_of(stored)
            told = {"who": stored.handled_by or _("Somebody"), "outcome": outcome_of(stored)}
            raise ValidationError(
                _(
                    "While you wrote, %(who)s saved: “%(outcome)s”. What you wrote stands below: "
                    "look it over, and save once more to put it in the place of that."
                ),
                params=told,
            )
        return super().clean()


class KindFilter(admin.SimpleListFilter):
    """Reports of one kind of record."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        kinds = ErrorReport.objects.order_by().values_list("content_type", flat=True).distinct()
        named = [(str(number), ContentType.objects.get_for_id(number).name) for number in kinds]
        return sorted(named, key=lambda kind: kind[1])

    def queryset(self, request, queryset):
        return queryset.filter(content_type=self.value()) if (self.value() or "").isdigit() else queryset


@admin.register(ErrorReport)
class ErrorReportAdmin(GivesBack, FoldedSearchMixin, admin.ModelAdmin):
    form = OutcomeForm
    list_display = ["listed_text", "of_record", "state", "sent_on", "handled_by"]
    list_filter = ["state", KindFilter, "language"]
    list_select_related = ["handled_by", "content_type"]
    list_per_page = 50
    date_hierarchy = "sent"
    search_fields = ["text", "outcome_vi", "outcome_en"]
    readonly_fields = ["links", "text", "language", "source", "email", "sent", "handled_by", "handled", "closed"]
    fieldsets = [
        (_("What the visitor says"), {"fields": ["links", "text", "source", "sent", "language"]}),
        (
            _("What comes of it"),
            {
                "fields": ["state", "outcome_vi", "outcome_en"],
                "description": _("Correct the record first. Once accepted, the outcome is public, in the log."),
            },
        ),
        (_("Handling"), {"fields": ["handled_by", "handled", "closed"]}),
    ]
    REPORTER = (
        _("Who reported it"),
        {"fields": ["email"], "description": _("For questions about this report only. Erased by itself in time.")},
    )

    # Who may what

    def has_add_permission(self, request, obj=None):
        """Reports come from visitors."""
        return False

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.state not in CLOSED or request.user.has_perm(DECIDE))

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and request.user.has_perm(DECIDE)

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "state" and not request.user.has_perm(DECIDE):
            kwargs["choices"] = [choice for choice in ReportState.choices if choice[0] not in CLOSED]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_fieldsets(self, request, obj=None):
        fieldsets = deepcopy(super().get_fieldsets(request, obj))
        if self.has_change_permission(request, obj):
            fieldsets[1][1]["fields"].append("seen")  # hidden in the form; who only reads would see it
        return [*fieldsets, self.REPORTER] if request.user.has_perm(DECIDE) else fieldsets

    def get_form(self, request: HttpRequest, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        for language in ("vi", "en"):
            if field := form.base_fields.get(f"outcome_{language}"):
                field.widget.attrs |= {"lang": language, "rows": 4}
        return form

    def save_model(self, request, obj, form, change) -> None:
        obj.handle(request.user)
        ErrorReport.objects.forget_reporters()

    # What is shown

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("record")

    @admin.display(description=_("what the visitor says"), ordering="text")
    def listed_text(self, report: ErrorReport) -> str:
        return shorten(report.text)

    @admin.display(description=_("record"))
    def of_record(self, report: ErrorReport) -> str:
        name = shorten(str(report.record)) if report.record else _("deleted")
        return f"{report.content_type.name}: {name}"

    @admin.display(description=_("sent"), ordering="sent")
    def sent_on(self, report: ErrorReport) -> str:
        return date_format(localtime(report.sent), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("source that says otherwise"))
    def source(self, report: ErrorReport) -> str:
        if not report.source_url:
            return "–"
        return format_html('<a href="{0}" rel="external noopener nofollow">{0}</a>', report.source_url)

    @admin.display(description=_("record"))
    def links(self, report: ErrorReport) -> str:
        """The record's form and its public page."""
        record = report.record
        if record is None:
            return _("deleted")
        form = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
        name = f"{report.content_type.name}: {record}"
        if not record.is_public:
            return format_html('<a href="{}">{}</a>', form, name)
        page = record.get_absolute_url()
        return format_html('<a href="{}">{}</a> (<a href="{}">{}</a>)', form, name, page, _("public page"))
