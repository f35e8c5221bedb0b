"""The merge table: what becomes of one field that two sides may have changed."""

from enum import StrEnum
from typing import Any, NamedTuple

UNKNOWN = object()  # the last loaded state is not known


class Outcome(StrEnum):
    """What became of a field, or (the second group) of a whole record."""

    SAME = "same"
    UPDATED = "updated"
    KEPT = "kept"
    CONFLICT = "conflict"
    SETTLED = "settled"
    LEFT_OUT = "left-out"

    CREATED = "created"
    DELETED = "deleted"
    GONE = "gone"
    WITHDRAWN = "withdrawn"


class Merged(NamedTuple):
    outcome: Outcome
    result: Any


def merge_value(base: Any, incoming: Any, database: Any) -> Merged:
    """Three-way merge of a single value: a conflict only where both sides changed it, each differently."""
    if incoming == database or (base is not UNKNOWN and base == incoming):
        return Merged(Outcome.SAME if incoming == database else Outcome.KEPT, database)
    if base is not UNKNOWN and base == database:
        return Merged(Outcome.UPDATED, incoming)
    return Merged(Outcome.CONFLICT, database)


def merge_set(base: Any, incoming: list[str], database: list[str]) -> Merged:
    """Three-way merge by element: what either side added is there, what either side removed is not.

    Lists are sorted and hold no element twice. Nothing can conflict, unless the base is not known.
    """
    if base is UNKNOWN:
        return merge_value(base, incoming, database)
    added, removed = set(incoming) - set(base), set(base) - set(incoming)
    result = sorted((set(database) | added) - removed)
    if result != database:
        return Merged(Outcome.UPDATED, result)
    return Merged(Outcome.SAME if result == incoming else Outcome.KEPT, database)
