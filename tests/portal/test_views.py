import pytest
from bs4 import BeautifulSoup

from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_discrepancy,
    make_document,
    make_indicator,
    make_initiative,
    make_meeting,
    make_observation,
    make_source,
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
    assert "did not adopt, establish or order anything" in words(page.main)
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
