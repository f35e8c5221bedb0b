"""A history in words: fields by their names, relations by the names of what they point at, texts word by word."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.formats import date_format, number_format, time_format
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from portal.history.content import Content, Key, content_fields
from portal.history.moments import Change, Moment
from portal.history.places import owner_field
from portal.models import Editorial, Part, State, Sync
from portal.revisions import LOADED, RECOVERED
from portal.sync.values import Plain, is_empty, is_text
from portal.word_diff import ADDED, REMOVED, word_changes

LONGEST_NAME = 110

Names = dict[type[models.Model], dict[int, models.Model]]


@dataclass
class ShownField:
    """One field that changed: runs of text with whether they are the same, added or removed."""

    label: str
    language: str
    parts: list[tuple[str, str]]
    is_list: bool = False


@dataclass
class ShownChange:
    """What became of a record or row. Its title is empty for the record whose history it is."""

    kind: str
    title: str
    fields: list[ShownField]


@dataclass
class ShownMoment:
    moment: Moment
    sentence: str
    origin: str
    changes: list[ShownChange]


# Names of what is pointed at


def pointed_at(changes: Iterable[Change]) -> dict[type[models.Model], set[int]]:
    """The numbers of what the changed relations pointed and point at."""
    numbers = defaultdict(set)
    for change in changes:
        fields = content_fields(change.key[0])
        for name, before, after in change.fields:
            if fields[name].is_relation:
                both = [value if isinstance(value, list) else [value] for value in (before, after)]
                numbers[fields[name].related_model].update(number for each in both for number in each if number)
    return numbers


def names_for(changes: Iterable[Change], public: bool = False) -> Names:
    """What the changed relations pointed and point at: one query a model; only public records where asked for."""
    return {model: found_records(model, numbers, public) for model, numbers in pointed_at(changes).items()}


def found_records(model: type[models.Model], numbers: set[int], public: bool) -> dict[int, models.Model]:
    rows = model._base_manager.filter(pk__in=numbers)
    if issubclass(model, Part):
        rows = rows.select_related(model.parent_field)
        if public:
            rows = rows.filter(**{f"{model.parent_field}__in": model.parent_model().objects.published()})
    elif public and issubclass(model, Editorial):
        rows = model.objects.published().filter(pk__in=numbers)
    return {row.pk: row for row in rows}


def name_of(row: models.Model) -> str:
    """A record by its name; what has none, by its code and first words."""
    code = f"{row.slug.upper()}: " if getattr(row, "name_field", "") == "text" else ""
    return code + Truncator(str(row)).chars(LONGEST_NAME)


def related_name(field: models.Field, number: int, names: Names) -> str:
    row = names.get(field.related_model, {}).get(number)
    return name_of(row) if row else _("no longer there (no. %(number)s)") % {"number": number}


def row_title(key: Key, content: Content) -> str:
    """What a row is and how it is told from its like."""
    model, number = key
    language = get_language()
    texts = [content.get(f"{name}_{language}") for name in ("name", "text")]
    text = next(filter(None, [*texts, content.get("slug"), content.get("key"), str(number)]))
    return f"{capfirst(model._meta.verbose_name)}: {Truncator(text).chars(LONGEST_NAME)}"


# Fields


def field_label(field: models.Field) -> str:
    return capfirst(str(getattr(field, "translated_field", field).verbose_name))


def in_words(field: models.Field, value: Plain, names: Names) -> str:
    """A single value as an editor would say it."""
    if is_empty(value):
        return ""
    if field.is_relation:
        return related_name(field, value, names)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return formatted(field.to_python(value))


def formatted(value: Any) -> str:
    if isinstance(value, datetime):
        return date_format(localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, time):
        return time_format(value, "TIME_FORMAT")
    return number_format(value) if isinstance(value, Decimal) else str(value)


def shown_field(model: type[models.Model], change: tuple[str, Plain, Plain], names: Names) -> ShownField:
    name, before, after = change
    field = content_fields(model)[name]
    language = getattr(field, "language", "")
    if field.many_to_many:
        gone, come = (set(one or []) - set(other or []) for one, other in ((before, after), (after, before)))
        parts = [(REMOVED, related_name(field, number, names)) for number in sorted(gone)]
        parts += [(ADDED, related_name(field, number, names)) for number in sorted(come)]
        return ShownField(field_label(field), language, parts, is_list=True)
    old, new = in_words(field, before, names), in_words(field, after, names)
    if is_text(field) and not field.choices:
        return ShownField(field_label(field), language, word_changes(old, new))
    return ShownField(field_label(field), language, [part for part in ((REMOVED, old), (ADDED, new)) if part[1]])


def shown_change(record: Key, change: Change, names: Names) -> ShownChange:
    is_record = change.key == record
    # Of a new record the form shows what it says; a row has none of its own.
    fields = [] if is_record and change.kind != "changed" else change.fields
    owner = owner_field(change.key[0])
    hidden = {owner.name, "key", "slug"} if owner and not is_record else {"slug"}
    shown = [shown_field(change.key[0], each, names) for each in fields if each[0] not in hidden]
    title = "" if is_record else row_title(change.key, change.content)
    return ShownChange(change.kind, title, [field for field in shown if field.parts])


# Moments


def shown_moments(record: Key, moments: list[Moment], first: Moment | None) -> list[ShownMoment]:
    names = names_for(change for moment in moments if moment is not first for change in moment.changes)
    return [shown_moment(record, moment, [] if moment is first else moment.changes, names) for moment in moments]


def shown_moment(record: Key, moment: Moment, changes: list[Change], names: Names) -> ShownMoment:
    shown = [shown_change(record, change, names) for change in changes]
    return ShownMoment(moment, sentence_of(record, moment), origin_of(moment), shown)


def origin_of(moment: Moment) -> str:
    if moment.origin == "admin":
        return _("Editors’ site")
    return str(dict(Sync.Origin.choices).get(moment.origin, ""))


def sentence_of(record: Key, moment: Moment) -> str:
    """What happened, in one sentence."""
    if moment.restored:
        when = date_format(localtime(moment.restored), "SHORT_DATETIME_FORMAT")
        return _("Restored the version of %(when)s.") % {"when": when}
    if moment.origin == LOADED:
        return _("Loaded; nothing is known of what was before.") if not moment.before else _("Loaded past the history.")
    if moment.steps.get(record, {}) is None:
        return _("Deleted.")
    if moment.what == RECOVERED:
        return _("Recovered after it had been deleted.")
    return state_sentence(moment.before.get(record), moment.after.get(record) or {}, moment)


def state_sentence(before: Content | None, after: Content, moment: Moment) -> str:
    state = after.get("state")
    if before is None:
        return _("Added.") if moment.what in ("added", "") else _("First version on record.")
    if state == before.get("state"):
        return _("Changed.")
    sentences = {
        State.DRAFT: pgettext("of a record", "Became a draft again."),
        State.IN_REVIEW: pgettext("of a record", "Submitted for review."),
        State.PUBLISHED: pgettext("of a record", "Published."),
        State.WITHDRAWN: pgettext("of a record", "Withdrawn."),
    }
    return sentences[state]
