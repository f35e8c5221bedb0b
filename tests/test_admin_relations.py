"""Whatever is sent in place of the number of a record, the form comes back: it says so, and keeps what was typed."""

import pytest
from django.contrib.auth.models import User
from django.forms import ModelChoiceField
from django.urls import reverse

from portal.editing.choices import is_number_of
from portal.models import Source, Topic
from tests.factories import make_source
from tests.html_forms import form_values
from tests.test_admin import MODELS, make, page_of

RELATING = [model for model in MODELS if model is not Source]  # a source points at nothing
NO_NUMBERS = ["x", "9" * 20]
REFUSAL = {"en": "Select a valid choice. ", "vi": "Hãy chọn một lựa chọn hợp lệ. "}

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    return client


def relations_of(form) -> list[str]:
    return [name for name, field in form.fields.items() if isinstance(field, ModelChoiceField)]


def form_on(answer):
    return answer.context["adminform"].form


def rows_on(answer) -> list:
    return [each.formset for each in answer.context["inline_admin_formsets"]]


def sent_by(answer) -> dict:
    """What the form on a page would send."""
    return form_values(answer.content.decode(), f"{answer.context['opts'].model_name}_form")


@pytest.mark.parametrize("text", ["", "x", "²", "1.5", "NaN", "\x00", "9" * 19, "-" + "9" * 19, "9" * 5000])
def test_no_record_has_such_a_number(text):
    assert not is_number_of(Topic, text)


@pytest.mark.parametrize("text", ["0", "1", str(2**63 - 1)])
def test_a_record_may_have_such_a_number(text):
    assert is_number_of(Topic, text)


@pytest.mark.parametrize("model", RELATING)
def test_an_add_page_opens_without_a_choice_that_its_address_cannot_mean(editor, model):
    address = page_of(model, "add")
    names = relations_of(form_on(editor.get(address)))
    assert names
    for value in [*NO_NUMBERS, "x,y"]:
        answer = editor.get(address, dict.fromkeys(names, value))
        assert answer.status_code == 200
        assert {"".join(sent_by(answer).get(name, [])) for name in names} == {""}


def test_an_add_page_keeps_of_several_choices_those_that_are_there(editor):
    source = make_source()
    answer = editor.get(page_of(Topic, "add"), {"sources": f"x,{source.pk},{'9' * 20}"})
    assert sent_by(answer)["sources"] == [str(source.pk)]


def spoilt(answer, value: str) -> tuple[dict, list[str]]:
    """What the form sends with a new row of each kind, and the value in every relation, whose names come with it."""
    sent, names = sent_by(answer), relations_of(form_on(answer))
    for rows in rows_on(answer):
        place = int(sent[f"{rows.prefix}-TOTAL_FORMS"][0])
        sent[f"{rows.prefix}-TOTAL_FORMS"] = [str(place + 1)]
        names += [f"{rows.prefix}-{place}-{name}" for name in relations_of(rows.empty_form)]
    return sent | {name: [value] for name in names}, names


def refused(answer) -> set[str]:
    """The controls of a form, and of its rows, that are told to choose something else."""
    forms = [form_on(answer), *(form for rows in rows_on(answer) for form in rows.forms)]
    errors = {form.add_prefix(name): error for form in forms for name, error in form.errors.items()}
    said = REFUSAL[answer.headers["Content-Language"]]
    return {name for name, error in errors.items() if error[0].startswith(said)}


@pytest.mark.parametrize(("language", "value"), [("en", "x"), ("vi", "9" * 20)])
@pytest.mark.parametrize("model", RELATING)
def test_a_form_with_impossible_choices_comes_back_with_all_else_that_was_typed(editor, model, language, value):
    row = make(model)
    editor.cookies["django_language"] = language
    for address in [page_of(model, "add"), page_of(model, "change", row.pk)]:
        sent, names = spoilt(editor.get(address), value)
        answer = editor.post(address, sent)
        assert answer.status_code == 200
        assert refused(answer) == set(names)
        back = sent_by(answer)
        typed = [name for name in sent if name not in {*names, "csrfmiddlewaretoken"} and "__prefix__" not in name]
        assert {name: back.get(name) for name in typed} == {name: sent[name] for name in typed}


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_sources_added_to_several_records_are_asked_for_once_more(editor, value):
    topic = make(Topic)
    chosen = {"action": "add_sources", "_selected_action": [topic.pk], "confirmed": "yes", "added": [value]}
    answer = editor.post(page_of(Topic, "changelist"), chosen)
    assert answer.status_code == 200
    assert value in answer.context["form"].errors["added"][0]


def test_an_account_is_not_given_a_role_that_cannot_be(editor):
    account = User.objects.get()
    address = reverse("admin:auth_user_change", args=[account.pk])
    answer = editor.post(address, {"username": "editor", "groups": [NO_NUMBERS[1]]})
    assert answer.status_code == 200
    assert refused(answer) >= {"groups"}
