import pytest
from bs4 import BeautifulSoup

from tests.factories import make_decision, make_initiative, make_person, make_topic

pytestmark = pytest.mark.django_db


def groups_of(client, address: str) -> dict[str, list[str]]:
    """The headings of a search page with what is found under each."""
    page = BeautifulSoup(client.get(address).content, "html5lib")
    found = {}
    for section in page.select(".doc section"):
        found[" ".join(section.h2.get_text(" ").split())] = [link.get_text() for link in section.select(".hits a")]
    return found


@pytest.mark.parametrize("typed", ["an ninh mang", "AN NINH MẠNG", "cybersec"])
def test_one_search_finds_every_kind_with_or_without_marks_in_both_languages(client, typed):
    make_initiative(name_vi="An ninh mạng khu vực", name_en="Regional cybersecurity")
    make_topic(name_vi="An ninh mạng", name_en="Cybersecurity")
    make_decision()
    assert groups_of(client, f"/vi/search/?q={typed}") == {
        "Sáng kiến (1)": ["An ninh mạng khu vực"],
        "Chủ đề (1)": ["An ninh mạng"],
    }


def test_a_kind_with_many_hits_leads_to_its_list_under_the_same_words(client):
    for number in range(12):
        make_initiative(name_en=f"Submarine cable {number}")
    page = BeautifulSoup(client.get("/en/search/?q=submarine").content, "html5lib")
    assert groups_of(client, "/en/search/?q=submarine").keys() == {"Initiatives (12)"}
    assert len(page.select(".hits a")) == 10
    assert page.select_one("a.more")["href"] == "/en/initiatives/?q=submarine"


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_000, "a\x00b", "'\"", "🙂", "\u202eabc", "-", "%"])
def test_no_text_breaks_the_search_and_none_finds_everything(client, text):
    make_person()
    answer = client.get("/vi/search/", {"q": text})
    assert answer.status_code == 200
    assert not BeautifulSoup(answer.content, "html5lib").select(".hits a")
