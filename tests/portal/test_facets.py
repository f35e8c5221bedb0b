"""Every option of a list says how many records it would give, and every number of a page agrees with the others."""

import re
from datetime import datetime
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from initiatives.models import AHEAD, Indicator, Initiative, Observation
from meetings.models import Decision, Meeting, Statement
from portal.models import Body, Document
from tests.content import whole_content
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_direction,
    make_indicator,
    make_initiative,
    make_meeting,
    make_observation,
)
from tests.portal.test_filters import open_list

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def number_of(text: str) -> int:
    return int(re.sub(r"[.,]", "", text.split(maxsplit=1)[0]))


def facet(page: BeautifulSoup, name: str) -> dict[str, int]:
    """The options of a facet with their counts, in their order."""
    options = page.select(f"#facets input[type=checkbox][name={name}]")
    return {option["value"]: number_of(option.find_parent("label").select_one(".n").get_text()) for option in options}


def total(page: BeautifulSoup) -> int:
    return number_of(page.select_one("#count").get_text())


# What an option says


def test_an_option_is_counted_under_all_filters_but_those_of_its_own_facet(client):
    singapore, malaysia = make_country(code="SG"), make_country(code="MY")
    make_initiative(lead_countries=[singapore], status="ongoing")
    make_initiative(lead_countries=[singapore, malaysia], status="ongoing")
    make_initiative(lead_countries=[malaysia], status="planned")
    page = open_list(client, "/en/initiatives/?country=sg&status=ongoing")
    assert facet(page, "country") == {"sg": 2, "my": 1, "none": 0}
    assert facet(page, "status") == {"proposed": 0, "planned": 0, "ongoing": 2, "completed": 0}
    assert total(page) == 2


def test_an_option_that_gives_nothing_stays_in_its_place_and_cannot_be_chosen(client):
    make_initiative(status="ongoing")
    page = open_list(client, "/en/initiatives/")
    options = page.select("input[name=status]")
    assert [(option["value"], option.has_attr("disabled")) for option in options] == [
        ("proposed", True),
        ("planned", True),
        ("ongoing", False),
        ("completed", True),
    ]


def test_an_option_that_is_chosen_can_be_given_up_even_when_it_gives_nothing(client):
    make_initiative(status="ongoing")
    option = open_list(client, "/en/initiatives/?status=planned").select_one("input[value=planned]")
    assert option.has_attr("checked") and not option.has_attr("disabled")


def test_not_stated_is_a_value_with_a_count(client):
    make_initiative(name_en="Led", lead_countries=[make_country(code="SG")])
    make_initiative(name_en="Not led", start_year=2024)
    page = open_list(client, "/en/initiatives/?country=none")
    assert [link.get_text() for link in page.select(".card h3 a")] == ["Not led"]
    assert facet(page, "country") == {"sg": 1, "none": 1}
    assert facet(open_list(client, "/en/initiatives/"), "year") == {"2024": 1, "none": 1}
    assert page.select_one("input[value=none][name=country]").find_parent("label").select_one(".lab").get_text() == (
        "Not stated"
    )
    assert total(open_list(client, "/en/initiatives/?country=none&country=sg")) == 2


def test_a_lead_that_is_a_draft_is_not_stated(client):
    make_initiative(lead_countries=[make_country(code="SG", state="draft")])
    assert facet(open_list(client, "/en/initiatives/"), "country") == {"none": 1}


def test_options_stand_in_the_order_of_the_alphabet_or_in_the_official_one(client):
    for acronym in ["Đội", "Dữ liệu", "Ăng-ten", "An toàn"]:
        make_initiative(lead_body=make_body(acronym=acronym))
    for number, name in [(2, "A"), (1, "B")]:
        make_direction(number=number, name_vi=name, slug=f"direction-{number}")
    page = open_list(client, "/vi/initiatives/")
    labels = [lab.get_text() for lab in page.select("#facets fieldset:has(input[name=body]) .lab")]
    assert labels == ["An toàn", "Ăng-ten", "Dữ liệu", "Đội", "Không nêu rõ"]
    assert list(facet(page, "direction")) == ["direction-1", "direction-2", "none"]


def test_a_long_facet_is_folded_and_open_while_one_of_it_is_chosen(client):
    for number in range(13):
        make_initiative(lead_body=make_body(slug=f"body-{number}"))
    assert not open_list(client, "/en/initiatives/").select_one("#body-fold").has_attr("open")
    assert open_list(client, "/en/initiatives/?body=body-3").select_one("#body-fold").has_attr("open")


def test_a_range_of_years(client):
    for year in [2019, 2020, 2021, None]:
        make_initiative(name_en=str(year), start_year=year)
    page = open_list(client, "/en/initiatives/?year_from=2020&year_to=2021")
    assert [link.get_text() for link in page.select(".card h3 a")] == ["2020", "2021"]
    assert [chip.find(string=True, recursive=False) for chip in page.select("a.chip.on")] == [
        "from 2020 on",
        "up to 2021",
    ]
    assert total(open_list(client, "/en/initiatives/?year_from=2021")) == 1
    wrong = open_list(client, "/en/initiatives/?year_from=soon")
    assert wrong.select_one("#year_from-error").get_text(strip=True) == "soon is no year from 1967 to 2100."
    assert total(wrong) == 4


def test_the_filter_is_said_in_words(client):
    vietnam, singapore = make_country(code="VN", name_vi="Việt Nam"), make_country(code="SG", name_vi="Singapore")
    make_initiative(lead_countries=[vietnam, singapore])
    address = "/initiatives/?status=ongoing&country=vn&country=sg"
    words = open_list(client, f"/vi{address}").select_one(".in-words").get_text()
    assert words == "Sáng kiến đang triển khai do Việt Nam hoặc Singapore chủ trì"
    english = open_list(client, f"/en{address}").select_one(".in-words").get_text()
    assert english.startswith("Initiatives that are ongoing, led by ")
    assert not open_list(client, "/vi/initiatives/").select(".in-words")


def test_a_year_and_a_certainty_are_counted_of_one_and_the_same_value(client):
    indicator = make_indicator()
    make_observation(indicator=indicator, year=2024, kind="actual")
    make_observation(indicator=indicator, year=2030, kind="projected")
    page = open_list(client, "/en/figures/?year=2024")
    assert facet(page, "projected") == {"false": 1, "true": 0}
    assert facet(page, "year") == {"2030": 1, "2024": 1}
    assert total(open_list(client, "/en/figures/?year=2024&projected=true")) == 0


def test_relevance_is_the_order_of_a_search_unless_another_is_asked_for(client):
    make_initiative(name_en="A", summary_en="On cables.")
    make_initiative(name_en="Z cables")
    best = open_list(client, "/en/initiatives/?q=cables")
    assert [link.get_text() for link in best.select(".card h3 a")] == ["Z cables", "A"]
    assert best.select_one("#sort option[selected]").get_text() == "Best match first"
    named = open_list(client, "/en/initiatives/?q=cables&sort=name")
    assert [link.get_text() for link in named.select(".card h3 a")] == ["A", "Z cables"]


def test_counts_follow_a_change_at_once(client):
    decision = make_decision(verb="adopted")
    assert facet(open_list(client, "/en/decisions/"), "verb")["adopted"] == 1
    decision.verb = "noted"
    decision.save()
    verbs = facet(open_list(client, "/en/decisions/"), "verb")
    assert (verbs["adopted"], verbs["noted"]) == (0, 1)
    Decision.objects.update(state="withdrawn")
    assert facet(open_list(client, "/en/decisions/"), "verb")["noted"] == 0


def test_a_facet_follows_the_links_of_a_record_at_once(client):
    initiative = make_initiative()
    singapore = make_country(code="SG")
    assert facet(open_list(client, "/en/initiatives/"), "country")["sg"] == 0
    initiative.lead_countries.add(singapore)
    assert facet(open_list(client, "/en/initiatives/"), "country")["sg"] == 1


def test_a_meeting_that_ends_today_is_over_tomorrow(client, monkeypatch):
    make_meeting(start="2026-01-15", end="2026-01-16")
    for day, upcoming in [("2026-01-16", 1), ("2026-01-17", 0)]:
        noon = datetime.fromisoformat(f"{day}T12:00+07:00")
        monkeypatch.setattr("django.utils.timezone.now", lambda noon=noon: noon)
        assert facet(open_list(client, "/en/meetings/"), "when") == {"upcoming": upcoming, "past": 1 - upcoming}


# All numbers agree, whatever is asked


@pytest.fixture(scope="module")
def content(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


# For each list the model and, by parameter, the column that holds a value: written anew, as plain queries.
PLAIN = {
    "initiatives": (
        Initiative,
        {
            "status": "status",
            "country": "lead_countries__slug",
            "direction": "directions__slug",
            "body": "lead_body__slug",
            "plan": "plan__slug",
            "topic": "topics__slug",
            "partner": "partners__slug",
            "meeting": ["decisions__meeting__slug", "statements__meeting__slug", "milestones__meeting__slug"],
            "year": "start_year",
        },
    ),
    "meetings": (
        Meeting,
        {
            "series": "series__slug",
            "country": "country__slug",
            "year": "start__year",
            "status": "status",
            "format": "format",
            "partner": "partners__slug",
        },
    ),
    "decisions": (
        Decision,
        {
            "level": "level",
            "verb": "verb",
            "series": "meeting__series__slug",
            "meeting": "meeting__slug",
            "year": "meeting__start__year",
            "direction": "initiatives__directions__slug",
            "body": "bodies__slug",
            "plan": "plans__slug",
            "country": "meeting__country__slug",
            "initiative": "initiatives__slug",
        },
    ),
    "statements": (
        Statement,
        {
            "meeting": "meeting__slug",
            "person": "person__slug",
            "country": "person__country__slug",
            "direction": "directions__slug",
            "year": "meeting__start__year",
        },
    ),
    "documents": (
        Document,
        {
            "kind": "kind",
            "body": "body__slug",
            "meeting": "meetings__slug",
            "plan": "plans__slug",
            "year": "published_on__year",
        },
    ),
    "bodies": (Body, {"kind": "kind", "status": "status"}),
    "figures": (Indicator, {"kind": "kind"}),
}
TEXTS = ["asean", "an ninh", "2025", "-số", '"kinh tế số"', "cyber", "zzzz"]
RANGES = {"year_from": "gte", "year_to": "lte"}
# Facets of which a record has exactly one value, or none where "none" is offered: their counts add up to the total.
ONE_VALUE = {
    "initiatives": ["status", "body", "plan", "year"],
    "meetings": ["series", "country", "year", "status", "format", "when"],
    "decisions": ["level", "verb", "series", "meeting", "year", "country"],
    "statements": ["meeting", "person", "country", "year"],
    "documents": ["kind", "body", "year"],
    "bodies": ["kind", "status"],
    "figures": ["kind"],
}


def with_one(path: str, name: str, values: list[str]) -> Q:
    """What the values of a parameter ask of a record; "none" that it has no value at all."""
    model, columns = PLAIN[path]
    keys = [columns[name]] if isinstance(columns[name], str) else columns[name]
    either = Q(pk__in=[])
    for key in keys:
        either |= Q(**{f"{key}__in": [value for value in values if value != "none"]})
    if "none" in values:
        stated = Q(pk__in=[])
        for key in keys:
            stated |= Q(**{f"{key}__isnull": False}) & ~Q(**({key: ""} if key == "format" else {"pk__in": []}))
        either |= ~Q(pk__in=model.objects.filter(stated).values("pk"))
    return Q(pk__in=model.objects.filter(either).values("pk"))


def observed(years: list[str], projected: list[str]) -> Q:
    """With a value for one of the years that is of one of the certainties; either may be anything."""
    values = Observation.objects.filter(**({"year__in": years} if years else {}))
    if len(projected) == 1:
        ahead = Q(kind__in=AHEAD)
        values = values.filter(ahead if projected == ["true"] else ~ahead)
    return Q(pk__in=values.values("indicator")) if years or projected else Q()


def plain_count(path: str, asked: dict[str, list[str]]) -> int:
    """How many public records there are under the filter, by one query that knows nothing of facets."""
    model, columns = PLAIN[path]
    records = model.objects.published()
    for name, values in asked.items():
        if name == "q":
            records = records.filter(pk__in=model.objects.search(values[0]).values("pk"))
        elif name in RANGES:
            records = records.filter(**{f"{columns['year']}__{RANGES[name]}": values[0]})
        elif name == "when":
            ahead = Q(end__gte=timezone.localdate())
            records = records.filter(ahead if values == ["upcoming"] else ~ahead) if len(values) == 1 else records
        elif name in columns:
            records = records.filter(with_one(path, name, values))
    if path == "figures":
        records = records.filter(observed(asked.get("year", []), asked.get("projected", [])))
    return records.count()


def questions(path: str, offered: dict[str, list[str]]) -> st.SearchStrategy:
    """Any values of any parameters of a list, with some text and range of years."""
    values = {name: st.lists(st.sampled_from(options), max_size=2, unique=True) for name, options in offered.items()}
    years = [value for value in offered.get("year", []) if value != "none"]
    if years and path not in ("figures", "bodies"):
        values |= {name: st.lists(st.sampled_from(years), max_size=1) for name in RANGES}
    return st.fixed_dictionaries({}, optional=values | {"q": st.lists(st.sampled_from(TEXTS), max_size=1)})


@pytest.mark.usefixtures("content")
@pytest.mark.parametrize("path", PLAIN)
def test_whatever_is_asked_all_numbers_of_a_page_agree(client, path):
    whole = open_list(client, f"/en/{path}/")
    names = dict.fromkeys(box["name"] for box in whole.select("#facets input[type=checkbox]"))
    offered = {name: list(facet(whole, name)) for name in names}

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(asked=questions(path, offered), language=st.sampled_from(["vi", "en"]), turn=st.integers(0, 99))
    def agree(asked, language, turn):
        asked = {name: chosen for name, chosen in asked.items() if chosen}
        page = open_list(client, f"/{language}/{path}/?{urlencode(asked, doseq=True)}")
        shown = total(page)
        assert shown == plain_count(path, asked)
        for name in ONE_VALUE[path]:
            counts = facet(page, name)
            if name in asked:  # of its own facet only the chosen values are in the list
                counts = {value: count for value, count in counts.items() if value in asked[name]}
            assert sum(counts.values()) == shown, name
        for name in offered:
            counts = facet(page, name)
            value = list(counts)[turn % len(counts)]
            assert counts[value] == plain_count(path, asked | {name: [value]}), (name, value)

    agree()
