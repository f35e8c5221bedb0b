"""Requests whose address and form are UTF-8, whatever their Content-Type says.

Django would read the query of any request, a GET too, in the `charset` of that header:
one visitor's header would change what a page says for all who get it from a cache, and
a name such as `rot13` is a fault before any middleware could answer it.
"""

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.utils.http import parse_header_parameters


class InUTF8:
    """Takes type and parameters from a Content-Type, but no encoding; one that is not understood is as good as none."""

    def _set_content_type_params(self, meta: dict) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


class UTF8WSGIRequest(InUTF8, WSGIRequest):
    pass


class UTF8ASGIRequest(InUTF8, ASGIRequest):
    pass


def is_from_own_page(request: HttpRequest) -> bool:
    """Whether a browser says that a page of this site sent the form, as it does of every form that is posted."""
    return request.META.get("HTTP_ORIGIN") == f"{request.scheme}://{request.get_host()}"
