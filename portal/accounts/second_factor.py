"""Who needs a second factor, and where it comes from: an app that shows codes, or codes kept on paper."""

import re
from base64 import b32encode
from io import BytesIO
from secrets import choice

import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

BACKUP_CODES = 10
BACKUP_CODE_LENGTH = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another on paper
RIGHTS_THAT_NEED_IT = (
    *("portal.review_content", "portal.publish_content", "portal.withdraw_content"),
    *("portal.load_content", "portal.manage_accounts"),
)


def needs_second_factor(user) -> bool:
    """Whether the site asks this account for one: whoever makes things public or manages accounts, superusers too."""
    return settings.TWO_FACTOR_REQUIRED and any(map(user.has_perm, RIGHTS_THAT_NEED_IT))


def app_of(user) -> TOTPDevice | None:
    """The app that shows the codes of this account; None before it is set up."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def has_second_factor(user) -> bool:
    return app_of(user) is not None


def waiting_app(user) -> TOTPDevice | None:
    """The app that waits for its first code."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).first()


def app_to_set_up(user) -> TOTPDevice:
    """The app that waits for its first code, made where there is none."""
    return waiting_app(user) or TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def key_to_type(app: TOTPDevice) -> str:
    """The secret as it is typed where no camera is at hand, in groups of four."""
    key = b32encode(app.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def picture(app: TOTPDevice) -> bytes:
    """The QR code of an app as an SVG file."""
    file = BytesIO()
    segno.make(app.config_url, error="m").save(file, kind="svg", xmldecl=False, scale=5, border=4, light="#fff")
    return file.getvalue()


def as_typed(code: str) -> str:
    """A code without the blanks and hyphens that make it easier to read."""
    return re.sub(r"[\s-]", "", code).lower()


def kept(user, code: str) -> str:
    """What is kept of a backup code: enough to know it again, too little to read it from the database."""
    return salted_hmac("portal.accounts.backup_code", f"{user.pk}:{code}").hexdigest()[:16]


@transaction.atomic
def make_backup_codes(user) -> list[str]:
    """New codes, and the old ones are worth nothing; they are seen now and never again."""
    StaticDevice.objects.filter(user=user).delete()
    paper = StaticDevice.objects.create(user=user, name="paper")
    codes = ["".join(choice(LETTERS) for _ in range(BACKUP_CODE_LENGTH)) for _ in range(BACKUP_CODES)]
    for code in codes:
        paper.token_set.create(token=kept(user, code))
    half = BACKUP_CODE_LENGTH // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def backup_codes_left(user) -> int:
    return sum(paper.token_set.count() for paper in StaticDevice.objects.filter(user=user))


def device_for(user, code: str) -> TOTPDevice | StaticDevice | None:
    """What a code is said to come from: the short ones from the app, the long ones from the paper."""
    if len(code) < BACKUP_CODE_LENGTH:
        return app_of(user)
    return StaticDevice.objects.filter(user=user, confirmed=True).first()


def check(user, device: TOTPDevice | StaticDevice, code: str) -> bool:
    """Whether a code is good, and used up by that. django-otp makes each wrong one wait twice as long."""
    token = kept(user, code) if isinstance(device, StaticDevice) else code
    return verify_token(user, device.persistent_id, token) is not None


def seconds_to_wait(device: TOTPDevice | StaticDevice) -> float:
    """How long a device takes no code after wrong ones; 0 when it takes one now."""
    allowed, why = device.verify_is_allowed()
    if allowed or "locked_until" not in why:
        return 0
    return (why["locked_until"] - timezone.now()).total_seconds()


@transaction.atomic
def confirm(app: TOTPDevice) -> None:
    """The app has shown a right code: it is the app of its account, and an older one is not any more."""
    TOTPDevice.objects.filter(user=app.user).exclude(pk=app.pk).delete()
    app.refresh_from_db()
    app.confirmed = True
    app.save(update_fields=["confirmed"])


@transaction.atomic
def remove_second_factor(user) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
