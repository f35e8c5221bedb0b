"""What was typed into a form that cannot be taken any more, given back: to be read, copied and sent once more.

A form may come too late to be answered by itself: its record was deleted, its editor was signed
out, or may not change it any more. Of the forms in which texts are typed nothing is lost then.
The page that says so holds the whole form, as it was sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from reversion.models import Version

from portal.database import content_models
from portal.editing.bulk import AddedForm
from portal.editing.choices import is_number_of
from portal.history.models import CorrectionNote
from portal.history.notes import CorrectionNoteForm
from portal.requests import is_from_own_page
from portal.revisions import DELETED
from portal.translations.desk import written_texts
from portal.workflow.forms import FORMS, StepForm

MOST_DIGITS = 5  # of the number of a row
DESK, STEP, CONFLICT = "admin:translation_desk", "admin:workflow_step", "admin:sync_settle"
NOT_SENT_AGAIN = "csrfmiddlewaretoken"


@dataclass
class Typed:
    """A value as its editor sent it, under the name of its field."""

    label: str
    text: str
    language: str = ""


class GivesBack:
    """An admin whose forms are given back where they cannot be taken."""

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        """A form whose record is gone is an error, which the site answers with what was typed."""
        if typed_in(self.admin_site, request):
            raise Http404(object_id)
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)


# What was typed


def typed_in(site: AdminSite, request: HttpRequest) -> list[Typed]:
    """What the form that was sent says; nothing where no form of ours was, or none in which texts are typed."""
    match = request.resolver_match
    if request.method != "POST" or match is None:
        return []
    if match.view_name == DESK:
        return [Typed(written.label, written.text, written.language) for written in written_texts(request.POST)]
    if match.view_name == STEP:
        return list(of_step(request, match.kwargs["action"]))
    if match.view_name == CONFLICT:
        return of_control(request, "other", _("Another value"))
    model_admin = getattr(match.func, "model_admin", None)
    page = match.url_name or ""  # an address without a name leads to one that has one
    if model_admin and page.endswith("_changelist"):
        return of_control(request, "addresses", AddedForm.base_fields["addresses"].label)
    is_form = isinstance(model_admin, GivesBack) and page.endswith(("_add", "_change"))
    return list(of_record(site, request, model_admin.model)) if is_form else []


def of_control(request: HttpRequest, name: str, label: str) -> list[Typed]:
    text = request.POST.get(name, "").strip()
    return [Typed(label, text)] if text else []


def of_step(request: HttpRequest, action: str) -> Iterator[Typed]:
    fields = FORMS.get(action, StepForm).base_fields
    for name in ("reason_vi", "reason_en", "comment", "own_work_reason"):
        yield from of_control(request, name, fields[name].label if name in fields else name)


def of_record(site: AdminSite, request: HttpRequest, model: type[models.Model]) -> Iterator[Typed]:
    """Field after field in the order of the form, the rows numbered as there."""
    for name, values in request.POST.lists():
        field, place = field_of(model, name)
        given = [value for value in values if value.strip()]
        if field and given:
            said = chosen(site, request, field, given) if field.is_relation else in_words(field, given)
            label = capfirst(f"{place}{field.verbose_name}")
            yield from [Typed(label, "\n".join(said), getattr(field, "language", None) or "")] if said else []


def field_of(model: type[models.Model], name: str) -> tuple[models.Field | None, str]:
    """The field that a control of a form is for, and the row it stands in; None for any other control."""
    place = ""
    prefix, number, column = (name.split("-", 2) + ["", ""])[:3]
    rows = {each.get_accessor_name(): each.related_model for each in model._meta.related_objects if each.one_to_many}
    if prefix in rows and number.isdecimal() and len(number) <= MOST_DIGITS:
        model, name = rows[prefix], column
        place = f"{model._meta.verbose_name} {int(number) + 1}: "
    elif prefix == CorrectionNoteForm.prefix:
        model, name = CorrectionNote, number
    fields = {field.name: field for field in [*model._meta.fields, *model._meta.many_to_many] if field.editable}
    # A day and its hour are two controls of one field.
    return fields.get(name) or fields.get(name.removesuffix("_0").removesuffix("_1")), place


def chosen(site: AdminSite, request: HttpRequest, field: models.Field, values: list[str]) -> list[str]:
    """The names of the records that were chosen, for those who may see them."""
    related = field.remote_field.model
    model_admin = site.get_model_admin(related) if site.is_registered(related) else None
    if model_admin is None or not (site.has_permission(request) and model_admin.has_view_permission(request)):
        return []
    numbers = [value for value in values if is_number_of(related, value)]
    return [model_admin.choice_label(record) for record in related._base_manager.filter(pk__in=numbers)]


def in_words(field: models.Field, values: list[str]) -> list[str]:
    known = dict(field.flatchoices)
    return [str(known.get(value, value)) for value in values]


# The page


def give_back(
    site: AdminSite, request: HttpRequest, status: int, why: str, what_now: str, **context: Any
) -> HttpResponse | None:
    """The page with all that was typed; None where nothing was, or the form was not one of ours."""
    typed = typed_in(site, request)
    if not typed:
        return None
    sent = [(name, value) for name, values in request.POST.lists() if name != NOT_SENT_AGAIN for value in values]
    request.current_app = site.name
    whole = {
        **site.each_context(request),
        "title": _("Nothing was saved"),
        "why": why,
        "what_now": what_now,
        "typed": typed,
        "sent": sent,
        **context,
    }
    response = HttpResponse(render_to_string("admin/editing/given_back.html", whole, request), status=status)
    add_never_cache_headers(response)
    return response


def give_back_signed_out(site: AdminSite, request: HttpRequest) -> HttpResponse | None:
    return give_back(
        site,
        request,
        HTTPStatus.FORBIDDEN,
        _("You are signed out by now."),
        _("Sign in, in a new tab, then come back to this page and send once more what you wrote."),
        is_signed_out=True,
    )


def give_back_old(site: AdminSite, request: HttpRequest) -> HttpResponse | None:
    """Only what this site's own page sent: what another site sends for an editor is not theirs to confirm."""
    if not is_from_own_page(request):
        return None
    if not site.has_permission(request):
        return give_back_signed_out(site, request)
    return give_back(
        site,
        request,
        HTTPStatus.FORBIDDEN,
        _("The form was opened before you signed in, or cookies were deleted since."),
        _("Look over what you wrote, then send it once more."),
    )


def give_back_settled(site: AdminSite, request: HttpRequest, why: str) -> HttpResponse | None:
    """What was written for a conflict or a step that is none any more, which is not to be sent once more."""
    return give_back(site, request, HTTPStatus.GONE, why, _("Copy what you need."), is_over=True)


def give_back_refused(site: AdminSite, request: HttpRequest, refusal: Exception) -> HttpResponse | None:
    if isinstance(refusal, PermissionDenied):
        what_now = _("Copy what you need, or keep this page open until you may, then send it once more.")
        return give_back(site, request, HTTPStatus.FORBIDDEN, _("You may not change this, or not any more."), what_now)
    if not typed_in(site, request):
        return None
    what_now, deletion = after_deletion(site, request)
    # Not 404: for that the language's own address would be tried, and what was typed would be lost on the way.
    return give_back(site, request, HTTPStatus.GONE, _("The record is not there any more."), what_now, **deletion)


def after_deletion(site: AdminSite, request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """What can be done, and what is known of the deletion of the record that the form was for."""
    model_admin, number = record_asked_for(site, request)
    deleted = last_version(model_admin, number)
    if parent_field := deleted and getattr(model_admin.model, "parent_field", ""):
        # A row that went with its record comes back with it.
        field = model_admin.model._meta.get_field(parent_field)
        parent_admin, parent = site.get_model_admin(field.related_model), str(deleted.field_dict[field.attname])
        if whole := last_version(parent_admin, parent):
            model_admin, number, deleted = parent_admin, parent, whole
    if deleted is None or not model_admin.may_recover(request):
        return _("Copy what you need. A record that is still wanted is added anew."), {}
    revision = deleted.revision
    return _("Recover the record, in a new tab, then come back to this page and send once more what you wrote."), {
        "deletion": revision if revision.comment.endswith(f": {DELETED}") else None,
        "recover_address": model_admin.address("recover", number),
    }


def last_version(model_admin: Any, number: str) -> Version | None:
    """The last version of a record that is not there any more."""
    return model_admin.deleted_versions().filter(object_id=number).first() if model_admin else None


def record_asked_for(site: AdminSite, request: HttpRequest) -> tuple[Any, str]:
    """The admin and the number of the record whose form was sent; of a step or a desk, those of its record."""
    match = request.resolver_match
    asked = match.kwargs
    model_admin = getattr(match.func, "model_admin", None)
    if model_admin is None:
        [model] = [each for each in content_models() if each._meta.label_lower in asked.values()] or [None]
        model_admin = site.get_model_admin(model) if model else None
    number = str(asked.get("object_id") or asked.get("number", ""))
    is_kept = hasattr(model_admin, "deleted_versions") and is_number_of(model_admin.model, number)
    return (model_admin if is_kept else None), number
