"""History, the way back and two editors in a real browser: accessible, whole on a tablet, at work without a reload."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from initiatives.models import Initiative
from portal.history.models import OpenForm
from portal.models import State
from portal.workflow.pending import pending_of, publish
from tests import factories
from tests.html_forms import form_values
from tests.portal.test_history import address
from tests.test_accessibility import violations
from tests.test_admin_browser import OVERFLOW, desk, speak  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def colleague() -> Client:
    """Another editor, without a browser."""
    client = Client()
    client.force_login(User.objects.create(username="lan", first_name="Lan", is_staff=True, is_superuser=True))
    return client


def save(client: Client, row, **given) -> None:
    values = form_values(client.get(address(row, "change")).content.decode(), f"{row._meta.model_name}_form")
    assert client.post(address(row, "change"), values | given).status_code == 302


@pytest.fixture
def initiative(colleague) -> Initiative:
    """With a history: a text, a relation and a row changed, and a row deleted."""
    record = factories.make_initiative(
        slug="fibre",
        name_vi="Mạng cáp quang khu vực",
        name_en="Regional fibre network",
        summary_vi="Mạng nối các nước thành viên vào năm 2027, do Xin-ga-po dẫn dắt.",
        summary_en="A network that ties the member states together by 2027, led by Singapore.",
        topics=[factories.make_topic(name_en="Broadband", name_vi="Băng rộng")],
    )
    for month in (1, 2):
        factories.make_milestone(
            initiative=record,
            key=f"m{month}",
            date=f"2026-0{month}-01",
            text_vi=f"Mốc {month}",
            text_en=f"Step {month}",
        )
    topic = factories.make_topic(name_en="Submarine cables", name_vi="Cáp biển")
    new_texts = {
        "summary_vi": record.summary_vi.replace("2027", "2028"),
        "summary_en": record.summary_en.replace("2027", "2028"),
    }
    save(
        colleague,
        record,
        topics=[str(topic.pk)],
        **new_texts,
        **{"milestones-0-text_en": "First step", "milestones-1-DELETE": "on"},
    )
    publish(pending_of(record), User.objects.get(username="lan"))
    return record


def faults_of(page, name: str) -> list[str]:
    """What breaks a rule, in either scheme, or is too wide for a tablet."""
    faults = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        faults += [f"{name}, {scheme}: {each}" for each in violations(page, scheme)]
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 768, "height": 900})
    if page.evaluate(OVERFLOW) > 0:
        faults.append(f"{name}: too wide")
    page.set_viewport_size({"width": 1280, "height": 900})
    return faults


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_pages_of_the_history_are_accessible(desk, initiative, colleague, language):  # noqa: F811
    speak(desk, language)
    gone = factories.make_topic()
    colleague.post(address(gone, "delete"), {"post": "yes"})
    desk.goto(address(initiative, "history"))
    faults = faults_of(desk, f"history-{language}")
    desk.goto(f"{address(initiative, 'history')}?earlier={desk.locator('[name=earlier]').last.input_value()}&later=now")
    faults += faults_of(desk, f"comparison-{language}")
    desk.locator(".history-tools a").last.click()
    faults += faults_of(desk, f"restore-{language}")
    desk.goto(address(gone, "change").replace(f"{gone.pk}/change/", "deleted/"))
    faults += faults_of(desk, f"deleted-{language}")
    desk.locator("table a").first.click()
    faults += faults_of(desk, f"recover-{language}")
    desk.goto(f"/{language}/initiatives/fibre/history/")
    faults += faults_of(desk, f"public-{language}")
    assert faults == []
    assert desk.console_lines == desk.failed_requests == desk.foreign_requests == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_form_that_was_overtaken_is_accessible_and_keeps_what_was_typed(desk, initiative, colleague, language):  # noqa: F811
    speak(desk, language)
    Initiative.objects.update(state=State.DRAFT)  # what is public would be saved as a pending version
    desk.goto(address(initiative, "change"))
    tab = {"vi": "Tiếng Việt", "en": "English"}[language]
    desk.locator(".field-name_vi, .ui-tabs").first.get_by_role("tab", name=tab).click()
    desk.locator(f"#id_name_{language}").fill("Của tôi")
    save(colleague, initiative, **{f"name_{language}": "Của Lan", "acronym": "RFN"})
    desk.locator("input[name=_save]").first.click()
    desk.wait_for_selector("#meanwhile")
    assert desk.locator(f"#id_name_{language}").input_value() == "Của tôi"
    assert desk.locator("#id_acronym").input_value() == "RFN"
    assert desk.console_lines == desk.failed_requests == desk.foreign_requests == []
    assert faults_of(desk, f"conflict-{language}") == []
    desk.locator("input[name=_save]").first.click()
    desk.wait_for_url("**/initiative/")
    initiative.refresh_from_db()
    assert (getattr(initiative, f"name_{language}"), initiative.acronym) == ("Của tôi", "RFN")


def test_a_notice_comes_to_a_page_that_is_open(desk, colleague):  # noqa: F811
    topic = factories.make_topic(state=State.DRAFT)
    desk.clock.install()
    desk.goto(address(topic, "change"))
    assert desk.locator("#others").is_hidden()
    colleague.get(address(topic, "change"))
    desk.clock.run_for(61_000)
    desk.locator("#others", has_text="Lan has had this form open since").wait_for()
    OpenForm.objects.exclude(user__username="editor").delete()
    desk.clock.run_for(61_000)
    desk.locator("#others").wait_for(state="hidden")
    here = ContentType.objects.get_for_model(topic)
    assert OpenForm.objects.get(content_type=here, object_id=topic.pk).seen <= timezone.now()
    assert desk.console_lines == desk.failed_requests == []
