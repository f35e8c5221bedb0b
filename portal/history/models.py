"""The tables of the history. They belong to the app `portal`."""

from datetime import timedelta

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from reversion.models import Revision, Version


class VersionPlace(models.Model):
    """A version belongs to the history of a record: its own, or that of the record whose row it is."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="places")
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveBigIntegerField()

    class Meta:
        app_label = "portal"
        default_permissions = ()
        indexes = [models.Index(fields=["content_type", "object_id"], name="portal_version_place")]
        constraints = [
            models.UniqueConstraint(fields=["version", "content_type", "object_id"], name="version_once_in_a_history")
        ]

    def __str__(self) -> str:
        return f"{self.content_type_id} {self.object_id}: {self.version_id}"


class CorrectionNote(models.Model):
    """What an editor tells visitors about a change to a published record; written once, with the change."""

    is_on_pages = True

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveBigIntegerField()
    # The change it speaks of; a note outlives revisions that are cleared away.
    revision = models.ForeignKey(Revision, models.SET_NULL, null=True, related_name="correction_notes")
    text_vi = models.TextField(_("correction note in Vietnamese"), max_length=1000)
    text_en = models.TextField(_("correction note in English"), max_length=1000)
    date = models.DateTimeField(_("date"), default=timezone.now, db_index=True)

    class Meta:
        app_label = "portal"
        default_permissions = ()
        ordering = ["-date", "-pk"]
        indexes = [models.Index(fields=["content_type", "object_id"], name="portal_correction_note")]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """In the reader's language."""
        return self.text_en if get_language() == "en" else self.text_vi


class WaitingNote(models.Model):
    """The correction note of a pending version, until that is published; it goes with a version that is discarded."""

    pending = models.OneToOneField("portal.PendingVersion", models.CASCADE, related_name="correction_note")
    text_vi = models.TextField(max_length=1000)
    text_en = models.TextField(max_length=1000)

    class Meta:
        app_label = "portal"
        default_permissions = ()

    def __str__(self) -> str:
        return self.text_en


class OpenFormQuerySet(models.QuerySet):
    def alive(self):
        """Those whose page was heard of lately: a closed page falls silent."""
        return self.filter(seen__gte=timezone.now() - OpenForm.SILENCE)


class OpenForm(models.Model):
    """Somebody has the form of a record open."""

    SILENCE = timedelta(minutes=3)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveBigIntegerField()
    since = models.DateTimeField()
    seen = models.DateTimeField()

    objects = OpenFormQuerySet.as_manager()

    class Meta:
        app_label = "portal"
        default_permissions = ()
        ordering = ["since", "pk"]
        indexes = [models.Index(fields=["content_type", "object_id"], name="portal_open_form")]
        constraints = [
            models.UniqueConstraint(fields=["user", "content_type", "object_id"], name="one_open_form_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.content_type_id} {self.object_id}"
