"""Everything dated on one line of time, no date more exact than it is known."""

from datetime import date

import pytest
from bs4 import BeautifulSoup

from tests.factories import (
    make_body,
    make_decision,
    make_document,
    make_initiative,
    make_meeting,
    make_milestone,
    make_plan,
)

pytestmark = pytest.mark.django_db


def read(client, query: str = "", status: int = 200) -> BeautifulSoup:
    answer = client.get(f"/en/timeline/{query}")
    assert answer.status_code == status
    return BeautifulSoup(answer.content, "html5lib")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def titles(page: BeautifulSoup) -> list[str]:
    return [words(title) for title in page.select("#results .thread .what")]


def test_the_newest_stands_first_whatever_its_kind(client):
    make_meeting(name_en="A meeting", start="2026-01-12", end="2026-01-16")
    make_plan(name_en="A plan", adopted_on="2021-01-22", precision="day")
    make_document(title_en="A text", published_on="2026-02-01", precision="month")
    make_milestone(initiative=make_initiative(name_en="An initiative"), date=date(2024, 2, 1))
    assert titles(read(client)) == ["A text", "A meeting", "An initiative", "A plan"]


def test_what_is_known_to_the_year_stands_under_no_month(client):
    make_document(title_en="To the year", published_on="2018-01-01", precision="year")
    make_document(title_en="To the month", published_on="2018-04-01", precision="month")
    year = read(client).select_one("#y2018")
    assert [words(head) for head in year.select("h4")] == ["April 2018", "Month not known"]
    assert [(time["datetime"], time.get_text()) for time in year.select("time")][1:] == [
        ("2018-04", "April 2018"),
        ("2018", "2018"),
    ]


def test_the_decisions_of_a_meeting_are_one_entry_that_leads_to_them(client):
    meeting = make_meeting(slug="adgmin-6", name_en="ADGMIN 6")
    for _ in range(2):
        make_decision(meeting=meeting)
    link = read(client, "?kind=decision").select_one(".thread .what a")
    assert (link.get_text(), link["href"]) == (
        "All 2 entries of ADGMIN 6 in the register",
        "/en/decisions/?meeting=adgmin-6",
    )


def test_a_step_leads_to_its_place_on_the_page_of_the_initiative(client):
    step = make_milestone(initiative=make_initiative(slug="cert"), status="ongoing", key="2024-02")
    entry = read(client).select_one(".thread > li")
    assert entry.select_one(".what a")["href"] == "/en/initiatives/cert/#step-2024-02"
    assert words(entry.select_one(".badge.st")) == "Ongoing"
    there = BeautifulSoup(client.get(step.initiative.get_absolute_url()).content, "html5lib")
    assert there.select_one("#step-2024-02")


def test_kind_and_year_narrow_the_line(client):
    make_meeting(name_en="This one", start="2025-03-01", end="2025-03-01")
    make_meeting(name_en="Another year", start="2024-03-01", end="2024-03-01")
    make_document(title_en="Another kind", published_on="2025-03-01", precision="day")
    page = read(client, "?kind=meeting&year=2025")
    assert titles(page) == ["This one"]
    assert words(page.select_one("#count")) == "1 dated entry"


@pytest.mark.parametrize(("query", "field"), [("?kind=rumour&year=2025", "kind"), ("?year=soon&kind=meeting", "year")])
def test_an_unknown_value_is_named_beside_its_field_and_the_rest_applies(client, query, field):
    make_meeting(name_en="This one", start="2025-03-01", end="2025-03-01")
    page = read(client, query)
    assert "Unknown value" in words(page.select_one(f"#{field}-error"))
    assert titles(page) == ["This one"]


def test_nothing_that_fits_says_so_and_offers_ways_out(client):
    page = read(client, "?year=1999")
    assert words(page.select_one(".empty h3")) == "Nothing dated fits"
    assert page.select_one('.empty a[href="?"]')


def test_a_page_of_the_line_that_is_not_there_is_an_error(client):
    make_meeting()
    read(client, "?page=2", status=404)


def test_a_long_line_is_cut_into_pages_that_keep_the_filter(client):
    series = make_body()
    for _ in range(101):
        make_meeting(series=series)
    assert len(titles(read(client, "?kind=meeting&page=2"))) == 1
    assert read(client, "?kind=meeting").select_one(".pager a[rel=next]")["href"] == "?kind=meeting&page=2"
