"""Writing the log of steps."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from portal.workflow.models import EditorialStep

LONGEST_NAME = 300


def note_step(record: Model, action: str, user: Model | None, **given: Any) -> EditorialStep:
    """Add a line to the log; nobody where the clock did it."""
    return EditorialStep.objects.create(
        content_type=ContentType.objects.get_for_model(record),
        object_id=record.pk,
        name=str(record)[:LONGEST_NAME],
        action=action,
        user=user,
        username=user.get_username() if user else "",
        **given,
    )
