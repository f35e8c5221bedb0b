"""What the forms of the editors' site get from here: two editors at once, and the correction note."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.history.content import stored_whole
from portal.history.meanwhile import OPENED, Writer, carried, merge_into
from portal.history.notes import CorrectionNoteForm, keep_note, let_wait, takes_notes, waiting_texts
from portal.history.presence import note_closed, note_open
from portal.models import Editorial
from portal.workflow.pending import pending_of


class MeanwhileMixin:
    """A form that was overtaken comes back with what changed, once; one that others have open says so."""

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(require_POST(self.open_view))
        name = f"{self.opts.app_label}_{self.opts.model_name}_open"
        return [path("<int:number>/open/", view, name=name), *super().get_urls()]

    def open_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """An open page says so every minute, and learns who else has it open."""
        record = self.get_object(request, str(number))
        if record is None:
            raise Http404(number)
        if not self.has_change_permission(request, record):
            raise PermissionDenied
        return JsonResponse({"others": note_open(request.user, record)})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Outside of what the form's own view may take back: who has it open, and the note that waits for approval."""
        record = self.get_object(request, unquote(object_id))
        may_change = record is not None and self.has_change_permission(request, record)
        if may_change:
            request.others = note_open(request.user, record)
        response = super().change_view(request, object_id, form_url, extra_context)
        if may_change and request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            self.after_saving(request, record)
        return response

    def after_saving(self, request: HttpRequest, record: Any) -> None:
        if "_continue" not in request.POST:
            note_closed(request.user, record)
        form = getattr(request, "correction", None)
        if form and getattr(request, "as_pending", False):
            let_wait(form, pending_of(record))

    def _changeform_view(self, request, object_id, form_url, extra_context):
        """Django's own view, inside its transaction, with what was saved meanwhile already taken in."""
        if request.method == "POST" and object_id and OPENED in request.POST and "_saveasnew" not in request.POST:
            request.meanwhile = self.take_in(request, unquote(object_id))
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def take_in(self, request: HttpRequest, number: str) -> list:
        record = self.get_object(request, number)
        if record is None or not self.has_change_permission(request, record):
            return []
        # Who saves the same record at this moment goes first, or comes after.
        get_object_or_404(self.model._base_manager.select_for_update(), pk=record.pk)
        fields = flatten_fieldsets(self.get_fieldsets(request, record))
        controls = self.get_form(request, record, change=True, fields=fields).base_fields
        pending = pending_of(record) if isinstance(record, Editorial) else None
        writer = Writer(pending.author, pending.changed) if pending else None
        return merge_into(request, record, controls, self.stored_formsets(request, record), writer)

    def stored_formsets(self, request: HttpRequest, record: Any) -> list[forms.BaseInlineFormSet]:
        """The rows as the database has them, kind by kind."""
        return [
            formset(instance=record, prefix=formset.get_default_prefix(), queryset=inline.get_queryset(request))
            for formset, inline in self.get_formsets_with_inlines(request, record)
            if inline.has_change_permission(request, record)
        ]

    def get_form(self, request, obj=None, change=False, **kwargs):
        """A form that is to come back says why; one with half a correction note is refused."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if request.method != "POST" or not change:
            return form
        request.correction = self.correction_form(request, obj)

        def clean(self) -> dict | None:
            cleaned = super(refusing, self).clean()
            if getattr(request, "meanwhile", None) and not getattr(self, "refusal", ""):
                self.add_error(None, _("While you wrote, the record was changed. See what changed, then save again."))
            if request.correction and not request.correction.is_valid():
                self.add_error(None, _("The correction note is not complete."))
            return cleaned

        refusing = type(form)(form.__name__, (form,), {"clean": clean, "__module__": form.__module__})
        return refusing

    def correction_form(self, request: HttpRequest, record: Any) -> CorrectionNoteForm | None:
        if not takes_notes(record):
            return None
        return CorrectionNoteForm(
            request.POST if request.method == "POST" else None, initial=waiting_texts(pending_of(record))
        )

    def keep_correction_note(self, request: HttpRequest, record: Any, moment: datetime) -> None:
        form = getattr(request, "correction", None)
        if form and form.is_given and not getattr(request, "as_pending", False):
            keep_note(form.texts, request.user, record, moment)

    def render_change_form(self, request, context, *args, **kwargs):
        record = context.get("original")
        if record and self.has_change_permission(request, record):
            context["opened_name"], context["meanwhile"] = OPENED, getattr(request, "meanwhile", [])
            context["opened_version"] = request.POST.get(OPENED) or carried(stored_whole(record))
            context["others"] = getattr(request, "others", "")
            context["open_address"] = self.address("open", record.pk)
            context["correction"] = getattr(request, "correction", None) or self.correction_form(request, record)
        return super().render_change_form(request, context, *args, **kwargs)
