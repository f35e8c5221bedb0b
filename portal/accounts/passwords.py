"""A rule for passwords that Django does not bring, and the note that one was changed."""

from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.accounts.events import record
from portal.accounts.models import AccountEvent


class AnotherPasswordValidator:
    """A new password is another one than the old. Whoever changes it signs out everywhere else."""

    def validate(self, password: str, user=None) -> None:
        if user is not None and user.pk and user.check_password(password):
            raise ValidationError(_("This is the password you have already."), code="password_unchanged")

    def get_help_text(self) -> str:
        return _("Your new password must differ from the present one.")

    def password_changed(self, password: str, user=None) -> None:
        """Called by Django after a password was saved, whichever way."""
        record(AccountEvent.Kind.PASSWORD_CHANGED, user)
        Session.objects.filter(pk__in=user.signed_in_devices.values("session_id")).delete()
