"""What visitors see of a record's history: the changes of its public text, and nothing else.

A version counts from the moment on which visitors could see it: the record was
published, its hour had come, and what it belongs to was public. What was between two
public versions, such as a draft, leaves no trace. Notes, names of editors, editorial
states and whatever is not public today are never shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models
from django.utils import timezone
from django.utils.timezone import localtime

from portal.history.content import Content, Key, Whole, content_fields
from portal.history.models import CorrectionNote
from portal.history.moments import Change, Moment, differences, moments_of
from portal.history.places import owner_field
from portal.history.shown import Names, ShownChange, found_records, names_for, shown_change
from portal.models import Editorial, State
from portal.sync.values import Plain

# What only editors see of a record.
EDITORS_OWN = {"note", "state", "published_from", "withdrawn_reason_vi", "withdrawn_reason_en"}


@dataclass
class PublicChange:
    date: datetime
    changes: list[ShownChange]
    notes: list[CorrectionNote]
    is_first: bool

    @property
    def day(self) -> date:
        return localtime(self.date).date()


@dataclass
class Seen:
    """What visitors saw from a moment on."""

    since: datetime
    whole: Whole
    notes: list[CorrectionNote]


def public_history(record: Editorial) -> list[PublicChange]:
    """The public changes of a public record, the newest first; a number of queries that does not grow with them."""
    seen = public_versions(record)
    steps = [(later, differences(earlier.whole, later.whole)) for earlier, later in zip(seen, seen[1:], strict=False)]
    names = names_for((change for _later, changes in steps for change in changes), public=True)
    hidden = hidden_rows((change for _later, changes in steps for change in changes), (type(record), record.pk))
    shown = [PublicChange(seen[0].since, [], seen[0].notes, True)] if seen else []
    for later, changes in steps:
        told = [in_public(change, names) for change in changes if change.key not in hidden]
        words = [shown_change((type(record), record.pk), change, names) for change in told if change.fields]
        words = [change for change in words if change.fields]
        if words or later.notes:
            shown.append(PublicChange(later.since, words, later.notes, False))
    return shown[::-1]


def public_versions(record: Editorial) -> list[Seen]:
    """What visitors saw one after the other, the oldest first."""
    key, moments = (type(record), record.pk), moments_of(type(record), record.pk)
    begun = public_since(record)
    seen: list[Seen] = []
    for moment, until in with_ends(moments):
        since = seen_from(moment.after.get(key), moment.date)
        if since is None or since >= until or (begun and begun >= until):
            continue
        since = max(since, begun) if begun else since
        seen.append(Seen(since, public_part(moment.after, key, since), moment.notes))
    return seen


def with_ends(moments: list[Moment]) -> list[tuple[Moment, datetime]]:
    """Each moment with when the next one came."""
    ends = [moment.date for moment in moments[1:]] + [timezone.now()]
    return list(zip(moments, ends, strict=True)) if moments else []


def seen_from(content: Content | None, date: datetime) -> datetime | None:
    """From when visitors could see a version that was written at a date; None where they never could."""
    if content is None or content.get("state") != State.PUBLISHED:
        return None
    hour = content.get("published_from")
    return max(date, datetime.fromisoformat(hour)) if hour else date


def public_since(record: Editorial) -> datetime | None:
    """Since when everything that the record belongs to has been public without a break; None where always."""
    begun = [public_without_break(getattr(record, name)) for name in record.published_with]
    return max(filter(None, begun), default=None)


def public_without_break(record: Editorial) -> datetime | None:
    """Since when a record that is public has been so; None where its history knows of nothing else."""
    since, was_public = None, True
    for moment in moments_of(type(record), record.pk):
        seen = seen_from(moment.after.get((type(record), record.pk)), moment.date)
        if seen is not None and (not was_public or seen > moment.date):
            since = seen
        was_public = seen is not None
    return since if was_public else timezone.now()


def public_part(whole: Whole, record: Key, moment: datetime) -> Whole:
    """What of a record and its rows visitors see: rows that are records themselves only where they are published."""
    return {
        key: {name: value for name, value in says.items() if name not in EDITORS_OWN}
        for key, says in whole.items()
        if key == record or not issubclass(key[0], Editorial) or is_seen(says, moment)
    }


def is_seen(says: Content, moment: datetime) -> bool:
    since = seen_from(says, moment)
    return since is not None and since <= moment


def in_public(change: Change, names: Names) -> Change:
    """A change without what pointed or points at something that is not public."""
    fields = content_fields(change.key[0])
    told = []
    for name, before, after in change.fields:
        if fields[name].is_relation:
            known = names.get(fields[name].related_model, {})
            before, after = (only_known(value, known) for value in (before, after))  # noqa: PLW2901 - what is left of it
        if before != after:
            told.append((name, before, after))
    return Change(change.key, change.kind, change.content, told)


def only_known(value: Plain, known: dict[int, models.Model]) -> Plain:
    if isinstance(value, list):
        return [number for number in value if number in known]
    return value if value in known else None


def hidden_rows(changes: Iterable[Change], record: Key) -> set[Key]:
    """The rows that belong to something else that is not public too, such as a speaker."""
    others: dict[Key, list[tuple[type[models.Model], int]]] = {}
    for change in changes:
        model = change.key[0]
        if change.key == record or not issubclass(model, Editorial):
            continue
        owner = owner_field(model)
        names = [name for name in model.published_with if name != owner.name]
        others[change.key] = [(model._meta.get_field(name).related_model, change.content.get(name)) for name in names]
    wanted: dict[type[models.Model], set[int]] = {}
    for model, number in (each for pairs in others.values() for each in pairs):
        wanted.setdefault(model, set()).add(number)
    public = {model: found_records(model, numbers, public=True) for model, numbers in wanted.items()}
    return {key for key, pairs in others.items() if any(number not in public[model] for model, number in pairs)}
