"""On which devices an account is signed in, and ending that."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.events import browser_of, record
from portal.accounts.lockout import client_address
from portal.accounts.models import AccountEvent, SignedInDevice

# A moment is written at most this often, so that a page is not paid for with a write.
SEEN_EVERY = timedelta(minutes=5)


def note_device(request: HttpRequest) -> None:
    """Keep the device of this request in the list; one query, and a write now and then."""
    now = timezone.now()
    key = request.session.session_key
    if not key:
        return
    device = SignedInDevice.objects.filter(session_id=key).first()
    if device is None:
        if Session.objects.filter(pk=key).exists():  # not yet written while a sign-in is answered
            given = {"address": client_address(request), "browser": browser_of(request)}
            SignedInDevice.objects.get_or_create(
                session_id=key, defaults={"user": request.user, "started": now, "last_seen": now} | given
            )
    elif device.user_id != request.user.pk or now - device.last_seen > SEEN_EVERY:
        device.user, device.last_seen, device.address = request.user, now, client_address(request)
        device.save(update_fields=["user", "last_seen", "address"])


def devices_of(user) -> QuerySet[SignedInDevice]:
    """The devices on which an account is signed in now, the latest first."""
    return user.signed_in_devices.filter(session__expire_date__gt=timezone.now())


def end_devices(devices: QuerySet[SignedInDevice], request: HttpRequest) -> int:
    """Sign out on the devices: each session is deleted, its row goes with it, and the log says so."""
    ended = 0
    for device in devices.select_related("user"):
        Session.objects.filter(pk=device.session_id).delete()
        record(AccountEvent.Kind.DEVICE_ENDED, device.user, request)
        ended += 1
    return ended
