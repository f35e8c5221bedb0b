"""Meetings, decisions and people in the words of schema.org."""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from meetings.models import Decision, Format, Meeting, MeetingStatus, Person, Session
from portal.dates import iso_date
from portal.structured import SCHEMA, Thing, body_reference, body_references, describe, known, references

STATUSES = {MeetingStatus.POSTPONED: "EventPostponed", MeetingStatus.CANCELLED: "EventCancelled"}
ATTENDANCE = {
    Format.IN_PERSON: "OfflineEventAttendanceMode",
    Format.VIRTUAL: "OnlineEventAttendanceMode",
    Format.HYBRID: "MixedEventAttendanceMode",
}


def status_of(meeting: Meeting) -> str:
    """Planned, confirmed and held are all one to schema.org."""
    return f"{SCHEMA}/{STATUSES.get(meeting.status, 'EventScheduled')}"


def dates_of(meeting: Meeting) -> Thing:
    """No more of the days than is known: 2027-01 for a meeting known to the month."""
    return {
        "startDate": iso_date(meeting.start, meeting.precision),
        "endDate": iso_date(meeting.end, meeting.precision),
        "eventStatus": status_of(meeting),
    }


def event_reference(meeting: Meeting | None) -> Thing | None:
    if meeting is None or not meeting.is_public:
        return None
    return {"@type": "Event", "name": meeting.name, "url": meeting.get_absolute_url()} | dates_of(meeting)


def place_of(meeting: Meeting) -> Thing | None:
    country = meeting.country if meeting.country and meeting.country.is_public else None
    if not meeting.city and not country:
        return None
    address = {
        "@type": "PostalAddress",
        "addressLocality": meeting.city,
        "addressCountry": country.code if country else "",
    }
    return {"@type": "Place", "name": meeting.venue or meeting.city or country.name, "address": known(address)}


def locations_of(meeting: Meeting) -> list[Thing]:
    """Where it is; the host country of an online meeting is no place of it."""
    places = [] if meeting.format == Format.VIRTUAL else [place_of(meeting)]
    if meeting.format in (Format.VIRTUAL, Format.HYBRID):
        places.append({"@type": "VirtualLocation", "name": str(Format.VIRTUAL.label)})
    return list(filter(None, places))


def zone_of(meeting: Meeting) -> ZoneInfo | None:
    """The time zone, as far as its name is one."""
    try:
        return ZoneInfo(meeting.timezone) if meeting.timezone else None
    except (KeyError, OSError, ValueError):
        return None


def moment(day: date | None, hour: time | None, zone: ZoneInfo | None) -> str:
    """A day, with the hour where it is known."""
    if day is None or hour is None:
        return iso_date(day)
    return datetime.combine(day, hour, zone).isoformat(timespec="minutes")


def session_event(session: Session, meeting: Meeting) -> Thing:
    zone = zone_of(meeting)
    return known(
        {
            "@type": "Event",
            "name": session.name,
            "url": f"{meeting.get_absolute_url()}#{session.slug}",
            "description": session.summary,
            "startDate": moment(session.date, session.start_time, zone),
            "endDate": moment(session.end_date or session.date, session.end_time, zone),
            "eventStatus": status_of(meeting),
            "location": {"@type": "Place", "name": session.place} if session.place else None,
        }
    )


def event(meeting: Meeting, parts: Iterable[Meeting]) -> Thing:
    """A meeting with its programme and the other meetings of its week."""
    programme = [session_event(session, meeting) for session in meeting.sessions.all()]
    attendance = ATTENDANCE.get(meeting.format)
    return describe(
        "Event",
        meeting,
        alternateName=meeting.label if meeting.label != meeting.name else "",
        description=meeting.summary,
        **dates_of(meeting),
        eventAttendanceMode=f"{SCHEMA}/{attendance}" if attendance else None,
        location=locations_of(meeting),
        organizer=body_reference(meeting.series),
        contributor=body_references(meeting.partners.all()),
        superEvent=event_reference(meeting.part_of),
        subEvent=[*programme, *map(event_reference, parts)],
    )


def entry(decision: Decision) -> Thing:
    """A decision as the text it is: a verb may only say that something was noted or reported."""
    return describe(
        "CreativeWork",
        decision,
        name=f"{decision.code}: {decision.get_verb_display()}",
        identifier=decision.code,
        genre=decision.get_verb_display(),
        text=decision.text,
        recordedAt=event_reference(decision.meeting),
        about=[
            *references("Project", decision.initiatives.all()),
            *references("CreativeWork", decision.plans.all()),
            *body_references(decision.bodies.all()),
        ],
    )


def speaker(person: Person) -> Thing:
    """The country somebody speaks for need not be theirs, so only a body is named."""
    return describe("Person", person, jobTitle=person.role, affiliation=body_reference(person.body))
