"""Migrations that a live site survives: nothing that rewrites or locks a table for long, nothing old servers miss."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Upper

from portal.migration_operations import AddCheckQuietly, AddIndexQuietly
from tests.migration_rules import faults

APPS = ("portal", "meetings", "initiatives")
# Made before the first release: they run on an empty database. Every other one keeps the rules.
BEFORE_RELEASE = {
    *("portal.0001_initial", "portal.0002_longer_addresses", "portal.0003_unverified_address"),
    *("portal.0004_search_entries", "portal.0005_content_sync", "portal.0006_accounts", "portal.0007_roles"),
    *("portal.0008_workflow", "portal.0009_history", "portal.0011_translations", "portal.0012_saved_filters"),
    *("portal.0013_reports", "portal.0014_links", "portal.0015_waiting_notes"),
    *("meetings.0001_initial", "meetings.0002_date_changes"),
    *("initiatives.0001_initial", "initiatives.0002_observation_kinds"),
}


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    """The migrations as Django reads them, of no database."""
    return MigrationLoader(None)


@pytest.fixture(scope="module")
def present(loader):
    return loader.project_state()


def test_every_migration_since_the_first_release_is_safe_on_a_live_site(loader):
    found = {}
    for (app, name), migration in loader.disk_migrations.items():
        if app in APPS and f"{app}.{name}" not in BEFORE_RELEASE:
            found[f"{app}.{name}"] = faults(migration, loader.project_state((app, name), at_end=False))
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_what_is_let_off_the_rules_is_there(loader):
    assert {f"{app}.{name}" for app, name in loader.disk_migrations} >= BEFORE_RELEASE


@pytest.mark.parametrize("app", APPS)
def test_no_two_migrations_of_an_app_have_one_number(app):
    """They would begin at the same one, and run in either order."""
    numbers = [path.name[:4] for path in Path(settings.BASE_DIR / app / "migrations").glob("0*.py")]
    assert len(numbers) == len(set(numbers))


# The rules, on migrations that were never made: of a topic, which has name_vi of 120 characters, note and slug


def explained(apps, schema_editor):
    """Touches a dozen rows."""


def unexplained(apps, schema_editor):
    pass


NEW = migrations.CreateModel("Novelty", [("id", models.BigAutoField(primary_key=True))])
INDEX = models.Index(fields=["note"], name="x")
CHECK = models.CheckConstraint(condition=~models.Q(note="x"), name="x")
COMPUTED = models.GeneratedField(expression=models.F("note"), output_field=models.TextField(), db_persist=True)
UNIQUE = models.UniqueConstraint(fields=["note"], name="x")


def add(field) -> migrations.AddField:
    return migrations.AddField("topic", "x", field)


def alter(name, field) -> migrations.AlterField:
    return migrations.AlterField("topic", name, field)


# With a word of what is said about it.
BAD = {
    "index": (migrations.AddIndex("topic", INDEX), "AddIndexQuietly"),
    "index removed": (migrations.RemoveIndex("topic", "x"), "RemoveIndexQuietly"),
    "check": (migrations.AddConstraint("topic", CHECK), "AddCheckQuietly"),
    "unique constraint": (migrations.AddConstraint("topic", UNIQUE), "unique"),
    "unique together": (migrations.AlterUniqueTogether("topic", {("note", "slug")}), "whole table"),
    "order": (migrations.AlterOrderWithRespectTo("topic", "note"), "do not fill"),
    "field old servers do not fill": (add(models.CharField(max_length=9)), "null=True or db_default"),
    "field with a default of Python only": (add(models.CharField(max_length=9, default="")), "null=True or db_default"),
    "field with a function": (add(models.CharField(max_length=9, db_default=Upper(models.Value("x")))), "a function"),
    "field with an index": (add(models.CharField(max_length=9, null=True, db_index=True)), "db_index=False"),
    "slug, which has an index": (add(models.SlugField(null=True)), "db_index=False"),
    "unique field": (add(models.CharField(max_length=9, null=True, unique=True)), "db_index=False"),
    "relation with an index": (add(models.ForeignKey("portal.Body", models.SET_NULL, null=True)), "db_index=False"),
    "relation of one to one": (add(models.OneToOneField("portal.Body", models.SET_NULL, null=True)), "db_index=False"),
    "computed field": (add(COMPUTED), "whole table anew"),
    "another type": (alter("note", models.IntegerField(default=0)), "new type"),
    "shorter": (alter("name_vi", models.CharField(max_length=20, null=True)), "(max_length)"),
    "index on a field": (alter("note", models.TextField(blank=True, db_index=True)), "AddIndexQuietly"),
    "unique from now on": (alter("note", models.TextField(blank=True, unique=True)), "AddIndexQuietly"),
    "another sorting": (alter("note", models.TextField(blank=True, db_collation="C")), "(db_collation)"),
    "field removed": (migrations.RemoveField("topic", "note"), "in the next"),
    "field renamed": (migrations.RenameField("topic", "note", "remark"), "old name"),
    "model removed": (migrations.DeleteModel("Topic"), "in the next"),
    "model renamed": (migrations.RenameModel("Topic", "Theme"), "old name"),
    "table renamed": (migrations.AlterModelTable("topic", "themes"), "old name"),
    "code without a way back": (migrations.RunPython(explained), "noop"),
    "code that says nothing of its rows": (migrations.RunPython(unexplained, migrations.RunPython.noop), "docstring"),
    "SQL without a way back": (migrations.RunSQL("SELECT 1"), "noop"),
    "SQL": (migrations.RunSQL("SELECT 1", migrations.RunSQL.noop), "which locks"),
    "what only the database is told": (
        migrations.SeparateDatabaseAndState([migrations.RemoveField("topic", "note")]),
        "in the next",
    ),
    "operation that is not known": (type("Mystery", (migrations.AddIndex,), {})("topic", INDEX), "not known"),
    "quiet index in a transaction": (AddIndexQuietly("topic", INDEX), "atomic = False"),
}
GOOD = {
    "new table": NEW,
    "field that may be empty": add(models.IntegerField(null=True)),
    "field with a default of the database": add(models.CharField(max_length=9, db_default="")),
    "field with a value of the database": add(models.CharField(max_length=9, db_default=models.Value(""))),
    "relation without an index": add(models.ForeignKey("portal.Body", models.SET_NULL, null=True, db_index=False)),
    "list of relations": add(models.ManyToManyField("portal.Body")),
    "given by name": migrations.AddField(model_name="topic", name="x", field=models.IntegerField(null=True)),
    "longer": alter("name_vi", models.CharField(max_length=400, null=True)),
    "may be empty": alter("note", models.TextField(blank=True, null=True)),
    "other words": alter("note", models.TextField(blank=True, verbose_name="remark", help_text="Not public")),
    "default of the database": alter("note", models.TextField(blank=True, db_default="")),
    "no index any more": alter("slug", models.SlugField(max_length=120, blank=True, db_index=False, unique=True)),
    "check removed": migrations.RemoveConstraint("topic", "portal_topic_state_known"),
    "words of a model": migrations.AlterModelOptions("topic", {"verbose_name": "theme"}),
    "code": migrations.RunPython(explained, migrations.RunPython.noop),
    "what only the models are told": migrations.SeparateDatabaseAndState([], [migrations.DeleteModel("Topic")]),
}


def faults_of(present, *operations, **attributes) -> list[str]:
    kind = type("Migration", (migrations.Migration,), {"operations": list(operations), **attributes})
    return faults(kind("9999", "portal"), present.clone())


@pytest.mark.parametrize("name", BAD)
def test_what_a_live_site_would_feel_is_found(present, name):
    operation, words = BAD[name]
    assert any(words in fault for fault in faults_of(present, operation))


@pytest.mark.parametrize("name", GOOD)
def test_what_a_live_site_does_not_feel_is_let_through(present, name):
    assert faults_of(present, GOOD[name]) == []


def test_a_field_that_was_empty_sometimes_is_not_demanded_at_once(present):
    loose = alter("note", models.TextField(blank=True, null=True))
    assert len(faults_of(present, loose, alter("note", models.TextField(blank=True)))) == 1


@pytest.mark.parametrize("quiet", [AddIndexQuietly("topic", INDEX), AddCheckQuietly("topic", CHECK)])
def test_a_quiet_operation_stands_alone_outside_of_a_transaction(present, quiet):
    assert faults_of(present, quiet, atomic=False) == []
    assert len(faults_of(present, quiet, GOOD["code"], atomic=False)) == 1


def test_the_table_of_the_same_migration_is_used_by_nobody_yet(present):
    index = migrations.AddIndex("novelty", models.Index(fields=["id"], name="x"))
    field = migrations.AddField("novelty", "x", models.CharField(max_length=9, default=""))
    assert faults_of(present, NEW, field, index) == []


def test_a_reason_lets_one_operation_through_and_must_be_needed(present):
    removal, reason = (
        migrations.RemoveField("topic", "note"),
        {"Remove field note from topic": "read by no release since 1.2"},
    )
    assert faults_of(present, removal, safe=reason) == []
    assert faults_of(present, GOOD["new table"], safe=reason) == ["Remove field note from topic: needs no reason"]
    sql = migrations.RunSQL("SELECT 1")
    assert faults_of(present, sql, safe={sql.describe(): "reads nothing"}) == [
        f"{sql.describe()}: say how to go back, if only by `noop`"
    ]
