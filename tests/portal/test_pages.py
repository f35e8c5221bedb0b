"""What the pages of records and lists have in common: parts that are drawn once for everybody."""

import pytest
from django.utils.translation import get_language, override

from portal.index import content_state
from portal.pages import drawn_once
from tests.factories import make_country, make_topic

pytestmark = pytest.mark.django_db


def test_a_part_for_everybody_is_drawn_once_in_each_language_and_anew_after_a_change():
    drawn = []

    def facts() -> dict:
        drawn.append(get_language())
        return {"level": "steers"}

    def part(language: str) -> str:
        with override(language):
            return drawn_once(content_state(), "includes/level_meaning.html", facts)

    assert "A direction was given" in part("en") and "A direction was given" not in part("vi")
    assert (part("en"), drawn) == (part("en"), ["en", "vi"])
    make_topic()
    part("en")
    assert drawn == ["en", "vi", "en"]


@pytest.mark.parametrize("page", ["/en/", "/en/countries/"])
def test_a_change_is_seen_on_what_was_drawn_before(client, page):
    country = make_country(name_en="Freedonia")
    assert "Freedonia" in client.get(page).content.decode()
    country.name_en = "Sylvania"
    country.save()
    text = client.get(page).content.decode()
    assert "Sylvania" in text and "Freedonia" not in text


@pytest.mark.parametrize(
    ("page", "shown"), [("/en/countries/?q=freedonia", True), ("/en/countries/?q=sylvania", False)]
)
def test_a_short_list_that_is_filtered_is_not_the_one_that_is_kept(client, page, shown):
    make_country(slug="fr", code="FR", name_en="Freedonia")
    assert "Freedonia" in client.get("/en/countries/").content.decode()
    assert ("Freedonia" in client.get(page).content.decode()) == shown
