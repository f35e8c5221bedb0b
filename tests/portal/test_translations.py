"""Which text is missing or was left behind, and the desk where both languages stand side by side."""

import pytest
from django.core.management import call_command

from portal.translations.models import OutdatedText
from tests.factories import make_initiative, make_milestone, make_topic

pytestmark = pytest.mark.django_db


def outdated(row) -> dict[str, str]:
    """The fields of a row left behind, with their language."""
    rows = OutdatedText.objects.filter(kind=row._meta.label_lower, record=row.pk)
    return {each.field: each.language for each in rows}


def write(row, **texts) -> None:
    """As an editor does: read the row anew, change it, save it."""
    row = type(row).objects.get(pk=row.pk)
    for column, text in texts.items():
        setattr(row, column, text)
    row.save()


# What is left behind


def test_a_new_record_is_up_to_date_in_both_languages():
    assert outdated(make_topic()) == {}


def test_a_text_is_left_behind_when_the_other_language_alone_is_changed():
    initiative = make_initiative()
    write(initiative, name_vi="Tên mới")
    write(initiative, summary_en="A new summary")
    assert outdated(initiative) == {"name": "en", "summary": "vi"}


def test_a_text_changed_in_both_languages_at_once_is_up_to_date():
    topic = make_topic()
    write(topic, name_vi="Tên mới", name_en="A new name")
    assert outdated(topic) == {}


def test_a_text_left_behind_is_up_to_date_once_it_is_changed_too():
    topic = make_topic()
    write(topic, name_vi="Tên mới")
    write(topic, name_vi="Tên mới nữa")
    assert outdated(topic) == {"name": "en"}
    write(topic, name_en="A new name")
    assert outdated(topic) == {}


def test_a_change_taken_back_leaves_nothing_behind():
    topic = make_topic(name_vi="Tên")
    write(topic, name_vi="Tên mới")
    write(topic, name_vi="Tên")
    assert outdated(topic) == {}


@pytest.mark.parametrize(("before", "after"), [("", "Tên"), ("Tên", "")])
def test_a_text_filled_in_or_emptied_is_missing_or_not_but_leaves_nothing_behind(before, after):
    topic = make_topic(name_vi=before)
    write(topic, name_vi=after)
    assert outdated(topic) == {}


def test_a_row_is_followed_as_a_record_is_and_forgotten_with_it():
    milestone = make_milestone()
    write(milestone, text_en="Changed.")
    assert outdated(milestone) == {"text": "vi"}
    milestone.initiative.delete()
    assert not OutdatedText.objects.exists()


def test_other_changes_leave_nothing_behind():
    topic = make_topic()
    write(topic, note="Xem lại.")
    topic.name_vi = "Tên mới"
    topic.save(update_fields=["note"])
    assert outdated(topic) == {}


YAML = """- model: portal.topic
  fields: {{slug: ai, state: published, updated: 2026-01-16T00:00:00Z, name_vi: {vi}, name_en: {en}}}
"""


def load(tmp_path, vi: str, en: str) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text(YAML.format(vi=vi, en=en), encoding="utf-8")
    call_command("loaddata", path, verbosity=0)


@pytest.mark.databases
def test_a_content_update_leaves_behind_what_it_changes_in_one_language(tmp_path):
    load(tmp_path, "AI", "AI")
    path = tmp_path / "topics.yaml"
    path.write_text(YAML.format(vi="Trí tuệ nhân tạo", en="AI"), encoding="utf-8")
    call_command("sync_content", path, verbosity=0)
    assert list(OutdatedText.objects.values_list("kind", "field", "language", "before")) == [
        ("portal.topic", "name", "en", "AI")
    ]


def test_what_is_loaded_is_up_to_date_in_both_languages(tmp_path):
    load(tmp_path, "AI", "AI")
    load(tmp_path, "Trí tuệ nhân tạo", "AI")
    assert not OutdatedText.objects.exists()
