"""Meetings in other formats: a calendar entry for each meeting whose days are known."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from icalendar import Calendar, Event

from meetings.models import Meeting, MeetingStatus
from portal.models import Precision

CALENDAR_STATUS = {
    MeetingStatus.PLANNED: "TENTATIVE",
    MeetingStatus.POSTPONED: "TENTATIVE",
    MeetingStatus.CONFIRMED: "CONFIRMED",
    MeetingStatus.HELD: "CONFIRMED",
    MeetingStatus.CANCELLED: "CANCELLED",
}


def build_event(meeting: Meeting, address: str) -> Event:
    """An all-day event, which after RFC 5545 ends the day after the last day.

    Its times of change are the record's own, so the same record gives the same bytes.
    Raises ValueError for a meeting known only to the month or year: no day is invented.
    """
    if meeting.precision != Precision.DAY:
        raise ValueError(f"{meeting.slug} has no known day")
    event = Event()
    event.add("uid", f"meeting-{meeting.slug}@asean-digital-register")
    event.add("dtstamp", meeting.updated)
    event.add("last-modified", meeting.updated)
    event.add("sequence", int(meeting.updated.timestamp()) // 60)
    event.add("dtstart", meeting.start)
    event.add("dtend", meeting.end + timedelta(days=1))
    event.add("summary", meeting.label)
    event.add("description", meeting.summary)
    event.add("location", ", ".join(part for part in [meeting.venue, meeting.city] if part))
    event.add("status", CALENDAR_STATUS[MeetingStatus(meeting.status)])
    event.add("url", address)
    return event


def build_calendar(name: str, events: list[Event]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//ASEAN digital register//{get_language()}//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for event in events:
        calendar.add_component(event)
    return calendar


def meeting_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """One meeting as a calendar; 404 while its days are not known."""
    meeting = get_object_or_404(Meeting.objects.published().select_related("series"), slug=slug)
    if meeting.precision != Precision.DAY:
        raise Http404("The days of this meeting are not known.")
    event = build_event(meeting, request.build_absolute_uri(meeting.get_absolute_url()))
    response = HttpResponse(
        build_calendar(meeting.label, [event]).to_ical(), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{meeting.slug}.ics"'
    return response
