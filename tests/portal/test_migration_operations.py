"""What is changed beside the work of others, on a table of its own and on both databases."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from portal.migration_operations import AddCheckQuietly, AddIndexQuietly, RemoveIndexQuietly

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.databases]

TABLE = migrations.CreateModel(
    "Novelty", [("id", models.BigAutoField(primary_key=True)), ("number", models.IntegerField())]
)
INDEX = models.Index(fields=["number"], name="novelty_number")
CHECK = models.CheckConstraint(condition=models.Q(number__gt=0), name="novelty_number_positive")


def run(operation, state: ProjectState, backwards: bool = False) -> ProjectState:
    """Run an operation as a migration with `atomic = False` does; gives the state after it."""
    after = state.clone()
    operation.state_forwards("portal", after)
    with connection.schema_editor(atomic=False) as editor:
        if backwards:
            operation.database_backwards("portal", editor, after, state)
        else:
            operation.database_forwards("portal", editor, state, after)
    return state if backwards else after


@pytest.fixture
def table():
    empty = ProjectState()
    state = run(TABLE, empty)
    yield state
    run(TABLE, empty, backwards=True)


def kept() -> set[str]:
    """The names of the indexes and constraints of the table."""
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "portal_novelty"))


def test_an_index_comes_and_goes(table):
    with_index = run(AddIndexQuietly("novelty", INDEX), table)
    assert INDEX.name in kept()
    run(RemoveIndexQuietly("novelty", INDEX.name), with_index)
    assert INDEX.name not in kept()
    run(RemoveIndexQuietly("novelty", INDEX.name), with_index, backwards=True)
    assert INDEX.name in kept()
    run(AddIndexQuietly("novelty", INDEX), table, backwards=True)
    assert INDEX.name not in kept()


def test_a_check_holds_and_can_be_taken_back(table):
    with_check = run(AddCheckQuietly("novelty", CHECK), table)
    assert CHECK.name in kept()
    with pytest.raises(Exception, match=r"(?i)check"):
        with_check.apps.get_model("portal", "Novelty").objects.create(number=-1)
    run(AddCheckQuietly("novelty", CHECK), table, backwards=True)
    assert CHECK.name not in kept()
