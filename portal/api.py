"""The API: every list and every record as JSON, read only, in both languages at once.

The same filter sets as the pages read the same query string. What is wrong is told as
problem details after RFC 9457, in the words that the page has beside its fields.
"""

import json
from itertools import islice
from math import ceil
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, re_path, reverse
from django.utils.translation import get_language, gettext_lazy
from rest_framework import exceptions
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from portal.exports import answer_unless_known, part_address, site_of, state_tag
from portal.filters import FilterForm
from portal.index import content_state
from portal.limits import asks_too_much, has_room, seconds_left, too_much
from portal.openapi import LARGEST_PAGE, USUAL_PAGE, description
from portal.representation import lists, texts_of
from portal.tables import Table

JSON, PROBLEM = "application/json", "application/problem+json"
A_MINUTE = 60
LONGEST_NUMBER = 9  # digits of a page number that is worth looking at
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


def unreadable() -> HttpResponse:
    """For whoever finds out that no database answers, outside of the views, which can be asked once more."""
    response = problem(Unreadable(), {})
    for name, value in CORS.items():
        response[name] = value
    return response


class Throttle(BaseThrottle):
    """So many requests a minute from one address; counted by the clock, in the cache."""

    def allow_request(self, request, view) -> bool:
        return has_room(f"api:{self.get_ident(request)}", settings.API_REQUESTS_A_MINUTE, A_MINUTE)

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
        for name, value in CORS.items():
            response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)

    def answer(self, build) -> HttpResponse:
        """304 to a client that has this state of the content, before anything else is read."""
        etag = f"{state_tag(self.request)}/{get_language()}"
        response = answer_unless_known(self.request, build, etag=etag)
        if response.status_code == Changed.status_code:
            raise Changed()
        response["Cache-Control"] = "no-cache"
        return response


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
        label=gettext_lazy("Records in one answer"), min_value=1, max_value=LARGEST_PAGE, required=False
    )


def table_called(name: str) -> Table:
    """Raises Http404 where the API has no list of this name."""
    if name not in lists():
        raise Http404(name)
    return lists()[name]


def page_number(text: str) -> int:
    """The number of a page; 0, which no list has, for what is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


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
        number, last = page_number(query.get("page") or "1"), max(1, ceil(count / size))
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
