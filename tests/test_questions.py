"""What people ask of the register is answered by its pages alone, in both languages."""

import html
import re

import pytest
from django.test import Client

from initiatives.models import Initiative
from portal.models import Direction
from tests.content import whole_content

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def content(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


def read(path: str) -> str:
    """The words of a page's main part, as a visitor reads them."""
    answer = Client().get(path)
    assert answer.status_code == 200, path
    main = re.search(r"<main.*?</main>", answer.content.decode(), re.DOTALL).group()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.mark.parametrize(
    ("language", "date", "place"), [("vi", "Tháng 01/2027", "Bandar Seri Begawan"), ("en", "January 2027", "Brunei")]
)
def test_when_and_where_is_adgmin_7(language, date, place):
    page = read(f"/{language}/meetings/adgmin-7/")
    assert date in page
    assert place in page
    assert "01/01/2027" not in page
    assert "1 January" not in page


@pytest.mark.parametrize("language", ["vi", "en"])
def test_which_initiatives_does_singapore_lead(language):
    page = read(f"/{language}/initiatives/?country=sg")
    led = Initiative.objects.published().filter(lead_countries__slug="sg")
    others = Initiative.objects.published().exclude(pk__in=led)
    assert led.count() > 5
    assert [each.slug for each in led if getattr(each, f"name_{language}") not in page] == []
    cards = Client().get(f"/{language}/initiatives/?country=sg").content.decode()
    assert [each.slug for each in others if f'/initiatives/{each.slug}/"' in cards] == []


@pytest.mark.parametrize(
    ("language", "adopted", "noted"),
    [
        ("vi", "Tuyên bố Hà Nội về hợp tác số", "đề xuất lập WG-TI"),
        ("en", "Hanoi Declaration on Digital Cooperation", "proposal"),
    ],
)
def test_what_did_adgmin_6_adopt_and_what_did_it_only_note(language, adopted, noted):
    adopted_page = read(f"/{language}/decisions/?meeting=adgmin-6&verb=adopted")
    noted_page = read(f"/{language}/decisions/?meeting=adgmin-6&verb=noted")
    assert adopted in adopted_page
    assert noted in noted_page
    assert "WG-TI" not in re.sub(r".*ADGMIN-6-01", "", adopted_page)


@pytest.mark.parametrize(
    ("language", "status", "verb"),
    [("vi", "Được đề xuất, chưa thành lập", "Ghi nhận"), ("en", "Proposed, not established", "Noted")],
)
def test_wg_ti_was_not_established_a_proposal_was_noted(language, status, verb):
    page = read(f"/{language}/bodies/wg-ti/")
    assert status in page
    assert f"{verb} ADGMIN-6-15" in page
    initiative = read(f"/{language}/initiatives/wg-ti-establishment/")
    assert ("Đề xuất" if language == "vi" else "Proposed") in initiative[:400]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_how_many_initiatives_completed_adm_2025_and_who_says_so(language):
    page = read(f"/{language}/figures/?q=adm 2025&projected=false")
    assert re.search(r"2021–2025 82 ", page)
    assert "ASEAN thông qua Kế hoạch tổng thể số 2030" in page
    plan = read(f"/{language}/plans/adm-2025/")
    assert "82" in plan
    assert "ADGMIN-6-04" in plan


@pytest.mark.parametrize(("language", "meeting"), [("vi", "ADGMIN 6"), ("en", "ADGMIN 6")])
def test_the_eight_directions_from_what_to_what_and_who_proposed_them(language, meeting):
    page = read(f"/{language}/directions/")
    assert Direction.objects.published().count() == 8
    for direction in Direction.objects.published():
        assert getattr(direction, f"moves_from_{language}") in page
        assert getattr(direction, f"moves_to_{language}") in page
    assert "Nguyễn Mạnh Hùng" in page
    assert meeting in page


@pytest.mark.parametrize(
    ("language", "value", "kind"),
    [("vi", "tới 2.000 tỷ USD", "Dự báo"), ("en", "up to 2,000 billion USD", "Projected")],
)
def test_gmv_in_2030_is_a_forecast_and_somebodys(language, value, kind):
    page = read(f"/{language}/figures/?q=gmv&year=2030")
    assert f"2030 {value} {kind} Kao Kim Hourn" in page
