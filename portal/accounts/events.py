"""Writes the log of sign-ins."""

import axes.signals  # noqa: F401 - its own listener comes before the one below
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from portal.accounts.lockout import client_address
from portal.accounts.models import AccountEvent

Kind = AccountEvent.Kind


def browser_of(request: HttpRequest) -> str:
    return request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:255]


def record(kind: str, user, request: HttpRequest | None = None) -> None:
    """Write a line about an account (None: no such account); by whoever is signed in, where that is somebody else."""
    by = getattr(request, "user", None)
    if by is None or not by.is_authenticated or by == user:
        by = None
    AccountEvent.objects.create(
        kind=kind,
        user=user,
        username=user.get_username() if user else "",
        by_id=by.pk if by else None,
        by_name=by.get_username() if by else "",
        address=client_address(request) if request else None,
        browser=browser_of(request) if request else "",
    )


def owner(username: str | None):
    """The account of a name; None for a name of no account."""
    users = get_user_model()
    if not username or "\0" in username:
        return None
    return users._default_manager.filter(**{users.USERNAME_FIELD: username}).first()


@receiver(user_logged_in, dispatch_uid="log of sign-ins")
def note_sign_in(sender, request: HttpRequest, user, **kwargs) -> None:
    record(Kind.SIGNED_IN, user, request)


@receiver(user_logged_out, dispatch_uid="log of sign-ins")
def note_sign_out(sender, request: HttpRequest, user, **kwargs) -> None:
    if user:
        record(Kind.SIGNED_OUT, user, request)


@receiver(user_login_failed, dispatch_uid="log of sign-ins")
def note_refusal(sender, credentials: dict, request: HttpRequest | None = None, **kwargs) -> None:
    """Attempts during a lock are not noted one by one: the log would be theirs to fill.

    By now axes has marked the request. It counts failures only of those that it let through.
    """
    if request is None:
        return
    is_locked = getattr(request, "axes_locked_out", False)
    if is_locked and request.axes_failures_since_start is None:
        return
    user = owner(credentials.get("username"))
    record(Kind.REFUSED, user, request)
    if is_locked:
        record(Kind.LOCKED, user, request)
