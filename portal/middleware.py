"""What every request passes: the database it reads, bounds of what is asked, errors as pages, and what is said when a
database is gone.
"""

from collections.abc import Callable
from http import HTTPStatus

from compression_middleware import middleware as compression
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

from portal.api import unreadable
from portal.limits import asks_too_much, too_much
from portal.reading import (
    COME_BACK,
    OUTAGE,
    begin_reading,
    can_fall_back,
    fall_back,
    is_editing,
    was_lost,
    was_too_slow,
)

# Asked by machines beside the server, by whatever address they know it; the answers name no host.
ASKED_FROM_INSIDE = {"/healthz", "/readyz", "/metrics"}
UTF_8 = ("utf-8", "utf8")
# Compressed in themselves (a workbook is a ZIP): once more costs time and gains nothing.
COMPRESSED = ("application/zip", "application/vnd.openxmlformats-", "font/", "image/png", "image/jpeg", "image/webp")


class HeadMiddleware:
    """Takes the body out of the answer to HEAD, which says what GET would; the server would complain of it."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method != "HEAD":
            return response
        if response.streaming:
            response.streaming_content = ()
        else:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response


class ReadingMiddleware:
    """Stands first, so that whatever is inside reads the database that is right for the request."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begin_reading(request)
        return self.get_response(request)


class CompressionMiddleware(compression.CompressionMiddleware):
    """Compresses whatever is not compressed as it is."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.get("Content-Type", "").startswith(COMPRESSED):
            return response
        return super().process_response(request, response)


class ErrorPagesMiddleware(CommonMiddleware):
    """Django's CommonMiddleware, with what it and DEBUG would show a developer turned into the public pages."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        return None if request.path in ASKED_FROM_INSIDE else super().process_request(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return page_not_found(request, exception) if isinstance(exception, Http404) else None

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """The address with its slash, whatever the method: Django raises for POST while DEBUG is on."""
        return request.get_full_path(force_append_slash=True)


class BoundsMiddleware:
    """Refuses addresses that ask more than any list could mean, before anything is made of them.

    The API does so by itself, in its own words.
    """

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not asks_too_much(request) or request.path.startswith("/api/"):
            return self.get_response(request)
        if "." in request.path.rpartition("/")[2]:  # a list in another format
            text = f"{_('This request could not be understood')}\n\n{too_much()}\n"
            return HttpResponse(text, status=HTTPStatus.BAD_REQUEST, content_type="text/plain; charset=utf-8")
        # What was asked would be repeated in every link of the page.
        request.META["QUERY_STRING"] = ""
        return render(request, "400.html", {"advice": too_much()}, status=HTTPStatus.BAD_REQUEST)


class FormEncodingMiddleware:
    """Refuses a form that says it is anything but UTF-8, as which it would be read all the same.

    The API takes no forms, and says so in its own words.
    """

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        encoding = request.content_params.get("charset", UTF_8[0])
        if request.method != "POST" or encoding.lower() in UTF_8 or request.path.startswith("/api/"):
            return self.get_response(request)
        reason = _("Forms are read as UTF-8 only, and this one was sent in another encoding.")
        return render(request, "400.html", {"reason": reason}, status=HTTPStatus.BAD_REQUEST)


class OutageMiddleware:
    """A database lost in the middle of a request: the other one is read, or a page says what is not possible."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not getattr(request, "reads_again", False):
            return response
        request.reads_again = False
        fall_back()
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """None for what is no outage; a replica also cancels queries, to go on following, and the primary will not."""
        if not isinstance(exception, OUTAGE):
            return None
        if was_too_slow(exception):
            return outage_page(request)
        lost = was_lost(exception)
        request.reads_again = can_fall_back()
        return outage_page(request) if lost or request.reads_again else None


def outage_page(request: HttpRequest) -> HttpResponse:
    """Made without a database, for editors, visitors and programs."""
    if request.path.startswith("/api/"):
        response = unreadable()
    else:
        response = render(request, "503.html", {"editing": is_editing(request)}, status=503)
    response["Retry-After"] = str(COME_BACK)
    add_never_cache_headers(response)
    return response
