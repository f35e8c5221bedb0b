"""The versions that wait beside published records, and the log of every step of a record."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PendingVersion(models.Model):
    """What a published record is going to say; visitors see the published text until it is approved.

    `content` and `base`, the published text it was made from, are as `portal.workflow.content` reads a record.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in-review", _("In review")
        APPROVED = "approved", pgettext_lazy("state of a version", "Approved for a set time")

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey()
    content = models.JSONField()
    base = models.JSONField()
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.DRAFT, db_index=True)
    due = models.DateTimeField(_("public from"), null=True, blank=True)
    # The last editor; all of them, since a version of one's own is not one's own to approve.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    editors = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("pending version")
        verbose_name_plural = _("pending versions")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="one_pending_version_a_record"),
            models.CheckConstraint(
                condition=models.Q(state="approved", due__isnull=False) | ~models.Q(state="approved"),
                name="pending_version_approved_with_hour",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.content_type} {self.object_id}"


class EditorialStepQuerySet(models.QuerySet):
    def of(self, record: models.Model):
        """The steps of one record, the newest first."""
        return self.filter(content_type=ContentType.objects.get_for_model(record), object_id=record.pk)

    def update(self, **values):
        raise TypeError("The log of steps is never changed.")

    def delete(self):
        raise TypeError("The log of steps is never deleted.")


class EditorialStep(models.Model):
    """One line of the log of steps: written once, never changed, and there when the record is no more."""

    class Action(models.TextChoices):
        SUBMIT = "submit", _("Submitted for review")
        RETURN = "return", _("Change asked for")
        APPROVE = "approve", _("Approved")
        APPLY = "apply", _("Published at its hour")
        STOP = "stop", _("Could not be published at its hour")
        WITHDRAW = "withdraw", _("Withdrawn")
        REOPEN = "reopen", _("Made a draft again")
        DISCARD = "discard", _("Pending version discarded")

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.PositiveBigIntegerField()
    # The name at that time: the record may be renamed or deleted.
    name = models.CharField(max_length=300, blank=True)
    action = models.CharField(max_length=8, choices=Action)
    is_pending = models.BooleanField(default=False)  # of the version that waits, not of the record itself
    old_state = models.CharField(max_length=12, blank=True)
    new_state = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    due = models.DateTimeField(null=True)
    # Nobody where the clock did it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150, blank=True)
    comment = models.TextField(blank=True)
    # Why somebody approved a text of their own.
    own_work_reason = models.TextField(blank=True)

    objects = EditorialStepQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ()
        indexes = [models.Index(fields=["content_type", "object_id"], name="portal_step_of_record")]

    def __str__(self) -> str:
        return f"{self.name}: {self.action}"

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise TypeError("The log of steps is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> None:
        raise TypeError("The log of steps is never deleted.")
