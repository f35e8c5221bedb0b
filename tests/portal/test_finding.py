"""What people type, and what must come first: the whole content, both languages, both databases."""

import pytest
from bs4 import BeautifulSoup

from portal.hits import sample_of
from portal.index import content_state
from tests.content import whole_content
from tests.portal.test_search import assert_current

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

SCAMS = "meetings/scams-workshop-2025/"
CABLES = "topics/submarine-cables/"
GMV = "figures/#digital-economy-gmv"

# What is typed, and the first record shown in either language.
FIRST = {
    # with and without marks, in any case, composed or not
    "an ninh mang": "topics/cybersecurity/",
    "AN NINH MẠNG": "topics/cybersecurity/",
    "an ninh ma\u0323ng": "topics/cybersecurity/",
    "lua dao": SCAMS,
    "lừa đảo": SCAMS,
    "LỪA ĐẢO": SCAMS,
    "Đội ứng cứu": "bodies/regional-cert/",
    "doi ung cuu": "bodies/regional-cert/",
    "chuyen doi so": "plans/bsbr-2021/",
    "chuyển đổi số": "plans/bsbr-2021/",
    "hạ tầng": "directions/infrastructure/",
    "nhân lực số": "directions/talent/",
    "khởi nghiệp": "topics/startups/",
    "dân số": "figures/#asean-population",
    "phổ tần": "initiatives/spectrum-coordination/",
    "cước chuyển vùng": "initiatives/roaming-reduction/",
    "tuyên bố Hà Nội": "documents/hanoi-declaration/",
    # beginnings
    "hoi ngh": "meetings/adgmin-7/",
    "submar": "initiatives/submarine-cable-guidelines-2019/",
    "tri tue nh": "topics/ai/",
    # addresses, codes, acronyms
    "ADGMIN 6": "meetings/adgmin-6/",
    "adgmin 6": "meetings/adgmin-6/",
    "adgmin-6": "meetings/adgmin-6/",
    "ADGMIN 5": "meetings/adgmin-5/",
    "ADGMIN 7": "meetings/adgmin-7/",
    "adgmin-6-01": "decisions/adgmin-6-01/",
    "ADGMIN-6-01": "decisions/adgmin-6-01/",
    "D 6-01": "decisions/adgmin-6-01/",
    "d 6-01": "decisions/adgmin-6-01/",
    "D6-01": "decisions/adgmin-6-01/",
    "D 6-1": "decisions/adgmin-6-01/",
    "ADGMIN6": "meetings/adgmin-6/",
    "ADGMIN6-01": "decisions/adgmin-6-01/",
    "adgmin-6-1": "decisions/adgmin-6-01/",
    "WGTI": "initiatives/wg-ti-establishment/",
    "ADM2030": "plans/adm-2030/",
    "adgmin-japan-5": "meetings/adgmin-japan-5/",
    "ADM 2030": "plans/adm-2030/",
    "adm 2025": "plans/adm-2025/",
    "AIM 2020": "plans/aim-2020/",
    "ACV 2045": "plans/acv-2045/",
    "WG-TI": "initiatives/wg-ti-establishment/",
    "ASCN": "initiatives/asean-smart-cities-network/",
    "MCCs": "initiatives/model-contractual-clauses/",
    "ITU": "bodies/itu/",
    "adgsom": "bodies/adgsom/",
    "5G": "topics/5g/",
    # one thing under several names
    "DEFA": "plans/defa/",
    "hiệp định khung về kinh tế số": "plans/defa/",
    "hiep dinh khung kinh te so": "plans/defa/",
    "digital economy framework agreement": "plans/defa/",
    "kế hoạch tổng thể số ASEAN 2030": "plans/adm-2030/",
    "masterplan 2030": "plans/adm-2030/",
    "CERT": "topics/cert/",
    "computer emergency response team": "topics/cert/",
    "TELMIN": "bodies/telmin/",
    "ADGMIN": "bodies/adgmin/",
    "AI": "topics/ai/",
    "trí tuệ nhân tạo": "topics/ai/",
    "artificial intelligence": "topics/ai/",
    "thành phố thông minh": "topics/smart-cities/",
    "smart cities": "topics/smart-cities/",
    "cáp biển": CABLES,
    "cap bien": CABLES,
    "submarine cable": CABLES,
    "undersea cable": CABLES,
    "GMV": GMV,
    "gross merchandise value": GMV,
    "Hanoi": "documents/hanoi-declaration/",
    "cyber security": "topics/cybersecurity/",
    # names, in whichever language
    "nguyen manh hung": "people/nguyen-manh-hung/",
    "Nguyễn Mạnh Hùng": "people/nguyen-manh-hung/",
    "Singapore": "countries/sg/",
    "viet nam": "countries/vn/",
    "Brunei": "countries/bn/",
    "Nhật Bản": "bodies/japan/",
    "Bandar Seri Begawan": "plans/bsbr-2021/",
    "Putrajaya": "documents/putrajaya-declaration/",
    "boracay": "documents/boracay-declaration/",
    "data protection": "topics/data-protection/",
    "roaming": "topics/roaming/",
    "spectrum": "topics/spectrum/",
    "AI safety": "initiatives/ai-safe-network/",
    # phrases and exclusions
    '"digital divide"': "meetings/adgsom-6/",
    "“an ninh mạng” nhật bản": "initiatives/ajccbc-training/",
    "AI -safety": "topics/ai/",
}


@pytest.fixture(scope="module", autouse=True)
def register(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


def open_search(client, language: str, text: str, **more: str) -> BeautifulSoup:
    answer = client.get(f"/{language}/search/", {"q": text} | more)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html5lib")


def addresses(page: BeautifulSoup) -> list[str]:
    return [link["href"][len("/vi/") :] for link in page.select(".hits h3 a")]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("typed", "first"), FIRST.items())
def test_what_is_typed_finds_first(client, language, typed, first):
    assert addresses(open_search(client, language, typed))[:1] == [first]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_earlier_and_the_later_body_find_each_other(client, language):
    assert addresses(open_search(client, language, "TELMIN", kind="body"))[:2] == ["bodies/telmin/", "bodies/adgmin/"]
    assert addresses(open_search(client, language, "ADGMIN", kind="body"))[:2] == ["bodies/adgmin/", "bodies/telmin/"]


def test_a_list_finds_as_many_as_the_search_shows_of_its_kind(client):
    for text in ["lừa đảo", "cyber", '"digital divide"', "AI -safety", "DEFA"]:
        chips = open_search(client, "vi", text).select("nav.chips a")
        shown = {chip["href"].rpartition("kind=")[2]: chip.select_one(".n").get_text() for chip in chips[1:]}
        for kind, path in {"initiative": "initiatives", "decision": "decisions", "document": "documents"}.items():
            page = BeautifulSoup(client.get(f"/vi/{path}/", {"q": text}).content, "html5lib")
            assert page.select_one("#count").get_text().split()[0] == shown.get(kind, "0"), (text, kind)


def test_every_page_of_the_results_has_its_own(client):
    first = addresses(open_search(client, "vi", "asean", kind="initiative"))
    second = addresses(open_search(client, "vi", "asean", kind="initiative", page="2"))
    assert len(first) == 20
    assert second and not set(first) & set(second)
    assert client.get("/vi/search/", {"q": "asean", "kind": "initiative", "page": "99"}).status_code == 404


def test_all_that_was_loaded_is_in_the_search_as_it_is_in_the_records():
    assert_current()


def test_among_so_few_records_every_text_may_be_looked_for():
    assert sample_of("words", content_state()) is None
