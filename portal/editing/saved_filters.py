"""An editor's own filters of the lists: kept under a name, shown above the list, forgotten again."""

from copy import copy
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.editing.models import SavedFilter

MOST = 30  # of one editor for one list
LONGEST_QUERY = 2000
# Where in the list one is, and how it was reached, is no filter.
NOT_A_FILTER = (PAGE_VAR, ERROR_FLAG, "_popup", "_to_field", "_facets", "all")


def pages(site: Any) -> list:
    """The addresses, below those of the admin site."""
    return [
        path("filters/<str:kind>/", site.page(require_POST(save)), name="filter_save"),
        path("filters/<int:number>/forget/", site.page(require_POST(forget)), name="filter_forget"),
    ]


def list_of(site: Any, kind: str) -> ModelAdmin:
    try:
        return site.get_model_admin(apps.get_model(kind))
    except (LookupError, ValueError, NotRegistered) as unknown:
        raise Http404 from unknown


def list_address(model_admin: ModelAdmin) -> str:
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")


def filter_of(query: str) -> str:
    """The part of a list's address that says what it shows, always written in the same way."""
    parameters = QueryDict(query[:LONGEST_QUERY], mutable=True)
    for name in NOT_A_FILTER:
        parameters.pop(name, None)
    pairs = sorted((name, value) for name, values in parameters.lists() for value in values if value)
    clean = QueryDict(mutable=True)
    for name, value in pairs:
        clean.appendlist(name, value)
    return clean.urlencode()


def is_understood(model_admin: ModelAdmin, request: HttpRequest, query: str) -> bool:
    """Whether the list itself would take the filter; unknown parameters it refuses."""
    probe = copy(request)
    probe.GET = QueryDict(query)
    try:
        model_admin.get_changelist_instance(probe)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return False
    return True


def save(request: HttpRequest, site: Any, kind: str) -> HttpResponse:
    """Keep a filter; under a name that the editor has used before, instead of the earlier one."""
    model_admin = list_of(site, kind)
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    query, name = filter_of(request.POST.get("query", "")), " ".join(request.POST.get("name", "").split())[:60]
    own = SavedFilter.objects.filter(user=request.user, kind=model_admin.opts.label_lower)
    if not (query and is_understood(model_admin, request, query)):
        messages.error(request, _("This filter cannot be saved: the list does not know it."))
        return redirect(list_address(model_admin))
    if not name:
        messages.error(request, _("Give the filter a name."))
    elif own.exclude(name=name).count() >= MOST:
        messages.error(request, _("That are too many filters for one list: forget one first."))
    else:
        own.update_or_create(user=request.user, kind=model_admin.opts.label_lower, name=name, defaults={"query": query})
        messages.success(request, _("The filter “%(name)s” is saved.") % {"name": name})
    return redirect(f"{list_address(model_admin)}?{query}")


def forget(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    """Forget one of the editor's own filters; others' are not there."""
    kept = get_object_or_404(SavedFilter, pk=number, user=request.user)
    kept.delete()
    messages.success(request, _("The filter “%(name)s” is forgotten.") % {"name": kept.name})
    return redirect(list_address(list_of(site, kept.kind)))


def shown_filters(request: HttpRequest, model_admin: ModelAdmin) -> dict:
    """What the list says of filters: those that are saved, and the present one, if it could be."""
    present = filter_of(request.GET.urlencode())
    own = SavedFilter.objects.filter(user=request.user, kind=model_admin.opts.label_lower)
    return {"saved_filters": list(own), "present_filter": present}
