"""The rights that no single model has, the devices on which an account is signed in, and the log of sign-ins."""

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext_lazy as _


class EditorialRight(models.Model):
    """No table: the permissions that hold for content of every kind, one each."""

    class Meta:
        managed = False
        default_permissions = ()
        verbose_name = _("editorial right")
        verbose_name_plural = _("editorial rights")
        permissions = [
            ("submit_content", _("Submit drafts for review")),
            ("review_content", _("Review and approve what was submitted")),
            ("publish_content", _("Publish, and edit what is published")),
            ("withdraw_content", _("Withdraw what was published")),
            ("load_content", _("Load whole files of content")),
            ("manage_accounts", _("Manage accounts and read the log of sign-ins")),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


# What a browser says of itself, and what people call it; the first that fits, for each says the names of others too.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad")),
    *(("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)


def browser_name(agent: str) -> str:
    """“Firefox, Windows” for what a browser says of itself; its own words where they are of another kind."""
    names = [next((name for mark, name in known if mark in agent), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, names)) or agent


class SignedInDevice(models.Model):
    """A browser in which an account is signed in; ends with its session, and ending it ends the session."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="signed_in_devices")
    session = models.OneToOneField(Session, models.CASCADE, related_name="+")
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=255, blank=True)
    started = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        verbose_name = _("signed-in device")
        verbose_name_plural = _("signed-in devices")
        ordering = ["-last_seen", "-pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.address or ''}".strip()

    @property
    def browser_name(self) -> str:
        return browser_name(self.browser)


class AccountEventQuerySet(models.QuerySet):
    def update(self, **values):
        raise TypeError("The log of sign-ins is never changed.")

    def delete(self):
        raise TypeError("The log of sign-ins is never deleted.")


class AccountEvent(models.Model):
    """One line of the log of sign-ins: written once, never changed."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed-in", _("Password accepted")
        REFUSED = "refused", _("Sign-in refused")
        LOCKED = "locked", _("Locked after too many attempts")
        UNLOCKED = "unlocked", _("Lock lifted")
        CODE_ACCEPTED = "code-accepted", _("Code accepted")
        BACKUP_CODE_USED = "backup-code-used", _("Backup code used")
        CODE_REFUSED = "code-refused", _("Code refused")
        FACTOR_SET_UP = "factor-set-up", _("Second factor set up")
        FACTOR_REMOVED = "factor-removed", _("Second factor removed")
        FACTOR_RESET = "factor-reset", _("Second factor reset")
        BACKUP_CODES_MADE = "backup-codes-made", _("New backup codes made")
        DEVICE_ENDED = "device-ended", _("Signed out on another device")
        PASSWORD_CHANGED = "password-changed", _("Password changed")
        SIGNED_OUT = "signed-out", _("Signed out")

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    kind = models.CharField(max_length=20, choices=Kind)
    # Empty where the name that was typed belongs to no account: it may have been a password.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150, blank=True)
    # Who did it, where that is somebody else than the owner of the account.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=255, blank=True)

    objects = AccountEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.username} {self.kind}"

    @property
    def browser_name(self) -> str:
        return browser_name(self.browser)

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise TypeError("The log of sign-ins is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> None:
        raise TypeError("The log of sign-ins is never deleted.")
