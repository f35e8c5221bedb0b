from datetime import UTC, date, datetime, time

import pytest
import vobject
from bs4 import BeautifulSoup
from icalendar import Calendar

from meetings.calendars import build_event
from meetings.models import Meeting, Session
from tests.factories import make_body, make_meeting, make_session

pytestmark = pytest.mark.django_db


def read_calendar(client, meeting) -> Calendar:
    answer = client.get(f"/vi/meetings/{meeting.slug}.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content)


def test_a_calendar_event_ends_the_day_after_the_last_day(client):
    event = read_calendar(client, make_meeting(start=date(2026, 1, 12), end=date(2026, 1, 16))).walk("VEVENT")[0]
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (date(2026, 1, 12), date(2026, 1, 17))


def test_a_calendar_speaks_the_language_of_its_address(client):
    meeting = make_meeting(series=make_body(), name_vi="Hội nghị số", name_en="Digital meeting")
    calendar = read_calendar(client, meeting)
    assert calendar["x-wr-calname"] == "Hội nghị số"
    assert str(calendar.walk("VEVENT")[0]["url"]) == f"http://testserver/vi/meetings/{meeting.slug}/"


@pytest.mark.parametrize(
    ("status", "shown"), [("planned", "TENTATIVE"), ("held", "CONFIRMED"), ("cancelled", "CANCELLED")]
)
def test_the_status_of_a_meeting_is_that_of_its_event(client, status, shown):
    assert read_calendar(client, make_meeting(status=status)).walk("VEVENT")[0]["status"] == shown


def test_a_meeting_known_to_the_month_gets_no_invented_day(client):
    meeting = make_meeting(start=date(2027, 1, 1), end=date(2027, 1, 31), precision="month")
    assert client.get(f"/vi/meetings/{meeting.slug}.ics").status_code == 404
    assert b".ics" not in client.get(f"/vi/meetings/{meeting.slug}/").content
    with pytest.raises(ValueError, match="no known day"):
        build_event(meeting, "")


def read_both(client, address: str) -> tuple[Calendar, list]:
    """The calendar as `icalendar` and its events as `vobject` read it."""
    content = client.get(address).content
    return Calendar.from_ical(content), list(vobject.readOne(content.decode()).vevent_list)


@pytest.mark.databases
def test_two_readers_agree_on_every_event(client):
    meeting = make_meeting(start=date(2026, 1, 15), end=date(2026, 1, 16), status="confirmed")
    make_session(meeting=meeting, date=date(2026, 1, 15), start_time=time(8, 30), end_time=time(10))
    make_session(meeting=meeting, date=date(2026, 1, 16), start_time=None)
    calendar, events = read_both(client, "/en/meetings.ics?sessions=1")
    read = [(str(e["uid"]), str(e["summary"]), e.decoded("dtstart"), str(e["status"])) for e in calendar.walk("VEVENT")]
    assert len(read) == 3
    assert read == [(e.uid.value, e.summary.value, e.dtstart.value, e.status.value) for e in events]


def test_a_session_has_its_hour_in_the_time_zone_of_the_place(client):
    meeting = make_meeting(timezone="Asia/Ho_Chi_Minh")
    make_session(meeting=meeting, date=date(2026, 1, 15), start_time=time(8, 30), end_time=time(10))
    calendar = read_both(client, f"/vi/meetings/{meeting.slug}.ics?sessions=1")[0]
    event = calendar.walk("VEVENT")[1]
    assert event.decoded("dtstart").astimezone(UTC) == datetime(2026, 1, 15, 1, 30, tzinfo=UTC)
    assert event["dtstart"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Ho_Chi_Minh"]


def test_without_a_time_zone_a_session_has_its_day_only(client):
    meeting = make_meeting(timezone="")
    make_session(meeting=meeting, date=date(2026, 1, 15), start_time=time(8, 30))
    event = read_both(client, "/vi/meetings.ics?sessions=1")[0].walk("VEVENT")[1]
    assert event.decoded("dtstart") == date(2026, 1, 15)


def test_sessions_come_only_on_request_and_what_else_is_asked_is_400(client):
    make_session()
    assert len(read_both(client, "/vi/meetings.ics")[0].walk("VEVENT")) == 1
    answer = client.get("/vi/meetings.ics?sessions=all&year=x")
    assert answer.status_code == 400


def test_a_calendar_leaves_out_what_has_no_day_and_says_so(client):
    make_meeting(start=date(2027, 1, 1), end=date(2027, 1, 31), precision="month")
    make_meeting(start=date(2027, 2, 1), end=date(2027, 2, 1))
    calendar, events = read_both(client, "/en/meetings.ics?year=2027")
    assert len(events) == 1
    assert "1 meeting whose days are not announced is not in this calendar." in calendar["x-wr-caldesc"]
    page = BeautifulSoup(client.get("/en/meetings/?year=2027").content, "html5lib").select_one("#subscribe")
    assert page.a["href"] == "webcal://testserver/en/meetings.ics?year=2027"
    assert "1 meeting of this list is not in the calendar" in page.get_text()


def test_a_calendar_has_the_words_of_its_filter_and_what_its_events_are(client):
    series = make_body(acronym="ADGMIN")
    make_meeting(series=series)
    calendar = read_both(client, f"/en/meetings.ics?series={series.slug}")[0]
    assert calendar["x-wr-calname"] == "Meetings of the series ADGMIN"
    assert calendar.walk("VEVENT")[0]["categories"].to_ical() == b"ADGMIN"


def test_the_calendar_of_a_body_has_its_series_and_what_it_took_part_in(client):
    body = make_body()
    own, joined = make_meeting(series=body), make_meeting(partners=[body])
    make_meeting()
    events = read_both(client, f"/vi/bodies/{body.slug}.ics")[1]
    assert {event.uid.value for event in events} == {
        f"meeting-{meeting.slug}@asean-digital-register" for meeting in (own, joined)
    }
    assert client.get("/vi/bodies/nobody.ics").status_code == 404


def test_a_later_save_gives_a_higher_sequence_and_the_same_event(client):
    meeting = make_meeting()
    sequences = []
    for moment in ("2026-01-20T00:00:00Z", "2026-01-21T00:00:00Z"):
        Meeting.objects.update(updated=moment)
        event = read_calendar(client, meeting).walk("VEVENT")[0]
        sequences.append((str(event["uid"]), event["sequence"], event.decoded("last-modified").isoformat()))
    (uid, first, _saved), (again, second, saved) = sequences
    assert (uid == again, second > first, saved) == (True, True, "2026-01-21T00:00:00+00:00")


def test_a_cancelled_meeting_cancels_its_sessions_with_a_higher_sequence(client):
    meeting = make_meeting(slug="adgmin-5", status="held")
    make_session(meeting=meeting, date=meeting.start)
    Meeting.objects.update(updated="2026-01-01T00:00:00Z")
    Session.objects.update(updated="2026-01-01T00:00:00Z")

    def session_event():
        calendar = Calendar.from_ical(client.get("/en/meetings/adgmin-5.ics?sessions=1").content)
        return next(event for event in calendar.walk("VEVENT") if str(event["uid"]).startswith("session"))

    before = session_event()
    meeting.status = "cancelled"
    meeting.save()
    after = session_event()
    assert (before["status"], after["status"]) == ("CONFIRMED", "CANCELLED")
    assert after["sequence"] > before["sequence"]
    assert after.decoded("last-modified") > before.decoded("last-modified")
