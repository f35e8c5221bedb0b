"""The editors' site in a real browser: accessible in both languages, whole on a tablet, and kind to who writes."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from initiatives.models import Initiative
from portal.models import Source, State
from tests import factories
from tests.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(page, client, live_server):
    """A browser in which an editor is signed in; English until another language is asked for."""
    client.force_login(User.objects.create(username="editor", is_staff=True, is_superuser=True))
    page.emulate_media(reduced_motion="reduce")
    page.home = live_server.url
    page.session = client.cookies["sessionid"].value
    speak(page, "en")
    page.context.add_cookies([{"name": "sessionid", "value": page.session, "url": page.home}])
    return page


def speak(page, language: str) -> None:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": page.home}])


def address(name: str, *args) -> str:
    return reverse(f"admin:{name}", args=args)


def make_records() -> dict[str, str]:
    """Records with rows, and the pages of theirs that are looked at, by name."""
    meeting = factories.make_meeting(documents=[factories.make_document()])
    factories.make_session(meeting=meeting)
    factories.make_statement(meeting=meeting)
    factories.make_decision(meeting=meeting)
    initiative = factories.make_initiative(topics=[factories.make_topic()], lead_body=factories.make_body())
    factories.make_milestone(initiative=initiative, text_en="")
    initiative.name_vi = "Tên mới"  # leaves the English behind
    initiative.save()
    return {
        "index": address("index"),
        "list of meetings": f"{address('meetings_meeting_changelist')}?q=h&status__exact=held",
        "list of initiatives": address("initiatives_initiative_changelist"),
        "new meeting": address("meetings_meeting_add"),
        "new initiative": address("initiatives_initiative_add"),
        "meeting": address("meetings_meeting_change", meeting.pk),
        "initiative": address("initiatives_initiative_change", initiative.pk),
        "deletion": address("meetings_meeting_delete", meeting.pk),
        "history": address("meetings_meeting_history", meeting.pk),
        "translations": address("translations"),
        "translation desk": address("translation_desk", "initiatives.initiative", initiative.pk),
    }


def look_at(page, path: str) -> None:
    """The page with everything that it folds away opened."""
    page.goto(path)
    page.evaluate("document.querySelectorAll('#content-main details').forEach(each => { each.open = true })")


OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


# The parts and colours of the pages are the same in both languages: in English only some are looked at.
IN_ENGLISH = {"index", "list of initiatives", "initiative", "deletion"}
IN_THE_DARK = {"index", "list of meetings", "initiative", "history"}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_rule_of_accessibility_is_broken_and_nothing_is_too_wide_for_a_tablet(desk, language):
    speak(desk, language)
    faults, wide = {}, {}
    for name, path in make_records().items():
        if language == "en" and name not in IN_ENGLISH:
            continue
        desk.set_viewport_size({"width": 1280, "height": 900})
        look_at(desk, path)
        if found := violations(desk, "light"):
            faults[name] = found
        desk.set_viewport_size({"width": 768, "height": 1024})
        if (over := desk.evaluate(OVERFLOW)) > 0:
            wide[name] = over
        if language == "vi" and name in IN_THE_DARK:
            desk.emulate_media(color_scheme="dark")
            if found := violations(desk, "dark"):
                faults[f"{name}, dark"] = found
            desk.emulate_media(color_scheme="light")
    assert (faults, wide) == ({}, {})


def test_no_page_says_anything_to_the_console_or_asks_a_third_party(desk):
    pages = make_records()
    for name in ("index", "list of meetings", "new initiative", "meeting", "history"):
        desk.goto(pages[name])
        desk.wait_for_load_state("networkidle")
    assert (desk.console_lines, desk.failed_requests, desk.foreign_requests) == ([], [], [])


def test_the_page_to_sign_in_breaks_no_rule_either(page, live_server):
    faults = {}
    for language in ("vi", "en"):
        page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        page.goto(address("login"))
        if found := violations(page, "light"):
            faults[language] = found
    assert faults == {}


def test_the_pages_that_ask_before_a_change_break_no_rule_either(desk):
    factories.make_topic(name_vi="Đô thị thông minh", name_en="Smart cities")
    factories.make_initiative()
    desk.goto(address("portal_topic_add"))
    desk.fill("#id_name_en", "Smart Cities")
    desk.get_by_role("tab", name="Tiếng Việt").first.click()
    desk.fill("#id_name_vi", "Do thi thong minh")
    desk.keyboard.press("Control+s")
    desk.wait_for_selector(".alike")
    assert violations(desk, "light") == []
    for action in ("add_topics", "add_sources"):
        desk.goto(f"{address('initiatives_initiative_changelist')}?state__exact=published")
        desk.check("input.action-select")
        desk.select_option("select[name=action]", action)
        desk.click("button[name=index]")
        desk.wait_for_selector(".bulk-change")
        assert violations(desk, "light") == []


def test_a_key_saves_and_stays(desk):
    topic = factories.make_topic(state=State.DRAFT)
    desk.goto(address("portal_topic_change", topic.pk))
    desk.fill("#id_note", "Seen.")
    desk.keyboard.press("Control+s")
    desk.wait_for_selector(".messagelist .success")
    assert desk.url.endswith(address("portal_topic_change", topic.pk))
    topic.refresh_from_db()
    assert topic.note == "Seen."


def test_leaving_asks_only_when_something_would_be_lost(desk):
    topic = factories.make_topic()
    asked = []
    desk.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk.goto(address("portal_topic_change", topic.pk))
    desk.goto(address("index"))
    desk.goto(address("portal_topic_change", topic.pk))
    desk.fill("#id_note", "Seen.")
    desk.locator(".save-bar [name=_save]").click()
    desk.wait_for_url("**/topic/")
    assert asked == []
    desk.goto(address("portal_topic_change", topic.pk))
    desk.locator("#id_note").press_sequentially("More.")
    desk.goto(address("index"))
    assert asked == ["beforeunload"]


def test_the_length_of_a_text_is_counted_and_a_long_summary_told(desk):
    desk.goto(address("initiatives_initiative_add"))
    desk.fill("#id_name_en", "Smart cities")
    assert desk.inner_text("#id_name_en_length") == "12 of at most 240 characters"
    desk.fill("#id_summary_en", "word " * 80)
    assert desk.inner_text("#id_summary_en_length") == "400 characters; up to 300 read well"
    assert "long" in desk.get_attribute("#id_summary_en_length", "class")


def test_a_source_is_found_by_a_pasted_address_or_made_in_place(desk):
    known = factories.make_source(url="https://www.asean.org/news/hanoi/")
    initiative = factories.make_initiative(state=State.DRAFT)
    desk.goto(address("initiatives_initiative_change", initiative.pk))
    box = desk.locator(".field-sources .select2-search__field").first
    box.fill("asean.org/news/hanoi")
    desk.locator(".select2-results__option", has_text=known.title).click()
    box.fill("example.org/new")
    with desk.expect_popup() as opened:
        desk.locator(".select2-results__option", has_text="Not registered yet").click()
    form = opened.value
    assert form.input_value("#id_url") == "https://example.org/new"
    for field, text in {"title": "New page", "publisher": "ASEAN", "language": "en"}.items():
        form.fill(f"#id_{field}", text)
    form.select_option("#id_reliability", "primary")
    with form.expect_event("close"):
        form.locator(".save-bar [name=_save]").click()
    desk.locator(".field-sources .select2-selection__choice", has_text="New page").wait_for()
    desk.locator(".save-bar [name=_save]").click()
    desk.wait_for_url("**/initiative/")
    new = Source.objects.get(url="https://example.org/new")
    assert set(Initiative.objects.get().sources.all()) == {known, new}
    assert desk.console_lines == desk.failed_requests == desk.foreign_requests == []


def test_boxes_and_tabs_are_found_by_their_names(desk):
    desk.goto(address("initiatives_initiative_add"))
    assert desk.get_by_role("searchbox", name="Topics").count() == 1
    assert desk.get_by_role("combobox", name="Lead body").count() == 1
    desk.get_by_role("tab", name="Tiếng Việt").first.click()
    assert desk.locator("#id_name_vi").is_visible()
    desk.keyboard.press("ArrowRight")
    desk.locator("#id_name_en").wait_for(state="visible")


def test_a_filter_is_saved_and_forgotten_by_mouse(desk):
    factories.make_topic()
    desk.goto(f"{address('portal_topic_changelist')}?state__exact=draft")
    desk.get_by_label("Save what the list shows now as").fill("My drafts")
    desk.get_by_role("button", name="Save filter").click()
    desk.goto(address("portal_topic_changelist"))
    kept = desk.get_by_role("region").get_by_role("link", name="My drafts")
    kept.click()
    assert desk.url.endswith("?state__exact=draft")
    desk.get_by_role("button", name="Forget the filter My drafts").click()
    desk.locator(".messagelist .success").wait_for()
    assert kept.count() == 0


# What was typed, given back


def test_what_is_given_back_breaks_no_rule_and_is_saved_after_signing_in_anew(desk):
    """In a real browser, with its cookies and headers: the session ends, another tab signs in, the first one saves."""
    topic = factories.make_topic(state=State.DRAFT)
    desk.goto(address("portal_topic_change", topic.pk))
    desk.fill("#id_note", "Typed.")
    desk.context.clear_cookies(name="sessionid")
    desk.locator(".save-bar [name=_save]").click()
    desk.locator("#given_back").wait_for()
    assert violations(desk, "light") == []
    desk.set_viewport_size({"width": 768, "height": 1024})
    assert desk.evaluate(OVERFLOW) <= 0
    # Signing in gives the browser another session, and another token than the page holds.
    desk.context.add_cookies([{"name": "sessionid", "value": desk.session, "url": desk.home}])
    desk.context.add_cookies([{"name": "csrftoken", "value": "x" * 32, "url": desk.home}])
    desk.get_by_role("button", name="Send once more").click()
    desk.get_by_text("The form was opened before you signed in").wait_for()
    desk.get_by_role("button", name="Send once more").click()
    desk.locator(".messagelist .success").wait_for()
    topic.refresh_from_db()
    assert topic.note == "Typed."


def test_the_form_of_a_deleted_record_is_given_back_without_a_broken_rule(desk):
    speak(desk, "vi")
    meeting = factories.make_meeting(state=State.DRAFT)
    factories.make_session(meeting=meeting, state=State.DRAFT)
    desk.goto(address("meetings_meeting_change", meeting.pk))
    desk.fill("#id_note", "Đang viết.")
    meeting.delete()
    desk.locator(".save-bar [name=_save]").click()
    desk.get_by_text("Hồ sơ không còn nữa.").wait_for()
    assert desk.get_by_role("row", name="Đang viết.").count() == 1
    assert violations(desk, "light") == []
