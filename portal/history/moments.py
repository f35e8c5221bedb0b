"""A record's history: its moments, each with what the record and its rows said then.

A moment is one save, one deletion or one content update, though it may have taken
several revisions. Everything is read with two queries and put together here.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from reversion.models import Revision, Version

from portal.history.content import Content, Key, Whole, content_of
from portal.history.models import CorrectionNote
from portal.history.places import owner_field
from portal.revisions import DELETED, LOADED, RESTORED
from portal.sync.values import Plain


@dataclass
class Change:
    """What became of a record or of one of its rows: its fields as (name, before, after)."""

    key: Key
    kind: str  # added, changed, removed
    content: Content  # the later one; of what was removed the last one
    fields: list[tuple[str, Plain, Plain]]

    def tells_of(self, name: str) -> bool:
        """Whether it is a change of the field, or where none is named or the row is new or gone, of the whole row."""
        return not name or self.kind != "changed" or any(name == each for each, _before, _after in self.fields)


@dataclass
class Moment:
    number: int  # of its last revision
    date: datetime
    user: Any
    origin: str
    what: str
    # What each row became, None where it went.
    steps: dict[Key, Content | None] = field(default_factory=dict)
    notes: list[CorrectionNote] = field(default_factory=list)
    before: Whole = field(default_factory=dict)
    after: Whole = field(default_factory=dict)

    @cached_property
    def changes(self) -> list[Change]:
        return differences(self.before, self.after)

    @property
    def restored(self) -> datetime | None:
        """The date of the version that was restored here."""
        is_restored = self.what.startswith(f"{RESTORED} ")
        return datetime.fromisoformat(self.what.removeprefix(f"{RESTORED} ")) if is_restored else None


def differences(before: Whole, after: Whole) -> list[Change]:
    """From one whole to another; the record itself first, then its rows."""
    changes = []
    for key in sorted(before.keys() | after.keys(), key=place_of):
        old, new = before.get(key), after.get(key)
        if old != new:
            kind = "added" if old is None else "removed" if new is None else "changed"
            fields = changed_fields(old or {}, new or {}, everything=kind != "changed")
            if fields or kind != "changed":
                changes.append(Change(key, kind, new or old, fields))
    return changes


def place_of(key: Key) -> tuple:
    model, number = key
    return owner_field(model) is not None, model._meta.label, number


def changed_fields(old: Content, new: Content, everything: bool) -> list[tuple[str, Plain, Plain]]:
    """The fields that differ. What only one of the two knows is told of `everything`: of a row that is new or gone."""
    names = [*new, *(name for name in old if name not in new)] if everything else [name for name in new if name in old]
    return [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def versions_of(model: type[models.Model], number: int) -> models.QuerySet:
    """The versions of a record and of its rows, the oldest first."""
    kind = ContentType.objects.get_for_model(model)
    return Version.objects.filter(places__content_type=kind, places__object_id=number).order_by("revision_id", "pk")


def moments_of(model: type[models.Model], number: int) -> list[Moment]:
    """The whole history of a record, the oldest moment first, whether it still exists or not."""
    versions = (
        versions_of(model, number).select_related("revision__user").prefetch_related("revision__correction_notes")
    )
    moments = []
    for _when, group in groupby(
        versions, key=lambda version: (version.revision.date_created, version.revision.user_id)
    ):
        moments.append(moment_of((model, number), list(group)))
    return [moment for moment in with_wholes(moments) if moment.changes or moment.notes or moment is moments[0]]


def moment_of(record: Key, versions: list[Version]) -> Moment:
    last = versions[-1].revision
    origin, _colon, what = last.comment.partition(": ")
    moment = Moment(last.pk, last.date_created, last.user, origin, what)
    for version in versions:
        key = (version._model, int(version.object_id))
        moment.steps[key] = content_after(record, key, version)
    for revision in {version.revision_id: version.revision for version in versions}.values():
        moment.notes += [note for note in revision.correction_notes.all() if is_about(note, record)]
    return moment


def is_deletion(revision: Revision) -> bool:
    return revision.comment.endswith(f": {DELETED}")


def is_about(note: CorrectionNote, record: Key) -> bool:
    return (note.content_type_id, note.object_id) == (ContentType.objects.get_for_model(record[0]).pk, record[1])


def content_after(record: Key, key: Key, version: Version) -> Content | None:
    """What a version makes of a row of the record: nothing where it was deleted, or now belongs to another record."""
    content = content_of(version)
    if is_deletion(version.revision) or (key != record and content.get(owner_field(key[0]).name) != record[1]):
        return None
    return content


def with_wholes(moments: list[Moment]) -> list[Moment]:
    """Give each moment what the record and its rows said before and after it.

    Rows that were loaded past the revisions were there from the start, though they
    were first written down later.
    """
    whole: Whole = {}
    seen: set[Key] = set()
    for moment in moments:
        early = {key for key in moment.steps if key not in seen and moment.origin == LOADED}
        seen |= moment.steps.keys()
        if moment is not moments[0]:
            put_at_the_start(moments, moment, early)
    for moment in moments:
        moment.before = whole
        whole = {key: says for key, says in (whole | moment.steps).items() if says is not None}
        moment.after = whole
    return moments


def put_at_the_start(moments: list[Moment], moment: Moment, keys: set[Key]) -> None:
    for key in keys:
        moments[0].steps[key] = moment.steps.pop(key)


def whole_at(moment: Moment, moments: list[Moment], now: Whole) -> Whole:
    """What a record with its rows said after a moment; rows of which no version tells are as they are now."""
    known = {key for each in moments for key in each.steps}
    return {key: says for key, says in now.items() if key not in known} | moment.after
