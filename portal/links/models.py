"""What an address answered when it was last asked. The table belongs to the app `portal`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """What an answer means for a reader who follows the link."""

    OK = "ok", _("answers")
    FAILS = "fails", _("link fails")
    # A site that turns programs away, or is busy, may well show its page to a reader.
    UNCLEAR = "unclear", _("no clear answer")


class Problem(models.TextChoices):
    """Why there was no answer at all."""

    NAME = "name", _("the host has no address")
    CONNECTION = "connection", _("no connection")
    TIMEOUT = "timeout", _("no answer in time")
    CERTIFICATE = "certificate", _("no secure connection")
    PROTOCOL = "protocol", _("the answer is not understood")
    REDIRECTS = "redirects", _("it leads in circles")
    ADDRESS = "address", _("no address that may be asked")


class SourceCheckQuerySet(models.QuerySet):
    def of(self, outcome: str):
        return self.filter(outcome=outcome)

    def failing(self):
        return self.of(Outcome.FAILS)


class SourceCheck(models.Model):
    """The last answer of an address that sources or documents have.

    Under the address rather than the record: it may belong to several, and says nothing of another one given later.
    """

    url = models.CharField(max_length=800, unique=True)
    checked = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome, db_index=True)
    since = models.DateTimeField()  # when it was first found so
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=11, choices=Problem, blank=True)
    redirect = models.CharField(max_length=2000, blank=True)  # where it leads, if elsewhere

    objects = SourceCheckQuerySet.as_manager()

    class Meta:
        app_label = "portal"
        default_permissions = ()
        ordering = ["url"]

    def __str__(self) -> str:
        return f"{self.url}: {self.outcome}"

    @property
    def what(self) -> str:
        """The number of the answer, or why there was none."""
        return str(self.status) if self.status else str(self.get_problem_display())
