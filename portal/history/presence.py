"""Who has the form of a record open, noted while its page is."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.history.models import OpenForm


def place_of(record: models.Model) -> dict[str, Any]:
    return {"content_type": ContentType.objects.get_for_model(record), "object_id": record.pk}


def note_open(user: Any, record: models.Model) -> str:
    """Note that the user has the form open; gives who else has, in words."""
    now = timezone.now()
    OpenForm.objects.filter(seen__lt=now - OpenForm.SILENCE).delete()
    mine = {"user": user, **place_of(record)}
    OpenForm.objects.update_or_create(**mine, defaults={"seen": now}, create_defaults={"since": now, "seen": now})
    return who_else(user, record)


def who_else(user: Any, record: models.Model) -> str:
    others = OpenForm.objects.alive().filter(**place_of(record)).exclude(user=user).select_related("user")
    return " ".join(
        _("%(who)s has had this form open since %(time)s.")
        % {"who": form.user.get_full_name() or form.user.get_username(), "time": time_format(localtime(form.since))}
        for form in others
    )


def note_closed(user: Any, record: models.Model) -> None:
    OpenForm.objects.filter(user=user, **place_of(record)).delete()
