"""The editors' pages of the workflow: a confirmation for every step, what changed, the preview, what waits."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.editing.given_back import give_back_settled
from portal.entries import LANGUAGES
from portal.models import Editorial, editorial_models
from portal.workflow.changes import Namer, RowChange, changes_between, clash_label, text_of
from portal.workflow.forms import FORMS, StepForm
from portal.workflow.models import EditorialStep
from portal.workflow.panel import form_address, log_of, panel, preview_addresses
from portal.workflow.pending import Clashing
from portal.workflow.previews import has_page, preview
from portal.workflow.steps import (
    STEPS,
    SeenAnother,
    Standing,
    Step,
    is_open,
    is_own_work,
    may_take,
    take,
    texts_lacking,
)

Action = EditorialStep.Action
NEEDS_BOTH_LANGUAGES = (Action.SUBMIT, Action.APPROVE)
RECORD = "workflow/<str:label>/<int:number>"


def pages(site: Any) -> list:
    """The addresses, below those of the admin site."""
    return [
        path(f"{RECORD}/preview/<str:language>/", site.page(show_preview), name="workflow_preview"),
        path(f"{RECORD}/changes/", site.page(show_changes), name="workflow_changes"),
        path(f"{RECORD}/<str:action>/", site.page(take_step), name="workflow_step"),
    ]


def render(request: HttpRequest, site: Any, template: str, record: Editorial, **context: Any) -> TemplateResponse:
    options = type(record)._meta
    whole = {
        **site.each_context(request),
        "record": record,
        "opts": options,
        "record_name": site.get_model_admin(type(record)).choice_label(record),
        "record_address": form_address(record),
        **context,
    }
    return TemplateResponse(request, f"admin/workflow/{template}.html", whole)


def find(request: HttpRequest, site: Any, label: str, number: int) -> Editorial:
    """The record, for who may see it here."""
    model = next((model for model in editorial_models() if model._meta.label_lower == label), None)
    if model is None:
        raise Http404
    record = get_object_or_404(model._default_manager, pk=number)
    if not site.get_model_admin(model).has_view_permission(request, record):
        raise PermissionDenied
    return record


# Steps


def take_step(request: HttpRequest, site: Any, label: str, number: int, action: str) -> HttpResponse:
    """Say what the step does, ask for what it needs, take it."""
    record = find(request, site, label, number)
    if action not in STEPS:
        raise Http404
    step, standing = STEPS[action], Standing(record)
    if not may_take(request.user, step, standing):
        raise PermissionDenied
    if not is_open(step, standing):
        why = _("This step cannot be taken: the record stands elsewhere by now.")
        if page := give_back_settled(site, request, why):
            return page
        messages.error(request, why)
        return redirect(form_address(record))
    form = form_of(request, step, standing)
    if request.method == "POST" and form.is_valid() and took(request, record, action, form):
        return redirect(form_address(record))
    return render(
        request,
        site,
        "step",
        record,
        title=step.label,
        step=step,
        form=form,
        standing=standing,
        rows=[] if action == Action.WITHDRAW else rows_to_read(request, site, standing),
        lacking=texts_lacking(standing) if action in NEEDS_BOTH_LANGUAGES else [],
    )


def form_of(request: HttpRequest, step: Step, standing: Standing) -> StepForm:
    kind, more = FORMS.get(step.action, StepForm), {}
    if step.action == Action.APPROVE:
        clashes = standing.merge.clashes if standing.merge else []
        more = {
            "is_own_work": is_own_work(request.user, standing),
            "clashes": [(clash.name, clash_label(clash)) for clash in clashes],
        }
    return kind(request.POST or None, initial={"seen": standing.fingerprint}, **more)


def took(request: HttpRequest, record: Editorial, action: str, form: StepForm) -> bool:
    """Take the step; what stands in its way is said by the form."""
    given = {name: value for name, value in form.cleaned_data.items() if not name.startswith("clash-")}
    if action == Action.WITHDRAW:
        given["comment"] = "\n".join(filter(None, [given["reason_vi"], given["reason_en"], given["comment"]]))
    if action in NEEDS_BOTH_LANGUAGES and texts_lacking(Standing(record)):
        form.add_error(None, _("Both languages become public together. Write the texts that are missing first."))
        return False
    try:
        taken = take(record, action, request.user, **given)
    except SeenAnother:
        form.add_error(None, _("The record was changed while you were looking at it. Read it again, then decide."))
        return False
    except Clashing:
        form.add_error(None, _("The published text was changed meanwhile in the same places. Choose what is right."))
        return False
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    messages.success(request, message_after(taken))
    return True


def message_after(taken: EditorialStep) -> str:
    if taken.action == Action.APPROVE and taken.due:
        return _("Approved. It becomes public at the set time.")
    return {
        Action.SUBMIT: _("Submitted for review."),
        Action.APPROVE: _("Approved. It is public now."),
        Action.RETURN: _("Given back with your comment."),
        Action.WITHDRAW: _("Withdrawn. Its page stays as a notice with the reason."),
        Action.REOPEN: _("It is a draft again."),
        Action.DISCARD: _("The pending version is discarded. What is published stays as it is."),
    }[taken.action]


# Reading


def namer(request: HttpRequest, site: Any) -> Namer:
    """Records by the names that the forms give them."""

    def names(model: type[Model], numbers: set[int]) -> dict[int, str]:
        model_admin = site.get_model_admin(model)
        return {
            row.pk: model_admin.choice_label(row) for row in model_admin.get_queryset(request).filter(pk__in=numbers)
        }

    return names


def rows_to_read(request: HttpRequest, site: Any, standing: Standing) -> list[RowChange]:
    """Of a pending version what it changes in the published text; of anything else the text itself."""
    name_records = namer(request, site)
    if standing.merge:
        return changes_between(standing.current, standing.merge.content, name_records, standing.merge.clashes)
    return text_of(standing.current, name_records)


def show_changes(request: HttpRequest, site: Any, label: str, number: int) -> HttpResponse:
    """What a pending version changes, or what a draft says, in both languages."""
    record = find(request, site, label, number)
    standing = Standing(record)
    is_pending = standing.place.is_pending
    return render(
        request,
        site,
        "changes",
        record,
        title=_("What the pending version changes") if is_pending else pgettext("of a record", "The whole text"),
        standing=standing,
        workflow=panel(request, record),
        rows=rows_to_read(request, site, standing),
        lines=log_of(record),
    )


def show_preview(request: HttpRequest, site: Any, label: str, number: int, language: str) -> HttpResponse:
    """The page as visitors would see it."""
    record = find(request, site, label, number)
    if language not in LANGUAGES or not has_page(record):
        raise Http404
    return preview(request, record, language, preview_addresses(record))
