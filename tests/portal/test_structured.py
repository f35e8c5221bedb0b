"""What a page tells machines: never more than is known, never of a draft, never a way out of its element."""

import json

import pytest
from bs4 import BeautifulSoup

from portal import structured
from portal.models import State
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_direction,
    make_document,
    make_initiative,
    make_meeting,
    make_person,
    make_plan,
    make_session,
    make_topic,
)
from tests.web import LISTS, make_web, own_pages

pytestmark = pytest.mark.django_db

SITE = "http://testserver"


def things_on(client, address: str) -> dict[str, dict]:
    """The structured data of a page by type."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    scripts = BeautifulSoup(answer.content, "html5lib").select('script[type="application/ld+json"]')
    things = [json.loads(script.string) for script in scripts]
    assert {thing["@context"] for thing in things} <= {"https://schema.org"}
    assert len({thing["@type"] for thing in things}) == len(things)
    return {thing["@type"]: thing for thing in things}


def thing_of(client, record, kind: str) -> dict:
    return things_on(client, f"/en{record.get_absolute_url()[3:]}")[kind]


@pytest.mark.parametrize(
    ("precision", "start", "end"),
    [("day", "2027-01-01", "2027-01-31"), ("month", "2027-01", "2027-01"), ("year", "2027", "2027")],
)
def test_the_dates_of_a_meeting_are_no_more_exact_than_is_known(client, precision, start, end):
    event = thing_of(client, make_meeting(start="2027-01-01", end="2027-01-31", precision=precision), "Event")
    assert (event["startDate"], event["endDate"]) == (start, end)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("planned", "EventScheduled"),
        ("confirmed", "EventScheduled"),
        ("held", "EventScheduled"),
        ("postponed", "EventPostponed"),
        ("cancelled", "EventCancelled"),
    ],
)
def test_the_status_of_a_meeting_is_that_of_its_programme_too(client, status, said):
    meeting = make_meeting(status=status)
    make_session(meeting=meeting)
    event = thing_of(client, meeting, "Event")
    assert event["eventStatus"] == event["subEvent"][0]["eventStatus"] == f"https://schema.org/{said}"


@pytest.mark.parametrize(
    ("format", "mode", "places"),
    [
        ("", None, ["Place"]),
        ("in-person", "https://schema.org/OfflineEventAttendanceMode", ["Place"]),
        ("virtual", "https://schema.org/OnlineEventAttendanceMode", ["VirtualLocation"]),
        ("hybrid", "https://schema.org/MixedEventAttendanceMode", ["Place", "VirtualLocation"]),
    ],
)
def test_a_meeting_is_where_its_format_says(client, format, mode, places):
    meeting = make_meeting(format=format, city_en="Ha Noi", venue_en="The Hall", country=make_country(code="VN"))
    event = thing_of(client, meeting, "Event")
    assert event.get("eventAttendanceMode") == mode
    assert [place["@type"] for place in event["location"]] == places
    if "Place" in places:
        address = {"@type": "PostalAddress", "addressLocality": "Ha Noi", "addressCountry": "VN"}
        assert event["location"][0] == {"@type": "Place", "name": "The Hall", "address": address}


def test_a_meeting_names_its_series_its_week_and_the_other_meetings_of_it(client):
    series = make_body(kind="ministerial", name_en="The ministers")
    week = make_meeting(name_en="The week", series=series)
    part = make_meeting(name_en="The part", series=series, part_of=week)
    whole, piece = thing_of(client, week, "Event"), thing_of(client, part, "Event")
    assert whole["organizer"]["name"] == "The ministers"
    assert whole["organizer"]["url"] == f"{SITE}/en/bodies/{series.slug}/"
    assert [event["name"] for event in whole["subEvent"]] == ["The part"]
    assert piece["superEvent"]["url"] == f"{SITE}/en/meetings/{week.slug}/"


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Asia/Ho_Chi_Minh", "2026-01-15T08:00+07:00"),
        ("", "2026-01-15T08:00"),
        ("Nowhere/At_All", "2026-01-15T08:00"),
        ("../etc", "2026-01-15T08:00"),
    ],
)
def test_an_hour_has_the_time_zone_of_its_meeting(client, zone, start):
    meeting = make_meeting(timezone=zone)
    make_session(meeting=meeting, start_time="08:00")
    session = thing_of(client, meeting, "Event")["subEvent"][0]
    assert (session["startDate"], session["endDate"]) == (start, "2026-01-15")


def test_a_session_without_a_date_claims_none(client):
    meeting = make_meeting()
    make_session(meeting=meeting, date=None, start_time="08:00")
    assert not {"startDate", "endDate"} & set(thing_of(client, meeting, "Event")["subEvent"][0])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("ministerial", "GovernmentOrganization"),
        ("working-group", "GovernmentOrganization"),
        ("dialogue-partner", "Organization"),
        ("international-organisation", "Organization"),
    ],
)
def test_a_body_is_of_asean_or_a_partner(client, kind, said):
    body = make_body(kind=kind, established=2019, parent=make_body(name_en="The parent"))
    organisation = thing_of(client, body, said)
    assert organisation["foundingDate"] == "2019"
    assert organisation["parentOrganization"]["name"] == "The parent"
    assert ("memberOf" in organisation) is (said == "GovernmentOrganization")


def test_a_body_that_was_only_proposed_belongs_to_nothing_yet(client):
    parent = make_body()
    proposed = make_body(status="proposed", parent=parent)
    organisation = thing_of(client, proposed, "GovernmentOrganization")
    assert organisation["disambiguatingDescription"] == "Proposed, not established"
    assert not {"memberOf", "parentOrganization"} & set(organisation)
    assert "subOrganization" not in thing_of(client, parent, "GovernmentOrganization")


def test_a_country_has_its_ministry(client):
    country = make_country(code="SG", name_en="Singapore", ministry_en="Ministry of Digital Affairs")
    things = things_on(client, "/en/countries/sg/")
    assert (things["Country"]["name"], things["Country"]["identifier"]) == ("Singapore", "SG")
    assert things["GovernmentOrganization"]["name"] == "Ministry of Digital Affairs"
    assert things["GovernmentOrganization"]["areaServed"]["url"] == f"{SITE}/en{country.get_absolute_url()[3:]}"


def test_an_initiative_is_a_project_with_its_lead_and_status(client):
    body, country = make_body(name_en="The lead"), make_country(name_en="Singapore")
    initiative = make_initiative(lead_body=body, lead_countries=[country], start_year=2020, end_year=2030)
    project = thing_of(client, initiative, "Project")
    assert (project["foundingDate"], project["parentOrganization"]["name"]) == ("2020", "The lead")
    assert [(fact["name"], fact["value"]) for fact in project["additionalProperty"]] == [
        ("Status", "Ongoing"),
        ("Lead country", "Singapore"),
    ]
    assert "dissolutionDate" not in project


@pytest.mark.parametrize(("kind", "said"), [("report", "Report"), ("study", "Report"), ("guide", "CreativeWork")])
def test_a_document_has_its_publisher_and_a_date_as_exact_as_known(client, kind, said):
    document = make_document(
        kind=kind, body=make_body(name_en="ASEAN body"), published_on="2024-03-01", precision="month"
    )
    work = thing_of(client, document, said)
    assert (work["datePublished"], work["publisher"]["name"]) == ("2024-03", "ASEAN body")


@pytest.mark.parametrize(("years", "covered"), [((2021, 2025), "2021/2025"), ((2030, None), "2030/..")])
def test_a_plan_covers_its_years(client, years, covered):
    plan = make_plan(start_year=years[0], end_year=years[1], adopted_on="2021-01-01", precision="year")
    work = thing_of(client, plan, "CreativeWork")
    assert (work["temporalCoverage"], work["datePublished"]) == (covered, "2021")


def test_a_decision_is_a_text_recorded_at_its_meeting_about_its_initiatives(client):
    decision = make_decision(verb="noted", text_en="Noted a proposal.")
    make_initiative(name_en="The network", decisions=[decision])
    entry = thing_of(client, decision, "CreativeWork")
    assert (entry["text"], entry["genre"]) == ("Noted a proposal.", "Noted")
    assert entry["recordedAt"]["url"] == f"{SITE}/en/meetings/{decision.meeting.slug}/"
    assert [(subject["@type"], subject["name"]) for subject in entry["about"]] == [("Project", "The network")]


@pytest.mark.parametrize(("make", "kind"), [(make_person, "Person"), (make_topic, "DefinedTerm")])
def test_people_and_terms_are_named(client, make, kind):
    record = make()
    assert thing_of(client, record, kind)["name"] == str(record)


def test_a_direction_says_from_what_to_what(client):
    term = thing_of(client, make_direction(), "DefinedTerm")
    assert term["description"] == "connecting → creating together"


def test_the_page_has_a_language_and_the_home_page_is_the_site(client):
    meeting = make_meeting()
    page = things_on(client, f"/vi/meetings/{meeting.slug}/")["Event"]["mainEntityOfPage"]
    assert (page["inLanguage"], page["@id"]) == ("vi", f"{SITE}/vi/meetings/{meeting.slug}/")
    site = things_on(client, "/vi/")["WebSite"]
    assert (site["name"], site["url"], site["inLanguage"]) == ("Hợp tác số ASEAN", f"{SITE}/vi/", ["vi", "en"])


@pytest.mark.parametrize("path", ["meetings/", "decisions/", "initiatives/", "figures/"])
def test_a_list_is_a_dataset_only_as_a_whole(client, path):
    dataset = things_on(client, f"/en/{path}")["Dataset"]
    assert dataset["name"].startswith("ASEAN digital cooperation: ")
    assert (dataset["url"], dataset["license"]) == (f"{SITE}/en/{path}", structured.LICENSE)
    assert (len(dataset["description"]) >= 50, "distribution" in dataset) == (True, False)
    assert "Dataset" not in things_on(client, f"/en/{path}?q=x")


def test_machines_read_the_breadcrumbs_that_people_see(client):
    web = make_web()
    for path in [path for path in [*LISTS, *own_pages(web).values()] if path]:
        page = BeautifulSoup(client.get(f"/vi/{path}").content, "html5lib")
        shown = [
            (entry.get_text(), f"{SITE}{entry.a['href']}" if entry.a else None) for entry in page.select(".crumbs li")
        ]
        told = things_on(client, f"/vi/{path}")["BreadcrumbList"]["itemListElement"]
        assert [(entry["name"], entry.get("item")) for entry in told] == shown, path
        assert [entry["position"] for entry in told] == list(range(1, len(shown) + 1))


@pytest.mark.parametrize("relation", ["series", "part_of", "country"])
def test_a_draft_is_not_told_to_machines(client, relation):
    meeting = make_meeting(part_of=make_meeting(), country=make_country(), venue_en="", city_en="")
    related = getattr(meeting, relation)
    key = {"series": "organizer", "part_of": "superEvent", "country": "location"}[relation]
    assert key in thing_of(client, meeting, "Event")
    type(related).objects.filter(pk=related.pk).update(state=State.DRAFT)
    assert key not in thing_of(client, meeting, "Event")


def test_a_name_cannot_end_the_script_it_stands_in(client):
    name = "</script><script>alert(1)</script><!-- & -->"
    meeting = make_meeting(name_en=name)
    assert thing_of(client, meeting, "Event")["name"] == name
    assert b"alert(1)</script>" not in client.get(f"/en/meetings/{meeting.slug}/").content


def test_data_in_a_script_has_no_character_that_html_reads():
    text = structured.script_text({"@type": "Thing", "name": "<&>", "url": "/en/"}, lambda path: f"{SITE}{path}")
    assert not set("<>&") & set(text)
    assert json.loads(text) == {
        "@context": "https://schema.org",
        "@type": "Thing",
        "name": "<&>",
        "url": f"{SITE}/en/",
    }
