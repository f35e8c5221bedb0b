"""Migrations that a live site survives: nothing that rewrites or locks a table for long, nothing old servers miss.

What stood before the first release is left as it is: it runs on an empty database.
"""

import ast
from pathlib import Path

import pytest
from django.conf import settings

APPS = ("portal", "meetings", "initiatives")
# Made before anybody ran the register on a server; what is new must keep the rules below.
BEFORE_RELEASE = {"portal": 20, "meetings": 10, "initiatives": 10}
RULES = {
    "AddIndex": "locks the table for writes on PostgreSQL; use AddIndexConcurrently in a migration with atomic = False",
    "RemoveIndex": "use RemoveIndexConcurrently",
    "RenameField": "servers of the release before ask for the old name; add a field and copy",
    "RenameModel": "servers of the release before ask for the old name",
    "RemoveField": "servers of the release before ask for it; make a release that does not first",
    "DeleteModel": "servers of the release before ask for it; remove its table one release later",
}
ALLOWED = "# safe:"  # on the line of the operation, with the reason


def migrations() -> list[Path]:
    return sorted(path for app in APPS for path in (settings.BASE_DIR / app / "migrations").glob("0*.py"))


def is_new(path: Path) -> bool:
    return int(path.name[:4]) > BEFORE_RELEASE[path.parent.parent.name]


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def faults(source: str) -> list[str]:
    """What a migration does that a live site would feel, by line."""
    lines = source.splitlines()
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        why = RULES.get(name_of(call)) or fault_of_field(call) or fault_of_python(call)
        if why and ALLOWED not in lines[call.lineno - 1]:
            found.append(f"{call.lineno}: {name_of(call)}: {why}")
    return found


def fault_of_field(call: ast.Call) -> str:
    """A new field without a value in the database makes the release before fail at its next INSERT."""
    if name_of(call) != "AddField":
        return ""
    field = next(keyword.value for keyword in call.keywords if keyword.arg == "field")
    given = {keyword.arg: keyword.value for keyword in field.keywords}
    is_null = isinstance(given.get("null"), ast.Constant) and given["null"].value is True
    if "ManyToMany" in name_of(field) or is_null or "db_default" in given:
        return ""
    return "give it null=True or db_default, so that servers of the release before can go on writing"


def fault_of_python(call: ast.Call) -> str:
    known = {keyword.arg for keyword in call.keywords}
    if name_of(call) == "RunPython" and len(call.args) < 2 and "reverse_code" not in known:
        return "name how to go back, if only RunPython.noop"
    return ""


def test_every_new_migration_is_safe_on_a_live_site():
    found = {path.stem: faults(path.read_text(encoding="utf-8")) for path in migrations() if is_new(path)}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("operation", "is_fault"),
    [
        ("migrations.AddIndex('topic', models.Index(fields=['order'], name='x'))", True),
        ("AddIndexConcurrently('topic', models.Index(fields=['order'], name='x'))", False),
        ("migrations.AddField('topic', 'x', field=models.CharField(max_length=9))", True),
        ("migrations.AddField('topic', 'x', field=models.CharField(max_length=9, db_default=''))", False),
        ("migrations.AddField('topic', 'x', field=models.IntegerField(null=True))", False),
        ("migrations.RemoveField('topic', 'x')", True),
        ("migrations.RemoveField('topic', 'x')  # safe: unused since the release before", False),
        ("migrations.RunPython(fill)", True),
        ("migrations.RunPython(fill, migrations.RunPython.noop)", False),
        ("migrations.CreateModel('topic', fields=[])", False),
    ],
)
def test_the_rules_tell_what_a_live_site_would_feel(operation, is_fault):
    assert bool(faults(operation)) is is_fault


@pytest.mark.parametrize("app", APPS)
def test_no_two_migrations_of_an_app_have_one_number(app):
    """They would begin at the same one, and run in either order."""
    numbers = [path.name[:4] for path in migrations() if path.parent.parent.name == app]
    assert len(numbers) == len(set(numbers))
