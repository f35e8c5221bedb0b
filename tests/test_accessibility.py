"""Every kind of page in a real browser: accessible, quiet, whole on every width and without scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Every kind of page; of the long lists a state with few rows, which has the same parts.
PAGES = [
    "",
    "meetings/?year=2026",
    "meetings/?when=past&year=2019&country=atlantis",
    "meetings/adgmin-5/",
    "meetings/adgmin-7/",
    "decisions/?meeting=adgmin-3",
    "decisions/adgmin-6-15/",
    "statements/?meeting=adgmin-5",
    "initiatives/?country=sg",
    "initiatives/?view=table&status=proposed",
    "initiatives/?status=planned&country=kh",
    "initiatives/asean-regional-cert/",
    "plans/",
    "plans/adm-2030/",
    "plans/defa/",
    "directions/",
    "directions/green/",
    "topics/quantum/",
    "plans/adm-2030/history/",
    "bodies/",
    "bodies/telmin/",
    "countries/",
    "countries/vn/",
    "countries/tl/",
    "people/amandeep-singh-gill/",
    "documents/?year=2025",
    "documents/hanoi-declaration/",
    "figures/?kind=currency",
    "timeline/?year=2024",
    "search/?q=an ninh mang",
    "open-data/",
    "open-data/api/",
    "about/",
    "accessibility/",
    "methodology/",
    "corrections/",
    "report/?record=/meetings/adgmin-7/",
    "report/thanks/?record=/meetings/adgmin-7/",
    "nowhere/",
]
# A page's parts and colours are the same in both languages: the other is looked at on one screen.
SCREENS = {"vi": [(1280, "light"), (390, "light"), (390, "dark")], "en": [(1280, "light")]}


def violations(page, scheme: str) -> list[str]:
    """What axe-core finds, one line for each element; a colour scheme changes nothing but contrasts."""
    only = {"type": "tag", "values": RULES} if scheme == "light" else {"type": "rule", "values": ["color-contrast"]}
    found = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]})
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found.response["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_rule_of_accessibility_is_broken_on_any_page(page, content, language):
    faults = {}
    for path in PAGES:
        page.goto(f"/{language}/{path}")
        for width, scheme in SCREENS[language]:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            if found := violations(page, scheme):
                faults[path, width, scheme] = found
    assert faults == {}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_says_anything_to_the_console_or_asks_a_third_party(page, content, language):
    for path in PAGES[:-1]:
        page.goto(f"/{language}/{path}")
        page.wait_for_load_state("networkidle")
    assert (page.console_lines, page.failed_requests, page.foreign_requests) == ([], [], [])


@pytest.mark.parametrize(("width", "text_size"), [(320, "100%"), (1280, "200%"), (1600, "100%")])
def test_no_page_scrolls_sideways(page, content, width, text_size):
    page.set_viewport_size({"width": width, "height": 800})
    wide = {}
    for path in PAGES:
        page.goto(f"/vi/{path}")
        page.evaluate("size => { document.documentElement.style.fontSize = size }", text_size)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            wide[path] = overflow
    assert wide == {}


def test_the_same_content_without_javascript(page, browser, live_server, content):
    """Only the button that prints is there for scripts alone."""
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain = context.new_page()
    different = []
    for path in PAGES:
        page.goto(f"/vi/{path}")
        plain.goto(f"/vi/{path}")
        page.evaluate("document.querySelectorAll('[data-print]').forEach(button => button.remove())")
        if page.locator("main").inner_text() != plain.locator("main").inner_text():
            different.append(path)
    context.close()
    assert different == []


def test_everything_is_reached_by_keyboard_and_seen_when_it_is(page, content):
    """Tab visits every link, button and field in the order of the page, each with a visible outline."""
    for path in ["", "initiatives/", "decisions/adgmin-6-15/", "meetings/adgmin-7/"]:
        page.goto(f"/vi/{path}")
        expected = page.evaluate(VISIBLE_CONTROLS)
        seen = []
        for _ in range(expected + 5):
            page.keyboard.press("Tab")
            state = page.evaluate(FOCUSED)
            if state["tag"] == "BODY":
                break
            assert state["visible"], (path, state)
            seen.append(state)
        assert len(seen) == expected, path


VISIBLE_CONTROLS = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']"
)].filter(element => element.checkVisibility() && !element.disabled).length"""

FOCUSED = """() => {
  const element = document.activeElement;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const card = element.closest(".card");
  const ringed = style.outlineStyle !== "none" || (card && getComputedStyle(card).outlineStyle !== "none");
  return { tag: element.tagName, html: element.outerHTML.slice(0, 120),
           visible: box.width > 0 && box.height > 0 && Boolean(ringed) };
}"""
