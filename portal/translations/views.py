"""The pages of the translation desk: where texts wait, and both languages of one record side by side."""

from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.list_filters import TranslationFilter, count_lists, list_address
from portal.models import Editorial, OutdatedText, Part
from portal.translations.desk import Desk, read_desk, save_desk, take_in, texts_still_right
from portal.translations.texts import desk_address, translated_fields
from portal.workflow.pending import open_form

COLUMNS = ("missing-vi", "missing-en", "outdated-vi", "outdated-en")


def pages(site: Any) -> list:
    """The addresses, below those of the admin site."""
    return [
        path("translations/", site.page(overview), name="translations"),
        path("translations/<str:kind>/<int:number>/", site.page(desk), name="translation_desk"),
    ]


# Where texts wait


def overview(request: HttpRequest, site: Any) -> HttpResponse:
    """How many records of each kind have a text that is missing or left behind, and the lists of them."""
    admins = [each for each in site.admins_in_order() if translated_fields(each.model)]
    kinds = [kind_counts(request, each) for each in admins if each.has_view_or_change_permission(request)]
    if not kinds:
        raise PermissionDenied
    totals = [sum(cells) for cells in zip(*([cell["count"] for cell in kind["cells"]] for kind in kinds), strict=True)]
    labels = dict(TranslationFilter.values)
    context = {"kinds": kinds, "columns": [labels[column] for column in COLUMNS], "totals": totals}
    whole = {**site.each_context(request), "title": _("Translation desk"), **context}
    return TemplateResponse(request, "admin/translations/overview.html", whole)


def kind_counts(request: HttpRequest, model_admin: Any) -> dict[str, Any]:
    queries = {column: {TranslationFilter.parameter_name: column} for column in COLUMNS}
    counts = count_lists(model_admin, request, queries)
    cells = [{"count": counts[name], "address": list_address(model_admin, query)} for name, query in queries.items()]
    return {"name": model_admin.opts.verbose_name_plural, "cells": cells}


# The desk of one record


def desk(request: HttpRequest, site: Any, kind: str, number: int) -> HttpResponse:
    record = record_of(site, request, kind, number)
    if isinstance(record, Part):
        parent = getattr(record, record.parent_field)
        return redirect(f"{desk_address(parent)}#{kind.replace('.', '-')}-{number}")
    if not isinstance(record, Editorial):
        return page_of(request, site, record)
    answer = open_form(request, record, lambda: page_of(request, site, record))
    # That a text is still right is known at once, whatever waits for approval.
    OutdatedText.objects.filter(pk__in=getattr(request, "still_right", ())).delete()
    return answer


def page_of(request: HttpRequest, site: Any, record: Model) -> HttpResponse:
    if request.method == "POST":
        return save(request, site, record)
    return show(request, site, read_desk(site, request, record))


def record_of(site: Any, request: HttpRequest, kind: str, number: int) -> Model:
    try:
        model = apps.get_model(kind)
    except (LookupError, ValueError) as unknown:
        raise Http404 from unknown
    if not site.is_registered(model) or not translated_fields(model):
        raise Http404
    model_admin = site.get_model_admin(model)
    record = get_object_or_404(model_admin.get_queryset(request), pk=number)
    if not model_admin.has_view_or_change_permission(request, record):
        raise PermissionDenied
    return record


def save(request: HttpRequest, site: Any, record: Model) -> HttpResponse:
    """Everything or nothing: with a problem in one text, the page comes back with all that was written on it."""
    with transaction.atomic():
        if not site.get_model_admin(type(record)).has_change_permission(request):
            raise PermissionDenied
        table = read_desk(site, request, record, request.POST)
        take_in(table, request.POST)
        if table.has_problems:
            return show(request, site, table)
        request.still_right = texts_still_right(table, request.POST)
        changed, right = save_desk(request.user, table, request.POST)
        log_changes(site, request, changed)
    request.is_saved = True
    say_what_was_saved(request, table, right)
    return redirect(request.get_full_path())


def log_changes(site: Any, request: HttpRequest, changed: list[Model]) -> None:
    for instance in changed:
        site.get_model_admin(type(instance)).log_change(request, instance, [{"changed": {"fields": []}}])


def say_what_was_saved(request: HttpRequest, table: Desk, right: int) -> None:
    texts = sum(side.is_changed for row in table.rows for side in row.sides())
    if texts:
        messages.success(request, ngettext("%(count)d text saved.", "%(count)d texts saved.", texts) % {"count": texts})
    if texts and getattr(request, "as_pending", False):
        messages.info(request, _("Saved as a pending version. Visitors see the published one until it is approved."))
    if right:
        said = ngettext("%(count)d text is still right.", "%(count)d texts are still right.", right)
        messages.success(request, said % {"count": right})
    if not texts and not right:
        messages.info(request, _("Nothing was changed."))


def show(request: HttpRequest, site: Any, table: Desk) -> HttpResponse:
    model_admin = site.get_model_admin(type(table.record))
    options = model_admin.opts
    context = {
        "desk": table,
        "opts": options,
        "counts": {state.replace("-", "_"): number for state, number in table.count().items()},
        "only_waiting": request.GET.get("only") == "waiting" and not table.has_problems,
        "form_address": reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[table.record.pk]),
        "subtitle": model_admin.choice_label(table.record),
    }
    whole = {**site.each_context(request), "title": _("Translation desk"), **context}
    return TemplateResponse(request, "admin/translations/desk.html", whole)
