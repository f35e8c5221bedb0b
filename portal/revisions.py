"""Every save and every deletion by an editor is a revision: what the records said, who did it and when."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain

import reversion
from django.contrib.admin.utils import NestedObjects
from django.contrib.auth.models import AbstractBaseUser
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.utils import timezone

from portal.history.content import content_of, latest_versions, stored_content

# What the comment of a revision says was done. What came past the revisions was loaded.
DELETED, RESTORED, RECOVERED, LOADED = "deleted", "restored version of", "recovered", "loaded"


def what_deletion_touches(records: list[Model]) -> tuple[list[Model], dict[type[Model], set[int]]]:
    """The records and the rows that go with them; and, by number, those that only lose a relation."""
    collector = NestedObjects(using=DEFAULT_DB_ALIAS)
    collector.collect(records)
    going, losing = [], defaultdict(set)
    for model, rows in collector.data.items():
        owner = model._meta.auto_created  # of the links of a list
        ends = [field for field in model._meta.fields if owner and field.related_model is owner]
        for field in ends:
            losing[owner].update(getattr(row, field.attname) for row in rows)
        going += [] if owner else rows
    for groups in collector.field_updates.values():
        for row in chain.from_iterable(groups):
            losing[type(row)].add(row.pk)
    for record in going:
        losing[type(record)].discard(record.pk)
    return going, losing


@contextmanager
def revisions_of_deletion(user: AbstractBaseUser, records: list[Model], moment: datetime | None = None) -> Iterator:
    """Keep what goes as it was, and what points at it as it becomes; revisions of one moment are read as one change."""
    moment = moment or timezone.now()
    going, losing = what_deletion_touches(records) if records else ([], {})
    keep_what_was_loaded([*going, *in_database(losing)])
    keep_revision(user, DELETED, going, moment)
    yield
    keep_revision(user, "changed", in_database(losing), moment)


def in_database(numbers: dict[type[Model], set[int]]) -> list[Model]:
    return [row for model, keys in numbers.items() for row in model._base_manager.in_bulk(keys).values()]


def keep_revision(user: AbstractBaseUser, what: str, records: list[Model], moment: datetime | None = None) -> None:
    """Write down what the records say now: what they became, or what they were when they are about to go."""
    kept = [record for record in records if reversion.is_registered(type(record))]
    if not kept:
        return
    with reversion.create_revision(manage_manually=True):
        reversion.set_user(user)
        reversion.set_comment(f"admin: {what}")
        if moment:
            reversion.set_date_created(moment)
        for record in kept:
            reversion.add_to_revision(record)


def keep_what_was_loaded(records: list[Model], moment: datetime | None = None) -> None:
    """Before records change: write down what they say, where no revision says just that.

    `loaddata` and whatever else writes past the revisions leaves such records. Without this
    the first change of one could not be told from what was there before.
    """
    numbers = defaultdict(set)
    for record in records:
        if reversion.is_registered(type(record)):
            numbers[type(record)].add(record.pk)
    unknown = []
    for model, wanted in numbers.items():
        known = latest_versions(model, wanted)
        stored = stored_content(model, pk__in=list(known))
        told = {number for number, says in stored.items() if content_of(known[number]) == says}
        # Read anew: the records at hand may already say what is about to be written.
        unknown += model._base_manager.in_bulk(wanted - told).values()
    if not unknown:
        return
    with reversion.create_revision(manage_manually=True):
        reversion.set_comment(LOADED)
        reversion.set_date_created(moment or timezone.now())
        for record in unknown:
            reversion.add_to_revision(record)
