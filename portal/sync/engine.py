"""The sync itself: reads rows, merges each with the database, checks, and applies all or nothing.

Everything happens in one transaction, in this order: merge row by row, in
portions, into a plan that lies in a temporary file; write the plan; check what was
written. A dry run does the same and takes it back at the end, so that it predicts
exactly what applying does. Whoever else writes waits meanwhile, so what was
compared is what is overwritten.
"""

import hashlib
import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

import reversion
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connection, models, reset_queries, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.database import content_models, content_tables
from portal.models import Conflict, LoadedState, Part, State, Sync, SyncChange
from portal.revisions import keep_what_was_loaded
from portal.sync.loaded import write_states
from portal.sync.merge import UNKNOWN, Outcome, merge_set, merge_value
from portal.sync.reading import Problem, Row
from portal.sync.values import (
    KeyIndex,
    Plain,
    allowed,
    default_of,
    has_updated,
    is_empty,
    key_fields,
    label_of,
    merged_fields,
    models_by_label,
    python_value,
    stored_values,
)

PORTION = 500
WAIT = 20  # seconds for the turn of another one, as long as SQLite waits


class Busy(Exception):
    """Another update or an editor holds the database."""


@dataclass(frozen=True)
class Entry:
    """One line of the report: what becomes of a record, or of one of its fields."""

    kind: str
    key: str
    file: str
    line: int
    outcome: Outcome
    field: str = ""
    base: Plain = None
    incoming: Plain = None
    database: Plain = None
    result: Plain = None
    base_known: bool = True


@dataclass
class Change:
    """What is to be written into one record; relations to many as (added, removed)."""

    row: Row
    creates: bool
    values: dict[str, Plain]
    many: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """How a conflict is settled: which side is right; without a field, in the whole record."""

    side: str  # fixture or database
    kind: str
    key: str
    field: str = ""


@dataclass(frozen=True)
class Options:
    dry_run: bool = False
    takes: tuple[Take, ...] = ()
    withdraw_missing: bool = False
    stop_on_conflict: bool = False
    # Which loaded states should be found again in the files: a function of their queryset; None asks for none.
    expected: Callable[[models.QuerySet], models.QuerySet] | None = None
    user: Any = None
    origin: str = Sync.Origin.COMMAND
    files: str = ""
    # What a preview showed: where it would be something else now, nothing is applied.
    previewed: str = ""


class Spool:
    """A list of any length that lies in a temporary file; read from its start, as often as wanted."""

    def __init__(self) -> None:
        self.file = tempfile.SpooledTemporaryFile(max_size=2**20)  # noqa: SIM115 - lives as long as the list
        self.length = 0

    def append(self, item: Any) -> None:
        self.file.seek(0, 2)
        pickle.dump(item, self.file)
        self.length += 1

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[Any]:
        self.file.seek(0)
        for _number in range(self.length):
            item = pickle.load(self.file)  # noqa: S301 - an unnamed file that only this process has written
            place = self.file.tell()
            yield item
            self.file.seek(place)


@dataclass
class Report:
    """What a sync found and did."""

    entries: Spool = field(default_factory=Spool)
    counts: Counter = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    applied: bool = False
    seal: Any = field(default_factory=hashlib.sha256)

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.counts[entry.outcome] += 1
        self.seal.update(repr(entry).encode())

    def conflicts(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.outcome is Outcome.CONFLICT)

    @property
    def has_conflicts(self) -> bool:
        return bool(self.counts[Outcome.CONFLICT])

    @property
    def digest(self) -> str:
        """Equal for two runs that found the same."""
        return self.seal.hexdigest()

    @property
    def changes_content(self) -> bool:
        return any(self.counts[outcome] for outcome in WRITTEN)

    def sorted_problems(self) -> list[Problem]:
        return sorted(dict.fromkeys(self.problems), key=lambda problem: (problem.file, problem.line, problem.field))


WRITTEN = (Outcome.CREATED, Outcome.UPDATED, Outcome.SETTLED, Outcome.WITHDRAWN)
REMEMBERED = (*WRITTEN, Outcome.CONFLICT)
WITHDRAWAL = {
    "withdrawn_reason_vi": "Mục này không còn trong nguồn nội dung của cổng tra cứu.",
    "withdrawn_reason_en": "The item is no longer part of the content of the register.",
}


def take_turn() -> None:
    """Let nobody else write until the transaction ends. On SQLite the transaction itself does."""
    if connection.vendor != "postgresql":
        return
    tables = [*content_tables(), LoadedState._meta.db_table, Conflict._meta.db_table]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT}s"])
        names = ", ".join(map(connection.ops.quote_name, tables))
        cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SET LOCAL lock_timeout = 0")


def portions(rows: Iterable[Row]) -> Iterator[tuple[type[models.Model], list[Row]]]:
    """Neighbouring rows of one model, at most PORTION at a time."""
    portion: list[Row] = []
    for row in rows:
        if portion and (row.model is not portion[0].model or len(portion) == PORTION):
            yield portion[0].model, portion
            portion = []
        portion.append(row)
    if portion:
        yield portion[0].model, portion


def run(source: Callable[[Callable[[Problem], None]], Iterable[Row]], options: Options) -> Report:
    """Sync the rows of a source; it is given a function that notes a problem. Raises Busy."""
    syncing = Syncing(options)
    try:
        with transaction.atomic():
            take_turn()
            syncing.work(source)
            if not syncing.report.applied:
                transaction.set_rollback(True)
    except OperationalError as error:
        if "lock" not in str(error):
            raise
        raise Busy(
            _("Another update is being loaded, or an editor is saving. Nothing was changed; try again in a moment.")
        ) from error
    is_sound = not (options.dry_run or syncing.report.problems)
    if options.stop_on_conflict and syncing.report.has_conflicts and is_sound:
        with transaction.atomic():
            syncing.remember(Sync.Status.STOPPED)
    return syncing.report


class Places:
    """Where each record stands in the files: its key and one number, as there may be many."""

    most_lines = 10**9

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._places: dict[type, dict[str, int]] = {model: {} for model in content_models()}

    def add(self, row: Row) -> None:
        number = self._files.setdefault(row.file, len(self._files))
        self._places[row.model][row.key] = number * self.most_lines + row.line

    def has(self, model: type[models.Model], key: str) -> bool:
        return key in self._places[model]

    def of(self, model: type[models.Model], key: str) -> tuple[str, int]:
        """File and line."""
        number, line = divmod(self._places[model][key], self.most_lines)
        return list(self._files)[number], line


def forget_queries() -> None:
    """Without this a development server's list of queries would be most of what a long run keeps in memory."""
    if not connection.force_debug_cursor:  # somebody counts them
        reset_queries()


class Syncing:
    """One run. See the head of the file for its steps."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.report = Report()
        self.plan = Spool()
        self.index = KeyIndex()
        self.started = timezone.now()
        self.seen = Places()
        self.deleted: dict[tuple[type, str], bool] = {}
        self.open_references: list[tuple[type, str, Problem]] = []
        self.used: set[Take] = set()
        # The cells of a spreadsheet that were merged: it says nothing of the others.
        self.weighed: set[tuple[str, str, str]] = set()

    def note(self, problem: Problem) -> None:
        self.report.problems.append(problem)

    def work(self, source: Callable) -> None:
        for model, rows in portions(source(self.note)):
            self.merge_portion(model, rows)
        self.check_references()
        self.check_takes()
        if self.options.expected is not None:
            self.look_for_missing()
        writer = Writer(self)
        writer.write()
        stopped = self.options.stop_on_conflict and self.report.has_conflicts
        is_other = bool(self.options.previewed) and self.options.previewed != self.report.digest
        self.report.applied = not (self.report.problems or self.options.dry_run or stopped or is_other)
        if self.report.applied:
            self.remember(Sync.Status.APPLIED)

    # Merging

    def merge_portion(self, model: type[models.Model], rows: list[Row]) -> None:
        numbers = [number for row in rows if (number := self.index.number(model, row.key))]
        database = stored_values(model, numbers, self.index)
        found = LoadedState.objects.filter(kind=label_of(model), key__in=[row.key for row in rows])
        states = {state.key: state for state in found}
        changed: list[LoadedState] = []
        for row in rows:
            if self.seen.has(model, row.key):
                file, line = self.seen.of(model, row.key)
                message = _("“%(key)s” stands twice: also in %(file)s, line %(line)s.")
                self.note(row.problem(message % {"key": row.key, "file": file, "line": line}))
                continue
            self.seen.add(row)
            state = self.merge_row(row, database.get(row.key), states.get(row.key))
            if state is not None:
                changed.append(state)
        write_states(changed)
        forget_queries()

    def merge_row(self, row: Row, database: dict | None, state: LoadedState | None) -> LoadedState | None:
        """Plan what becomes of a record. Gives the loaded state where it is another one afterwards."""
        if database is not None:
            return self.update(row, database, state)
        was_there = bool(row.base) if row.base is not None else state is not None
        if was_there and not self.side(row, "") and not self.comes_with_another(row):
            self.add(row, Outcome.DELETED)
            self.deleted[row.model, row.key] = True
            return None
        return self.create(row, state)

    def add(self, row: Row, outcome: Outcome, **more: Any) -> None:
        line = row.lines.get(more.get("field", ""), row.line)
        self.report.add(Entry(label_of(row.model), row.key, row.file, line, outcome, **more))

    def create(self, row: Row, state: LoadedState | None) -> LoadedState | None:
        for name, value in row.values.items():
            self.check_value(row, merged_fields(row.model)[name], value, default_of(merged_fields(row.model)[name]))
        self.deleted[row.model, row.key] = False
        self.check_key(row)
        complete = {name: default_of(field) for name, field in merged_fields(row.model).items()} | row.values
        for name, field_ in merged_fields(row.model).items():
            if name not in row.lines and is_empty(complete[name]) and not field_.blank:
                self.fault(row, missing_message(field_), name, hint(row, field_))
        self.check_languages(row, complete, row.values)
        if row.sound:
            self.add(row, Outcome.CREATED, result=complete.get("state"))
            many = {name for name in row.values if merged_fields(row.model)[name].many_to_many}
            values = {name: value for name, value in row.values.items() if name not in many}
            added = {name: (self.alive(row, name), []) for name in many}
            self.plan.append(Change(row, True, values, added))
        return self.loaded(row, state, set(), set())

    def update(self, row: Row, database: dict, state: LoadedState | None) -> LoadedState | None:
        change = Change(row, False, {})
        unsettled: set[str] = set()
        for name, incoming in row.values.items():
            merged_field = merged_fields(row.model)[name]
            base = self.base_of(row, merged_field, state)
            if row.base is not None:
                self.weighed.add((label_of(row.model), row.key, name))
            self.check_value(row, merged_field, incoming, base, database[name])
            if merged_field.many_to_many:
                incoming = self.alive(row, name)  # noqa: PLW2901 - what an editor deleted cannot be pointed at
            outcome, result = (merge_set if merged_field.many_to_many else merge_value)(base, incoming, database[name])
            if outcome is Outcome.CONFLICT and (side := self.side(row, name)):
                outcome, result = Outcome.SETTLED, incoming if side == "fixture" else database[name]
            if outcome is Outcome.CONFLICT:
                unsettled.add(name)
            if outcome is not Outcome.SAME:
                known = base is not UNKNOWN
                values = {"base": base if known else None, "incoming": incoming, "database": database[name]}
                self.add(row, outcome, field=name, result=result, base_known=known, **values)
            if result != database[name]:
                plan_field(change, merged_field, database[name], result)
        said_no_more: set[str] = set()
        if row.base is None and state is not None:
            said_no_more = self.empty_reason(row, database, change)
            said_no_more |= self.left_out(row, database | change.values, state)
        if change.values or change.many:
            self.check_languages(row, database | change.values, change.values)
            if row.sound:
                self.plan.append(change)
        return self.loaded(row, state, unsettled, said_no_more)

    def empty_reason(self, row: Row, database: dict, change: Change) -> set[str]:
        """Take back the reason that a sync gave for a withdrawal, where the state is another one again."""
        is_ours = all(name not in row.values and database.get(name) == text for name, text in WITHDRAWAL.items())
        if not is_ours or change.values.get("state", State.WITHDRAWN) == State.WITHDRAWN:
            return set()
        for name, text in WITHDRAWAL.items():
            change.values[name] = ""
            self.add(row, Outcome.UPDATED, field=name, base=text, incoming="", database=text, result="")
        return set(WITHDRAWAL)

    def left_out(self, row: Row, database: dict, state: LoadedState) -> set[str]:
        """Note the fields that the file does not name any more; gives those that are as empty in the database.

        An editor emptied them, and the exported file leaves them out: both sides say the same.
        """
        alike = set()
        for name, left_out in merged_fields(row.model).items():
            if name in row.values or is_empty(state.values.get(name)):
                continue
            if is_empty(database[name]) and database[name] == default_of(left_out):
                alike.add(name)
            else:
                self.add(row, Outcome.LEFT_OUT, field=name, base=state.values[name], database=database[name])
        return alike

    def base_of(self, row: Row, merged_field: models.Field, state: LoadedState | None) -> Any:
        """What both sides began from. A field that no file ever named began as its default."""
        name = merged_field.name
        if row.base is not None:
            return row.base.get(name, UNKNOWN)
        if state is None or name in state.unknown:
            return UNKNOWN
        return state.values.get(name, default_of(merged_field))

    def loaded(
        self, row: Row, state: LoadedState | None, unsettled: set[str], said_no_more: set[str]
    ) -> LoadedState | None:
        """The loaded state after this row; None where it stays as it is, or the row is not of a fixture."""
        if row.base is not None:
            return None
        state = state or LoadedState(kind=label_of(row.model), key=row.key)
        unknown = sorted(name for name in unsettled if state.pk is None or name in state.unknown)
        unknown += [name for name in state.unknown if name not in row.values]
        values = {name: value for name, value in state.values.items() if name not in said_no_more}
        values |= {name: value for name, value in row.values.items() if name not in unsettled}
        # An uploaded file is no part of the fixtures: nobody expects to find it again among them.
        file = row.file.rpartition("/")[2] if self.options.origin == Sync.Origin.COMMAND else state.file
        if state.pk and (state.values, state.unknown, state.file) == (values, unknown, file):
            return None
        state.values, state.unknown, state.file = values, unknown, file
        return state

    def side(self, row: Row, name: str) -> str:
        """Which side a conflict is to be settled for: "" when nobody said."""
        for take in self.options.takes:
            if (take.kind, take.key) == (label_of(row.model), row.key) and take.field in ("", name):
                if not name and take.side != "fixture":
                    continue
                self.used.add(take)
                return take.side
        return ""

    def comes_with_another(self, row: Row) -> bool:
        """Whether the record went with another one that comes back: its parent, or what it cannot be without."""
        with_it = [field for field in row.model._meta.fields if goes_with(field)]
        keys = [row.values.get(field.name) or parent_key(row.model, field, row.key) for field in with_it]
        return any(self.comes_back(field.related_model, key) for field, key in zip(with_it, keys, strict=True) if key)

    def comes_back(self, model: type[models.Model], key: str) -> bool:
        """Whether a record is not there and this run was told to bring it back, or its parent."""
        if self.index.number(model, key):
            return False
        told = any((take.side, take.kind, take.key) == ("fixture", label_of(model), key) for take in self.options.takes)
        with_it = [field for field in model._meta.fields if parent_key(model, field, key)]
        return told or any(self.comes_back(field.related_model, parent_key(model, field, key)) for field in with_it)

    def alive(self, row: Row, name: str) -> list[str]:
        """The keys of a list without those of records that an editor deleted."""
        related = merged_fields(row.model)[name].related_model
        return [key for key in row.values[name] if self.index.number(related, key) or not self.is_deleted(related, key)]

    def is_deleted(self, model: type[models.Model], key: str) -> bool:
        """Whether a record was loaded once and is not there any more, nor brought back by this run."""
        if self.seen.has(model, key):  # and by now decided; one that is created has its loaded state written already
            return self.deleted.get((model, key), False)
        if (model, key) not in self.deleted:
            gone = LoadedState.objects.filter(kind=label_of(model), key=key).exists()
            self.deleted[model, key] = gone and not self.comes_back(model, key)
        return self.deleted[model, key]

    # Checking what can be checked before anything is written

    def fault(self, row: Row, message: str, name: str, what: str = "") -> None:
        row.sound = False
        self.note(row.problem(message, name, what))

    def check_value(self, row: Row, checked: models.Field, value: Plain, *known: Plain) -> None:
        """Note what is wrong with a value, unless it is one that is there already."""
        if value in known:
            return
        if checked.many_to_many:
            there = {key for each in known if each is not UNKNOWN for key in each}
            for key in value:
                if key not in there:
                    self.check_reference(row, checked, key)
        elif checked.many_to_one:
            if value is None and not checked.null:
                self.fault(row, missing_message(checked), checked.name, hint(row, checked))
            elif value is not None:
                self.check_reference(row, checked, value)
        elif is_empty(value) and not checked.blank:
            self.fault(row, missing_message(checked), checked.name, hint(row, checked))
        else:
            try:
                checked.clean(python_value(checked, value), None)
            except ValidationError as error:
                self.fault(row, " ".join(error.messages), checked.name, hint(row, checked))

    def check_reference(self, row: Row, checked: models.Field, key: str) -> None:
        related = checked.related_model
        if self.index.number(related, key) or (self.seen.has(related, key) and not self.is_deleted(related, key)):
            return
        message = _("There is no “%(model)s” with the key “%(key)s”.")
        names = {"model": related._meta.verbose_name, "key": key}
        self.open_references.append((related, key, row.problem(message % names, checked.name, hint(row, checked))))

    def check_key(self, row: Row) -> None:
        """The key of a new record can be an address, and its parent is there."""
        *parents, last = row.key.split("/")
        name = key_fields(row.model)[-1]
        try:
            row.model._meta.get_field(name).clean(last, None)
        except ValidationError as error:
            self.fault(row, " ".join(error.messages), name, hint(row, row.model._meta.get_field(name)))
        for parent in parents:
            self.check_reference(row, row.model._meta.get_field(key_fields(row.model)[0]), parent)

    def check_languages(self, row: Row, complete: dict[str, Plain], written: Iterable[str]) -> None:
        """A text that may be left out is there in both languages or in neither; a draft may lose one of them."""
        is_public = complete.get("state", State.PUBLISHED) == State.PUBLISHED
        for name in written:
            stem, _dash, language = name.rpartition("_")
            other = f"{stem}_{'en' if language == 'vi' else 'vi'}"
            if language not in ("vi", "en") or other not in complete or not merged_fields(row.model)[other].blank:
                continue
            if is_empty(complete[name]):
                is_lost = is_public and other not in written and not is_empty(complete[other])
                missing = name if is_lost else ""
            else:
                missing = other if is_empty(complete[other]) else ""
            if missing:
                self.fault(row, missing_message(merged_fields(row.model)[missing]), missing)

    def check_references(self) -> None:
        """What later rows did not bring is not there; nor is what an editor deleted, whatever the files hold."""
        for related, key, problem in self.open_references:
            if self.is_deleted(related, key):
                message = _(
                    "An editor deleted the “%(model)s” with the key “%(key)s”. Leave it out here, or bring it back "
                    "with: sync_content --take fixture %(kind)s %(key)s"
                )
                names = {"model": related._meta.verbose_name, "key": key, "kind": label_of(related)}
                self.note(replace(problem, message=message % names))
            elif not self.seen.has(related, key):
                self.note(problem)

    def check_takes(self) -> None:
        for take in self.options.takes:
            if take not in self.used:
                message = _("There is no such conflict to settle.")
                pending = ", ".join(" ".join(place_of(entry)) for entry in islice(self.report.conflicts(), 20))
                self.note(Problem("--take", 0, message, take.kind, take.key, take.field, pending))

    # Records that the files do not hold any more

    def look_for_missing(self) -> None:
        expected = self.options.expected(LoadedState.objects.order_by("kind", "key"))
        for state in expected.iterator(chunk_size=PORTION):
            model = models_by_label().get(state.kind)
            if model is None or self.seen.has(model, state.key) or not self.index.number(model, state.key):
                continue
            if not has_updated(model):  # has no editorial state
                self.add(Row(model, state.key, state.file, 0), Outcome.GONE)
                continue
            record = model._base_manager.get(pk=self.index.number(model, state.key))
            if record.state != State.WITHDRAWN:
                self.withdraw(Row(model, state.key, state.file, 0), record, state)

    def withdraw(self, row: Row, record: models.Model, state: LoadedState) -> None:
        if not self.options.withdraw_missing:
            self.add(row, Outcome.GONE)
            return
        values = {"state": str(State.WITHDRAWN)} | WITHDRAWAL
        self.add(row, Outcome.WITHDRAWN, field="state", database=record.state, result=values["state"])
        stored = stored_values(type(record), [record.pk], self.index)[row.key]
        for name, text in WITHDRAWAL.items():
            if stored[name] != text:
                self.add(row, Outcome.UPDATED, field=name, incoming=text, database=stored[name], result=text)
        self.plan.append(Change(row, False, values))
        # When the files hold the record again, that is a change of theirs and takes the withdrawal back.
        state.values |= values
        state.save()

    # Remembering

    def remember(self, status: Sync.Status) -> None:
        """Write the history of this run and the conflicts that wait, where there is anything new to write."""
        new_conflicts = self.write_conflicts()
        if not (self.report.changes_content or new_conflicts):
            return
        options = self.options
        sync = Sync.objects.create(
            user=options.user, origin=options.origin, status=status, files=options.files, finished=timezone.now(),
            counts={str(outcome): count for outcome, count in self.report.counts.items()},
        )  # fmt: skip
        lines = (entry for entry in self.report.entries if entry.outcome in REMEMBERED)
        while portion := list(islice(lines, PORTION)):
            SyncChange.objects.bulk_create(SyncChange(sync=sync, **values_of(entry)) for entry in portion)

    def write_conflicts(self) -> bool:
        """Bring the waiting conflicts up to what this run found; whether any is new."""
        if self.options.origin == Sync.Origin.SETTLEMENT:
            return False
        is_sheet = self.options.origin == Sync.Origin.SHEET
        origin = Sync.Origin.SHEET if is_sheet else Sync.Origin.FIXTURE
        self.drop_conflicts(origin)
        is_new = False
        conflicts = self.report.conflicts()
        while portion := list(islice(conflicts, PORTION)):
            known = Conflict.objects.filter(origin=origin, key__in={entry.key for entry in portion})
            known = {(conflict.kind, conflict.key, conflict.field): conflict for conflict in known}
            for entry in portion:
                conflict = known.get(place_of(entry)) or Conflict(
                    kind=entry.kind, key=entry.key, field=entry.field, origin=origin
                )
                is_new |= write_conflict(conflict, entry)
        return is_new

    def drop_conflicts(self, origin: str) -> None:
        """Remove the conflicts that this run had a word on and did not find any more."""
        found = {place_of(entry) for entry in self.report.conflicts()}
        over = []
        for conflict in Conflict.objects.filter(origin=origin).iterator(PORTION):
            place, model = place_of(conflict), models_by_label().get(conflict.kind)
            is_told = place in self.weighed if origin == Sync.Origin.SHEET else self.tells_of(model, conflict.key)
            if place not in found and (model is None or is_told):
                over.append(conflict.pk)
        for start in range(0, len(over), PORTION):
            Conflict.objects.filter(pk__in=over[start : start + PORTION]).delete()

    def tells_of(self, model: type[models.Model] | None, key: str) -> bool:
        return model is not None and self.seen.has(model, key)


def place_of(entry: Entry | Conflict) -> tuple[str, str, str]:
    return entry.kind, entry.key, entry.field


def write_conflict(conflict: Conflict, entry: Entry) -> bool:
    """Let the waiting conflict say what was found; whether that is anything new."""
    before = (conflict.base, conflict.incoming, conflict.database) if conflict.pk else None
    now = (entry.base if entry.base_known else None, entry.incoming, entry.database)
    if before == now:
        return False
    conflict.base, conflict.incoming, conflict.database = now
    conflict.file = entry.file.rpartition("/")[2]
    conflict.save()
    return True


def values_of(entry: Entry) -> dict[str, Any]:
    names = ("kind", "key", "field", "base", "incoming", "database", "result")
    return {name: getattr(entry, name) for name in names} | {"outcome": str(entry.outcome)}


def plan_field(change: Change, planned: models.Field, before: Plain, after: Plain) -> None:
    if planned.many_to_many:
        added, removed = sorted(set(after) - set(before)), sorted(set(before) - set(after))
        change.many[planned.name] = (added, removed)
    else:
        change.values[planned.name] = after


def goes_with(pointing: models.Field) -> bool:
    """Whether a record goes when the one goes that it points at by this field."""
    return pointing.many_to_one and pointing.remote_field.on_delete is models.CASCADE


def parent_key(model: type[models.Model], pointing: models.Field, key: str) -> str:
    """The parent's key, as the key of a child record begins with it; empty for any other field."""
    return key.partition("/")[0] if pointing.name == getattr(model, "parent_field", "") else ""


def hint(row: Row, field_: models.Field) -> str:
    """What the field may hold, in the form that the row has: of a file or of a spreadsheet."""
    return allowed(field_, in_cell=row.base is not None)


def missing_message(missing: models.Field) -> str:
    texts = {"vi": _("The Vietnamese text is missing."), "en": _("The English text is missing.")}
    return texts.get(getattr(missing, "language", ""), _("A value is missing."))


class Writer:
    """Writes the plan of a sync into the database, row by row, so that whatever follows from a row follows."""

    def __init__(self, syncing: Syncing) -> None:
        self.syncing = syncing
        self.index = syncing.index
        self.options = syncing.options
        self.failures: dict[int, Exception] = {}
        self.later: list[Change] = []
        self.lifted: dict[tuple[type, str], models.Model] = {}

    def write(self) -> None:
        self.keep_what_was_loaded()
        waiting: list[Change] = []
        for number, change in enumerate(self.syncing.plan):
            if not self.write_row(change):
                waiting.append(change)
            if number % PORTION == 0:
                forget_queries()
        for step in (None, self.lift, self.loosen):
            loose = step is not None and step(waiting)
            while waiting:
                left = [change for change in waiting if not self.write_row(change, loose)]
                if len(left) == len(waiting):
                    break
                waiting = left
        for change in waiting:
            self.explain(change)
        for change in self.later:
            if not self.write_row(change):
                self.explain(change)
        for (model, key), instance in self.lifted.items():  # whatever the reason: then nothing at all is written
            row = Row(model, key, *self.syncing.seen.of(model, key))
            self.note_unwritten(row, str(instance))
        self.touch_parents()
        self.finish()

    @property
    def keeps(self) -> bool:
        """Whether what is written stays, and so gets revisions."""
        return not (self.options.dry_run or self.syncing.report.problems)

    def keep_what_was_loaded(self) -> None:
        """What records say before they change here, where no revision says it."""
        changes = iter(self.syncing.plan if self.keeps else [])
        while portion := list(islice(changes, PORTION)):
            records = []
            for model in {change.row.model for change in portion}:
                keys = [change.row.key for change in portion if change.row.model is model and not change.creates]
                records += model._base_manager.in_bulk([self.index.number(model, key) for key in keys]).values()
            keep_what_was_loaded(records)
            forget_queries()

    def write_row(self, change: Change, loose: bool = False) -> bool:
        """Write the row itself. False when it has to wait for another one."""
        try:
            instance, postponed = self.filled(change, loose)
        except LookupError:
            return False
        try:
            # Texts without a language are stored in the default one, whoever writes.
            with override("vi"), transaction.atomic():
                is_new = change.creates or (change.row.model, change.row.key) in self.lifted
                instance.save_base(raw=True, force_insert=is_new)
        except IntegrityError as error:
            self.failures[id(change)] = error
            return False
        self.failures.pop(id(change), None)
        self.lifted.pop((change.row.model, change.row.key), None)
        self.index.add(change.row.model, change.row.key, instance.pk)
        if postponed:
            self.later.append(Change(change.row, False, postponed))
        return True

    def filled(self, change: Change, loose: bool) -> tuple[models.Model, dict]:
        """The instance with its new values, and the references it has to do without for now.

        Raises LookupError while something it points at is not there.
        """
        row, postponed = change.row, {}
        if change.creates:
            instance = row.model()
            *parents, last = row.key.split("/")
            setattr(instance, key_fields(row.model)[-1], last)
            for name, parent in zip(key_fields(row.model), parents, strict=False):
                self.point(instance, row.model._meta.get_field(name), parent)
        else:
            instance = self.lifted.get((row.model, row.key)) or self.stored(row)
        instance.change_origin, instance.changed_by = self.options.origin, self.options.user  # for logs of changes
        for name, value in change.values.items():
            field_ = merged_fields(row.model)[name]
            if not field_.many_to_one:
                setattr(instance, field_.attname, python_value(field_, value))
            elif value is not None and loose and field_.null and not self.index.number(field_.related_model, value):
                postponed[name] = value
            else:
                self.point(instance, field_, value)
        if has_updated(row.model):
            instance.updated = self.moment(row, None if change.creates else instance.updated)
        return instance, postponed

    def stored(self, row: Row) -> models.Model:
        return row.model._base_manager.get(pk=self.index.number(row.model, row.key))

    def point(self, instance: models.Model, field_: models.Field, key: str | None) -> None:
        number = self.index.number(field_.related_model, key)
        if key is not None and number is None:
            raise LookupError(key)
        setattr(instance, field_.attname, number)

    def moment(self, row: Row, before: datetime | None) -> datetime:
        """When the record was updated: as its file says where that is news, else now."""
        said = datetime.fromisoformat(row.updated) if row.updated else None
        now = self.syncing.started
        return said if said and said <= now and (before is None or said > before) else now

    def lift(self, waiting: list[Change]) -> bool:
        """Take rows that exchange places off their table, until each is written back under its own number.

        A value that only one row may have need not have another one free meanwhile, such as one of eight numbers.
        What points at a row is asked only when the transaction ends, on both databases.
        """
        for change in waiting:
            row = change.row
            if not change.creates and claimed_fields(row.model) & set(change.values):
                self.lifted[row.model, row.key] = self.stored(row)
                row.model._base_manager.filter(pk=self.index.number(row.model, row.key))._raw_delete(
                    using=DEFAULT_DB_ALIAS
                )
        return False

    def loosen(self, waiting: list[Change]) -> bool:
        """New records that point at each other: write them without, and let them point afterwards."""
        return True

    def explain(self, change: Change) -> None:
        """Say why a row could not be written; what it waits for has mostly said so itself."""
        try:
            instance, postponed = self.filled(change, loose=True)
            instance.full_clean()
        except LookupError as missing:
            self.note_unwritten(change.row, str(missing.args[0]))
        except ValidationError as error:
            self.note_all(change.row, error)
        else:
            failure = self.failures.get(id(change))
            if failure is None:
                self.note_unwritten(change.row, ", ".join(map(str, (postponed or change.values).values())))
            else:
                message = _("The database refuses the record: %(why)s") % {"why": failure}
                self.syncing.note(change.row.problem(message))

    def note_unwritten(self, row: Row, what: str) -> None:
        """A row that could not be written is a fault, so that nothing is; unless one was noted that explains it."""
        if not self.syncing.report.problems:
            message = _("The record cannot be written, as it waits for what is not there: %(what)s.")
            self.syncing.note(row.problem(message % {"what": what}))

    def note_all(self, row: Row, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            field_ = merged_fields(row.model).get(name)
            for message in messages:
                place = name if field_ else ""
                self.syncing.note(row.problem(message, place, hint(row, field_) if field_ else ""))

    def touch_parents(self) -> None:
        """A record is updated with its parts; one that is itself written here has its moment already."""
        touched: dict[type[models.Model], set[str]] = {}
        for change in self.syncing.plan:
            if issubclass(change.row.model, Part):
                touched.setdefault(change.row.model.parent_model(), set()).add(change.row.key.partition("/")[0])
        if not touched:
            return
        for change in self.syncing.plan:
            touched.get(change.row.model, set()).discard(change.row.key)
        for parent, keys in touched.items():
            waiting = iter(sorted(keys))
            while portion := list(islice(waiting, PORTION)):
                parent._base_manager.filter(slug__in=portion).update(updated=timezone.now())

    def finish(self) -> None:
        """Once every row is there: lists of relations, the models' own checks, and a revision of each record."""
        keeps = self.keeps
        changes = iter(self.syncing.plan)
        while portion := list(islice(changes, PORTION)):
            if keeps:
                with reversion.create_revision(manage_manually=True, atomic=False):
                    reversion.set_comment(f"{self.options.origin}: {self.options.files}"[:1000])
                    reversion.set_date_created(self.syncing.started)  # one update is one moment in every history
                    if self.options.user:
                        reversion.set_user(self.options.user)
                    self.finish_portion(portion, keeps)
            else:
                self.finish_portion(portion, keeps)
            forget_queries()

    def finish_portion(self, portion: list[Change], keeps: bool) -> None:
        instances: dict[tuple[type, int], models.Model] = {}
        for model in {change.row.model for change in portion}:
            numbers = [self.index.number(model, c.row.key) for c in portion if c.row.model is model]
            found = model._base_manager.in_bulk([number for number in numbers if number])
            instances |= {(model, number): instance for number, instance in found.items()}
        for change in portion:
            row = change.row
            instance = instances.get((row.model, self.index.number(row.model, row.key)))
            if instance is None:
                continue
            for name, (added, removed) in change.many.items():
                related = merged_fields(row.model)[name].related_model
                manager = getattr(instance, name)
                manager.add(*filter(None, (self.index.number(related, key) for key in added)))
                manager.remove(*filter(None, (self.index.number(related, key) for key in removed)))
            try:
                instance.clean()
            except ValidationError as error:
                self.note_all(row, ValidationError(error.update_error_dict({})))
            if keeps:
                reversion.add_to_revision(instance)


def claimed_fields(model: type[models.Model]) -> set[str]:
    """The fields whose value, alone or together, only one row may have."""
    unique = [each for each in model._meta.constraints if isinstance(each, models.UniqueConstraint)]
    return {name for each in unique for name in each.fields} | {
        name for name, merged in merged_fields(model).items() if merged.unique
    }


def note_settled(report: Report, options: Options) -> None:
    """Keep in the history that what the database said was chosen."""
    syncing = Syncing(options)
    syncing.report = report
    syncing.remember(Sync.Status.APPLIED)


def settle(conflict: Conflict, value: Plain, user: Any) -> Report:
    """Write the value that an editor chose, unless the field was changed since the conflict was shown.

    The value may be one of the three or another one. Raises Busy.
    """
    model = models_by_label()[conflict.kind]
    row = Row(model, conflict.key, conflict.file, 0, values={conflict.field: value})
    row.base = {conflict.field: conflict.database}
    options = Options(user=user, origin=Sync.Origin.SETTLEMENT, files=f"{conflict.kind} {conflict.key}")
    with transaction.atomic():
        report = run(lambda note: [row], options)
        if report.problems or report.has_conflicts or not KeyIndex().number(model, conflict.key):
            transaction.set_rollback(True)
            return report
        if not report.changes_content:
            report.add(Entry(conflict.kind, conflict.key, "", 0, Outcome.SETTLED, conflict.field,
                             conflict.base, conflict.incoming, conflict.database, value))  # fmt: skip
            note_settled(report, options)
        state = LoadedState.objects.filter(kind=conflict.kind, key=conflict.key).first()
        if state and conflict.origin == Sync.Origin.FIXTURE:
            state.values[conflict.field] = conflict.incoming
            state.unknown = [name for name in state.unknown if name != conflict.field]
            state.save()
        conflict.delete()
    return report
