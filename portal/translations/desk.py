"""What the translation desk shows of a record, and how it is saved.

The desk of a record holds its texts and those of the rows in its form, both languages side by
side. What comes back is compared with what the page was opened with: only what this editor
changed is written, and never over what another one changed meanwhile.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet, TextField
from django.forms.models import _get_foreign_key
from django.http import HttpRequest

from portal.accounts.roles import may_edit
from portal.entries import LANGUAGES
from portal.models import Editorial, State
from portal.revisions import keep_revision, keep_what_was_loaded
from portal.text import normalise
from portal.translations.models import OutdatedText
from portal.translations.texts import OTHER, kind_of, translated_fields
from portal.word_diff import word_changes
from portal.workflow.pending import may_change, why_refused, why_row_refused

MISSING, OUTDATED, UP_TO_DATE, EMPTY = "missing", "outdated", "up-to-date", "empty"
WAITING = {MISSING, OUTDATED}


@dataclass
class Side:
    """A text in one language, as it is stored and as an editor sent it."""

    column: str
    name: str  # of its control on the page
    language: str
    state: str
    stored: str
    is_long: bool
    longest: int | None
    given: str | None = None
    seen: str | None = None
    errors: list[str] = field(default_factory=list)
    # Where another one changed it meanwhile: their words beside those that this editor began with.
    meanwhile: list[tuple[str, str]] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return self.stored if self.given is None else self.given

    @property
    def is_changed(self) -> bool:
        """Whether this editor wrote something else than what they saw."""
        return self.given is not None and self.given != self.seen

    @property
    def is_overtaken(self) -> bool:
        return self.is_changed and self.stored not in (self.seen, self.given)

    @property
    def lines(self) -> int:
        return min(max(2 if self.is_long else 1, len(self.shown) // 55 + 1 + self.shown.count("\n")), 14)


@dataclass
class Pair:
    """The text of a field in both languages."""

    label: str
    sides: list[Side]
    outdated: OutdatedText | None = None
    # What was changed in the language that was not left behind.
    changes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_waiting(self) -> bool:
        return any(side.state in WAITING for side in self.sides)

    @property
    def right_name(self) -> str:
        """The control that says: the older text is still right."""
        return f"{self.sides[0].name.rpartition('_')[0]}-right"


@dataclass
class Row:
    """A record or one of the rows in its form, with its texts."""

    instance: Model
    kind: str
    label: str
    prefix: str
    is_editable: bool
    pairs: list[Pair]
    errors: list[str] = field(default_factory=list)

    @property
    def is_waiting(self) -> bool:
        return any(pair.is_waiting for pair in self.pairs)

    def sides(self) -> Iterator[Side]:
        return (side for pair in self.pairs for side in pair.sides)


@dataclass
class Written:
    """What an editor wrote for a text, by the name of its control: all that is left where its row is gone."""

    name: str
    label: str
    language: str
    text: str


@dataclass
class Desk:
    record: Model
    rows: list[Row]
    # Why the record, with all its rows, went while it was written where its editor may not change it.
    refusal: str = ""
    lost: list[Written] = field(default_factory=list)

    @property
    def is_editable(self) -> bool:
        return any(row.is_editable for row in self.rows)

    @property
    def is_written_on(self) -> bool:
        return any(side.is_changed for row in self.rows for side in row.sides())

    @property
    def has_problems(self) -> bool:
        problems = [row.errors or any(side.errors or side.is_overtaken for side in row.sides()) for row in self.rows]
        return bool(self.refusal or self.lost or any(problems))

    def count(self) -> Counter:
        """How many texts are in which state."""
        return Counter(side.state for row in self.rows for side in row.sides())


# What the desk shows


def rows_of(site: AdminSite, request: HttpRequest, record: Model) -> Iterator[QuerySet]:
    """The record, and the translated rows in its form: a queryset for each kind."""
    yield type(record)._default_manager.filter(pk=record.pk)
    for inline in site.get_model_admin(type(record)).get_inline_instances(request, record):
        if translated_fields(inline.model):
            link = _get_foreign_key(type(record), inline.model, fk_name=inline.fk_name)
            rows = inline.model._default_manager.filter(**{link.name: record}).order_by(*inline.model._meta.ordering)
            related = inline.row_admin.list_select_related
            yield rows.select_related(link.name, *related)


def read_desk(site: AdminSite, request: HttpRequest, record: Model, sent: Mapping[str, str] | None = None) -> Desk:
    """The desk as it is stored now; with what was sent, inside a transaction in which nobody else writes these rows."""
    instances = []
    for rows in rows_of(site, request, record):
        instances += rows if sent is None else rows.select_for_update(of=("self",))
    outdated = outdated_texts(instances)
    is_public = isinstance(record, Editorial) and record.state == State.PUBLISHED
    # What is public changes with all its rows or not at all, in the version that waits beside it.
    whole = may_change(request.user, record) if is_public else None
    rows = [read_row(site, request, instance, outdated, whole) for instance in instances]
    for row in rows:
        row.pairs = [pair for pair in row.pairs if has_place(pair, sent or {})]
    return Desk(record, rows)


def has_place(pair: Pair, sent: Mapping[str, str]) -> bool:
    """A text that is in neither language has no place on the desk, unless something was sent for it."""
    return any(side.state != EMPTY or side.name in sent for side in pair.sides)


def outdated_texts(instances: list[Model]) -> dict[tuple[str, int, str], OutdatedText]:
    """The texts of the rows that were left behind, in one query."""
    found = OutdatedText.objects.filter(
        kind__in={kind_of(type(instance)) for instance in instances}, record__in={each.pk for each in instances}
    )
    return {(each.kind, each.record, each.field): each for each in found}


def read_row(
    site: AdminSite, request: HttpRequest, instance: Model, outdated: Mapping, whole: bool | None = None
) -> Row:
    """A row as it stands; `whole` says, where it is known, whether the record may be changed with all its rows."""
    model_admin = site.get_model_admin(type(instance))
    may_change_row = may_edit(request.user, instance) if whole is None else whole
    prefix = f"{kind_of(type(instance)).replace('.', '-')}-{instance.pk}"
    pairs = [
        read_pair(instance, prefix, name, outdated.get((kind_of(type(instance)), instance.pk, name)))
        for name in translated_fields(type(instance))
    ]
    return Row(
        instance,
        str(instance._meta.verbose_name),
        model_admin.choice_label(instance),
        prefix,
        model_admin.has_change_permission(request) and may_change_row,
        pairs,
    )


def read_pair(instance: Model, prefix: str, name: str, outdated: OutdatedText | None) -> Pair:
    field_ = instance._meta.get_field(name)
    is_long = isinstance(field_, TextField)
    texts = {language: plain(getattr(instance, f"{name}_{language}") or "", is_long) for language in LANGUAGES}
    sides = []
    for language, text in texts.items():
        is_outdated = outdated is not None and outdated.language == language
        state = state_of(text, texts[OTHER[language]], field_.blank, is_outdated)
        column = f"{name}_{language}"
        sides.append(Side(column, f"{prefix}-{column}", language, state, text, is_long, field_.max_length))
    changes = word_changes(outdated.before, texts[OTHER[outdated.language]]) if outdated else []
    return Pair(str(field_.verbose_name), sides, outdated, changes)


def state_of(text: str, other: str, is_optional: bool, is_outdated: bool) -> str:
    if not text:
        return EMPTY if is_optional and not other else MISSING
    return OUTDATED if is_outdated else UP_TO_DATE


# What comes back from it


def take_in(desk: Desk, sent: Mapping[str, str]) -> None:
    """Put beside each text what the editor sent for it and what they had seen, and say what is wrong."""
    for row in desk.rows:
        for side in row.sides():
            if side.name in sent:
                side.given = plain(sent[side.name], side.is_long)
                side.seen = plain(sent.get(f"{side.name}-seen", ""))
            if side.is_overtaken:
                side.meanwhile = word_changes(side.seen, side.stored)
        if row.is_editable:
            check(row)
        elif any(side.is_changed for side in row.sides()):
            refuse(desk, row)
    places = {side.name for row in desk.rows for side in row.sides()}
    desk.lost = [text for text in written_texts(sent) if text.name not in places]


def refuse(desk: Desk, row: Row) -> None:
    """Say why nothing is taken of a row that stands where its editor may not change it."""
    record = desk.record
    if isinstance(record, Editorial) and any(each.instance == record and not each.is_editable for each in desk.rows):
        desk.refusal = why_refused(record)
    else:
        row.errors.append(why_row_refused(row.instance))


def written_texts(sent: Mapping[str, str]) -> list[Written]:
    """What an editor wrote on a desk, in place of what they had seen there."""
    names = [name for name in sent if f"{name}-seen" in sent]
    changed = [name for name in names if plain(sent[name]) != plain(sent[f"{name}-seen"])]
    return [Written(name, *place_of(name), plain(sent[name])) for name in changed]


def place_of(name: str) -> tuple[str, str]:
    """The field that a control of the desk is for, as it is called, and its language; for none, the control's name."""
    app, model_name, _number, column = (name.split("-", 3) + [""] * 3)[:4]
    text, _, language = column.rpartition("_")
    try:
        model = apps.get_model(app, model_name)
    except LookupError:
        return name, ""
    if text not in translated_fields(model):
        return name, ""
    return f"{model._meta.verbose_name}: {model._meta.get_field(text).verbose_name}", language


def plain(text: str, has_lines: bool = True) -> str:
    """As it is stored: browsers send the ends of lines in their own way, and a name has none."""
    text = normalise(text.replace("\r\n", "\n").strip())
    return text if has_lines else " ".join(text.split("\n"))


def check(row: Row) -> None:
    """The same checks as the form of the record makes, of the texts that were changed."""
    changed = {side.column: side for side in row.sides() if side.is_changed}
    for column, side in changed.items():
        setattr(row.instance, column, side.given)
    others = {each.name for each in row.instance._meta.fields} - set(changed)
    try:
        if changed:
            row.instance.full_clean(exclude=others)
    except ValidationError as refusal:
        for column, messages in refusal.message_dict.items():
            (changed[column].errors if column in changed else row.errors).extend(messages)


def is_still_right(pair: Pair, sent: Mapping[str, str]) -> bool:
    """Whether the editor says so of what was left behind, having seen what the other language says now."""
    is_untouched = not any(side.is_changed for side in pair.sides)
    is_current = all(side.seen == side.stored for side in pair.sides)
    return bool(pair.outdated and sent.get(pair.right_name) and is_untouched and is_current)


def texts_still_right(desk: Desk, sent: Mapping[str, str]) -> list[int]:
    """The numbers of what was left behind and is right all the same."""
    pairs = [pair for row in desk.rows if row.is_editable for pair in row.pairs]
    return [pair.outdated.pk for pair in pairs if is_still_right(pair, sent)]


def save_desk(user: Any, desk: Desk, sent: Mapping[str, str]) -> tuple[list[Model], int]:
    """Write what was taken in. Gives the rows that were changed, and how many texts are still right."""
    changed = [row.instance for row in desk.rows if any(side.is_changed for side in row.sides())]
    right = texts_still_right(desk, sent)
    save_texts(user, changed)
    OutdatedText.objects.filter(pk__in=right).delete()
    return changed, len(right)


def save_texts(user: Any, instances: list[Model]) -> None:
    """The one place where the desk writes texts: one revision of all rows that were changed."""
    keep_what_was_loaded(instances)
    for instance in instances:
        instance.save()
    keep_revision(user, "changed", instances)
