from datetime import UTC, date, datetime

import pytest
from bs4 import BeautifulSoup
from django.utils.formats import date_format as local_date
from django.utils.timezone import localdate
from django.utils.translation import override

from initiatives.models import Initiative
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_direction,
    make_discrepancy,
    make_document,
    make_indicator,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_person,
    make_plan,
    make_plan_item,
    make_source,
    make_statement,
    make_version,
)

pytestmark = pytest.mark.django_db


def read(client, address: str) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html5lib")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def test_home_shows_the_next_meeting_to_the_month_and_no_day(client):
    series = make_body(slug="adgmin", acronym="ADGMIN")
    make_meeting(
        slug="adgmin-7",
        series=series,
        number=7,
        start="2999-01-01",
        end="2999-01-31",
        precision="month",
        status="planned",
    )
    ahead = words(read(client, "/en/").select_one(".ahead"))
    assert "January 2999" in ahead
    assert "The days have not been announced." in ahead
    assert "1 January" not in ahead


def test_home_counts_agree_with_the_lists_they_lead_to(client):
    for status in ("ongoing", "ongoing", "planned"):
        make_initiative(status=status)
    home = read(client, "/en/")
    link = home.select_one('tfoot a[href$="?status=ongoing"]')
    assert link.get_text() == "2"
    assert words(read(client, link["href"]).select_one("#count")) == "2 initiatives"


def test_a_decision_shows_its_verb_and_what_its_level_means(client):
    decision = make_decision(verb="noted")
    page = read(client, f"/en/decisions/{decision.slug}/")
    assert words(page.select_one(".badge")) == "Noted"
    assert "nothing was adopted, established or ordered" in words(page.main)
    assert "Level “Takes note” holds these verbs: noted, welcomed" in words(page.main)


def test_what_was_only_reported_is_told_as_no_act_of_the_meeting(client):
    decision = make_decision(verb="announced")
    assert "not an act of the meeting" in words(read(client, f"/en/decisions/{decision.slug}/").main)


def test_every_fact_leads_to_its_numbered_source(client):
    official = make_source(title="Official text", reliability="primary")
    press = make_source(title="Press report", reliability="secondary", url="")
    decision = make_decision(sources=[press, official])
    page = read(client, f"/en/decisions/{decision.slug}/")
    assert [words(entry.select_one(".source-title")) for entry in page.select(".evid > li")] == [
        "Official text",
        "Press report",
    ]
    assert {pill["href"] for pill in page.select("a.src")} == {"#source-1", "#source-2"}
    assert "address not recorded" in words(page.select_one("#source-2"))


def test_where_sources_disagree_the_versions_the_choice_and_why_are_shown(client):
    initiative = make_initiative()
    discrepancy = make_discrepancy(initiatives=[initiative], choice_en="The official date is kept.")
    make_version(discrepancy=discrepancy, text_en="On Monday.")
    make_version(discrepancy=discrepancy, text_en="On Tuesday.")
    shown = words(read(client, f"/en/initiatives/{initiative.slug}/").select_one(".dispute"))
    assert "On Monday." in shown
    assert "On Tuesday." in shown
    assert "The official date is kept." in shown


def test_a_projected_figure_is_marked(client):
    indicator = make_indicator(unit_en="billion USD")
    make_observation(indicator=indicator, year=2024, value=263, kind="actual")
    make_observation(indicator=indicator, year=2030, value="2000.00", qualifier="up-to", kind="projected")
    rows = [words(row) for row in read(client, "/en/figures/").select("tbody tr")]
    assert rows == ["2024 263 billion USD Actual", "2030 up to 2,000 billion USD Projected"]


def test_figures_match_year_and_projection_in_one_observation(client):
    indicator = make_indicator()
    make_observation(indicator=indicator, year=2024, kind="actual")
    make_observation(indicator=indicator, year=2030, kind="projected")
    assert words(read(client, "/en/figures/?year=2030&projected=true").select_one("#count")) == "1 indicator"
    assert words(read(client, "/en/figures/?year=2030&projected=false").select_one("#count")) == "0 indicators"


def test_a_document_without_an_address_says_so(client):
    document = make_document(url="")
    assert "not public, or its address not known" in words(read(client, f"/en/documents/{document.slug}/").main)


def test_a_country_that_leads_nothing_has_the_same_page_and_says_so(client):
    country = make_country()
    page = words(read(client, f"/en/countries/{country.slug}/").main)
    assert "Our sources name no initiative that this country leads." in page
    assert "Our sources name no meeting hosted here." in page


def test_links_go_both_ways_between_meeting_decision_and_initiative(client):
    decision = make_decision()
    initiative = make_initiative(decisions=[decision])
    addresses = [
        f"/en/meetings/{decision.meeting.slug}/",
        f"/en/decisions/{decision.slug}/",
        f"/en/initiatives/{initiative.slug}/",
    ]
    for address in addresses:
        links = {link["href"] for link in read(client, address).select("main a[href]")}
        assert set(addresses) - {address} <= links, address


@pytest.mark.parametrize(("theme", "attribute"), [("dark", "dark"), ("light", "light"), ("auto", None), ("pink", None)])
def test_the_theme_is_remembered_and_leads_back(client, theme, attribute):
    answer = client.post("/theme/", {"theme": theme, "next": "/en/about/?x=1"})
    assert answer.headers["Location"] == "/en/about/?x=1"
    assert read(client, "/en/about/").html.get("data-theme") == attribute


def test_the_theme_never_leads_to_another_site(client):
    assert client.post("/theme/", {"theme": "dark", "next": "https://example.org/"}).headers["Location"] == "/"
    assert client.get("/theme/").status_code == 405


def test_the_bodies_hang_together_as_the_sources_say(client):
    ministers = make_body(name_en="The ministers", kind="ministerial")
    officials = make_body(name_en="The officials", kind="senior-officials", parent=ministers)
    make_body(name_en="The group", parent=officials)
    make_body(name_en="Alone")
    tree = read(client, "/en/bodies/").select_one("#structure + .tree")
    assert [words(name) for name in tree.select(".nm")] == ["The ministers", "The officials", "The group"]
    assert words(tree.select_one("li li li .nm")) == "The group"


def test_a_closed_body_stands_in_the_lineage_and_not_in_the_structure(client):
    later = make_body(name_en="The later", established=2019)
    earlier = make_body(name_en="The earlier", status="closed", successor=later, established=2001)
    make_body(name_en="Its officials", status="closed", parent=earlier)
    page = read(client, "/en/bodies/")
    assert page.select_one("#structure") is None
    assert (
        words(page.select_one(".lineage li")) == "The earlier established 2001 followed by The later established 2019"
    )


def test_a_part_of_the_bodies_is_only_a_list(client):
    make_body(kind="network", parent=make_body(kind="ministerial"))
    assert read(client, "/en/bodies/").select_one("#structure")
    assert read(client, "/en/bodies/?kind=network").select_one("#structure") is None


def test_a_body_shows_what_is_over_and_under_it_and_what_it_followed(client):
    body = make_body(name_en="This body", parent=make_body(name_en="Over it"))
    make_body(name_en="Under it", parent=body)
    make_body(name_en="Before it", successor=body)
    page = read(client, f"/en/bodies/{body.slug}/")
    assert [words(name) for name in page.select(".tree .nm")] == ["Over it", "This body", "Under it"]
    assert words(page.select_one(".lineage li")) == "Before it followed by This body"


def test_a_plan_tells_how_far_the_initiatives_of_each_item_are(client):
    plan = make_plan()
    item = make_plan_item(plan=plan, code="DO1")
    for status in ("completed", "completed", "planned"):
        make_initiative(status=status, plan=plan, plan_basis="stated", plan_items=[item])
    page = read(client, f"/en/plans/{plan.slug}/")
    assert [words(part) for part in page.select("#do1 .progress li")] == ["2 completed", "1 planned"]
    widths = [float(part["width"].rstrip("%")) for part in page.select("#do1 .progress rect")]
    assert widths == pytest.approx([66.67, 33.33])


def test_the_line_of_master_plans_is_drawn_to_scale(client):
    make_plan(acronym="AIM", start_year=2011, end_year=2015)
    make_plan(acronym="ADM", start_year=2016, end_year=2030)
    drawing = read(client, "/en/plans/").select_one("svg.periods")
    assert [(span["x"], span["width"]) for span in drawing.select("svg")] == [("0.00%", "25.00%"), ("25.00%", "75.00%")]
    assert "ADM: 2016–2030, in force" in words(drawing.desc)


def test_every_drawing_has_a_title_a_description_and_its_numbers(client):
    decision = make_decision(verb="noted", meeting=make_meeting(start="2024-05-01", end="2024-05-01"))
    make_initiative(decisions=[decision], directions=[make_direction()])
    indicator = make_indicator(slug="digital-economy-gmv")
    make_observation(indicator=indicator, year=2024, value=263, kind="actual")
    make_observation(indicator=indicator, year=2030, value=2000)
    for path in ("", "meetings/", "decisions/", "figures/"):
        page = read(client, f"/en/{path}")
        drawings = page.select("svg[role=img]")
        assert drawings, path
        for drawing in drawings:
            names = [page.find(id=name) for name in drawing["aria-labelledby"].split()]
            assert [name.name for name in names] == ["title", "desc"]
            assert all(words(name) for name in names), path


def test_the_chart_of_the_register_counts_the_result_under_the_filter(client):
    for verb in ("adopted", "agreed", "noted"):
        make_decision(verb=verb)
    page = read(client, "/en/decisions/?level=commits")
    assert [words(cell) for cell in page.select(".lying td")] == ["2", "0", "0", "0", "0"]


def test_the_years_of_the_meetings_agree_with_the_list(client):
    for start in ("2024-05-01", "2024-06-01", "2999-01-01"):
        make_meeting(start=start, end=start)
    page = read(client, "/en/meetings/?year=2024")
    assert [words(row) for row in page.select(".drawn-wide tbody tr")] == ["2024 2 0"]
    assert words(read(client, "/en/meetings/").select_one(".drawn-wide tbody tr")) == "2999 1 1"


def test_the_strip_of_the_ministers_tells_what_was_what_is_latest_and_what_is_ahead(client):
    series = make_body(slug="adgmin", acronym="ADGMIN")
    for number, year in enumerate((2024, 2025, 2999), start=1):
        make_meeting(
            slug=f"adgmin-{number}",
            series=series,
            number=number,
            start=f"{year}-01-01",
            end=f"{year}-01-02",
            city_en="Town",
        )
    strip = read(client, "/en/meetings/").select(".strip > li")
    assert [entry["class"] for entry in strip] == [["chk"], ["here"], ["next"]]
    assert [words(entry) for entry in strip][1:] == ["ADGMIN 2 2025, the latest Town", "ADGMIN 3 2999, ahead Town"]


def test_a_meeting_shows_its_decisions_by_level_the_firmest_first(client):
    meeting = make_meeting()
    for order, verb in enumerate(("noted", "adopted", "announced", "agreed"), start=1):
        make_decision(meeting=meeting, verb=verb, order=order)
    levels = read(client, f"/en/meetings/{meeting.slug}/").select(".level")
    assert [words(level.h3) for level in levels] == ["Commits 2", "Takes note 1", "Reported there 1"]
    assert [words(badge) for badge in levels[0].select(".reg .badge")] == ["Adopted", "Agreed"]
    assert "nothing was adopted, established or ordered" in words(levels[1])


def test_a_meeting_shows_its_statements_by_speaker(client):
    meeting = make_meeting()
    first, second = make_person(name="First Speaker"), make_person(name="Second Speaker")
    for order, person in enumerate((first, second, first), start=1):
        make_statement(meeting=meeting, person=person, order=order)
    speakers = read(client, f"/en/meetings/{meeting.slug}/").select(".person")
    assert [words(speaker.h3) for speaker in speakers] == ["First Speaker", "Second Speaker"]
    assert [len(speaker.select(".said")) for speaker in speakers] == [2, 1]


@pytest.mark.parametrize("make", [make_meeting, make_decision, make_initiative])
def test_a_page_says_how_to_cite_it(client, make):
    record = make()
    address = record.get_absolute_url().replace("/vi/", "/en/")
    cited = words(read(client, address).select_one(".cite"))
    with override("en"):
        updated = local_date(localdate(record.updated), "DATE_FORMAT")
    assert f"ASEAN digital cooperation: a public register. Updated {updated} ." in cited
    assert cited.endswith(f"http://testserver{address}")


def test_a_page_says_the_day_of_its_last_change_where_the_register_is_kept(client):
    record = make_initiative()
    # Half past one at night in Hanoi, while it is still the day before in London.
    Initiative.objects.update(updated=datetime(2026, 1, 15, 18, 30, tzinfo=UTC))
    page = read(client, f"/en/initiatives/{record.slug}/")
    assert page.select_one(".cite time")["datetime"] == "2026-01-16"
    assert [tag.get_text() for tag in page.select("dd > time")] == ["16 January 2026"]


def test_the_trace_of_an_initiative_names_each_meeting_with_its_verbs_and_each_dated_status(client):
    earlier, later = make_meeting(name_en="Earlier", start="2024-01-01"), make_meeting(name_en="Later")
    decisions = [
        make_decision(meeting=later, verb="launched", order=1),
        make_decision(meeting=later, verb="welcomed", order=2),
        make_decision(meeting=earlier, verb="noted", order=1),
    ]
    initiative = make_initiative(decisions=decisions, status="ongoing")
    make_milestone(initiative=initiative, date=date(2024, 1, 1), precision="month", status="planned", key="2024-01")
    make_milestone(initiative=initiative, date=date(2026, 1, 16), status="ongoing")
    steps = read(client, f"/en/initiatives/{initiative.slug}/").select(".trace > li")
    assert words(steps[1]) == "At the meetings Earlier noted Later launched , welcomed"
    assert words(steps[3]) == "Status Ongoing January 2024 : planned 16 January 2026 : ongoing"
    assert steps[3].select_one("a")["href"] == "#step-2024-01"
    assert steps[4].select_one("a")["href"] == "#sources"


def test_a_country_shows_the_meetings_it_hosted_and_chaired_and_what_came_of_them(client):
    country = make_country(code="SG")
    hosted = make_meeting(name_en="Hosted", country=country, chair=make_person(country=country))
    make_meeting(name_en="Chaired", start="2025-01-01", vice_chair=make_person(country=country))
    for _ in range(2):
        make_decision(meeting=hosted)
    page = read(client, "/en/countries/sg/")
    rows = [[words(cell) for cell in row.select("th, td")] for row in page.select("#hosted + .table-wrap tbody tr")]
    assert [(row[0], row[3], row[4]) for row in rows] == [
        ("Hosted", "host, chair", "2"),
        ("Chaired", "vice-chair", "0"),
    ]
    link = page.select_one('.tallies a[href="/en/decisions/?country=sg"]')
    assert len(read(client, link["href"]).select(".reg > li")) == 2


def test_a_country_says_which_meetings_of_the_ministers_it_hosted_and_will_host(client):
    country, series = make_country(code="BN"), make_body(slug="adgmin", acronym="ADGMIN")
    for number, year in ((1, 2021), (7, 2999)):
        start = f"{year}-01-01"
        make_meeting(slug=f"adgmin-{number}", series=series, number=number, country=country, start=start, end=start)
    assert words(read(client, "/en/countries/bn/").select_one(".lede")) == (
        "Hosted ADGMIN 1 in 2021. Will host ADGMIN 7 in 2999."
    )


def test_the_accessibility_page_names_the_standard_and_its_limits(client):
    for language, limits in (("en", "Known limits"), ("vi", "Hạn chế đã biết")):
        page = read(client, f"/{language}/accessibility/")
        assert "WCAG) 2.2" in words(page.main)
        assert words(page.select_one("#limits")) == limits
