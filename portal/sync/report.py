"""What a sync found and did, in plain words or as JSON."""

import difflib
import json
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.sync.engine import Entry, Report
from portal.sync.merge import Outcome
from portal.sync.reading import Problem
from portal.sync.values import Plain, is_empty, models_by_label

SHOWN_CREATIONS = 50  # of one model, in the text report
Style = Callable[[str, str], str]  # (what kind of text, the text) -> the text with its colour


def plain_style(kind: str, text: str) -> str:
    return text


def quoted(value: Plain) -> str:
    """A value on one line."""
    if is_empty(value):
        return _("(empty)")
    if isinstance(value, list):
        return "[" + ", ".join(value) + "]"
    return f"“{value}”" if isinstance(value, str) else str(value)


def outcome_label(outcome: str) -> str:
    labels = {
        Outcome.CREATED: _("created"),
        Outcome.UPDATED: _("updated"),
        Outcome.KEPT: _("kept: changed by an editor only"),
        Outcome.CONFLICT: _("CONFLICT: changed differently on both sides"),
        Outcome.SETTLED: _("settled"),
        Outcome.LEFT_OUT: _("kept: the file leaves it out"),
        Outcome.DELETED: _("stays deleted: an editor deleted it"),
        Outcome.GONE: _("no longer in the files; kept in the database"),
        Outcome.WITHDRAWN: _("withdrawn: no longer in the files"),
    }
    return labels.get(outcome, outcome)


def counted(outcome: str, count: int) -> str:
    """How often an outcome occurred, in words."""
    forms = {
        Outcome.CREATED: ngettext("%(n)d record created", "%(n)d records created", count),
        Outcome.UPDATED: ngettext("%(n)d field updated", "%(n)d fields updated", count),
        Outcome.KEPT: ngettext("%(n)d field kept as edited", "%(n)d fields kept as edited", count),
        Outcome.CONFLICT: ngettext("%(n)d conflict to be settled", "%(n)d conflicts to be settled", count),
        Outcome.SETTLED: ngettext("%(n)d conflict settled", "%(n)d conflicts settled", count),
        Outcome.LEFT_OUT: ngettext("%(n)d field left out and kept", "%(n)d fields left out and kept", count),
        Outcome.DELETED: ngettext("%(n)d record stays deleted", "%(n)d records stay deleted", count),
        Outcome.GONE: ngettext("%(n)d record no longer in the files", "%(n)d records no longer in the files", count),
        Outcome.WITHDRAWN: ngettext("%(n)d record withdrawn", "%(n)d records withdrawn", count),
    }
    return forms[outcome] % {"n": count}


def summary(counts: dict[str, int]) -> str:
    parts = [counted(outcome, counts[outcome]) for outcome in Outcome if counts.get(outcome)]
    return ", ".join(parts) if parts else _("Nothing to do: everything is as the files say.")


def diff_parts(before: Plain, after: Plain) -> list[tuple[str, str]]:
    """What stays ("same"), goes ("old") and comes ("new"); word by word for texts, by element for lists."""
    if isinstance(before, str) and isinstance(after, str) and before and after:
        old, new, glue = before.split(" "), after.split(" "), " "
    elif isinstance(before, list) and isinstance(after, list):
        old, new, glue = before, after, ", "
    else:
        return [("old", quoted(before)), ("new", quoted(after))]
    parts = []
    for _operation, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[a:b] == new[c:d]:
            parts.append(("same", glue.join(old[a:b])))
            continue
        parts += [(kind, glue.join(words)) for kind, words in (("old", old[a:b]), ("new", new[c:d])) if words]
    return parts


def word_diff(before: Plain, after: Plain, style: Style = plain_style) -> str:
    """One line that shows what stays, [-goes-] and {+comes+}."""
    marks = {"same": "%s", "old": "[-%s-]", "new": "{+%s+}"}
    return " ".join(style(kind, marks[kind] % text) for kind, text in diff_parts(before, after))


def model_name(kind: str) -> str:
    model: type[models.Model] | None = models_by_label().get(kind)
    return str(model._meta.verbose_name) if model else kind


def problem_lines(problems: list[Problem], style: Style = plain_style) -> Iterator[str]:
    """Each problem with its place, and what is allowed there."""
    for problem in problems:
        where = f"{problem.file}:{problem.line}" if problem.line else problem.file
        names = [name for name in (problem.kind, problem.key, problem.field) if name]
        yield f"{' '.join([style('place', where), *names])}: {style('error', problem.message)}"
        if problem.allowed:
            yield "    " + _("Allowed: %(what)s.") % {"what": problem.allowed.rstrip(".")}


def entry_lines(report: Report, style: Style = plain_style) -> Iterator[str]:
    """What becomes of each record that something becomes of."""
    created: dict[str, int] = {}
    for (kind, key), entries in groupby(report.entries, key=lambda entry: (entry.kind, entry.key)):
        first, *others = entries
        if first.outcome is Outcome.CREATED:
            created[kind] = created.get(kind, 0) + 1
            if created[kind] > SHOWN_CREATIONS:
                continue
        where = f"{first.file}:{first.line}" if first.line else first.file
        yield f"{style('place', where)} {kind} {key}" + ("" if first.field else f": {outcome_label(first.outcome)}")
        for entry in [first, *others]:
            if entry.field:
                yield from field_lines(entry, style)
    for kind, count in created.items():
        if count > SHOWN_CREATIONS:
            more = _("%(kind)s: and %(count)s more created") % {"kind": kind, "count": count - SHOWN_CREATIONS}
            yield more


def field_lines(entry: Entry, style: Style) -> Iterator[str]:
    yield f"    {entry.field}: {style(entry.outcome, outcome_label(entry.outcome))}"
    if entry.outcome is Outcome.CONFLICT:
        base = quoted(entry.base) if entry.base_known else _("(not known)")
        yield "        " + _("last loaded: %(value)s") % {"value": base}
        yield "        " + _("the file:    %(value)s") % {"value": quoted(entry.incoming)}
        yield "        " + _("database:    %(value)s") % {"value": quoted(entry.database)}
    elif entry.outcome in (Outcome.UPDATED, Outcome.SETTLED, Outcome.WITHDRAWN):
        yield f"        {word_diff(entry.database, entry.result, style)}"
    elif entry.outcome is Outcome.KEPT:
        yield f"        {quoted(entry.database)}"


def as_json(report: Report, dry_run: bool) -> Iterator[str]:
    """The report as one JSON document, in parts, so that its length does not matter."""
    head: dict[str, Any] = {
        "applied": report.applied,
        "dry_run": dry_run,
        "counts": {str(outcome): count for outcome, count in sorted(report.counts.items())},
        "problems": [vars(problem) for problem in report.sorted_problems()],
    }
    yield json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "entries": ['
    separator = "\n  "
    for entry in report.entries:
        yield separator + json.dumps(vars(entry), ensure_ascii=False)
        separator = ",\n  "
    yield "\n ]\n}\n"
