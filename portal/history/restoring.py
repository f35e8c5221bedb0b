"""The way back: a record with its rows becomes what a version says, or comes back after it was deleted.

All or nothing, in one transaction. What is restored is content: the editorial state
and its hour stay as they are now.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, ProtectedError
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.roles import may_give_state
from portal.history.content import Content, Key, Whole, content_fields, stored_whole
from portal.history.moments import Change, Moment, differences, moments_of, whole_at
from portal.history.places import owner_field
from portal.history.shown import field_label, row_title
from portal.models import State
from portal.revisions import RECOVERED, RESTORED, keep_revision, keep_what_was_loaded, revisions_of_deletion
from portal.sync.values import python_value

EDITORIAL_STATE = ("state", "published_from", "withdrawn_reason_vi", "withdrawn_reason_en")
# Rows whose order only one of them may have step aside while they exchange places.
OUT_OF_THE_WAY = 10_000


class CannotRestore(Exception):
    """Why not, in sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


@dataclass(frozen=True)
class Gone:
    """A relation of a version to something that is not there any more."""

    key: Key
    field: models.Field
    number: int

    @property
    def is_needed(self) -> bool:
        return not (self.field.many_to_many or self.field.null)

    def sentence(self, whole: Whole) -> str:
        names = {"row": row_title(self.key, whole[self.key]), "field": field_label(self.field)}
        return _("%(row)s, %(field)s: what it pointed at has been deleted.") % names


@dataclass
class Restoration:
    """What restoring a version would do to a record."""

    now: Whole
    target: Whole
    record: Key

    @property
    def changes(self) -> list[Change]:
        return differences(self.now, self.target)

    @property
    def seal(self) -> str:
        """Another one as soon as the record or one of its rows is changed."""
        return hashlib.sha256(
            repr(sorted((str(key), sorted(says.items())) for key, says in self.now.items())).encode()
        ).hexdigest()

    @property
    def gone(self) -> list[Gone]:
        return gone_relations(self.target, [change.key for change in self.changes if change.kind != "removed"])

    def is_of_drafts(self) -> bool:
        """Whether nothing that is touched was submitted or is public."""
        touched = {self.record, *(change.key for change in self.changes)}
        return all(self.now[key].get("state", State.DRAFT) == State.DRAFT for key in touched if key in self.now)

    def may(self, user: Any, record: models.Model | None = None) -> bool:
        """Whether it is this user's to do; what is public and still there is not touched, but waits for approval."""
        is_public = getattr(record, "state", "") == State.PUBLISHED
        return is_public or self.is_of_drafts() or user.has_perm("portal.publish_content")


# What there is to restore


def restoration(record: models.Model, moment: Moment, moments: list[Moment], user: Any) -> Restoration:
    key, now = (type(record), record.pk), stored_whole(record)
    then = whole_at(moment, moments, now)
    target = {each: kept_state(says, now.get(each), user) for each, says in then.items()}
    return Restoration(now, target | {key: target.get(key, now[key])}, key)


def kept_state(then: Content, now: Content | None, user: Any) -> Content:
    """Then, with the address and state of now. What comes back is public again only by who may publish."""
    if now is not None:
        return then | {name: now[name] for name in ("slug", "key", *EDITORIAL_STATE) if name in now and name in then}
    if "state" in then and not may_give_state(user, then["state"]):
        return then | {"state": str(State.DRAFT)}
    return then


def recovery(model: type[models.Model], number: int, user: Any) -> Restoration | None:
    """What a deleted record said last, with its rows; None where no version knows it."""
    key, moments = (model, number), moments_of(model, number)
    last = next((moment.before for moment in reversed(moments) if moment.steps.get(key, {}) is None), None)
    whole = last if last is not None else (moments[-1].after if moments else {})
    if key not in whole:
        return None
    return Restoration({}, {each: kept_state(says, None, user) for each, says in whole.items()}, key)


def gone_relations(target: Whole, keys: list[Key]) -> list[Gone]:
    """The relations of some rows that lead nowhere; one query a model."""
    wanted = [
        Gone(key, field, number)
        for key in keys
        for field in content_fields(key[0]).values()
        if field.is_relation
        for number in numbers_in(target[key].get(field.name))
        if (field.related_model, number) not in target
    ]
    asked = defaultdict(set)
    for relation in wanted:
        asked[relation.field.related_model].add(relation.number)
    there = {
        (model, number)
        for model, numbers in asked.items()
        for number in model._base_manager.filter(pk__in=numbers).values_list("pk", flat=True)
    }
    return [relation for relation in wanted if (relation.field.related_model, relation.number) not in there]


def numbers_in(value: Any) -> list[int]:
    return value if isinstance(value, list) else [value] if value else []


def without(target: Whole, gone: list[Gone]) -> Whole:
    """The target without the relations that lead nowhere."""
    left = {key: dict(says) for key, says in target.items()}
    for relation in gone:
        value = left[relation.key][relation.field.name]
        kept = [number for number in value if number != relation.number] if isinstance(value, list) else None
        left[relation.key][relation.field.name] = kept
    return left


# Doing it


def restore(user: Any, asked: Restoration, then: datetime | None, drop_gone: bool) -> None:
    """Write the target; `then` is the date of its version, None where a deleted record is recovered.

    Raises CannotRestore, and then nothing has changed.
    """
    gone = asked.gone
    if needed := [relation for relation in gone if relation.is_needed or not drop_gone]:
        raise CannotRestore([relation.sentence(asked.target) for relation in needed])
    target = without(asked.target, gone)
    changes = differences(asked.now, target)
    with transaction.atomic():
        moment = timezone.now()
        remove(user, [change for change in changes if change.kind == "removed"], moment)
        kept = [change for change in changes if change.kind != "removed"]
        step_aside(change.key for change in kept if change.kind == "changed")
        written = [write(change.key, target[change.key]) for change in kept]
        what = f"{RESTORED} {then.isoformat()}" if then else RECOVERED
        keep_revision(user, what, written, moment)


def remove(user: Any, changes: list[Change], moment: datetime) -> None:
    rows = [model._base_manager.get(pk=number) for model, number in (change.key for change in changes)]
    keep_what_was_loaded(rows)
    try:
        with revisions_of_deletion(user, rows, moment):
            for row in rows:
                row.delete()
    except ProtectedError as error:
        names = ", ".join(sorted(map(str, error.protected_objects)))
        raise CannotRestore(
            [_("A row that was added since is used elsewhere: %(names)s.") % {"names": names}]
        ) from error


def step_aside(keys: Any) -> None:
    for model, number in keys:
        if owner_field(model) and "order" in content_fields(model):
            model._base_manager.filter(pk=number).update(order=F("order") + OUT_OF_THE_WAY)


def write(key: Key, says: Content) -> models.Model:
    """Make a row say what it should, under its own number, whether it is there or not."""
    model, number = key
    row = model._base_manager.filter(pk=number).first()
    is_new = row is None
    row = row or model(pk=number)
    fields = {name: field for name, field in content_fields(model).items() if name in says}
    for name, field in fields.items():
        if not field.many_to_many:
            setattr(row, field.attname, says[name] if field.many_to_one else python_value(field, says[name]))
    try:
        row.full_clean()
    except ValidationError as error:
        raise CannotRestore(sentences(key, says, error)) from error
    with override("vi"):  # texts without a language are stored in the default one, whoever writes
        row.save(force_insert=is_new)
    for name, field in fields.items():
        if field.many_to_many:
            getattr(row, name).set(says[name])
    return row


def sentences(key: Key, says: Content, error: ValidationError) -> list[str]:
    """What the model itself says is wrong, with the row and the field it says it of."""
    told = []
    for name, messages in error.message_dict.items():
        field = content_fields(key[0]).get(name)
        place = f"{row_title(key, says)}, {field_label(field)}" if field else row_title(key, says)
        told += [f"{capfirst(place)}: {message}" for message in messages]
    return told
