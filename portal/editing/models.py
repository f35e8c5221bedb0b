"""What an editor keeps for their own comfort."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """The state of a list of the editors' site, under a name that one editor gave it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    kind = models.CharField(max_length=60)  # of the list, such as meetings.meeting
    name = models.CharField(max_length=60)
    query = models.TextField()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["name"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "kind", "name"], name="saved_filter_name_once")]

    def __str__(self) -> str:
        return self.name
