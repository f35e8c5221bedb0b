"""The content of the register: complete, valid, in both languages, and safe to load again."""

import unicodedata
from calendar import monthrange
from collections import Counter

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from modeltranslation.translator import translator

from initiatives.models import Discrepancy, Indicator, Observation
from meetings.models import Meeting, Statement
from portal.entries import ContentVersion
from portal.models import Direction, Part, Record
from portal.text import make_slug
from tests.content import FILES, load_content, read_rows, whole_content

pytestmark = pytest.mark.django_db

COUNTS = {
    "portal.source": 302,
    "portal.country": 11,
    "portal.body": 71,
    "portal.direction": 8,
    "portal.topic": 30,
    "portal.document": 64,
    "meetings.person": 43,
    "meetings.meeting": 55,
    "meetings.session": 21,
    "meetings.statement": 53,
    "meetings.decision": 151,
    "initiatives.plan": 16,
    "initiatives.planitem": 35,
    "initiatives.initiative": 110,
    "initiatives.milestone": 133,
    "initiatives.indicator": 38,
    "initiatives.observation": 42,
    "initiatives.discrepancy": 39,
    "initiatives.version": 91,
    "portal.unverifieditem": 56,
}
MODELS = [apps.get_model(label) for label in COUNTS]
SOURCED = [model for model in MODELS if issubclass(model, Record | Part)]
PARTS = [model for model in MODELS if issubclass(model, Part)]

each_model = pytest.mark.parametrize("model", MODELS, ids=list(COUNTS))
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def content(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


def stored_rows() -> dict[str, list[tuple]]:
    """Every column of every row of the three apps, links and search entries included.

    But for the version of the content, which tells that something was written at all.
    """
    tables = {}
    for app in ["portal", "meetings", "initiatives"]:
        models = set(apps.get_app_config(app).get_models(include_auto_created=True)) - {ContentVersion}
        for model in filter(lambda model: model._meta.managed, models):
            with connection.cursor() as cursor:
                name = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT * FROM {name} ORDER BY {connection.ops.quote_name(model._meta.pk.column)}")
                tables[name] = cursor.fetchall()
    return tables


def translated_fields(model) -> list[str]:
    """The names of the fields that exist in both languages; an observation has none."""
    if model not in translator.get_registered_models():
        return []
    return list(translator.get_options_for_model(model).all_fields)


def natural_key(row: dict) -> tuple[str, ...]:
    """The natural key of a row as its file gives it."""
    model, fields = apps.get_model(row["model"]), row["fields"]
    if issubclass(model, Part):
        return (fields[model.parent_field][0], fields["key"])
    return (fields["slug"],)


# What the files hold, before anything is loaded


def test_there_is_one_file_for_each_model_in_loading_order():
    assert [{row["model"] for row in read_rows(path)} for path in FILES] == [{label} for label in COUNTS]


@each_file
def test_a_file_starts_by_saying_what_it_holds(path):
    head, separator, rows = path.read_text(encoding="utf-8").partition("\n\n")
    assert len(head.splitlines()) >= 3
    assert all(line == "#" or line.startswith("# ") for line in head.splitlines())
    assert rows.startswith("- model: ")


@each_file
def test_the_rows_stand_in_the_order_of_their_natural_keys(path):
    keys = [natural_key(row) for row in read_rows(path)]
    assert keys == sorted(set(keys))


@each_file
def test_every_text_is_composed_unicode_without_invisible_marks(path):
    text = path.read_text(encoding="utf-8")
    assert text == unicodedata.normalize("NFC", text)
    assert not {"\u00a0", "\u200b", "\u2060", "\ufeff", "\t"} & set(text)


@each_file
def test_nothing_empty_is_written_down(path):
    empty = [(natural_key(row), name) for row in read_rows(path) for name, value in row["fields"].items() if not value]
    assert empty == []


@each_file
def test_a_row_is_named_by_natural_key_and_by_language(path):
    for row in read_rows(path):
        assert set(row) == {"model", "fields"}
        assert not set(row["fields"]) & set(translated_fields(apps.get_model(row["model"]))), natural_key(row)


# What the database holds once they are loaded


@each_model
def test_every_row_of_the_content_arrives(content, model):
    assert model.objects.count() == COUNTS[model._meta.label_lower]


@each_model
def test_every_object_passes_the_validation_of_its_model(content, model):
    problems = {}
    for record in model.objects.all():
        try:
            record.full_clean()
        except ValidationError as error:
            problems[record.natural_key()] = error.message_dict
    assert problems == {}


@each_model
def test_a_text_is_there_in_both_languages_or_in_neither(content, model):
    for name in translated_fields(model):
        required = not model._meta.get_field(f"{name}_vi").blank
        for record in model.objects.all():
            filled = {bool(getattr(record, f"{name}_{language}")) for language in ["vi", "en"]}
            assert len(filled) == 1, (record.natural_key(), name)
            assert filled == {True} or not required, (record.natural_key(), name)


@pytest.mark.parametrize("model", SOURCED, ids=lambda model: model._meta.label_lower)
def test_every_record_and_every_part_rests_on_a_source(content, model):
    assert [record.natural_key() for record in model.objects.filter(sources=None)] == []


@pytest.mark.parametrize(
    "model",
    [model for model in MODELS if hasattr(model.objects, "published")],
    ids=lambda model: model._meta.label_lower,
)
def test_every_record_is_public(content, model):
    assert model.objects.published().count() == COUNTS[model._meta.label_lower]


@pytest.mark.parametrize("model", PARTS, ids=lambda model: model._meta.label_lower)
def test_the_key_of_a_part_is_the_one_saving_would_make(content, model):
    assert [part.key for part in model.objects.all()] == [make_slug(part.key_text()) for part in model.objects.all()]


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("portal.source", "published_on"),
        ("portal.document", "published_on"),
        ("meetings.meeting", "start"),
        ("meetings.statement", "date"),
        ("initiatives.plan", "adopted_on"),
        ("initiatives.milestone", "date"),
    ],
)
def test_the_unknown_part_of_a_date_is_its_first_day(content, label, field):
    for record in apps.get_model(label).objects.exclude(precision="day").exclude(precision=""):
        day = getattr(record, field)
        assert (day.month, day.day) == (day.month if record.precision == "month" else 1, 1), record.natural_key()


def test_a_meeting_known_to_the_month_or_year_ends_with_it(content):
    for meeting in Meeting.objects.exclude(precision="day"):
        month = meeting.start.month if meeting.precision == "month" else 12
        last = meeting.start.replace(month=month, day=monthrange(meeting.start.year, month)[1])
        assert meeting.end == last, meeting.slug


def test_every_discrepancy_has_versions_and_a_record_it_is_shown_on(content):
    for discrepancy in Discrepancy.objects.all():
        shown_on = [field for field in Discrepancy._meta.many_to_many if field.name != "sources"]
        assert discrepancy.versions.count() >= 2, discrepancy.slug
        assert any(getattr(discrepancy, field.name).exists() for field in shown_on), discrepancy.slug


def test_the_eight_directions_are_proposed_in_one_statement_of_the_sixth_meeting(content):
    statement = Statement.objects.get(slug="adgmin-6-s13")
    assert statement.meeting.slug == "adgmin-6"
    assert set(statement.directions.all()) == set(Direction.objects.all())


def test_every_indicator_has_a_value_and_no_later_year_counts_as_actual(content):
    last_edit = max(Indicator.objects.values_list("updated", flat=True))
    assert not Indicator.objects.filter(observations=None).exists()
    assert not Observation.objects.filter(kind="actual", year__gt=last_edit.year).exists()


def test_the_kinds_of_figures_are_kept_apart(content):
    kinds = Counter(Observation.objects.values_list("kind", flat=True))
    assert kinds == {"actual": 31, "set": 4, "projected": 6, "target": 1}


# What loading again does


@each_file
def test_a_file_can_be_loaded_again_alone(content, path):
    before = stored_rows()
    load_content(path)
    assert stored_rows() == before


def test_loading_everything_again_changes_nothing(content):
    before = stored_rows()
    load_content()
    assert stored_rows() == before
