"""Journeys in a real browser: a visitor follows the links, an editor edits."""

import pytest
from django.contrib.auth import get_user_model

from initiatives.models import Initiative
from portal.workflow.pending import pending_of, publish
from tests.factories import make_country, make_initiative, make_meeting

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

JOURNEYS = {
    "vi": {"initiatives": "Sáng kiến", "apply": "Áp dụng", "cert": "CERT khu vực ASEAN", "other": "English"},
    "en": {"initiatives": "Initiatives", "apply": "Apply", "cert": "ASEAN Regional CERT", "other": "Tiếng Việt"},
}


def assert_quiet(page) -> None:
    assert (page.console_lines, page.failed_requests, page.foreign_requests) == ([], [], [])


def test_from_home_to_an_initiative_its_decision_and_its_meeting_and_the_other_language(page, content):
    for language in JOURNEYS:
        follow_the_links(page, language)
    assert_quiet(page)


def follow_the_links(page, language: str) -> None:
    words, other = JOURNEYS[language], {"vi": "en", "en": "vi"}[language]
    page.goto(f"/{language}/")
    page.locator("nav.desk").get_by_role("link", name=words["initiatives"], exact=True).click()
    page.get_by_role("checkbox", name="Singapore").check()
    page.wait_for_url("**country=sg**")  # results update at once; the button has nothing left to ask
    page.get_by_role("button", name=words["apply"]).click()
    page.get_by_role("link", name=words["cert"], exact=True).first.click()
    assert page.url.endswith(f"/{language}/initiatives/asean-regional-cert/")
    page.locator(".reg .dh a").last.click()
    page.wait_for_url(f"**/{language}/decisions/adgmin-6-19/")
    page.locator(".page-head a.tag").click()
    page.wait_for_url(f"**/{language}/meetings/adgmin-6/")
    page.locator("a.tool", has_text=words["other"]).click()
    page.wait_for_url(f"**/{other}/meetings/adgmin-6/")
    assert page.locator("html").get_attribute("lang") == other


def test_the_switch_keeps_the_place_on_the_page_and_is_remembered(page):
    meeting = make_meeting()
    page.goto(f"/vi/meetings/{meeting.slug}/#sources")
    page.locator("a.tool", has_text="English").click()
    page.wait_for_url(f"**/en/meetings/{meeting.slug}/#sources")
    page.goto("/")
    assert page.url.endswith("/en/")


def test_filters_work_without_javascript(browser, live_server):
    make_initiative(lead_countries=[make_country(code="SG", name_vi="Singapore")])
    make_initiative()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/vi/initiatives/")
    page.get_by_role("checkbox", name="Singapore").check()
    page.get_by_role("button", name="Áp dụng").click()
    assert "country=sg" in page.url
    assert page.locator("#count").inner_text() == "1 sáng kiến"
    context.close()


def test_the_editor_changes_a_vietnamese_title_and_the_public_page_shows_it_once_published(page, content):
    get_user_model().objects.create_superuser("editor", password="a long enough password")
    page.goto("/admin/login/")
    page.locator("#id_username").fill("editor")
    page.locator("#id_password").fill("a long enough password")
    page.locator("input[type=submit]").click()
    initiative = Initiative.objects.get(slug="asean-regional-cert")
    page.goto(f"/admin/initiatives/initiative/{initiative.pk}/change/")
    page.get_by_role("tab", name="Tiếng Việt").first.click()
    page.locator("#id_name_vi").fill("CERT khu vực ASEAN, tên mới")
    page.locator("input[name=_save]").first.click()
    page.wait_for_load_state()  # a request cut off by leaving would count as failed
    page.goto("/vi/initiatives/asean-regional-cert/")
    assert (
        page.locator("h1").inner_text() == "CERT khu vực ASEAN (ASEAN Regional CERT)"
    )  # the change waits for approval
    publish(pending_of(initiative), None)
    page.goto("/vi/initiatives/asean-regional-cert/")
    assert page.locator("h1").inner_text() == "CERT khu vực ASEAN, tên mới (ASEAN Regional CERT)"
    page.goto("/en/initiatives/asean-regional-cert/")
    assert page.locator("h1").inner_text() == "ASEAN Regional CERT"
    assert_quiet(page)


def test_results_update_in_place_and_history_tells_the_truth(page):
    make_initiative(lead_countries=[make_country(code="SG", name_vi="Singapore")])
    make_initiative()
    page.goto("/vi/initiatives/?country=atlantis")
    assert page.locator("#country-error").count() == 1
    page.get_by_role("checkbox", name="Singapore").check()
    page.wait_for_url("**/vi/initiatives/?country=sg")
    assert page.evaluate("document.activeElement.value") == "sg"
    page.locator("#announcement", has_text="1 sáng kiến").wait_for(state="attached")  # after the address has changed
    assert page.locator("#count").inner_text() == "1 sáng kiến"
    assert page.locator("#country-error").count() == 0
    assert page.locator("#other-language").get_attribute("href") == "/en/initiatives/?country=sg"
    # History asks the server again, so the form tells the state of the address.
    page.go_back()
    page.locator("#country-error").wait_for()
    assert page.locator("input[name=country]:checked").count() == 0
    page.go_forward()
    page.locator("input[name=country][value=sg]:checked").wait_for()
    assert page.locator("#count").inner_text() == "1 sáng kiến"
    page.wait_for_load_state("networkidle")
    assert_quiet(page)


def test_names_are_suggested_while_typing_and_reached_by_the_keyboard(page):
    meeting = make_meeting(name_vi="Hội nghị Hà Nội", name_en="Hanoi meeting")
    make_initiative(name_vi="Hội thảo", name_en="Workshop")
    page.goto("/vi/search/")
    field = page.get_by_role("combobox")
    field.press_sequentially("hoi")
    page.get_by_role("option").nth(1).wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    field.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    assert chosen.get_attribute("id") == field.get_attribute("aria-activedescendant")
    field.press("Escape")
    assert not page.get_by_role("listbox").is_visible()
    field.press("ArrowDown")
    page.locator("[role=option]", has_text="Hà Nội").wait_for()
    while "Hà Nội" not in page.locator("[role=option][aria-selected=true]").inner_text():
        field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url(f"**/vi/meetings/{meeting.slug}/")
    assert_quiet(page)


def test_suggestions_are_counted_and_close_by_tab_and_by_escape_wherever_the_focus_is(page):
    for number in range(9):
        make_initiative(name_vi=f"Hội thảo {number}", name_en=f"Workshop {number}")
    page.goto("/vi/search/")
    field, listbox = page.get_by_role("combobox"), page.get_by_role("listbox")
    field.press_sequentially("hoi thao")
    listbox.wait_for()
    page.locator("#search-q-status", has_text="8 gợi ý").wait_for(state="attached")
    field.press("Tab")
    assert not listbox.is_visible()
    assert page.evaluate("document.activeElement.type") == "submit"
    page.keyboard.press("Shift+Tab")
    listbox.wait_for()
    page.locator("#search-q-options").focus()
    page.keyboard.press("Escape")
    assert not listbox.is_visible()
    assert_quiet(page)


def test_counts_follow_a_choice_in_place_and_the_choice_keeps_the_focus(page):
    make_initiative(lead_countries=[make_country(code="SG")], status="ongoing")
    make_initiative(status="planned")
    page.goto("/en/initiatives/")
    page.locator("#status-ongoing").check()
    page.wait_for_url("**/en/initiatives/?status=ongoing")
    none = page.locator("label:has(#country-none) .n")
    page.wait_for_function("document.querySelector('label:has(#country-none) .n').textContent === '0'")
    assert none.inner_text() == "0"
    assert page.locator("#country-none").is_disabled()
    assert page.evaluate("document.activeElement.id") == "status-ongoing"
    assert page.locator(".in-words").inner_text() == "Initiatives that are ongoing"
    assert_quiet(page)
