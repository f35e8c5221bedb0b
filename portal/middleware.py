"""Errors are pages in the visitor's language, in development too."""

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.views.defaults import page_not_found


class ErrorPagesMiddleware(CommonMiddleware):
    """Django's CommonMiddleware, with what it and DEBUG would show a developer turned into the public pages."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return page_not_found(request, exception) if isinstance(exception, Http404) else None

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """The address with its slash, whatever the method: Django raises for POST while DEBUG is on."""
        return request.get_full_path(force_append_slash=True)
