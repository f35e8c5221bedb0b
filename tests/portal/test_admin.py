"""The editors' toolbox, tried on the vocabulary."""

import html5lib
import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext, override

from portal.models import Source, State, Topic
from tests.factories import (
    make_body,
    make_direction,
    make_document,
    make_plan_item,
    make_source,
    make_topic,
    make_unverified_item,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "vi"
    return client


def listed(editor, model: str, **query) -> list:
    return list(editor.get(reverse(f"admin:{model}_changelist"), query).context["cl"].result_list)


def choices(editor, field: str, term: str) -> list[str]:
    app_label, model_name, field_name = field.split(".")
    query = {"app_label": app_label, "model_name": model_name, "field_name": field_name, "term": term}
    return [result["text"] for result in editor.get(reverse("admin:autocomplete"), query).json()["results"]]


def change(editor, row, **given):
    """Open the form of a row, change what is given, and send it."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    values = form_values(editor.get(address).content.decode(), f"{row._meta.model_name}_form")
    return editor.post(address, values | given)


def test_search_without_marks_finds_a_vietnamese_name_in_the_list(editor):
    topic = make_topic(name_vi="Đô thị thông minh", name_en="Smart cities")
    make_topic()
    assert listed(editor, "portal_topic", q="do thi thong minh") == [topic]
    assert listed(editor, "portal_topic", q="SMART") == [topic]


def test_search_without_marks_finds_a_vietnamese_name_among_the_choices(editor):
    make_topic(name_vi="Đô thị thông minh", name_en="Smart cities")
    make_topic()
    assert choices(editor, "initiatives.initiative.topics", "do thi") == ["Đô thị thông minh"]
    assert choices(editor, "initiatives.initiative.topics", "smart") == ["Đô thị thông minh"]


def test_search_without_marks_finds_parts_and_unverified_items(editor):
    item = make_plan_item(name_vi="Hạ tầng số bền vững")
    make_plan_item()
    seen = make_unverified_item(subject_en="Submarine cables")
    make_unverified_item()
    assert listed(editor, "initiatives_planitem", q="ha tang ben vung") == [item]
    assert listed(editor, "portal_unverifieditem", q="submarine") == [seen]
    [choice] = choices(editor, "initiatives.initiative.plan_items", "ha tang so")
    assert choice.endswith("Hạ tầng số bền vững")


def test_a_body_is_chosen_by_its_acronym_and_its_name(editor):
    make_body(acronym="ADGSOM", name_vi="Hội nghị quan chức cao cấp", name_en="Senior officials")
    assert choices(editor, "portal.body.parent", "adgsom") == ["ADGSOM – Hội nghị quan chức cao cấp"]


def test_the_list_is_in_the_alphabetical_order_of_the_language(editor):
    for vietnamese, english in [("Đô thị", "Cities"), ("Dữ liệu", "Data"), ("Em", "Baby")]:
        make_topic(name_vi=vietnamese, name_en=english)
    assert [topic.name_vi for topic in listed(editor, "portal_topic")] == ["Dữ liệu", "Đô thị", "Em"]
    assert [topic.name_vi for topic in listed(editor, "portal_topic", o="-1")] == ["Em", "Đô thị", "Dữ liệu"]
    editor.cookies["django_language"] = "en"
    assert [topic.name_en for topic in listed(editor, "portal_topic")] == ["Baby", "Cities", "Data"]
    assert [topic.name_en for topic in listed(editor, "portal_topic", o="-1")] == ["Data", "Cities", "Baby"]


def test_the_filter_of_translations_finds_what_lacks_a_text(editor):
    make_topic()
    without_english = make_topic(name_en="")
    without_vietnamese = make_topic(name_vi="")
    assert listed(editor, "portal_topic", translation="missing-en") == [without_english]
    assert listed(editor, "portal_topic", translation="missing-vi") == [without_vietnamese]


def test_an_optional_text_is_missing_only_where_the_other_language_has_it(editor):
    make_direction()
    half = make_direction(withdrawn_reason_vi="Trùng lặp")
    assert listed(editor, "portal_direction", translation="missing-en") == [half]
    assert listed(editor, "portal_direction", translation="missing-vi") == []


def test_the_missing_source_filter_parts_the_records(editor):
    without = make_document()
    with_two = make_document(sources=[make_source(), make_source()])
    assert listed(editor, "portal_document", missing_source="yes") == [without]
    assert listed(editor, "portal_document", missing_source="no") == [with_two]


def test_an_empty_address_is_made_from_the_name_in_ascii(editor):
    address = reverse("admin:portal_topic_add")
    values = form_values(editor.get(address).content.decode(), "topic_form")
    editor.post(address, values | {"name_vi": "Đội ứng cứu", "name_en": "Đội ứng cứu"})
    assert Topic.objects.get().slug == "doi-ung-cuu"


def test_an_address_is_no_longer_a_field_once_it_is_given(editor):
    topic = make_topic(slug="an-ninh-mang", state=State.DRAFT)
    response = change(editor, topic, slug="another", name_vi="An toàn thông tin")
    topic.refresh_from_db()
    assert response.status_code == 302
    assert (topic.slug, topic.name_vi) == ("an-ninh-mang", "An toàn thông tin")


def test_editing_the_vietnamese_name_leaves_the_english_one(editor):
    topic = make_topic(name_vi="An ninh mạng", name_en="Cybersecurity", state=State.DRAFT)
    editor.cookies["django_language"] = "en"
    change(editor, topic, name_vi="An toàn mạng")
    topic.refresh_from_db()
    assert (topic.name_vi, topic.name_en) == ("An toàn mạng", "Cybersecurity")


def test_both_languages_of_a_name_are_required_and_an_optional_text_is_not(editor):
    response = change(editor, make_topic(), name_en="", note="")
    assert list(response.context["adminform"].errors) == ["name_en"]


def test_a_broken_rule_is_explained_in_the_editors_language(editor):
    source = make_source(published_on="2026-01-16", precision="day")
    response = change(editor, source, precision="")
    with override("vi"):
        assert response.context["errors"] == [[gettext("A date and its precision go together.")]]
    assert Source.objects.get().precision == "day"


def test_a_public_record_links_to_its_page_in_the_editors_language(editor):
    topic = make_topic(slug="an-ninh-mang")
    draft = make_topic(state=State.DRAFT)
    page = html5lib.parse(
        editor.get(reverse("admin:portal_topic_change", args=[topic.pk])).content.decode(), namespaceHTMLElements=False
    )
    assert page.find(".//a[@class='viewsitelink']").get("href") == "/vi/topics/an-ninh-mang/"
    assert b"viewsitelink" not in editor.get(reverse("admin:portal_topic_change", args=[draft.pk])).content
