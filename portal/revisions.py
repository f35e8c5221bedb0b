"""Every save and every deletion by an editor is a revision: what the records said, who did it and when."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

import reversion
from django.contrib.admin.utils import NestedObjects
from django.contrib.auth.models import AbstractBaseUser
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model


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
def revisions_of_deletion(user: AbstractBaseUser, records: list[Model]) -> Iterator[None]:
    """Keep what goes as it was, and what points at it as it becomes."""
    going, losing = what_deletion_touches(records) if records else ([], {})
    keep_revision(user, "deleted", going)
    yield
    keep_revision(
        user, "changed", [row for model, keys in losing.items() for row in model._base_manager.in_bulk(keys).values()]
    )


def keep_revision(user: AbstractBaseUser, what: str, records: list[Model]) -> None:
    """Write down what the records say now: what they became, or what they were when they are about to go."""
    kept = [record for record in records if reversion.is_registered(type(record))]
    if not kept:
        return
    with reversion.create_revision(manage_manually=True):
        reversion.set_user(user)
        reversion.set_comment(f"admin: {what}")
        for record in kept:
            reversion.add_to_revision(record)
