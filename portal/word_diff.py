"""What changed between two texts, word by word."""

import re
from difflib import SequenceMatcher
from typing import Literal

SAME, ADDED, REMOVED = "same", "added", "removed"
Kind = Literal["same", "added", "removed"]
# Words, single marks, and the space between them: joined they are the text again.
PIECES = re.compile(r"\w+(?:['’]\w+)*|\s+|[^\w\s]")


def word_changes(before: str, after: str) -> list[tuple[Kind, str]]:
    """The two texts as one: runs of words with whether both have them, or only the later or the earlier one.

    The runs that are the same or removed make up `before`, those that are the same or added make up `after`.
    """
    old, new = PIECES.findall(before), PIECES.findall(after)
    changes: list[tuple[Kind, str]] = []
    for step, old_start, old_end, new_start, new_end in bridged(
        SequenceMatcher(None, old, new, autojunk=False).get_opcodes(), old
    ):
        if step == "equal":
            changes.append((SAME, "".join(old[old_start:old_end])))
            continue
        runs: tuple[tuple[Kind, str], ...] = (
            (REMOVED, "".join(old[old_start:old_end])),
            (ADDED, "".join(new[new_start:new_end])),
        )
        changes += [(kind, text) for kind, text in runs if text]
    return changes


def bridged(steps: list[tuple], old: list[str]) -> list[tuple]:
    """Changes with nothing but a space between them are one: a sentence written anew is not read in alternate words."""
    joined: list[tuple] = []
    for number, (step, old_start, old_end, new_start, new_end) in enumerate(steps):
        is_inside = 0 < number < len(steps) - 1
        if step == "equal" and not (is_inside and old[old_start:old_end] and "".join(old[old_start:old_end]).isspace()):
            joined.append((step, old_start, old_end, new_start, new_end))
        elif joined and joined[-1][0] == "changed":
            _step, first_old, _old, first_new, _new = joined[-1]
            joined[-1] = ("changed", first_old, old_end, first_new, new_end)
        else:
            joined.append(("changed", old_start, old_end, new_start, new_end))
    return joined
