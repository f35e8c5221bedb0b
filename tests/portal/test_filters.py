"""One address is one state: what every list does with its parameters."""

import pytest
from bs4 import BeautifulSoup

from portal.filters import MOST_CHIPS
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_initiative,
    make_meeting,
    make_observation,
    make_topic,
)

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def open_list(client, address: str) -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html5lib")


def names(page: BeautifulSoup) -> list[str]:
    return [link.get_text() for link in page.select("#results .card h3 a")]


@pytest.fixture
def singapore():
    return make_country(code="SG", name_vi="Singapore", name_en="Singapore")


@pytest.fixture
def malaysia():
    return make_country(code="MY", name_vi="Malaysia", name_en="Malaysia")


def test_a_repeated_parameter_is_or_and_different_ones_are_and(client, singapore, malaysia):
    make_initiative(name_en="A", lead_countries=[singapore], status="ongoing")
    make_initiative(name_en="B", lead_countries=[malaysia], status="ongoing")
    make_initiative(name_en="C", lead_countries=[singapore], status="planned")
    assert names(open_list(client, "/en/initiatives/?country=sg&country=my")) == ["A", "B", "C"]
    assert names(open_list(client, "/en/initiatives/?country=sg&country=my&status=ongoing")) == ["A", "B"]


def test_a_record_that_fits_twice_is_counted_once(client, singapore, malaysia):
    make_initiative(name_en="Both", lead_countries=[singapore, malaysia])
    page = open_list(client, "/en/initiatives/?country=sg&country=my")
    assert names(page) == ["Both"]
    assert page.select_one("#count").get_text(strip=True) == "1 initiative"


def test_empty_parameters_are_ignored(client):
    make_initiative(name_en="A")
    page = open_list(client, "/en/initiatives/?q=&country=&status=&sort=&page=")
    assert names(page) == ["A"]
    assert page.select(".chip") == []


def test_an_unknown_value_is_an_error_by_its_field_and_the_rest_applies(client, singapore):
    make_initiative(name_en="A", lead_countries=[singapore])
    make_initiative(name_en="B")
    page = open_list(client, "/en/initiatives/?country=sg&country=atlantis")
    assert names(page) == ["A"]
    assert page.select_one("#country-error").get_text(strip=True) == "Unknown value: atlantis."
    assert page.select_one("fieldset[aria-describedby=country-error] legend").get_text() == "Lead country"


def test_an_unknown_order_is_an_error_and_the_default_order_applies(client):
    make_initiative(name_en="B")
    make_initiative(name_en="A")
    page = open_list(client, "/en/initiatives/?sort=colour")
    assert names(page) == ["A", "B"]
    assert "colour" in page.select_one("#sort-error").get_text()


@pytest.mark.parametrize("text", ["x" * 2_000, "a\x00b", "' OR 1=1 --", "🙂", "\u202eabc", "%00", "((("])
def test_no_search_text_breaks_a_list(client, text):
    make_initiative()
    assert client.get("/vi/initiatives/", {"q": text}).status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "1.5", "9" * 30])
def test_a_page_out_of_range_is_not_found(client, page):
    make_initiative()
    assert client.get(f"/vi/initiatives/?page={page}").status_code == 404


def test_a_chip_removes_its_own_value_and_nothing_else(client, singapore, malaysia):
    make_initiative(lead_countries=[singapore])
    page = open_list(client, "/en/initiatives/?country=sg&country=my&status=ongoing&q=initiative&page=1")
    chips = {chip.find(string=True, recursive=False): chip["href"] for chip in page.select("a.chip.on")}
    assert chips == {
        "“initiative”": "?country=sg&country=my&status=ongoing",
        "Ongoing": "?country=sg&country=my&q=initiative",
        "Singapore": "?country=my&status=ongoing&q=initiative",
        "Malaysia": "?country=sg&status=ongoing&q=initiative",
    }
    assert page.select_one("a.chip.plain")["href"] == "?"


def test_of_many_values_the_first_have_chips_and_the_others_are_counted(client):
    """Each chip names all the others in its address: together they would outgrow the page."""
    topics = [make_topic() for _ in range(MOST_CHIPS + 3)]
    make_initiative(topics=topics)
    page = open_list(client, f"/en/initiatives/?{'&'.join(f'topic={topic.slug}' for topic in topics)}")
    assert len(page.select("a.chip.on")) == MOST_CHIPS
    assert page.select_one(".chips .muted").get_text() == "and 3 more"
    assert page.select_one("#chosen").get_text(strip=True) == str(MOST_CHIPS + 3)
    assert len(page.select("#facets input[name=topic]:checked")) == MOST_CHIPS + 3


def test_pages_keep_the_filters(client):
    for number in range(25):
        make_initiative(name_en=f"Name {number:02d}")
    page = open_list(client, "/en/initiatives/?status=ongoing&sort=-name")
    assert names(page)[0] == "Name 24"
    following = page.select_one(".pager a[rel=next]")["href"]
    assert following == "?status=ongoing&sort=-name&page=2"
    assert names(open_list(client, f"/en/initiatives/{following}")) == ["Name 00"]


def test_names_are_sorted_in_the_order_of_the_language(client):
    for name in ["Đào tạo", "Dữ liệu", "An toàn", "Ăng ten", "Bảo mật"]:
        make_initiative(name_vi=name, name_en=name)
    assert names(open_list(client, "/vi/initiatives/")) == ["An toàn", "Ăng ten", "Bảo mật", "Dữ liệu", "Đào tạo"]
    assert names(open_list(client, "/en/initiatives/")) == ["An toàn", "Ăng ten", "Bảo mật", "Đào tạo", "Dữ liệu"]


def test_nothing_found_says_how_much_there_is_without_each_condition(client, singapore):
    make_initiative(lead_countries=[singapore])
    make_initiative(lead_countries=[singapore], status="completed")
    page = open_list(client, "/en/initiatives/?country=sg&status=planned&year=2020")
    assert page.select_one(".empty h3").get_text() == "No initiative fits"
    ways = [" ".join(way.get_text(" ").split()) for way in page.select(".empty li")]
    assert ways == ["Without: Planned → 0", "Without: Singapore → 0", "Without: 2020 → 0", "Show all 2"]
    page = open_list(client, "/en/initiatives/?country=sg&status=planned")
    links = {" ".join(way.get_text(" ").split()): way["href"] for way in page.select(".empty a")}
    assert links == {"Without: Planned → 2": "?country=sg", "Show all 2": "?"}
    assert page.select_one(".empty .off").get_text(" ").split() == ["Without:", "Singapore", "→", "0"]


def test_what_is_not_stated_says_of_which_field(client):
    make_initiative()
    page = open_list(client, "/vi/initiatives/?year=none&country=none&status=planned")
    chips = [chip.find(string=True, recursive=False) for chip in page.select("a.chip.on")]
    assert chips == ["Đã lên kế hoạch", "Nước chủ trì: không nêu rõ", "Năm bắt đầu: không nêu rõ"]
    ways = [" ".join(way.get_text(" ").split()) for way in page.select(".empty li")]
    assert ways[1] == "Bỏ điều kiện: Nước chủ trì: không nêu rõ → 0"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("figures/?year=2030&projected=true", "Số liệu năm 2030, ở dạng mục tiêu hoặc dự báo"),
        ("meetings/?country=none&format=virtual", "Hội nghị không nêu rõ nước đăng cai, theo hình thức trực tuyến"),
        ("initiatives/?status=ongoing&country=sg", "Sáng kiến đang triển khai do Singapore chủ trì"),
        ("initiatives/?country=sg&year=none", "Sáng kiến do Singapore chủ trì, không nêu rõ năm bắt đầu"),
        ("initiatives/?q=AI+-an+-toan", "Sáng kiến có từ “AI”, không có từ “an” hoặc “toan”"),
        ("initiatives/?status=ongoing&q=AI", "Sáng kiến đang triển khai có từ “AI”"),
    ],
)
def test_the_sentence_that_says_a_filter(client, singapore, query, sentence):
    make_observation(year=2030)
    assert open_list(client, f"/vi/{query}").select_one(".in-words").get_text() == sentence


def test_meetings_are_filtered_by_time_series_host_and_partner(client, malaysia):
    japan = make_body(slug="japan", kind="dialogue-partner")
    ahead = make_meeting(start="2099-01-01", end="2099-01-02", country=malaysia, partners=[japan], format="virtual")
    make_meeting()
    queries = [
        "when=upcoming",
        "country=my",
        "partner=japan",
        "format=virtual",
        "year=2099",
        f"series={ahead.series.slug}",
    ]
    for query in queries:
        page = open_list(client, f"/en/meetings/?{query}")
        assert [link["href"] for link in page.select(".mrow h3 a")] == [f"/en/meetings/{ahead.slug}/"], query


def test_decisions_are_filtered_by_verb_level_and_what_they_concern(client):
    body = make_body(slug="wg-ti")
    noted = make_decision(verb="noted", bodies=[body])
    make_decision(verb="adopted")
    initiative = make_initiative(slug="wg-ti-establishment", decisions=[noted])
    queries = [
        "verb=noted",
        "level=takes-note",
        "body=wg-ti",
        f"initiative={initiative.slug}",
        f"meeting={noted.meeting.slug}",
    ]
    for query in queries:
        page = open_list(client, f"/en/decisions/?{query}")
        assert [row["id"] for row in page.select(".reg > li")] == [noted.slug], query


def test_the_meeting_filter_of_initiatives_finds_what_its_page_lists(client):
    decision = make_decision()
    initiative = make_initiative(name_en="Linked", decisions=[decision])
    make_initiative(name_en="Elsewhere")
    assert names(open_list(client, f"/en/initiatives/?meeting={decision.meeting.slug}")) == ["Linked"]
    detail = BeautifulSoup(client.get(f"/en/meetings/{decision.meeting.slug}/").content, "html5lib")
    assert [link["href"] for link in detail.select(".card h3 a")] == [f"/en/initiatives/{initiative.slug}/"]
