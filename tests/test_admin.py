"""Promises of every page of the editors' site."""

import re
from pathlib import Path

import html5lib
import pytest
from bs4 import BeautifulSoup
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteMixin
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles import finders
from django.db import connection
from django.forms import ModelChoiceField
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from modeltranslation.translator import translator
from reversion.models import Version as Revision

from portal.models import Editorial, ErrorReport, Part, State, Topic
from tests import factories

# What editors write; reports come from visitors, accounts have tests of their own.
MODELS = [model for model in admin.site._registry if model not in {User, Group, ErrorReport}]
TABBED = [model for model in MODELS if model in translator.get_registered_models()]
RELATED = {
    "body": lambda: {"parent": factories.make_body(), "lead_country": factories.make_country()},
    "document": lambda: {"body": factories.make_body()},
    "initiative": lambda: {"lead_body": factories.make_body(), "plan": factories.make_plan(), "plan_basis": "stated"},
    "meeting": lambda: {"country": factories.make_country()},
    "plan": lambda: {"adopted_at": factories.make_meeting()},
}

pytestmark = pytest.mark.django_db


def name_of(model) -> str:
    return {"planitem": "plan_item", "unverifieditem": "unverified_item"}.get(
        model._meta.model_name, model._meta.model_name
    )


def make(model, **given):
    related = RELATED.get(model._meta.model_name, dict)()
    return getattr(factories, f"make_{name_of(model)}")(**(related | given))


def page_of(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def tree(response):
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("model", MODELS)
def test_list_add_and_change_pages_open_in_the_editors_language(editor, model, language):
    row = make(model)
    editor.cookies["django_language"] = language
    for address in [page_of(model, "changelist"), page_of(model, "add"), page_of(model, "change", row.pk)]:
        response = editor.get(address)
        assert response.status_code == 200
        assert tree(response).get("lang") == language
        assert tree(response).find(".//form") is not None


# Words of the interface in English; the factories' own English texts are none of these.
ENGLISH = re.compile(
    r"\b(the|and|of|with|not|this|add|change|delete|select|save|all|from|by|for|are|view|none|true|false|date|home)\b",
    re.IGNORECASE,
)


def words_on(answer) -> list[str]:
    """What a page says to its reader, in sight or in the names of things; what is marked as English is left out."""
    page = BeautifulSoup(answer.content, "html5lib")
    for foreign in page.select("script, style, head, code, [lang=en]"):
        foreign.decompose()
    names = ("aria-label", "placeholder", "title", "alt")
    named = [tag[name] for name in names for tag in page.select(f"[{name}]")]
    return [*page.stripped_strings, *named, *(button["value"] for button in page.select("input[type=submit]"))]


@pytest.mark.parametrize("model", MODELS)
def test_a_vietnamese_editor_reads_no_english(editor, model):
    row = make(model)
    editor.cookies["django_language"] = "vi"
    pages = [(page_of(model, "changelist"), "_facets=True&state__exact=draft"), (page_of(model, "add"), "_popup=1")]
    pages += [(page_of(model, page, row.pk), "") for page in ("change", "history", "delete")]
    answers = [editor.get(f"{address}?{query}", follow=True) for address, query in pages]
    answers.append(editor.post(page_of(model, "add"), {}))
    chosen = {"_selected_action": [row.pk], "index": "0"}
    answers += [
        editor.post(page_of(model, "changelist"), chosen | {"action": action}, follow=True)
        for action in ("delete_selected", "add_sources", "")
    ]
    own = {str(row), *(str(getattr(row, field.attname)) for field in model._meta.concrete_fields)}
    english = {text for answer in answers for text in words_on(answer) if ENGLISH.search(text)}
    assert {text for text in english if not any(text in each or each in text for each in own if len(each) > 4)} == set()


@pytest.mark.parametrize("page", ["index", "account", "password_change", "account_log", "sync_history", "sync_upload"])
def test_the_other_pages_of_a_vietnamese_editor_have_no_english_either(editor, page):
    editor.cookies["django_language"] = "vi"
    assert [text for text in words_on(editor.get(reverse(f"admin:{page}"))) if ENGLISH.search(text)] == []


@pytest.mark.parametrize("page", ["changelist", "add", "change", "delete", "password_change", "history"])
def test_the_pages_of_an_account_have_no_english_either(editor, page):
    editor.cookies["django_language"] = "vi"
    user = User.objects.get()
    answer = editor.get(reverse(f"admin:auth_user_{page}", args=[] if page in {"changelist", "add"} else [user.pk]))
    assert [text for text in words_on(answer) if ENGLISH.search(text) and text != user.username] == []


def test_the_boxes_of_choices_speak_the_editors_language(editor):
    for language in ("vi", "en"):
        editor.cookies["django_language"] = language
        page = tree(editor.get(reverse("admin:meetings_meeting_add")))
        assert f"/static/admin/js/vendor/select2/i18n/{language}.js" in [
            each.get("src") for each in page.iter("script")
        ]


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_as_many_queries_for_twenty_rows_as_for_one(editor, model):
    make(model)
    editor.get(page_of(model, "changelist"))
    with CaptureQueriesContext(
        connection,
    ) as one:
        editor.get(page_of(model, "changelist"))
    for _ in range(7 if model.__name__ == "Direction" else 19):
        make(model)
    with CaptureQueriesContext(connection) as many:
        response = editor.get(page_of(model, "changelist"))
    assert len(response.context["cl"].result_list) >= 8
    assert len(many) == len(one)


@pytest.mark.parametrize("model", MODELS)
def test_every_filter_counts_its_records(editor, model):
    make(model)
    response = editor.get(page_of(model, "changelist"), {"_facets": "True"})
    filters = tree(response).find(".//nav[@id='changelist-filter']")
    for details in filters.iter("details"):
        labels = [choice.text.strip() for choice in details.iter("a")]
        assert len(labels) > 1 and all(label.endswith(")") for label in labels[1:])


@pytest.mark.parametrize("model", MODELS)
def test_every_relation_is_found_by_typing(rf, model):
    request = rf.get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    model_admin = admin.site.get_model_admin(model)
    fields = list(model_admin.get_form(request)().fields.values())
    for inline in model_admin.get_inline_instances(request):
        fields += inline.get_formset(request).form().fields.values()
    for field in fields:
        if isinstance(field, ModelChoiceField):
            assert isinstance(field.widget.widget, AutocompleteMixin)


@pytest.mark.parametrize("model", MODELS)
def test_every_relation_offers_what_it_may_point_at(editor, model):
    relations = [field for field in [*model._meta.fields, *model._meta.many_to_many] if field.is_relation]
    assert relations or model.__name__ in {"Source"}
    for field in relations:
        target = make(field.remote_field.model)
        address = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
        results = editor.get(reverse("admin:autocomplete"), address).json()["results"]
        assert str(target.pk) in {result["id"] for result in results}


@pytest.mark.parametrize("model", TABBED)
def test_both_languages_are_there_and_the_base_column_is_not(editor, model):
    page = tree(editor.get(page_of(model, "add")))
    languages = {c.get("name"): c.get("lang") for tag in ("input", "textarea") for c in page.iter(tag)}
    for name in set(translator.get_options_for_model(model).all_fields) - {"withdrawn_reason"}:
        assert (languages[f"{name}_vi"], languages[f"{name}_en"]) == ("vi", "en")
        assert name not in languages


@pytest.mark.parametrize("model", TABBED)
def test_tabs_are_made_by_our_own_copy_of_jquery_ui(editor, model):
    response = editor.get(page_of(model, "add"))
    scripts = [script.get("src") for script in tree(response).iter("script")]
    assert "/static/vendor/jquery-ui/ui/widgets/tabs.js" in scripts
    assert scripts.index("/static/admin/js/vendor/jquery/jquery.min.js") < scripts.index("/static/js/admin-tabs.js")


@pytest.mark.parametrize("model", MODELS)
def test_no_page_fetches_anything_from_a_foreign_host(editor, model):
    row = make(model)
    for address in [page_of(model, "changelist"), page_of(model, "change", row.pk), reverse("admin:index")]:
        page = tree(editor.get(address))
        fetched = [e.get("src") or e.get("href") for tag in ("script", "link", "img", "iframe") for e in page.iter(tag)]
        assert len(fetched) > 3
        assert [link for link in fetched if not link.startswith("/") or link.startswith("//")] == []


def test_no_style_sheet_of_the_editors_site_fetches_anything_from_a_foreign_host(editor):
    page = tree(editor.get(reverse("admin:meetings_meeting_add")))
    sheets = [link.get("href") for link in page.iter("link") if link.get("rel") == "stylesheet"]
    assert "/static/css/admin.css" in sheets
    for sheet in sheets:
        text = Path(finders.find(sheet.removeprefix("/static/"))).read_text(encoding="utf-8")
        assert "url(http" not in text and "url(//" not in text and 'url("http' not in text


def test_every_page_offers_both_languages_the_login_included(client, editor):
    for address in [reverse("admin:index"), reverse("admin:meetings_meeting_add"), reverse("admin:login")]:
        if address == reverse("admin:login"):
            client.logout()
        form = tree(client.get(address)).find(".//form[@class='language-switch']")
        assert [button.text for button in form.iter("button")] == ["Tiếng Việt", "English"]
        assert form.find(".//input[@name='next']").get("value") == address


def test_the_language_switch_changes_the_language_of_the_page_it_stands_on(editor):
    address = reverse("admin:portal_topic_changelist") + "?q=an"
    response = editor.post(reverse("set_language"), {"language": "en", "next": address}, follow=True)
    assert response.redirect_chain == [(address, 302)]
    assert tree(response).get("lang") == "en"


def test_the_index_begins_with_the_meetings(editor):
    apps = editor.get(reverse("admin:index")).context["app_list"]
    assert [app["app_label"] for app in apps] == ["meetings", "initiatives", "portal", "auth"]
    assert apps[0]["models"][0]["object_name"] == "Meeting"


# Every change is a revision


def filled(response) -> dict:
    """What the form of a change page sends when nobody touches it."""
    form = response.context["adminform"].form
    forms = [form, *(row for each in response.context["inline_admin_formsets"] for row in each.formset.forms)]
    forms += [each.formset.management_form for each in response.context["inline_admin_formsets"]]
    return {bound.html_name: value for each in forms for bound in each if (value := shown(bound)) not in (None, "")}


def shown(bound):
    value = bound.value()
    return [str(getattr(each, "pk", each)) for each in value] if isinstance(value, list | tuple) else value


def revisions(record, pk: int | None = None) -> list[tuple[str, str]]:
    """Who and what, newest first. What was there before the first change was loaded by nobody."""
    found = Revision.objects.get_for_object_reference(type(record), pk or record.pk).select_related("revision__user")
    return [(each.revision.user.username if each.revision.user else "", each.revision.comment) for each in found]


LOADED = ("", "loaded")


def post(editor, model, page: str, data: dict, *args):
    answer = editor.post(page_of(model, page, *args), data)
    assert answer.status_code == 302, answer.context["errors"]


def make_draft(model):
    """A record that is no draft is changed in a pending version (`tests/portal/test_pending.py`)."""
    if issubclass(model, Part):
        parent = model.parent_model()
        return make(model, **{model.parent_field: make(parent, state=State.DRAFT)})
    return make(model, **({"state": State.DRAFT} if issubclass(model, Editorial) else {}))


@pytest.mark.databases
@pytest.mark.parametrize("model", MODELS)
def test_each_change_of_any_record_is_a_revision_and_none_is_none(editor, model):
    record = make_draft(model)
    data = filled(editor.get(page_of(model, "change", record.pk)))
    post(editor, model, "change", data, record.pk)
    assert revisions(record) == []
    field = "subject_vi" if "subject_vi" in data else "note"
    post(editor, model, "change", data | {field: "Đã sửa."}, record.pk)
    assert revisions(record) == [("editor", "admin: changed"), LOADED]
    assert Revision.objects.get_for_object(record)[0].field_dict[field] == "Đã sửa."
    post(editor, model, "delete", {"post": "yes"}, record.pk)
    assert revisions(record, record.pk)[0] == ("editor", "admin: deleted")


@pytest.mark.databases
def test_a_new_record_is_a_revision_with_its_lists(editor):
    source = factories.make_source()
    data = {"name_vi": "Mới", "name_en": "New", "sources": [source.pk]}
    post(editor, Topic, "add", data)
    topic = Topic.objects.get()
    assert revisions(topic) == [("editor", "admin: added")]
    assert Revision.objects.get_for_object(topic)[0].field_dict["sources"] == [source.pk]


@pytest.mark.databases
def test_rows_inside_a_form_are_revisions_of_their_own(editor):
    plan = factories.make_plan(state=State.DRAFT)
    kept, going = (factories.make_plan_item(plan=plan, code=code, order=place) for place, code in enumerate("AB", 1))
    data = filled(editor.get(page_of(type(plan), "change", plan.pk)))
    number = {data[f"items-{n}-id"]: n for n in range(2)}
    data[f"items-{number[kept.pk]}-name_en"] = "Changed"
    data[f"items-{number[going.pk]}-DELETE"] = "on"
    post(editor, type(plan), "change", data, plan.pk)
    assert [revisions(plan), revisions(kept), revisions(going, going.pk)] == [
        [LOADED],
        [("editor", "admin: changed"), LOADED],
        [("editor", "admin: deleted"), LOADED],
    ]
    assert Revision.objects.get_for_object(kept)[0].field_dict["name_en"] == "Changed"


@pytest.mark.databases
def test_deleting_from_a_list_keeps_what_goes_and_tells_of_what_loses_a_relation(editor):
    meeting = factories.make_meeting()
    session = factories.make_session(meeting=meeting)
    plan = factories.make_plan(adopted_at=None)
    topics = [factories.make_topic(), factories.make_topic()]
    initiative = factories.make_initiative(topics=topics)
    body = factories.make_body(successor=(successor := factories.make_body()))
    for model, records in ((Topic, topics), (type(meeting), [meeting]), (type(body), [successor])):
        chosen = {"action": "delete_selected", "_selected_action": [each.pk for each in records], "post": "yes"}
        post(editor, model, "changelist", chosen)
    assert [revisions(each, each.pk) for each in (*topics, meeting, session)] == [
        [("editor", "admin: deleted"), LOADED]
    ] * 4
    assert [revisions(each) for each in (initiative, body)] == [[("editor", "admin: changed"), LOADED]] * 2
    assert Revision.objects.get_for_object(initiative)[0].field_dict["topics"] == []
    assert revisions(plan) == []


@pytest.fixture
def editors_page(page, editor, live_server):
    """A browser in which an editor is logged in."""
    cookies = {"sessionid": editor.cookies["sessionid"].value, "django_language": "en"}
    page.context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
    return page


@pytest.mark.browser
def test_the_tabs_carry_the_names_of_the_languages_and_open_in_the_editors_own(editors_page):
    meeting = factories.make_meeting(name_vi="Hội nghị", name_en="The meeting")
    editors_page.goto(page_of(type(meeting), "change", meeting.pk))
    tabs = editors_page.locator(".ui-tabs", has=editors_page.locator("#id_name_vi")).first
    assert tabs.locator(".ui-tabs-anchor").all_inner_texts() == ["Tiếng Việt", "English"]
    assert editors_page.locator("#id_name_en").is_visible() and not editors_page.locator("#id_name_vi").is_visible()
    editors_page.get_by_label("Language of the texts").select_option("Tiếng Việt")
    assert editors_page.locator("#id_name_vi").is_visible() and not editors_page.locator("#id_name_en").is_visible()
    assert editors_page.console_lines == editors_page.failed_requests == editors_page.foreign_requests == []


@pytest.mark.browser
def test_a_decision_is_added_to_a_meeting_in_both_languages(editors_page):
    meeting = factories.make_meeting(state=State.DRAFT, slug="adgmin-6")
    editors_page.goto(page_of(type(meeting), "change", meeting.pk))
    editors_page.click("#decisions-heading")
    editors_page.click("#decisions-group .add-row a")
    row = editors_page.locator("#decisions-0")
    row.locator("[name=decisions-0-order]").fill("1")
    row.locator("[name=decisions-0-verb]").select_option("noted")
    for tab, field, text in [("English", "text_en", "Noted."), ("Tiếng Việt", "text_vi", "Ghi nhận.")]:
        row.get_by_role("tab", name=tab).click()
        row.locator(f"[name=decisions-0-{field}]").fill(text)
    editors_page.locator("input[name=_continue]").first.click()
    assert editors_page.locator("#decisions-0 .inline_label").text_content() == "ADGMIN-6-01 Noted: Noted."
    assert editors_page.console_lines == editors_page.failed_requests == editors_page.foreign_requests == []


@pytest.mark.browser
def test_a_relation_is_found_without_marks_while_typing(editors_page):
    factories.make_topic(name_vi="Đô thị thông minh", name_en="Smart cities")
    initiative = factories.make_initiative(state=State.DRAFT)
    editors_page.goto(page_of(type(initiative), "change", initiative.pk))
    editors_page.locator(".field-topics .select2-search__field").press_sequentially("do thi")
    editors_page.locator(".select2-results__option", has_text="Smart cities").click()
    editors_page.locator("input[name=_save]").first.click()
    editors_page.wait_for_url("**/initiative/")
    assert [topic.name_en for topic in initiative.topics.all()] == ["Smart cities"]
