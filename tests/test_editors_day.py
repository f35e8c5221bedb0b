"""A day of the editors, lived in a browser and in Vietnamese: from signing in to a correction that visitors read.

GUIDE=write pytest tests/test_editors_day.py    takes the pictures of the editors' guide anew, into docs/guide/
"""

import os
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from icalendar import Calendar

from initiatives.models import Initiative
from meetings.models import Meeting
from portal.models import Correction, Source, State
from tests.editors import form_of, make_member
from tests.factories import make_initiative, make_meeting, make_source, make_topic
from tests.test_accessibility import violations
from tests.test_admin_browser import OVERFLOW

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "guide"
PASSWORD = "a long enough password"
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Desk:
    """A person at a browser of their own; what it shows is read in Vietnamese."""

    def __init__(self, page) -> None:
        self.page = page
        page.set_default_timeout(8_000)
        page.emulate_media(reduced_motion="reduce")
        # Leaving a form that is not saved asks; whoever does it here means it.
        page.on("dialog", lambda dialog: dialog.accept())

    # What is done

    def go(self, address: str) -> None:
        self.page.goto(address)

    def open(self, record) -> None:
        self.go(form_of(record))

    def sign_in(self, user: User) -> None:
        """The password, then the six digits that the app of the account shows now."""
        self.go("/admin/")
        self.page.get_by_label("Tên đăng nhập").fill(user.username)
        self.page.get_by_label("Mật khẩu").fill(PASSWORD)
        self.press("Đăng nhập")
        self.page.get_by_label("Mã").fill(digits_of(user))
        picture(self, "ma-xac-thuc")
        self.press("Tiếp tục")
        self.page.get_by_role("heading", name="Việc đang chờ").wait_for()
        # The room that the list of all kinds takes is needed for the pictures.
        self.page.evaluate("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def follow(self, name: str) -> None:
        self.page.locator("#content-main, main").get_by_role("link", name=name, exact=True).first.click()

    def write(self, field: str, vi: str, en: str) -> None:
        """A text in both languages, each in its tab."""
        for language, tab, text in (("en", "English", en), ("vi", "Tiếng Việt", vi)):
            control = self.page.locator(f"#id_{field}_{language}")
            self.page.locator(".ui-tabs").filter(has=control).get_by_role("tab", name=tab).click()
            control.fill(text)

    def save(self) -> None:
        self.page.locator(".save-bar [name=_continue]").click()

    def submit(self) -> None:
        self.follow("Trình duyệt")
        self.press("Trình duyệt")
        self.page.locator(".messagelist .success").wait_for()

    # What is read

    def reads(self, text: str) -> None:
        """The page says so, where it can be seen."""
        self.page.locator("main, #content").get_by_text(text).locator("visible=true").first.wait_for()

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    @property
    def complaints(self) -> list[str]:
        return [*self.page.console_lines, *self.page.failed_requests, *self.page.foreign_requests]


def digits_of(user: User) -> str:
    totp = TOTP(TOTPDevice.objects.get(user=user).bin_key)
    totp.time = timezone.now().timestamp()
    return f"{totp.token():06}"


def picture(desk: Desk, name: str, at: str = "") -> None:
    """Take a picture for the guide where it is being written, from the part of the page that is named."""
    if os.environ.get("GUIDE") != "write":
        return
    if at:
        desk.page.locator(at).first.evaluate("each => each.scrollIntoView()")
    desk.page.mouse.move(0, 0)
    (PICTURES / f"{name}.png").write_bytes(packed(desk.page.screenshot(caret="hide")))


def packed(png: bytes) -> bytes:
    """The same picture in fewer bytes: the browser packs for speed."""
    head, chunks = png[:8], list(chunks_of(png))
    data = zlib.compress(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), 9)
    first, last = chunks[0], chunks[-1]
    return head + b"".join(chunk(*each) for each in (first, (b"IDAT", data), last))


def chunks_of(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += 12 + length


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


@pytest.fixture(autouse=True)
def second_factor_is_asked_for(settings) -> None:
    settings.TWO_FACTOR_REQUIRED = True


@pytest.fixture
def person(open_page):
    """A function that lets a person with a role sit down at a browser and sign in."""
    desks = []

    def sit_down(role: str, name: str) -> Desk:
        user = make_member(role, name)
        TOTPDevice.objects.create(user=user, name="app")
        desks.append(Desk(open_page(1024, 720, locale="vi-VN")))
        desks[-1].user = user
        desks[-1].sign_in(user)
        return desks[-1]

    yield sit_down
    assert [desk.complaints for desk in desks] == [[] for desk in desks]


@pytest.fixture
def visitor(open_page) -> Desk:
    desk = Desk(open_page(1024, 720, locale="vi-VN"))
    yield desk
    # The browser writes to the console that a page is not public yet (404) or was withdrawn (410).
    told = ("status of 404", "status of 410")
    assert [each for each in desk.complaints if not any(words in each for words in told)] == []


def test_a_new_initiative_goes_from_the_first_word_to_visitors_at_its_hour(person, visitor):
    source = make_source(title="Thông cáo của Ban Thư ký", url="https://www.asean.org/news/green-data/")
    lan, minh = person("editor", "lan"), person("reviewer", "minh")
    initiative = draft_an_initiative(lan, source)
    lan.submit()

    ask_for_a_change(minh)
    lan.go("/admin/")
    lan.page.locator("#tile-drafts a").first.click()
    lan.follow("Trung tâm dữ liệu xanh (ví dụ)")
    lan.reads("Nêu rõ có bao nhiêu nước.")
    lan.write("summary", "Sáu nước thử nghiệm trung tâm dữ liệu xanh.", "Six member states try green data centres.")
    lan.save()
    lan.submit()

    approve_for_later(minh, initiative)
    for language in ("vi", "en"):
        assert visitor.page.goto(f"/{language}/initiatives/{initiative.slug}/").status == 404
        visitor.go(f"/{language}/initiatives/")
        assert "(ví dụ)" not in visitor.text and "(example)" not in visitor.text
    initiative.refresh_from_db()
    Initiative.objects.update(published_from=initiative.published_from - timedelta(hours=3))
    for language, mark, text in (
        ("vi", "(ví dụ)", "Sáu nước thử nghiệm"),
        ("en", "(example)", "Six member states try"),
    ):
        visitor.go(f"/{language}/initiatives/")
        visitor.page.locator("main a", has_text=mark).first.click()
        visitor.reads(text)


def draft_an_initiative(lan: Desk, source: Source) -> Initiative:
    lan.go(reverse("admin:initiatives_initiative_add"))
    lan.write("name", "Trung tâm dữ liệu xanh (ví dụ)", "Green data centres (example)")
    lan.write("summary", "Các nước thử nghiệm trung tâm dữ liệu xanh.", "Member states try green data centres.")
    lan.page.locator("#id_status").select_option("ongoing")
    picture(lan, "soan-ho-so", at="#content")
    box = lan.page.locator(".field-sources .select2-search__field").first
    box.fill("asean.org/news/green-data")
    found = lan.page.locator(".select2-results__option", has_text=source.title)
    found.wait_for()
    picture(lan, "chon-nguon")
    found.click()
    lan.save()
    lan.page.locator(".workflow-chip", has_text="Bản nháp").wait_for()
    initiative = Initiative.objects.get()
    assert list(initiative.sources.all()) == [source]
    picture(lan, "trinh-duyet", at="#content")
    return initiative


def ask_for_a_change(minh: Desk) -> None:
    minh.go("/admin/")
    picture(minh, "trang-dau", at="#content")
    minh.page.locator("#tile-review a").first.click()
    minh.follow("Trung tâm dữ liệu xanh (ví dụ)")
    minh.follow("Toàn bộ nội dung")
    minh.reads("Member states try green data centres.")
    minh.follow("Yêu cầu sửa")
    minh.page.get_by_label("Cần sửa gì?").fill("Nêu rõ có bao nhiêu nước.")
    minh.press("Yêu cầu sửa")
    minh.page.locator(".messagelist .success").wait_for()


def approve_for_later(minh: Desk, initiative: Initiative) -> None:
    minh.open(initiative)
    minh.follow("Xem trước bản tiếng Việt")
    minh.reads("Sáu nước thử nghiệm trung tâm dữ liệu xanh.")
    minh.open(initiative)
    minh.follow("Duyệt và công bố")
    minh.page.get_by_label("Vào giờ đã định").check()
    hour = timezone.localtime(timezone.now() + timedelta(hours=2), HANOI)
    minh.page.get_by_label("Công bố từ").fill(f"{hour:%Y-%m-%dT%H:%M}")
    picture(minh, "hen-gio", at="#content")
    minh.press("Duyệt và công bố")
    minh.page.locator(".workflow-chip", has_text="Đã duyệt, chưa công bố").wait_for()


def test_a_change_of_public_text_is_read_word_by_word_and_seen_by_visitors_only_after_approval(person, visitor):
    record = make_initiative(
        name_vi="Mạng cáp quang khu vực (ví dụ)",
        name_en="Regional fibre network (example)",
        summary_vi="Mạng nối các nước thành viên vào năm 2027.",
        summary_en="A network that ties the member states together by 2027.",
        sources=[make_source()],
    )
    lan, minh = person("editor", "lan"), person("reviewer", "minh")

    lan.open(record)
    lan.write(
        "summary",
        "Mạng nối các nước thành viên vào năm 2028.",
        "A network that ties the member states together by 2028.",
    )
    lan.save()
    lan.reads("Đây là bản chờ duyệt; người đọc đang thấy bản đã công bố.")
    picture(lan, "ban-cho-duyet", at="#content")
    lan.submit()

    minh.open(record)
    minh.follow("Nội dung thay đổi, từng từ")
    for words in ("ins:text-is('2028')", "del:text-is('2027')"):
        assert minh.page.locator(words).count() == 2, words  # in each language
    picture(minh, "doc-thay-doi", at="#content")
    for language, old in (("vi", "vào năm 2027"), ("en", "by 2027")):
        visitor.go(f"/{language}/initiatives/{record.slug}/")
        visitor.reads(old)
    minh.follow("Duyệt và công bố")
    minh.press("Duyệt và công bố")
    for language, new in (("vi", "vào năm 2028"), ("en", "by 2028")):
        visitor.go(f"/{language}/initiatives/{record.slug}/")
        visitor.reads(new)

    minh.open(record)
    minh.follow("Rút hồ sơ")
    minh.page.get_by_label("Lý do, bằng tiếng Việt").fill("Trùng với hồ sơ khác.")
    minh.page.get_by_label("Lý do, bằng tiếng Anh").fill("Double of another record.")
    minh.press("Rút hồ sơ")
    visitor.go(f"/vi/initiatives/{record.slug}/")
    visitor.reads("Trùng với hồ sơ khác.")
    assert "vào năm 2028" not in visitor.text


def test_who_saves_second_sees_theirs_beside_yours_and_nothing_is_lost(person):
    record = make_initiative(
        name_vi="Khung kỹ năng số (ví dụ)",
        name_en="Digital skills framework (example)",
        summary_vi="Khung chung về kỹ năng số.",
        summary_en="A common framework for digital skills.",
        state=State.DRAFT,
    )
    lan, hoa = person("editor", "lan"), person("editor", "hoa")
    lan.open(record)
    hoa.open(record)
    hoa.reads("lan")
    lan.write("summary", "Khung chung về kỹ năng số của mười một nước.", "A framework for eleven member states.")
    lan.page.locator("#id_acronym").fill("DSF")
    lan.save()
    hoa.write("summary", "Khung chung về kỹ năng số cho thanh niên.", "A framework for young people.")
    hoa.save()
    hoa.page.get_by_role("heading", name="Đã thay đổi trong lúc bạn viết").wait_for()
    assert "của mười một nước" in hoa.page.locator(".meanwhile").inner_text()
    assert hoa.page.locator("#id_summary_vi").input_value() == "Khung chung về kỹ năng số cho thanh niên."
    assert hoa.page.locator("#id_acronym").input_value() == "DSF"
    picture(hoa, "hai-nguoi-cung-sua", at=".meanwhile")
    both = "Khung chung về kỹ năng số của mười một nước cho thanh niên."
    hoa.write("summary", both, "A framework of eleven member states for young people.")
    hoa.save()
    hoa.page.locator(".messagelist .success").wait_for()
    record.refresh_from_db()
    assert (record.summary_vi, record.acronym) == (both, "DSF")


def test_an_earlier_version_is_found_in_the_history_and_restored(person):
    record = make_initiative(name_vi="Chữ ký số (ví dụ)", name_en="Digital signatures (example)", state=State.DRAFT)
    lan = person("editor", "lan")
    lan.open(record)
    for vi, en in (("Công nhận chữ ký số của nhau.", "Mutual recognition."), ("Nhầm.", "A slip.")):
        lan.write("summary", vi, en)
        lan.save()
        lan.page.locator(".messagelist .success").wait_for()
    lan.page.locator(".object-tools").get_by_role("link", name="Lịch sử").click()
    lan.reads("lan")
    picture(lan, "lich-su", at="#content")
    lan.page.locator(".history-moments li").nth(1).get_by_role("link", name="Khôi phục phiên bản này").click()
    lan.reads("Những gì sẽ thay đổi")
    lan.press("Khôi phục phiên bản này")
    lan.page.locator(".messagelist .success").wait_for()
    record.refresh_from_db()
    assert (record.summary_vi, record.summary_en) == ("Công nhận chữ ký số của nhau.", "Mutual recognition.")
    assert record.state == State.DRAFT


def test_a_meeting_is_moved_with_a_reason_that_page_calendar_and_feed_repeat(person, visitor):
    ahead = date.today().replace(day=1) + timedelta(days=400)
    ahead = ahead.replace(day=12)
    meeting = make_meeting(
        slug="example",
        name_vi="Hội nghị (ví dụ)",
        name_en="Meeting (example)",
        status="confirmed",
        start=ahead,
        end=ahead,
    )
    visitor.go("/vi/meetings/example/")
    before = calendar_entry(visitor)
    lan, minh = person("editor", "lan"), person("reviewer", "minh")
    lan.open(meeting)
    moved = ahead.replace(day=19)
    for end in ("start", "end"):
        lan.page.locator(f"#id_{end}").fill(f"{moved:%d/%m/%Y}")
    lan.save()
    lan.page.locator(".errornote").first.wait_for()
    lan.write("dates_reason", "Theo đề nghị của nước chủ nhà.", "At the request of the host.")
    picture(lan, "doi-lich-hop", at=".field-start, .form-row:has(#id_start)")
    lan.save()
    lan.reads("Đây là bản chờ duyệt; người đọc đang thấy bản đã công bố.")
    lan.submit()
    assert Meeting.objects.get().start == ahead
    minh.open(meeting)
    minh.follow("Duyệt và công bố")
    minh.press("Duyệt và công bố")
    minh.page.locator(".messagelist .success").wait_for()
    for language, reason in (("vi", "Theo đề nghị của nước chủ nhà."), ("en", "At the request of the host.")):
        visitor.go(f"/{language}/meetings/example/")
        visitor.reads(reason)
        assert reason in visitor.page.request.get(f"/{language}/changes.atom").text()
    after = calendar_entry(visitor)
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert (after.decoded("DTSTART"), after["UID"]) == (moved, before["UID"])


def calendar_entry(visitor: Desk):
    """The one meeting in the calendar of the site."""
    (event,) = Calendar.from_ical(visitor.page.request.get("/vi/meetings.ics").text()).walk("VEVENT")
    return event


def test_an_error_that_a_visitor_reports_is_corrected_and_the_log_says_so(person, visitor, monkeypatch):
    monkeypatch.setattr("portal.reports.forms.QUICKEST", timedelta(0))
    topic = make_topic(name_vi="Thành phố thông min", name_en="Smart cities")
    visitor.go(f"/vi/topics/{topic.slug}/")
    visitor.follow("Báo lỗi")
    visitor.page.get_by_label("Điều gì sai?").fill("Tên viết sai: phải là “Thành phố thông minh”.")
    visitor.press("Gửi báo lỗi")
    visitor.page.wait_for_url("**/report/thanks/**")

    minh, lan = person("reviewer", "minh"), person("editor", "lan")
    lan.open(topic)
    lan.write("name", "Thành phố thông minh", "Smart cities")
    lan.save()
    lan.submit()
    minh.open(topic)
    minh.follow("Duyệt và công bố")
    minh.press("Duyệt và công bố")
    minh.go("/admin/")
    minh.page.locator("#tile-reports a").first.click()
    minh.page.locator("#result_list tbody th a").first.click()
    minh.page.locator("#id_state").select_option("accepted")
    minh.page.locator("#id_outcome_vi").fill("Đã sửa tên chủ đề.")
    minh.page.locator("#id_outcome_en").fill("The name of the topic was corrected.")
    picture(minh, "bao-loi", at="#content")
    minh.page.locator("[name=_save]").first.click()
    minh.page.locator(".messagelist .success").wait_for()
    assert Correction.objects.exists()
    visitor.go("/vi/corrections/")
    visitor.reads("Đã sửa tên chủ đề.")
    visitor.go("/en/corrections/")
    visitor.reads("The name of the topic was corrected.")
    visitor.go(f"/vi/topics/{topic.slug}/")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "Thành phố thông minh"


def test_the_guide_is_read_inside_the_site_without_a_fault(person):
    lan = person("editor", "lan")
    lan.page.locator("#user-tools").get_by_role("link", name="Hướng dẫn biên tập").click()
    lan.page.get_by_role("heading", name="Hai người cùng sửa").scroll_into_view_if_needed()
    assert violations(lan.page, "light") == []
    lan.page.set_viewport_size({"width": 768, "height": 1024})
    assert lan.page.evaluate(OVERFLOW) <= 0
