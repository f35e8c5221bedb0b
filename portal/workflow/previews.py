"""What visitors would see of a draft or a pending version: its real page, of a register that is taken back at once."""

import copy

from django.core import signing
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.entries import LANGUAGES
from portal.models import Editorial, State, editorial_models
from portal.reading import where_it_is_written
from portal.workflow.pending import pending_of, rendered, show, taken_back
from portal.workflow.steps import rows_beside

SALT = "portal.workflow.preview"
WEEK = 7 * 24 * 60 * 60


def has_page(record: Model) -> bool:
    """Whether the record has a page of its own; some stand on the page of another, some on none."""
    return hasattr(record, "get_absolute_url") and "#" not in record.get_absolute_url()


# The link for colleagues without an account


def sign(record: Editorial) -> str:
    """A token that shows the record as it is now, for a week; any change of its text or state ends it."""
    return signing.dumps([record._meta.label_lower, record.pk, stamp(record)], salt=SALT)


def stamp(record: Editorial) -> str:
    pending = pending_of(record)
    changed, state = (pending.changed, pending.state) if pending else (record.updated, "")
    return f"{record.state}/{state}/{changed.isoformat()}"


def record_of(token: str) -> Editorial | None:
    """The record of a token; None where it shows nothing any more. BadSignature where nobody here made it."""
    try:
        label, number, seen = signing.loads(token, salt=SALT, max_age=WEEK)
    except signing.SignatureExpired:
        return None
    model = {model._meta.label_lower: model for model in editorial_models()}[label]
    record = model._default_manager.filter(pk=number).first()
    return record if record and stamp(record) == seen else None


@require_safe
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link that was handed on; says what is wrong with a link that leads nowhere."""
    try:
        with where_it_is_written():
            record = record_of(token)
    except signing.BadSignature:
        return private(render(request, "preview_refused.html", {"is_over": False}, status=403))
    if record is None:
        return private(render(request, "preview_refused.html", {"is_over": True}, status=410))
    return preview(request, record, get_language(), shared_addresses(token))


def shared_addresses(token: str) -> dict[str, str]:
    """The address of a shared preview in each language."""
    addresses = {}
    for language in LANGUAGES:
        with override(language):
            addresses[language] = reverse("preview", args=[token])
    return addresses


# The page


def preview(request: HttpRequest, record: Editorial, language: str, addresses: dict[str, str]) -> HttpResponse:
    """The page of the record as its view makes it, were the text public that is being worked on."""
    with taken_back(), override(language):
        pending = pending_of(record)
        if pending:
            show(record, pending)
        make_public(record)
        path = type(record)._default_manager.get(pk=record.pk).get_absolute_url()
        found = resolve(path)
        visit = as_visited(request, path, language, addresses)
        visit.resolver_match = found
        response = rendered(found.func(visit, *found.args, **found.kwargs))
    return private(response)


def as_visited(request: HttpRequest, path: str, language: str, addresses: dict[str, str]) -> HttpRequest:
    """The request as if the page itself had been asked for."""
    visit = copy.copy(request)
    visit.method, visit.GET, visit.POST = "GET", QueryDict(), QueryDict()
    visit.path = visit.path_info = path
    visit.META = {**request.META, "PATH_INFO": path, "QUERY_STRING": "", "REQUEST_METHOD": "GET"}
    visit.LANGUAGE_CODE = language
    visit.preview_addresses = addresses
    return visit


def make_public(record: Editorial) -> None:
    """Publish, in the database as it is for the moment, the record with its rows and what it belongs to."""
    public = [record, *rows_beside(record)]
    public += [getattr(record, name) for name in record.published_with]
    for row in public:
        type(row)._base_manager.filter(pk=row.pk).update(state=State.PUBLISHED, published_from=None)


def private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response
