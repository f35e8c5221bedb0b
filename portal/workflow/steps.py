"""Which step may follow which, who may take it, and what it does. Every step is a line of the log."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from reversion.models import Version

from portal.models import Editorial, State
from portal.revisions import keep_revision, keep_what_was_loaded
from portal.workflow.content import Content, Merge, content_of, lacking_languages, row_relations, rows_of
from portal.workflow.log import note_step
from portal.workflow.models import EditorialStep, PendingVersion
from portal.workflow.pending import locked, merge_of, pending_of, publish, settle

Action = EditorialStep.Action
STEP = "step"  # said of a revision that changed no text


class Place(TextChoices):
    """Where on its way a record stands, or the version that waits beside it."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in-review", _("In review")
    SCHEDULED = "scheduled", _("Approved, not public yet")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    PENDING_DRAFT = "pending-draft", _("Published; a pending version is a draft")
    PENDING_IN_REVIEW = "pending-in-review", _("Published; a pending version is in review")
    PENDING_APPROVED = "pending-approved", _("Published; a pending version is approved for a set time")

    @property
    def is_pending(self) -> bool:
        return self.value.startswith("pending-")


PENDING_PLACES = (Place.PENDING_DRAFT, Place.PENDING_IN_REVIEW, Place.PENDING_APPROVED)


class Standing:
    """A record with what waits beside it, as somebody about to take a step finds them."""

    def __init__(self, record: Editorial) -> None:
        self.record = record
        self.pending: PendingVersion | None = pending_of(record)

    @property
    def place(self) -> Place:
        if self.record.state != State.PUBLISHED:
            return Place(self.record.state)
        if self.pending:
            return Place(f"pending-{self.pending.state}")
        return Place.PUBLISHED if self.record.is_public else Place.SCHEDULED

    @cached_property
    def current(self) -> Content:
        return content_of(self.record)

    @cached_property
    def merge(self) -> Merge | None:
        """What would be public after the approval of the pending version."""
        return merge_of(self.pending, self.current) if self.place.is_pending else None

    @property
    def content(self) -> Content:
        """The text a step is about."""
        return self.merge.content if self.merge else self.current

    @cached_property
    def fingerprint(self) -> str:
        """What is seen here, to notice when it is another thing at the moment of the step."""
        seen = [self.place, self.current, self.pending and self.pending.content]
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Step:
    """A button: from which places it leads on, and whose it is."""

    action: Action
    label: str
    places: tuple[Place, ...]
    rights: tuple[str, ...]
    take: Callable = field(repr=False)


# Who may


def may_take(user: AbstractBaseUser, step: Step, standing: Standing) -> bool:
    """Whether the step is this user's to take with this record, wherever it stands."""
    options = type(standing.record)._meta
    rights = {*step.rights, f"{options.app_label}.{get_permission_codename('change', options)}"}
    if step.action == Action.DISCARD and standing.place != Place.PENDING_DRAFT:
        rights.add("portal.publish_content")
    return user.has_perms(rights)


def open_steps(user: AbstractBaseUser, standing: Standing) -> list[Step]:
    """The steps that the record can take from where it stands and the user may take with it."""
    return [step for step in STEPS.values() if is_open(step, standing) and may_take(user, step, standing)]


def is_open(step: Step, standing: Standing) -> bool:
    is_shown = step.action != Action.WITHDRAW or standing.record.is_public
    return standing.place in step.places and is_shown


def is_own_work(user: AbstractBaseUser, standing: Standing) -> bool:
    """Whether the user submitted what would be approved, or had a hand in it since."""
    if standing.place.is_pending:
        pending = standing.pending
        return pending.submitted_by_id == user.pk or pending.editors.filter(pk=user.pk).exists()
    steps = EditorialStep.objects.of(standing.record).filter(action=Action.SUBMIT, is_pending=False)
    submitted = steps.first()
    if submitted and submitted.user_id == user.pk:
        return True
    touched = Q()
    for model, rows in rows_of(standing.record):
        numbers = [str(number) for number in rows.values_list("pk", flat=True)]
        touched |= Q(content_type=ContentType.objects.get_for_model(model), object_id__in=numbers)
    revisions = Version.objects.filter(touched, revision__user=user).exclude(revision__comment__endswith=STEP)
    return (revisions.filter(revision__date_created__gte=submitted.at) if submitted else revisions).exists()


# What the steps do


def move(record: Editorial, user: AbstractBaseUser, state: str, **values: Any) -> None:
    """Give the record, and the texts inside it that stood where it stood, another state."""
    moving = [record, *rows_beside(record)]
    keep_what_was_loaded(moving, record.updated)
    for row in moving:
        row.state = state
        row.published_from = values.get("published_from") if row is record else None
        row.withdrawn_reason_vi = values.get("withdrawn_reason_vi", "")
        row.withdrawn_reason_en = values.get("withdrawn_reason_en", "")
        row.save()
    keep_revision(user, STEP, moving)


def rows_beside(record: Editorial) -> list[Editorial]:
    """The texts inside a record that stand where it stands, and not for a reason of their own."""
    same = {"state": record.state}
    if record.state == State.WITHDRAWN:
        same["withdrawn_reason_vi"] = record.withdrawn_reason_vi
    relations = row_relations(type(record)).items()
    return [
        row
        for model, relation in relations
        if issubclass(model, Editorial)
        for row in model._default_manager.filter(**{relation: record}, **same)
    ]


def submit(standing: Standing, user: AbstractBaseUser, **given: Any) -> None:
    if standing.place.is_pending:
        standing.pending.state, standing.pending.submitted_by = PendingVersion.State.IN_REVIEW, user
        standing.pending.save()
    else:
        move(standing.record, user, State.IN_REVIEW)


def give_back(standing: Standing, user: AbstractBaseUser, **given: Any) -> None:
    if standing.place.is_pending:
        standing.pending.state, standing.pending.due = PendingVersion.State.DRAFT, None
        standing.pending.save()
    else:
        move(standing.record, user, State.DRAFT)


def approve(
    standing: Standing,
    user: AbstractBaseUser,
    due: datetime | None = None,
    choices: dict[str, str] | None = None,
    **given: Any,
) -> None:
    pending = standing.pending
    if not standing.place.is_pending:
        move(standing.record, user, State.PUBLISHED, published_from=due)
    elif due is None:
        publish(pending, user, choices)
    else:
        settle(pending, choices or {})
        pending.state, pending.due, pending.approved_by = PendingVersion.State.APPROVED, due, user
        pending.save()


def withdraw(standing: Standing, user: AbstractBaseUser, reason_vi: str, reason_en: str, **given: Any) -> None:
    move(standing.record, user, State.WITHDRAWN, withdrawn_reason_vi=reason_vi, withdrawn_reason_en=reason_en)


def reopen(standing: Standing, user: AbstractBaseUser, **given: Any) -> None:
    move(standing.record, user, State.DRAFT)


def discard(standing: Standing, user: AbstractBaseUser, **given: Any) -> None:
    standing.pending.delete()


STEPS = {
    step.action.value: step
    for step in [
        Step(
            *(Action.SUBMIT, pgettext_lazy("button", "Submit for review"), (Place.DRAFT, Place.PENDING_DRAFT)),
            *(("portal.submit_content",), submit),
        ),
        Step(
            *(
                Action.APPROVE,
                pgettext_lazy("button", "Approve and publish"),
                (Place.IN_REVIEW, Place.PENDING_IN_REVIEW),
            ),
            *(("portal.review_content", "portal.publish_content"), approve),
        ),
        Step(
            *(Action.RETURN, pgettext_lazy("button", "Ask for a change")),
            (Place.IN_REVIEW, Place.SCHEDULED, Place.PENDING_IN_REVIEW, Place.PENDING_APPROVED),
            *(("portal.review_content",), give_back),
        ),
        Step(
            *(Action.DISCARD, pgettext_lazy("button", "Discard the pending version"), PENDING_PLACES),
            *(("portal.submit_content",), discard),
        ),
        Step(
            *(Action.WITHDRAW, pgettext_lazy("button", "Withdraw"), (Place.PUBLISHED, *PENDING_PLACES)),
            *(("portal.withdraw_content",), withdraw),
        ),
        Step(
            *(Action.REOPEN, pgettext_lazy("button", "Make a draft again"), (Place.WITHDRAWN,)),
            *(("portal.withdraw_content",), reopen),
        ),
    ]
}


class SeenAnother(Exception):
    """What stands there is not what was looked at."""


def take(record: Editorial, action: str, user: AbstractBaseUser, seen: str, **given: Any) -> EditorialStep:
    """Take a step with what was seen, and note it; SeenAnother where it is another thing by now."""
    step = STEPS[action]
    with transaction.atomic():
        standing = Standing(locked(record))
        if standing.fingerprint != seen or not is_open(step, standing):
            raise SeenAnother
        old, is_pending = standing.place, standing.place.is_pending and action != Action.WITHDRAW
        step.take(standing, user, **given)
        return note_step(
            standing.record,
            action,
            user,
            is_pending=is_pending,
            old_state=old.removeprefix("pending-") if is_pending else standing_before(old),
            new_state=standing_after(standing, is_pending),
            due=given.get("due"),
            comment=given.get("comment", ""),
            own_work_reason=given.get("own_work_reason", ""),
        )


def standing_before(place: Place) -> str:
    return State.PUBLISHED if place in (Place.SCHEDULED, *PENDING_PLACES) else place


def standing_after(standing: Standing, is_pending: bool) -> str:
    """The state after a step; empty for a version that is no more."""
    if not is_pending:
        return standing.record.state
    return standing.pending.state if standing.pending.pk else ""


def texts_lacking(standing: Standing) -> list[str]:
    """What is missing in one of the languages, so that both cannot go public together; named for a message."""
    record = type(standing.record)
    return [
        f"{said.verbose_name}" if label == record._meta.label_lower else f"{key}: {said.verbose_name}"
        for label, key, said in lacking_languages(standing.content)
    ]
