"""What waits for an editor on the first page, and that every number is the length of its list."""

from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.links.models import SourceCheck
from portal.models import Conflict, State
from portal.reports.models import ErrorReport
from portal.workflow.pending import change_as_pending
from portal.workflow.steps import Standing
from portal.workflow.steps import take as take_step
from tests.editors import make_member
from tests.factories import (
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_session,
    make_source,
    make_statement,
    make_topic,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db

AHEAD = {"start": date.today() + timedelta(days=30), "end": date.today() + timedelta(days=31), "status": "planned"}


ONE_EACH = ["outdated", "links", "programme", "news", "reports", "conflicts"]
OF_EDITORS = [
    "drafts",
    "returned",
    "missing",
    "outdated",
    "sources",
    "links",
    "programme",
    "news",
    "reports",
    "conflicts",
]


def make_reviewer(name: str) -> User:
    return make_member("reviewer", name)


def first_page(client) -> BeautifulSoup:
    return BeautifulSoup(client.get(reverse("admin:index")).content, "html5lib")


def tiles(client) -> dict[str, int]:
    found = first_page(client).select(".tile")
    return {
        tile["id"].removeprefix("tile-"): int(tile.select_one(".tile-number").contents[0].get_text(" ").split()[0])
        for tile in found
    }


def make_work() -> None:
    """Something for every tile, and beside it what belongs to none."""
    source = make_source()
    make_topic(state=State.IN_REVIEW, sources=[source])
    make_meeting(**AHEAD, state=State.IN_REVIEW, sources=[source])
    make_session(meeting=make_meeting(**AHEAD), name_en="", sources=[source])
    milestone = make_milestone(date=date.today() - timedelta(days=800), text_vi="")
    milestone.initiative.name_en = "Another name"
    milestone.initiative.save()
    make_initiative(status="completed")
    kind = ContentType.objects.get_for_model(milestone.initiative)
    for state in ("new", "checking"):
        ErrorReport.objects.create(content_type=kind, object_id=1, language="vi", text="Sai ngày.", state=state)
    now = timezone.now()
    SourceCheck.objects.create(url=source.url, checked=now, since=now, outcome="fails", status=404)
    Conflict.objects.create(kind="portal.topic", key="ai", field="name_en", origin="command")


def write_draft(client) -> None:
    """As the one who is signed in does: change a draft in its form."""
    draft = make_topic(state=State.DRAFT)
    address = reverse("admin:portal_topic_change", args=[draft.pk])
    values = form_values(client.get(address).content.decode(), "topic_form")
    client.post(address, values | {"name_vi": "Tên mới", "name_en": "A new name"})
    make_topic(state=State.DRAFT)  # somebody else's


def test_each_tile_counts_what_waits(sign_in):
    client = sign_in("reviewer")
    make_work()
    write_draft(client)
    counts = tiles(client)
    assert counts.pop("sources") > 3
    assert counts == {"review": 2, "drafts": 1, "returned": 0, "missing": 2} | dict.fromkeys(ONE_EACH, 1)


@pytest.mark.databases
def test_every_number_leads_to_a_list_of_exactly_as_many(sign_in):
    client = sign_in("reviewer")
    make_work()
    write_draft(client)
    links = first_page(client).select(".tile a")
    assert len(links) > 10
    for link in links:
        context = client.get(link["href"]).context
        shown = context["cl"].result_count if "cl" in context else context["page"].paginator.count
        assert (link["href"], int(link.contents[0])) == (link["href"], shown)


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("editor", OF_EDITORS),
        ("reviewer", ["review", *OF_EDITORS]),
        ("maintainer", ["conflicts"]),
    ],
)
def test_each_role_sees_the_tiles_it_may_act_on(sign_in, role, names):
    assert list(tiles(sign_in(role))) == names


def test_what_does_not_wait_is_said_to_be_nothing(sign_in):
    assert set(tiles(sign_in("reviewer")).values()) == {0}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_first_page_says_in_the_editors_language_what_waits(sign_in, language):
    client = sign_in("reviewer")
    client.cookies["django_language"] = language
    heading = first_page(client).select_one("#work-heading").get_text()
    assert heading == {"vi": "Việc đang chờ", "en": "What waits for you"}[language]


def test_the_first_page_takes_as_many_queries_for_many_records_as_for_few(sign_in):
    client = sign_in("reviewer")
    make_work()
    client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("admin:index"))
    for _ in range(4):
        make_topic(name_en="")
        meeting = make_meeting(**AHEAD)
        make_session(meeting=meeting)
        make_decision()
        make_statement()
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("admin:index"))
    assert len(many) == len(few)


# Whose turn it is


def take(record, action: str, user: User) -> None:
    record = type(record).objects.get(pk=record.pk)
    take_step(record, action, user, Standing(record).fingerprint)


def number(client, tile: str) -> int:
    """What the tile says, and that its list says the same."""
    page = first_page(client).select_one(f"#tile-{tile}")
    count = int(page.select_one(".tile-number").get_text(" ").split()[0])
    assert count == sum(client.get(link["href"]).context["cl"].result_count for link in page.select("a"))
    return count


@pytest.mark.databases
def test_what_one_submitted_waits_for_the_review_of_another(sign_in):
    first, client = make_reviewer("first"), sign_in("reviewer")
    take(make_topic(state=State.DRAFT), "submit", first)
    take(make_topic(state=State.DRAFT), "submit", User.objects.get(username="reviewer"))
    assert number(client, "review") == 1


@pytest.mark.databases
def test_what_was_sent_back_waits_for_whoever_submitted_it_until_it_is_submitted_again(sign_in):
    topic, client = make_topic(state=State.DRAFT), sign_in("editor")
    editor = User.objects.get(username="editor")
    take(topic, "submit", editor)
    assert number(client, "returned") == 0
    take(topic, "return", make_reviewer("first"))
    assert number(client, "returned") == 1
    take(topic, "submit", editor)
    assert number(client, "returned") == 0


def test_what_a_reviewer_sent_back_is_no_draft_of_theirs(sign_in):
    topic, client = make_topic(state=State.DRAFT), sign_in("reviewer")
    take(topic, "submit", make_reviewer("first"))
    take(topic, "return", User.objects.get(username="reviewer"))
    assert number(client, "drafts") == 0


@pytest.mark.databases
def test_a_version_beside_what_is_published_is_a_draft_of_its_editor_and_then_waits_for_review(sign_in):
    topic, client = make_topic(), sign_in("reviewer")
    other = make_reviewer("first")
    change_as_pending(other, topic, lambda: type(topic).objects.filter(pk=topic.pk).update(name_en="New"))
    assert (number(client, "drafts"), number(client, "review")) == (0, 0)
    take(topic, "submit", other)
    assert number(client, "review") == 1
    client.force_login(other)
    assert number(client, "review") == 0


# Initiatives without news


def without_news(client) -> list:
    return list(client.get(reverse("admin:initiatives_initiative_changelist"), {"news": "old"}).context["cl"].queryset)


def test_an_initiative_has_news_by_a_milestone_a_decision_or_a_statement_of_the_last_year(sign_in):
    client = sign_in("editor")
    today = date.today()
    recent, old = ({"start": day, "end": day, "status": "held"} for day in (today, today - timedelta(days=500)))
    silent = make_initiative(decisions=[make_decision(meeting=make_meeting(**old))])
    make_milestone(initiative=make_initiative(), date=today - timedelta(days=300))
    make_initiative(decisions=[make_decision(meeting=make_meeting(**recent))])
    make_initiative(statements=[make_statement(meeting=make_meeting(**recent))])
    make_initiative(status="completed")
    assert without_news(client) == [silent]


@pytest.mark.parametrize(("precision", "is_silent"), [("day", True), ("month", False), ("year", False)])
def test_a_date_known_to_the_month_or_the_year_counts_while_one_of_its_days_may_lie_within_a_year(precision, is_silent):
    milestone = make_milestone(date=date(2025, 1, 1), precision=precision)
    initiatives = type(milestone.initiative).objects
    assert initiatives.without_news(date(2026, 1, 20)).exists() is is_silent
    assert initiatives.without_news(date(2027, 1, 20)).exists()


def test_a_leap_day_has_a_year_before_it():
    make_milestone(date=date(2027, 2, 28))
    assert not type(make_milestone(date=date(2027, 3, 1)).initiative).objects.without_news(date(2028, 2, 29)).exists()


# The panel of meetings


def test_the_first_page_says_how_complete_the_next_and_the_last_meetings_are(sign_in):
    held = make_meeting(name_en="Held", start=date(2026, 1, 15), end=date(2026, 1, 16), status="held")
    make_decision(meeting=held)
    make_meeting(name_en="Ahead", **AHEAD)
    rows = first_page(sign_in("editor")).select(".completeness-table tbody tr")
    texts = [[cell.get_text() for cell in row.select("td")] for row in rows]
    assert [row.a.get_text() for row in rows] == ["Ahead", "Held"]
    assert texts == [
        ["missing", "not asked for", "not asked for", "not asked for", "there", "missing"],
        ["missing", "missing", "there", "missing", "there", "missing"],
    ]
