"""What visitors say is wrong, and what was corrected. The tables belong to the app `portal`."""

from datetime import timedelta

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

LONGEST_TEXT = 4000
# How long the address of a reporter is kept: after the report is closed, and at most.
AFTER_CLOSING, AT_MOST = timedelta(days=90), timedelta(days=365)


class ReportState(models.TextChoices):
    NEW = "new", _("New")
    CHECKING = "checking", _("Being checked")
    ACCEPTED = "accepted", _("Accepted, corrected")
    REJECTED = "rejected", _("Rejected")


CLOSED = {ReportState.ACCEPTED, ReportState.REJECTED}


class ErrorReportQuerySet(models.QuerySet):
    def forget_reporters(self, now=None) -> int:
        """Erase the e-mail addresses whose time is over; gives how many."""
        now = now or timezone.now()
        over = Q(closed__lte=now - AFTER_CLOSING) | Q(sent__lte=now - AT_MOST)
        return self.exclude(email="").filter(over).update(email="")


class ErrorReport(models.Model):
    """A visitor says that something in a record is wrong. For editors only, but for the outcome once it is accepted."""

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+", verbose_name=_("kind"))
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey("content_type", "object_id")
    language = models.CharField(_("language of the page"), max_length=2, choices=settings.LANGUAGES)
    text = models.TextField(_("what the visitor says"), max_length=LONGEST_TEXT)
    source_url = models.URLField(_("source that says otherwise"), max_length=800, blank=True)
    email = models.EmailField(_("reporter’s e-mail address"), blank=True)
    sent = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    state = models.CharField(_("progress"), max_length=8, choices=ReportState, default=ReportState.NEW, db_index=True)
    outcome_vi = models.TextField(_("what was corrected, in Vietnamese"), max_length=LONGEST_TEXT, blank=True)
    outcome_en = models.TextField(_("what was corrected, in English"), max_length=LONGEST_TEXT, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("by")
    )
    handled = models.DateTimeField(_("last handled"), null=True, editable=False)
    closed = models.DateTimeField(_("closed"), null=True, editable=False)

    objects = ErrorReportQuerySet.as_manager()

    class Meta:
        app_label = "portal"
        verbose_name = _("report of an error")
        verbose_name_plural = _("reports of errors")
        default_permissions = ("view", "change", "delete")
        ordering = ["-sent", "-pk"]

    def __str__(self) -> str:
        return Truncator(self.text).words(12, truncate=" …")

    def clean(self) -> None:
        super().clean()
        missing = [name for name in ("outcome_vi", "outcome_en") if not getattr(self, name)]
        if self.state == ReportState.ACCEPTED and missing:
            message = _("The public reads it in the log of corrections: say in both languages what was corrected.")
            raise ValidationError(dict.fromkeys(missing, message))

    def handle(self, user) -> None:
        """Save what somebody decided, and bring the public log up to it."""
        self.handled_by, self.handled = user, timezone.now()
        self.closed = (self.closed or self.handled) if self.state in CLOSED else None
        self.save()
        if self.state != ReportState.ACCEPTED:
            Correction.objects.filter(report=self).delete()
            return
        said = {"text_vi": self.outcome_vi, "text_en": self.outcome_en}
        of = {"content_type": self.content_type, "object_id": self.object_id, "date": self.closed}
        Correction.objects.update_or_create(report=self, defaults=said, create_defaults=said | of)


class Correction(models.Model):
    """One line of the public log: what was corrected after a report. Says nothing of who reported it."""

    is_on_pages = True

    report = models.OneToOneField(ErrorReport, models.PROTECT, related_name="correction")
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveBigIntegerField()
    text_vi = models.TextField()
    text_en = models.TextField()
    date = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "portal"
        default_permissions = ()
        ordering = ["-date", "-pk"]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """In the reader's language."""
        return self.text_en if get_language() == "en" else self.text_vi
