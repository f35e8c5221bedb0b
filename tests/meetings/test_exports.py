from datetime import date

import pytest
from icalendar import Calendar

from meetings.calendars import build_event
from tests.factories import make_body, make_meeting

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
