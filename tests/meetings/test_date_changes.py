"""A public meeting that is moved or called off: why, since when, and that nobody can take the line back."""

from datetime import date

import feedparser
import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext
from icalendar import Calendar

from meetings.models import DateChange, Meeting
from portal.models import State
from portal.workflow.pending import pending_of, publish
from tests.factories import make_meeting
from tests.meetings.test_admin import address_of, send
from tests.portal.test_roles import make_member

pytestmark = pytest.mark.django_db

REASONS = {"dates_reason_vi": "Theo đề nghị của nước chủ nhà.", "dates_reason_en": "At the request of the host."}
MOVED = {"start": "19/01/2026", "end": "23/01/2026"}
BOTH = ["dates_reason_vi", "dates_reason_en"]


@pytest.fixture
def editor(client):
    client.force_login(User.objects.create(username="thu", is_staff=True, is_superuser=True))
    client.cookies["django_language"] = "vi"
    return client


@pytest.fixture
def meeting() -> Meeting:
    days = {"start": date(2026, 1, 12), "end": date(2026, 1, 16)}
    return make_meeting(slug="adgmin-6", name_en="ADGMIN 6", status="confirmed", **days)


def moved(meeting: Meeting, **given) -> Meeting:
    """The meeting moved by a week in the database, as by a form."""
    given = {"start": date(2026, 1, 19), "end": date(2026, 1, 23), **REASONS, **given}
    for name, value in given.items():
        setattr(meeting, name, value)
    meeting.save()
    return meeting


@pytest.mark.parametrize("change", [MOVED, {"status": "cancelled"}, {"status": "postponed"}, {"precision": "month"}])
def test_a_public_meeting_is_not_moved_or_called_off_without_a_reason_in_both_languages(editor, meeting, change):
    errors = send(editor, meeting, **change).context["adminform"].errors
    assert sorted(errors) == sorted(BOTH)
    half = send(editor, meeting, **change, dates_reason_vi="Vì bão.").context["adminform"].errors
    assert list(half) == ["dates_reason_en"]
    assert Meeting.objects.get().start == date(2026, 1, 12)
    assert not DateChange.objects.exists()


def test_a_move_with_its_reason_is_logged_with_who_and_from_when_to_when(
    editor, meeting, django_capture_on_commit_callbacks
):
    assert send(editor, meeting, **MOVED, **REASONS).status_code == 302
    assert not DateChange.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        publish(pending_of(meeting), User.objects.get())
    change = DateChange.objects.get()
    assert (change.username, change.origin, change.reason_vi, change.reason_en) == ("thu", "admin", *REASONS.values())
    assert (change.from_start, change.from_end) == (date(2026, 1, 12), date(2026, 1, 16))
    assert (change.to_start, change.to_end) == (date(2026, 1, 19), date(2026, 1, 23))
    assert (change.from_status, change.to_status) == ("confirmed", "confirmed")
    form = editor.get(address_of(meeting)).content.decode()
    assert "thu): Chuyển từ 12–16/01/2026 sang 19–23/01/2026." in form


def test_a_reason_serves_one_change_only(editor, meeting, django_capture_on_commit_callbacks):
    send(editor, meeting, **MOVED, **REASONS)
    with django_capture_on_commit_callbacks(execute=True):
        publish(pending_of(meeting), User.objects.get())
    errors = send(editor, meeting, start="20/01/2026").context["adminform"].errors
    assert sorted(errors) == sorted(BOTH)


@pytest.mark.parametrize(
    "change", [{"status": "held"}, {"city_vi": "Huế", "city_en": "Hue"}, {"note": "Hỏi lại nước chủ nhà."}]
)
def test_other_changes_ask_for_no_reason(editor, meeting, change):
    assert send(editor, meeting, **change).status_code == 302
    assert not DateChange.objects.exists()


def test_days_found_for_a_month_that_was_announced_are_no_move(editor):
    announced = {"start": date(2027, 1, 1), "end": date(2027, 1, 31), "precision": "month"}
    meeting = make_meeting(**announced, status="planned")
    days = {"start": "19/01/2027", "end": "20/01/2027", "precision": "day"}
    assert send(editor, meeting, **days).status_code == 302
    assert not DateChange.objects.exists()
    other = make_meeting(**announced, status="planned")
    assert send(editor, other, **days | {"end": "02/02/2027"}).status_code == 200


@pytest.mark.parametrize("hidden", [{"state": State.DRAFT}, {"published_from": "2999-01-01T00:00:00Z"}])
def test_what_nobody_saw_is_moved_without_a_word(editor, hidden):
    meeting = make_meeting(**hidden)
    assert send(editor, meeting, start="19/01/2026", end="23/01/2026").status_code == 302
    assert not DateChange.objects.exists()


@pytest.mark.databases
def test_a_line_of_the_log_is_neither_changed_nor_deleted(meeting):
    moved(meeting)
    change = DateChange.objects.get()
    for attempt in (change.save, change.delete, DateChange.objects.all().delete):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(TypeError):
        DateChange.objects.update(reason_vi="Khác")
    with pytest.raises(ProtectedError), transaction.atomic():
        meeting.delete()
    assert DateChange.objects.get().reason_vi == REASONS["dates_reason_vi"]


def test_a_meeting_with_a_log_is_not_deleted_in_the_admin_either(editor, meeting):
    moved(meeting)
    editor.post(address_of(meeting).replace("change", "delete"), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [meeting.pk], "post": "yes"}
    editor.post("/admin/meetings/meeting/", chosen)
    assert Meeting.objects.get() == meeting
    assert not LogEntry.objects.filter(action_flag=3).exists()


def test_the_line_outlives_the_account_of_who_made_it(meeting):
    meeting.changed_by = make_member("reviewer", "thu")
    moved(meeting)
    User.objects.all().delete()
    change = DateChange.objects.get()
    assert (change.user, change.username) == (None, "thu")


def test_a_saving_that_is_taken_back_leaves_no_line(meeting):
    with transaction.atomic():
        moved(meeting)
        transaction.set_rollback(True)
    assert not DateChange.objects.exists()


# Where visitors read it


@pytest.mark.parametrize(
    ("language", "what", "why"),
    [
        ("vi", "Chuyển từ 12–16/01/2026 sang 19–23/01/2026.", REASONS["dates_reason_vi"]),
        ("en", "Moved from 12–16 January 2026 to 19–23 January 2026.", REASONS["dates_reason_en"]),
    ],
)
def test_page_calendar_and_feeds_tell_of_it_in_their_language(client, meeting, language, what, why):
    meeting.changed_by = make_member("reviewer", "thu")
    moved(meeting)
    page = BeautifulSoup(client.get(f"/{language}/meetings/adgmin-6/").content, "html5lib")
    section = page.select_one("section[aria-labelledby=date-changes]").get_text(" ")
    event = Calendar.from_ical(client.get(f"/{language}/meetings/adgmin-6.ics").content).walk("VEVENT")[0]
    lists = client.get(f"/{language}/meetings.ics").content
    of_list = Calendar.from_ical(lists).walk("VEVENT")[0]
    entry = feedparser.parse(client.get(f"/{language}/meetings.atom").content).entries[0]
    news = feedparser.parse(client.get(f"/{language}/changes.atom?kind=dates").content).entries[0]
    for text in (section, event["description"], of_list["description"], entry.summary, news.title + news.summary):
        assert what in text and why in text
        assert "thu" not in text.split()
    assert news.link.endswith(f"/{language}/meetings/adgmin-6/#date-changes")


def test_a_cancelled_meeting_stays_in_the_calendar_as_cancelled_with_a_higher_sequence(client, meeting):
    before = Calendar.from_ical(client.get("/en/meetings/adgmin-6.ics").content).walk("VEVENT")[0]
    Meeting.objects.update(updated="2025-01-01T00:00:00Z")
    old = Calendar.from_ical(client.get("/en/meetings/adgmin-6.ics").content).walk("VEVENT")[0]
    moved(meeting, start=date(2026, 1, 12), end=date(2026, 1, 16), status="cancelled")
    after = Calendar.from_ical(client.get("/en/meetings/adgmin-6.ics").content).walk("VEVENT")[0]
    assert (before["status"], after["status"]) == ("CONFIRMED", "CANCELLED")
    assert after["sequence"] > old["sequence"]
    assert "Status: Cancelled (was: Confirmed). At the request of the host." in after["description"]


def test_a_log_is_hidden_with_its_meeting(client, meeting):
    moved(meeting)
    Meeting.objects.update(state=State.DRAFT)
    assert client.get("/en/meetings/adgmin-6/").status_code == 404
    assert feedparser.parse(client.get("/en/changes.atom").content).entries == []


def test_a_reason_that_waits_is_on_no_page_and_in_no_search(client, meeting):
    Meeting.objects.update(dates_reason_vi="Zzchờ", dates_reason_en="Zzwaits")
    meeting.refresh_from_db()
    meeting.save()
    for address in ("meetings/adgmin-6/", "meetings.csv", "meetings.ics", "search/?q=zzwaits"):
        text = client.get(f"/en/{address}")
        assert "Zzwaits" not in text.getvalue().decode().replace("zzwaits", "")
    assert not Meeting.objects.search("zzwaits")


# Changes that come with the content


FIXTURE = """- model: meetings.meeting
  fields:
    slug: adgmin-6
    start: 2026-01-{start}
    end: 2026-01-{end}
    status: {status}
"""


def sync(tmp_path, start: int, end: int, status: str = "confirmed", **options) -> None:
    file = tmp_path / "meetings.yaml"
    file.write_text(FIXTURE.format(start=start, end=end, status=status))
    call_command("sync_content", str(file), verbosity=0, **options)


def test_a_move_by_a_content_update_is_logged_with_its_origin(client, meeting, tmp_path):
    sync(tmp_path, 12, 16)
    sync(tmp_path, 19, 23, dry_run=True)
    assert not DateChange.objects.exists()
    sync(tmp_path, 19, 23)
    change = DateChange.objects.get()
    assert (change.origin, change.username, change.reason_vi) == ("command", "", "")
    page = client.get("/en/meetings/adgmin-6/").content.decode()
    assert "No reason is recorded; the change came with an update of the content." in page


def test_a_plain_load_over_a_public_meeting_is_logged_and_into_an_empty_register_is_not(tmp_path, meeting):
    call_command("dumpdata", "meetings.meeting", "portal.body", output=str(tmp_path / "one.json"), verbosity=0)
    moved(meeting)
    assert DateChange.objects.count() == 1
    call_command("loaddata", str(tmp_path / "one.json"), verbosity=0)
    assert [change.to_start for change in DateChange.objects.all()] == [date(2026, 1, 12), date(2026, 1, 19)]


def test_a_change_by_an_editor_without_a_reason_says_no_more_than_that(meeting):
    meeting.changed_by = make_member("reviewer", "thu")
    change = moved(meeting, dates_reason_vi="", dates_reason_en="").date_changes.get()
    assert (change.origin, change.why) == ("admin", gettext("No reason is recorded."))


def test_a_new_meeting_has_no_log(meeting):
    assert not DateChange.objects.exists()
