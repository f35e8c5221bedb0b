"""Pending versions: made and shown by the form of a published record, and published in its place.

The form knows nothing of them. It writes into the database as always, inside a transaction
that is taken back: what the record said there is the pending version.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar
from zlib import crc32

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.roles import may_edit
from portal.entries import MOST_RECORDS
from portal.history.content import rows_of
from portal.history.notes import publish_waiting_note
from portal.index import content_due
from portal.models import Editorial, Part, State
from portal.reading import where_it_is_written
from portal.revisions import keep_revision, keep_what_was_loaded, revisions_of_deletion
from portal.workflow.content import (
    Clash,
    Content,
    Merge,
    Sides,
    changes_to,
    content_of,
    key_of,
    write,
    write_checked,
)
from portal.workflow.log import note_step
from portal.workflow.models import EditorialStep, PendingVersion

Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)


class Clashing(Exception):
    """The published text was changed meanwhile in the same places, each side differently."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(clashes)
        self.clashes = clashes


def of_record(record: models.Model) -> models.QuerySet:
    return PendingVersion.objects.filter(
        content_type=ContentType.objects.get_for_model(record), object_id=record.pk
    ).select_related("author", "submitted_by")


def pending_of(record: models.Model) -> PendingVersion | None:
    return of_record(record).first()


def may_change(user: AbstractBaseUser, row: models.Model) -> bool:
    """Whether the form of a record or row may be sent.

    What is published changes only as a pending version: everybody's who edits, until it was submitted.
    A part of it has no version of its own and is changed in the form of its record.
    """
    record = getattr(row, row.parent_field) if isinstance(row, Part) else row
    if not isinstance(record, Editorial) or record.state != State.PUBLISHED:
        return may_edit(user, row)
    if isinstance(row, Part):
        return False
    if "waiting" not in record.__dict__:  # a form asks several times
        record.waiting = pending_of(record)
    return record.waiting is None or record.waiting.state == PendingVersion.State.DRAFT or may_edit(user, record)


def why_refused(record: Editorial) -> str:
    """Of the form of a record that went, while it was written, where its editor may not change it."""
    return {
        State.IN_REVIEW: _("While you wrote, the record was submitted for review. Only a reviewer changes it now."),
        State.PUBLISHED: _("While you wrote, the pending version was submitted. Only a reviewer changes it now."),
        State.WITHDRAWN: _("While you wrote, the record was withdrawn. Only a reviewer changes it now."),
    }[record.state]


def why_row_refused(row: models.Model) -> str:
    """Of a row that stands, in its own right, where its editor may not change it, or whose kind they may not change."""
    record = getattr(row, row.parent_field) if isinstance(row, Part) else row
    reasons = {
        State.IN_REVIEW: _("This row was submitted for review. Only a reviewer changes it now."),
        State.PUBLISHED: _("This row is published. It is changed in its own form, as a pending version."),
        State.WITHDRAWN: _("This row was withdrawn. Only a reviewer changes it now."),
    }
    return reasons.get(getattr(record, "state", ""), _("You may read these texts but not change them."))


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written inside was never written."""
    with where_it_is_written(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def locked(record: models.Model) -> models.Model:
    """The record as it is now, and nobody else's until the transaction ends. Raises Http404 where it is gone."""
    return get_object_or_404(type(record)._default_manager.select_for_update(of=("self",)), pk=record.pk)


def show(record: models.Model, pending: PendingVersion, is_for_good: bool = False) -> None:
    """Let the database say the pending version, changed when it was changed; to be taken back, or kept, afterwards.

    What is taken back gives a new row the same number each time, by which a form that was sent finds it again.
    """
    changes = changes_to(record, pending.content)
    for row, _values in [] if is_for_good else changes.new:
        row.pk = number_for_now(row)
    write(changes)
    for row in [record, *changes.written]:
        if isinstance(row, Editorial):
            type(row)._base_manager.filter(pk=row.pk).update(updated=pending.changed)


def number_for_now(row: models.Model) -> int:
    """A number made of the key of a row, in the half of all numbers that no row has reached."""
    half = MOST_RECORDS // 2
    return half + crc32(f"{row._meta.label_lower} {key_of(row)}".encode()) % half


# The form


def open_form(request: HttpRequest, record: Editorial, form: Callable[[], HttpResponse]) -> HttpResponse:
    """The form of a record in the version that is being worked on; what is sent becomes that version."""
    if request.method == "POST":
        with transaction.atomic():
            return send_form(request, locked(record), form)
    pending = pending_of(record)
    if pending is None:
        return form()
    with taken_back():
        show(record, pending)
        return rendered(form())


def send_form(request: HttpRequest, record: Editorial, form: Callable[[], HttpResponse]) -> HttpResponse:
    """Save what was sent: of a published record beside it, of any other in it, with what was pending."""
    request.as_pending, request.is_saved = record.state == State.PUBLISHED, False
    if request.as_pending:
        return change_as_pending(request.user, record, lambda: rendered(form()), lambda: request.is_saved)
    pending = pending_of(record)
    with transaction.atomic():
        if pending:
            show(record, pending, is_for_good=True)
        response = rendered(form())
        if pending and request.is_saved:
            pending.delete()
        elif pending:
            transaction.set_rollback(True)
    return response


def rendered(response: HttpResponse) -> HttpResponse:
    """The answer with its text, which must be made before the transaction is taken back."""
    return response.render() if hasattr(response, "render") and not response.is_rendered else response


def change_as_pending(
    user: AbstractBaseUser, record: Editorial, change: Callable[[], Answer], is_saved: Callable[[], bool] = lambda: True
) -> Answer:
    """What `change` writes into a published record, or its rows, becomes its pending version instead."""
    with transaction.atomic():
        pending, published, content = pending_of(record), content_of(record), None
        with taken_back():
            if pending:
                show(record, pending)
            answer = change()
            if is_saved():
                content = content_of(record)
        if content is not None:
            keep(user, pending or begun(record, published), content)
        return answer


def begun(record: Editorial, published: Content) -> PendingVersion:
    kind = ContentType.objects.get_for_model(record)
    return PendingVersion(content_type=kind, object_id=record.pk, base=published, content=published)


def keep(user: AbstractBaseUser, pending: PendingVersion, content: Content) -> None:
    """Keep what the version says now; one that says what is published is none. A change undoes an approval."""
    if content == pending.content:
        return
    if content == pending.base:
        if pending.pk:
            pending.delete()
        return
    pending.content, pending.author, pending.changed = content, user, timezone.now()
    if pending.state == PendingVersion.State.APPROVED:
        pending.state, pending.due = PendingVersion.State.IN_REVIEW, None
    pending.save()
    pending.editors.add(user)


@receiver(post_delete)
def go_with_the_record(sender, instance, **kwargs) -> None:
    if isinstance(instance, Editorial):
        of_record(instance).delete()


# Publishing


def merge_of(pending: PendingVersion, current: Content, choices: dict[str, str] | None = None) -> Merge:
    return Merge(Sides(pending.base, pending.content, current), choices)


def publish(pending: PendingVersion, user: AbstractBaseUser | None, choices: dict[str, str] | None = None) -> Editorial:
    """Let the record say what was pending and whatever else was changed meanwhile, all or nothing.

    Raises Clashing where both sides changed the same and nobody chose, ValidationError where rules would be broken.
    """
    with transaction.atomic():
        record = locked(pending.record)
        merge = merge_of(pending, content_of(record), choices)
        if merge.clashes:
            raise Clashing(merge.clashes)
        changes, moment = changes_to(record, merge.content), timezone.now()
        keep_what_was_loaded([record, *rows_of(record)], record.updated)
        with revisions_of_deletion(user, changes.going, moment):
            write_checked(changes, user)
        keep_revision(user, "changed", changes.written, moment)
        publish_waiting_note(pending, user, record, moment)
        pending.delete()
        return record


def settle(pending: PendingVersion, choices: dict[str, str]) -> None:
    """Take over what was chosen where both sides had changed: the version then starts from what is published now."""
    current = content_of(pending.record)
    merge = merge_of(pending, current, choices)
    if merge.clashes:
        raise Clashing(merge.clashes)
    pending.content, pending.base = merge.content, current


def publish_due(now: datetime | None = None) -> list[EditorialStep]:
    """Publish the versions approved for an hour that has come; the log's lines on what became of each."""
    due = PendingVersion.objects.filter(state=PendingVersion.State.APPROVED, due__lte=now or timezone.now())
    steps = [publish_at_its_hour(number) for number in due.order_by("due", "pk").values_list("pk", flat=True)]
    return [step for step in steps if step]


def publish_at_its_hour(number: int) -> EditorialStep | None:
    """None where somebody else was quicker. What cannot be published waits for a reviewer again."""
    with transaction.atomic():
        approved = PendingVersion.objects.select_for_update().filter(state=PendingVersion.State.APPROVED)
        pending = approved.filter(pk=number).first()
        if pending is None:
            return None
        try:
            check_publishable(pending.record)
            record = publish(pending, pending.approved_by)
        except (Clashing, ValidationError) as error:
            return stop(pending, reason_of(error))
        return note_step(record, EditorialStep.Action.APPLY, None, is_pending=True, due=pending.due)


def check_publishable(record: Editorial) -> None:
    if record.state != State.PUBLISHED:
        raise ValidationError(_("The record is not published any more."))


def stop(pending: PendingVersion, reason: str) -> EditorialStep:
    due, pending.due, pending.state = pending.due, None, PendingVersion.State.IN_REVIEW
    pending.save()
    logger.warning("%s was not published at its hour: %s", pending.record, reason)
    return note_step(pending.record, EditorialStep.Action.STOP, None, is_pending=True, due=due, comment=reason)


def reason_of(error: Exception) -> str:
    if isinstance(error, Clashing):
        return _("The published text was changed meanwhile in the same places.")
    return " ".join(error.messages)


@receiver(content_due)
def publish_when_asked_for(sender, **kwargs) -> None:
    """The first request after the hour publishes what no cron has published yet."""
    with where_it_is_written():
        publish_due()
