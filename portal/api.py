"""The API: every list and every record as JSON, read only, in both languages at once.

The same filter sets as the pages read the same query string. What is wrong is told as
problem details after RFC 9457, in the words that the page has beside its fields.
"""

import json
from collections.abc import Callable
from itertools import islice
from math import ceil
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, re_path, reverse
from django.utils.http import quote_etag
from django.utils.translation import get_language, get_language_from_request, gettext_lazy
from rest_framework import exceptions
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from portal.accounts.lockout import client_address
from portal.exports import answer_unless_known, is_known, page_number, part_address, site_of, state_tag
from portal.filters import FilterForm
from portal.index import content_state
from portal.limits import asks_too_much, has_room, seconds_left, too_much
from portal.openapi import LARGEST_PAGE, USUAL_PAGE, description
from portal.representation import lists, texts_of
from portal.tables import Table

PREFIX = "/api/v1/"
SAFE = ("GET", "HEAD")
JSON, PROBLEM = "application/json", "application/problem+json"
TAKE_JSON = {JSON, "application/*", "*/*"}  # as clients mostly name it; the views know the other ways
A_MINUTE = 60
ASK_EACH_TIME = "no-cache"  # of caches: what is kept may be shown only after asking
TITLES = {
    400: gettext_lazy("This request could not be understood"),
    404: gettext_lazy("There is nothing at this address"),
    405: gettext_lazy("This method is not allowed here"),
    406: gettext_lazy("There is only JSON here"),
    412: gettext_lazy("The content is no longer what you know"),
    429: gettext_lazy("Too many requests"),
    503: gettext_lazy("The register cannot be read at the moment"),
}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "Access-Control-Max-Age": str(24 * 60 * 60),
}


class WrongParameters(exceptions.APIException):
    """Parameters that are not understood; `errors` has what is wrong with each."""

    status_code = 400

    def __init__(self, errors: list[dict]) -> None:
        super().__init__()
        self.errors = errors


class AskedTooMuch(exceptions.APIException):
    """More than any list could mean."""

    status_code = 400

    @property
    def told(self) -> str:
        return too_much()


class Changed(exceptions.APIException):
    """The client asked for a state of the content that has gone."""

    status_code = 412


class Unreadable(exceptions.APIException):
    """No database answers."""

    status_code = 503


def errors_of(*bound: forms.Form) -> list[dict]:
    """What is wrong with the parameters, in the words that the page has beside its fields."""
    return [
        {"parameter": name, "label": str(form.fields[name].label), "messages": [str(error) for error in errors]}
        for form in bound
        for name, errors in form.errors.items()
        if name in form.fields
    ]


def as_json(content: Any, status: int = 200, content_type: str = JSON) -> HttpResponse:
    text = json.dumps(content, ensure_ascii=False, default=str)
    return HttpResponse(text, status=status, content_type=content_type)


def problem(exception: Exception, context: dict) -> HttpResponse | None:
    """An error as problem details; None for what is no error of the request."""
    if isinstance(exception, Http404):
        exception = exceptions.NotFound()
    if not isinstance(exception, exceptions.APIException):
        return None
    status = exception.status_code
    title = TITLES.get(status, exception.default_detail)
    errors = getattr(exception, "errors", [])
    lines = [f"{error['label']} ({error['parameter']}): {' '.join(error['messages'])}" for error in errors]
    detail = "\n".join(lines) or getattr(exception, "told", str(title))
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response = as_json(content | ({"errors": errors} if errors else {}), status, PROBLEM)
    if wait := getattr(exception, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def for_everybody(response: HttpResponseBase) -> HttpResponseBase:
    """An answer that scripts of other sites may read."""
    for name, value in CORS.items():
        response.headers[name] = value
    return response


def unreadable() -> HttpResponse:
    """For whoever finds out that no database answers, outside of the views, which can be asked once more."""
    return for_everybody(problem(Unreadable(), {}))


def takes_json(request: HttpRequest) -> bool:
    """Whether JSON is among what the client says it takes; no word about it is as good as anything."""
    ranges = request.META.get("HTTP_ACCEPT", "*/*").lower().split(",")
    return any(each.partition(";")[0].strip() in TAKE_JSON for each in ranges)


def may_ask(request: HttpRequest) -> bool:
    """Whether this minute has room for one more request from where this one comes from; counts it."""
    return has_room(f"api:{client_address(request)}", settings.API_REQUESTS_A_MINUTE, A_MINUTE)


def etag_of(request: HttpRequest, language: str) -> str:
    """Changes with the content, and with the address and the language."""
    return f"{state_tag(request)}/{language}"


class Throttle(BaseThrottle):
    """So many requests a minute from one address; counted by the clock, in the cache."""

    def allow_request(self, request, view) -> bool:
        return may_ask(request)

    def wait(self) -> int:
        """Seconds to the next minute."""
        return seconds_left(A_MINUTE)


class ApiView(APIView):
    """What all answers share: who may ask how often, from where, and how they are told what is wrong."""

    throttle_classes = [Throttle]
    http_method_names = ["get", "head", "options"]

    def initial(self, request, *args, **kwargs) -> None:
        if asks_too_much(request):
            raise AskedTooMuch()
        super().initial(request, *args, **kwargs)

    def options(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        """What a browser asks before it lets a script of another site ask."""
        return HttpResponse(status=204, headers=PREFLIGHT)

    def finalize_response(self, request, response: HttpResponseBase, *args, **kwargs) -> HttpResponseBase:
        return super().finalize_response(request, for_everybody(response), *args, **kwargs)

    def answer(self, build) -> HttpResponse:
        """304 to a client that has this state of the content, before anything else is read."""
        response = answer_unless_known(self.request, build, etag=etag_of(self.request, get_language()))
        if response.status_code == Changed.status_code:
            raise Changed()
        response.headers["Cache-Control"] = ASK_EACH_TIME
        return response


def tag_that_is_known(request: HttpRequest) -> str:
    """The tag of what the API would answer now, where the client has it; empty for whatever a view must look at."""
    if not request.path_info.startswith(PREFIX) or "HTTP_IF_NONE_MATCH" not in request.META:
        return ""
    if request.method not in SAFE or not takes_json(request):
        return ""
    try:
        etag = quote_etag(etag_of(request, get_language_from_request(request)))
    except (DisallowedHost, Error):  # the view meets it too, and what stands around it tells the client
        return ""
    return etag if is_known(request, etag) else ""


def is_moved(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether an address of the API was answered with another one, as an address without its last slash is."""
    return f"{request.path_info}/".startswith(PREFIX) and "Location" in response.headers


class KnownAnswersMiddleware:
    """Tells a client of the API that it has the answer before the other middleware run, as is done for kept pages.

    It counts as a request like any other. One too many is left to the view, which counts it again and refuses it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        etag = tag_that_is_known(request)
        if not etag or not may_ask(request):
            response = self.get_response(request)
            return for_everybody(response) if is_moved(request, response) else response
        headers = {"ETag": etag, "Cache-Control": ASK_EACH_TIME, "Vary": "Accept-Language, Accept-Encoding"}
        return for_everybody(HttpResponseNotModified(headers=headers))


class RootView(ApiView):
    """The lists, and where they are explained."""

    def get(self, request: HttpRequest) -> HttpResponse:
        def build() -> HttpResponse:
            addresses = {name: reverse("api_list", args=[name]) for name in lists()}
            addresses |= {"openapi": reverse("api_openapi"), "documentation": reverse("api_docs")}
            return as_json({name: site_of(request) + address for name, address in addresses.items()})

        return self.answer(build)


class PageForm(FilterForm):
    """How much of a list one answer has."""

    page_size = forms.IntegerField(
        label=gettext_lazy("Records in one answer"),
        min_value=1,
        max_value=LARGEST_PAGE,
        required=False,
        error_messages={
            "invalid": gettext_lazy("Enter a whole number."),
            "min_value": gettext_lazy("The least is %(limit_value)s."),
            "max_value": gettext_lazy("The most is %(limit_value)s."),
        },
    )


def table_called(name: str) -> Table:
    """Raises Http404 where the API has no list of this name."""
    if name not in lists():
        raise Http404(name)
    return lists()[name]


class ListView(ApiView):
    """One page of a filtered list."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        table = table_called(name)
        return self.answer(lambda: self.page_of(table))

    def page_of(self, table: Table) -> HttpResponse:
        """Raises WrongParameters, and Http404 for a page that the list does not have."""
        query = self.request.GET
        # Only ids are asked of it: saying how the rows are read would cost more than all the rest.
        filterset, size = table.filterset_class(query, request=self.request), PageForm(query)
        if errors := errors_of(filterset.form, size):
            raise WrongParameters(errors)
        size = size.cleaned_data["page_size"] or USUAL_PAGE
        count = len(filterset.ids)
        number, last = page_number(query.get("page")), max(1, ceil(count / size))
        if not 1 <= number <= last:
            raise Http404(number)
        head = {
            "count": count,
            "next": part_address(self.request, number + 1) if number < last else None,
            "previous": part_address(self.request, number - 1) if number > 1 else None,
        }
        ids = islice(filterset.ids_in_order(), (number - 1) * size, number * size)
        texts = texts_of(table, list(ids), filterset.content, site_of(self.request))
        start = json.dumps(head).removesuffix("}").encode()
        return HttpResponse(start + b', "results": [' + b",\n".join(texts) + b"]}", content_type=JSON)


class RecordView(ApiView):
    """One record."""

    def get(self, request: HttpRequest, name: str, slug: str) -> HttpResponse:
        table = table_called(name)
        return self.answer(lambda: self.record_of(table, slug))

    def record_of(self, table: Table, slug: str) -> HttpResponse:
        state = content_state()
        ids = list(table.records().filter(slug=slug).order_by().values_list("pk", flat=True))
        texts = texts_of(table, ids, state, site_of(self.request))
        if not texts:
            raise Http404(slug)
        return HttpResponse(texts[0], content_type=JSON)


class DescriptionView(ApiView):
    """The API in the words of OpenAPI."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.answer(lambda: as_json(description(site_of(request))))


class DocumentationView(ApiView):
    """To the page about the API in the reader's language."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("api_documentation"))


class NowhereView(ApiView):
    """Every other address under the API."""

    def initial(self, request, *args, **kwargs) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404(request.path)


urlpatterns = [
    path("", RootView.as_view(), name="api_root"),
    path("openapi.json", DescriptionView.as_view(), name="api_openapi"),
    path("docs/", DocumentationView.as_view(), name="api_docs"),
    path("<slug:name>/", ListView.as_view(), name="api_list"),
    path("<slug:name>/<slug:slug>/", RecordView.as_view(), name="api_record"),
    re_path(r"^[\s\S]*/$", NowhereView.as_view()),
]
