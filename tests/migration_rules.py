"""What a live site would feel of a migration, told from its operations and the models before it, without a database.

Programs of this kind read the SQL of one database, which they need, and see neither a check that
reads a whole table nor an index that comes with a field. What is refused here may still be
right: then the migration says why, `safe = {"Remove field note from topic": "the reason"}`, the
operation as Django describes it. A way back there must be always.
"""

from collections.abc import Iterator

from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Func

from portal.migration_operations import AddCheckQuietly, AddIndexQuietly, RemoveIndexQuietly

HARMLESS = (
    *(operations.CreateModel, operations.AlterModelOptions, operations.AlterModelManagers),
    *(operations.AlterModelTableComment, operations.RemoveConstraint, operations.RenameIndex),
    operations.AlterConstraint,  # of what a refusal says; Django makes another one where the rule itself changes
)
QUIET = (AddIndexQuietly, RemoveIndexQuietly, AddCheckQuietly)
OLD_NAME = "servers of the release before ask for the old name: add a new one, and copy"
IN_USE = "servers of the release before ask for it: make a release that does not, then remove it in the next"
WHOLE_TABLE = "reads the whole table while nobody may write"
REFUSED = {
    operations.AddIndex: "nobody may write while it is made: use AddIndexQuietly",
    operations.RemoveIndex: "waits for all who read, and all others wait for it: use RemoveIndexQuietly",
    operations.AddConstraint: f"{WHOLE_TABLE}: use AddCheckQuietly; what is to be unique needs an index made before",
    operations.AlterUniqueTogether: f"{WHOLE_TABLE}, to make an index",
    operations.AlterIndexTogether: "nobody may write while it is made: use AddIndexQuietly",
    operations.AlterOrderWithRespectTo: "adds a column that servers of the release before do not fill",
    operations.RenameField: OLD_NAME,
    operations.RenameModel: OLD_NAME,
    operations.AlterModelTable: OLD_NAME,
    operations.RemoveField: IN_USE,
    operations.DeleteModel: IN_USE,
    operations.RunSQL: "nothing is known of it: say which locks it takes and for how long",
}
# Of a field, what no database keeps.
ONLY_IN_PYTHON = {*models.Field.non_db_attrs, "default", "auto_now", "auto_now_add"}


def faults(migration: Migration, state: ProjectState) -> list[str]:
    """What is wrong with a migration that follows a state of the models."""
    safe = dict(getattr(migration, "safe", {}))
    found = [fault for fault, name in refused(migration, migration.operations, state, set()) if not safe.pop(name, "")]
    return found + [f"{name}: needs no reason" for name in safe]


def refused(
    migration: Migration, following: list[Operation], state: ProjectState, made: set[str]
) -> Iterator[tuple[str, str]]:
    """(fault, name by which a reason lets it through) of operations; brings the state forward, and notes new tables."""
    for operation in following:
        name = operation.describe()
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from refused(migration, operation.database_operations, state.clone(), made)
        elif table_of(operation) not in made and (refusal := refusal_of(operation, migration, state)):
            yield f"{name}: {refusal}", name
        if not operation.reversible:
            yield f"{name}: say how to go back, if only by `noop`", ""
        if isinstance(operation, operations.CreateModel):
            made.add(operation.name_lower)
        operation.state_forwards(migration.app_label, state)


def table_of(operation: Operation) -> str:
    return getattr(operation, "model_name", getattr(operation, "name", "") or "").lower()


def refusal_of(operation: Operation, migration: Migration, state: ProjectState) -> str:
    kind = type(operation)
    if kind in HARMLESS:
        return ""
    if kind in QUIET:
        is_alone = len(migration.operations) == 1 and not migration.atomic
        return "" if is_alone else "let it stand alone in a migration with `atomic = False`"
    if kind is operations.AddField:
        return refusal_of_new(operation.field)
    if kind is operations.AlterField:
        fields = state.models[migration.app_label, operation.model_name_lower].fields
        return refusal_of_change(fields[operation.name], operation.field)
    if kind is operations.RunPython:
        return "" if operation.code.__doc__ else "say in its docstring how many rows it changes, and in which pieces"
    return REFUSED.get(kind, "not known to tests/migration_rules.py, or not there on SQLite")


def refusal_of_new(field: models.Field) -> str:
    """A new column: old servers write rows without it, and nothing may be read or made for rows that are there."""
    if field.many_to_many:
        return ""
    if field.generated:
        return "writes the whole table anew"
    if not field.null and not field.has_db_default():
        return "give it null=True or db_default, so that servers of the release before can go on writing"
    if isinstance(field.db_default, Func):
        return "give db_default a value: a function may be asked anew for every row"
    if field.unique or field.db_index:
        return "nobody may write while its index is made: give it db_index=False, then use AddIndexQuietly"
    return ""


def refusal_of_change(before: models.Field, after: models.Field) -> str:
    """A changed column, of which only less may be demanded."""
    (_, path, arguments, old), (_, new_path, new_arguments, new) = before.deconstruct(), after.deconstruct()
    if (path, arguments) != (new_path, new_arguments):
        return "writes the whole table anew: add a field of the new type, and copy"
    changed = {name for name in old | new if old.get(name) != new.get(name)} - ONLY_IN_PYTHON - {"db_default"}
    if "null" in changed and not after.null:
        return f"{WHOLE_TABLE}: make the release that always fills it, then use AddCheckQuietly"
    if after.unique > before.unique or after.db_index > before.db_index:
        return "nobody may write while its index is made: use AddIndexQuietly"
    changed -= {"null", "unique", "db_index"} | ({"max_length"} if is_longer(before, after) else set())
    return f"may write the whole table anew ({', '.join(sorted(changed))})" if changed else ""


def is_longer(before: models.Field, after: models.Field) -> bool:
    return after.max_length is None or (before.max_length or after.max_length + 1) <= after.max_length
