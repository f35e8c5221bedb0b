"""The rows in the forms of initiatives, plans, indicators and discrepancies."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import gettext, override

from initiatives.models import Milestone, Observation, PlanItem, Version
from portal.models import State
from tests.factories import (
    make_discrepancy,
    make_indicator,
    make_initiative,
    make_meeting,
    make_milestone,
    make_plan,
    make_source,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "vi"
    return client


def address_of(record) -> str:
    return reverse(f"admin:initiatives_{record._meta.model_name}_change", args=[record.pk])


def add_row(editor, record, prefix: str, **row):
    """Open the form of a record, add one row to it, and send it."""
    values = form_values(editor.get(address_of(record)).content.decode(), f"{record._meta.model_name}_form")
    values |= {f"{prefix}-TOTAL_FORMS": "1"} | {f"{prefix}-0-{name}": text for name, text in row.items()}
    return editor.post(address_of(record), values)


def test_a_milestone_added_in_the_initiative_gets_its_key_from_the_date(editor):
    texts = {"text_vi": "Khởi động.", "text_en": "Started."}
    initiative = make_initiative(state=State.DRAFT)
    add_row(editor, initiative, "milestones", date="01/03/2026", precision="month", sources=[make_source().pk], **texts)
    milestone = Milestone.objects.get()
    assert (milestone.initiative, milestone.key, milestone.text_vi) == (initiative, "2026-03", "Khởi động.")
    assert milestone.sources.count() == 1


def test_an_item_added_in_the_plan_gets_its_key_from_the_code(editor):
    plan = make_plan(state=State.DRAFT)
    add_row(editor, plan, "items", code="DO1", kind="outcome", order="1", name_vi="Hạ tầng", name_en="Infrastructure")
    assert list(PlanItem.objects.values_list("plan", "key", "name_vi")) == [(plan.pk, "do1", "Hạ tầng")]


def test_an_item_with_a_code_the_plan_has_already_is_refused_on_the_page(editor):
    plan = make_plan(state=State.DRAFT)
    item = {"code": "DO1", "kind": "outcome", "order": "1", "name_vi": "Hạ tầng", "name_en": "Infrastructure"}
    add_row(editor, plan, "items", **item)
    values = form_values(editor.get(address_of(plan)).content.decode(), "plan_form")
    values |= {"items-TOTAL_FORMS": "2"} | {f"items-1-{name}": text for name, text in item.items()}
    response = editor.post(address_of(plan), values)
    with override("vi"):
        expected = gettext("The plan already has an item with this code.")
    assert response.context["inline_admin_formsets"][0].formset.non_form_errors() == [expected]
    assert PlanItem.objects.count() == 1


def test_an_observation_added_in_the_indicator_keeps_its_value(editor):
    indicator = make_indicator(state=State.DRAFT)
    row = {"year": "2025", "kind": "projected", "qualifier": "more-than", "value": "300"}
    add_row(editor, indicator, "observations", **row)
    assert list(Observation.objects.values_list("key", "value")) == [("2025-more-than", 300)]


def test_a_version_added_in_the_discrepancy_keeps_its_sources(editor):
    sources = [make_source().pk, make_source().pk]
    add_row(
        editor,
        make_discrepancy(state=State.DRAFT),
        "versions",
        order="1",
        text_vi="Bản một",
        text_en="One",
        sources=sources,
    )
    version = Version.objects.get()
    assert (version.key, version.sources.count()) == ("v1", 2)


def test_an_initiative_opens_with_as_many_queries_for_twenty_milestones_as_for_one(editor):
    initiative = make_initiative()
    make_milestone(initiative=initiative, meeting=make_meeting(), sources=[make_source()])
    editor.get(address_of(initiative))
    with CaptureQueriesContext(connection) as one:
        editor.get(address_of(initiative))
    for _ in range(19):
        make_milestone(initiative=initiative, meeting=make_meeting(), sources=[make_source()])
    with CaptureQueriesContext(connection) as many:
        editor.get(address_of(initiative))
    assert len(many) == len(one)
