"""Meetings and their sessions as calendars after RFC 5545.

Only what is known to the day stands in a calendar: a meeting announced for a month
is left out, and the calendar says so. A session has an hour where a source gives
one and the time zone is known, else its day.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, vText

from meetings.models import Meeting, MeetingStatus, Session
from portal.models import Precision
from portal.tables import in_lots

CALENDAR_STATUS = {
    MeetingStatus.PLANNED: "TENTATIVE",
    MeetingStatus.POSTPONED: "TENTATIVE",
    MeetingStatus.CONFIRMED: "CONFIRMED",
    MeetingStatus.HELD: "CONFIRMED",
    MeetingStatus.CANCELLED: "CANCELLED",
}
SEQUENCE_BEGINS = datetime(2020, 1, 1, tzinfo=UTC)
ASK_AGAIN_AFTER = timedelta(days=1)


def identity(record: Meeting | Session) -> str:
    """The UID of a record's event, the same in every calendar and language."""
    return f"{record._meta.model_name}-{record.slug}@asean-digital-register"


def begin_event(record: Meeting | Session, meeting: Meeting, address: str) -> Event:
    """What every event says.

    Its times of change are those of the records it tells of, so the same records give the
    same bytes and every later state a higher SEQUENCE: the seconds since 2020 began.
    """
    event, changed = Event(), max(record.updated, meeting.updated)
    event.add("uid", identity(record))
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", int((changed - SEQUENCE_BEGINS).total_seconds()))
    event.add("status", CALENDAR_STATUS[MeetingStatus(meeting.status)])
    event.add("categories", categories(record, meeting))
    event.add("url", address)
    return event


def categories(record: Meeting | Session, meeting: Meeting) -> list[str]:
    """The series and, of a session, its kind."""
    series = [meeting.series.label] if meeting.series.is_public else []
    return [*series, *([str(record.get_kind_display())] if isinstance(record, Session) else [])]


def add_days(event: Event, first, last) -> None:
    """Whole days: after RFC 5545 they end the day after the last one. They leave the reader's time free."""
    event.add("dtstart", first)
    event.add("dtend", last + timedelta(days=1))
    event.add("transp", "TRANSPARENT")


def latest_change(meeting: Meeting) -> str:
    """The last line of the log of its dates; its lines are prefetched, the latest first."""
    return next((f"{change.what} {change.why}" for change in meeting.date_changes.all()), "")


def build_event(meeting: Meeting, address: str) -> Event:
    """A meeting as an event of whole days.

    Raises ValueError for a meeting known only to the month or year: no day is invented.
    """
    if meeting.precision != Precision.DAY:
        raise ValueError(f"{meeting.slug} has no known day")
    event = begin_event(meeting, meeting, address)
    add_days(event, meeting.start, meeting.end)
    event.add("summary", meeting.label)
    event.add("description", "\n\n".join(filter(None, [latest_change(meeting), meeting.summary])))
    if place := ", ".join(part for part in [meeting.venue, meeting.city] if part):
        event.add("location", place)
    return event


def zone_of(meeting: Meeting) -> ZoneInfo | None:
    """The time zone of the place, where the register knows it."""
    try:
        return ZoneInfo(meeting.timezone) if meeting.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def build_session_event(session: Session, meeting: Meeting, address: str) -> Event:
    """A session at its hour in the time zone of the place, or on its day.

    Raises ValueError for a session whose day is not known.
    """
    if session.date is None:
        raise ValueError(f"{session.slug} has no known day")
    event, zone = begin_event(session, meeting, address), zone_of(meeting)
    last = session.end_date or session.date
    if session.start_time and zone:
        start = datetime.combine(session.date, session.start_time, zone)
        event.add("dtstart", start)
        end = datetime.combine(last, session.end_time or time.min, zone)
        if session.end_time and end > start:
            event.add("dtend", end)
    else:
        add_days(event, session.date, last)
    event.add("summary", f"{meeting.label}: {session.name}")
    event.add("description", session.summary or "")
    if place := session.place or meeting.venue or meeting.city:
        event.add("location", place)
    return event


def events_of(meeting: Meeting, site: str, *, with_sessions: bool) -> list[Event]:
    """The event of a meeting, and on request those of its prefetched sessions whose day is known."""
    events = [build_event(meeting, site + meeting.get_absolute_url())] if meeting.precision == Precision.DAY else []
    sessions = meeting.sessions.all() if with_sessions else []
    for session in sessions:
        if session.date is not None:
            session.meeting = meeting
            events.append(build_session_event(session, meeting, site + session.get_absolute_url()))
    return events


def begin_calendar(name: str, address: str, *, left_out: int = 0) -> Calendar:
    """A calendar without its events. `left_out` meetings are not in it for want of a day."""
    calendar = Calendar()
    calendar.add("prodid", f"-//ASEAN digital register//{get_language()}//")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", vText(name))
    calendar.add("name", name)
    notes = [_("Meetings of ASEAN digital cooperation, from a public register.")]
    if left_out:
        notes.append(
            ngettext(
                "%(n)s meeting whose days are not announced is not in this calendar.",
                "%(n)s meetings whose days are not announced are not in this calendar.",
                left_out,
            )
            % {"n": left_out}
        )
    calendar.add("x-wr-caldesc", vText(" ".join(notes)))
    calendar.add("description", " ".join(notes))
    calendar.add("url", address)
    calendar.add("refresh-interval", ASK_AGAIN_AFTER, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "P1D")
    return calendar


def zones_named(names: Iterable[str]) -> list[Timezone]:
    """The rules of time zones, without those that nobody knows."""
    zones = []
    for name in sorted(names):
        try:
            zones.append(Timezone.from_tzinfo(ZoneInfo(name), name))
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return zones


def event_lots(meetings: Iterable[Meeting], site: str, language: str, *, with_sessions: bool) -> Iterator[bytes]:
    """The events of the meetings in lots."""

    def events(meeting: Meeting) -> bytes:
        return b"".join(event.to_ical() for event in events_of(meeting, site, with_sessions=with_sessions))

    return (b"".join(lot) for lot in in_lots(meetings, language, events))


def calendar_parts(calendar: Calendar, zones: Iterable[Timezone], events: Iterable[bytes]) -> Iterator[bytes]:
    """A calendar file in parts."""
    for zone in zones:
        calendar.add_component(zone)
    end = b"END:VCALENDAR\r\n"
    yield calendar.to_ical().removesuffix(end)
    yield from events
    yield end
