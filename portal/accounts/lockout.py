"""What stops guessing: where a request comes from, and the answer to too many attempts."""

import math
from ipaddress import ip_address

from axes.backends import AxesStandaloneBackend
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _


def client_address(request: HttpRequest) -> str | None:
    """Where a request comes from; None when nothing believable says so.

    Behind a proxy the last address of X-Forwarded-For is the one that the proxy itself
    wrote; those before it are the client's word.
    """
    given = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY and (chain := request.META.get("HTTP_X_FORWARDED_FOR")):
        given = chain.rpartition(",")[2].strip()
    try:
        return str(ip_address(given))
    except ValueError:
        return None


class LockoutBackend(AxesStandaloneBackend):
    """Refuses whoever is locked out. A call without a request comes from inside, and has no address to lock."""

    def authenticate(self, request: HttpRequest | None, username: str | None = None, password=None, **kwargs) -> None:
        if request is not None:
            super().authenticate(request, username=username, password=password, **kwargs)


def lock_ends(request: HttpRequest, username: str):
    """When the lock of this name from this address ends: a moment that may have passed."""
    attempts = AccessAttempt.objects.filter(username=username, ip_address=client_address(request))
    latest = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return (latest or timezone.now()) + get_cool_off(request)


def locked_out(request: HttpRequest, original_response: HttpResponse | None, credentials: dict | None) -> HttpResponse:
    """The page for whoever is locked out, with the minutes that are left; 429, and Retry-After in seconds."""
    left = (lock_ends(request, (credentials or {}).get("username") or "") - timezone.now()).total_seconds()
    seconds = max(math.ceil(left), 1)
    context = admin.site.each_context(request) | {
        "title": _("Signing in is locked"),
        "minutes": math.ceil(seconds / 60),
        "has_permission": False,
    }
    response = TemplateResponse(request, "admin/accounts/locked.html", context, status=429)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response.render()


def is_locked(username: str) -> bool:
    """Whether the name is locked out from any address."""
    return locked_attempts(username).exists()


def locked_attempts(username: str):
    current = AccessAttempt.objects.filter(username=username, attempt_time__gte=timezone.now() - get_cool_off())
    return current.filter(failures_since_start__gte=settings.AXES_FAILURE_LIMIT)
