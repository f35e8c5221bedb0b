"""Meetings, decisions, statements, people and sessions as data, and meetings as calendars."""

from collections.abc import Iterable

from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from initiatives.models import Initiative, Plan
from meetings.calendars import begin_calendar, calendar_parts, event_lots, zones_named
from meetings.filters import CalendarForm, DecisionFilterSet, MeetingFilterSet, PersonFilterSet, StatementFilterSet
from meetings.models import DateChange, Decision, Level, Meeting, Person, Session, Statement
from portal.exports import (
    ListFormat,
    answer_unless_known,
    disposition,
    file_names,
    names_for,
    refusal,
    site_of,
    state_tag,
)
from portal.models import Body, Direction, Document, Precision
from portal.pages import public
from portal.tables import TABLES, Column, Fields, Relation, Table, known_day, named, prefetched, register, shown

LONGEST_TITLE = 110


@register
class MeetingTable(Table):
    name = "meetings"
    label = _("Meetings")
    about = _("One meeting, held or ahead.")
    model = Meeting
    filterset_class = MeetingFilterSet
    page = "meeting_list"
    select_related = ("series", "country", "chair", "vice_chair", "part_of", "part_of__series")
    parts = {"sessions": "sessions"}
    field = Fields(Meeting)
    own_columns = [
        *field.one("series"),
        *field.plain("number", "integer"),
        *field.both("name", "theme"),
        *field.day("start", "end"),
        *field.plain("timezone"),
        *field.coded("format"),
        *field.one("country"),
        *field.both("city", "venue"),
        *field.one("chair"),
        *field.one("vice_chair"),
        *field.one("part_of"),
        *field.many("partners"),
        *field.many("documents"),
        *field.coded("status"),
        *field.both("summary"),
        *field.coded("confidence"),
    ]

    def related(self):
        partners, documents = named("partners", Body.objects.order_by("slug")), named("documents", Document.objects)
        return [partners, documents, Prefetch("date_changes", DateChange.objects.all())]

    def summary(self, record):
        latest = next(iter(prefetched(record, "date_changes")), None)
        return f"{latest.what} {latest.why} {record.summary}" if latest else record.summary


@register
class SessionTable(Table):
    name = "sessions"
    label = _("Sessions")
    about = _("One item in the programme of a meeting.")
    model = Session
    select_related = ("meeting", "meeting__series")
    field = Fields(Session)
    own_columns = [
        *field.one("meeting"),
        *field.coded("kind"),
        *field.both("name"),
        *field.plain("date", "day"),
        *field.plain("end_date", "day"),
        *field.plain("start_time"),
        *field.plain("end_time"),
        *field.coded("part_of_day"),
        *field.both("place", "summary"),
        *field.plain("order", "integer"),
    ]


def of_meeting(meaning: object, name: str) -> Column:
    """A day of the meeting that a record belongs to."""
    return Column(
        f"meeting_{name}", lambda row: known_day(getattr(row.meeting, name), row.meeting.precision), meaning, "day"
    )


MEETING_DAYS = [
    of_meeting(_("first day of the meeting"), "start"),
    of_meeting(_("last day of the meeting"), "end"),
    Column("meeting_precision", lambda row: row.meeting.precision, _("how exactly the days of the meeting are known")),
]


@register
class DecisionTable(Table):
    name = "decisions"
    label = _("Decisions")
    about = _("One outcome of a meeting, with the verb of its source; the level is this register’s reading aid.")
    model = Decision
    filterset_class = DecisionFilterSet
    page = "decision_list"
    select_related = ("meeting", "meeting__series")
    field = Fields(Decision)
    own_columns = [
        *field.one("meeting"),
        *field.one("series", of="meeting"),
        *MEETING_DAYS,
        *field.plain("order", "integer"),
        *field.coded("verb"),
        *field.coded("level", Level.choices),
        *field.both("text"),
        *field.many("bodies"),
        *field.many("documents"),
        *field.many("initiatives"),
        *field.many("plans"),
        *field.coded("confidence"),
    ]

    def related(self):
        return [
            named("bodies", Body.objects.order_by("slug")),
            named("documents", Document.objects),
            named("initiatives", Initiative.objects.order_by("slug")),
            named("plans", Plan.objects.order_by("slug")),
        ]

    def title(self, record):
        text = Truncator(record.text).chars(LONGEST_TITLE, truncate=" …")
        return f"{record.code}, {record.get_verb_display().lower()}: {text}"

    def summary(self, record):
        return f"{record.get_verb_display()} ({record.get_level_display()}). {record.text} {record.meeting.label}."


@register
class StatementTable(Table):
    name = "statements"
    label = _("Statements")
    about = _("What somebody said at a meeting, summed up in this register’s own words.")
    model = Statement
    filterset_class = StatementFilterSet
    page = "statement_list"
    select_related = ("meeting", "meeting__series", "person", "person__country", "session", "session__meeting")
    field = Fields(Statement)
    own_columns = [
        *field.one("meeting"),
        *MEETING_DAYS,
        Column(
            "session",
            lambda row: getattr(shown(row.session), "slug", None),
            _("the session in which it was said: its id"),
            refers_to=Session,
            relation=Relation(Session, lambda row: shown(row.session)),
        ),
        *field.one("person"),
        *field.one("country", of="person"),
        *field.both("role"),
        *field.day("date"),
        *field.plain("order", "integer"),
        *field.both("text"),
        *field.many("directions"),
    ]

    def related(self):
        return [named("directions", Direction.objects)]

    def title(self, record):
        return f"{record.person}: {Truncator(record.text).chars(LONGEST_TITLE, truncate=' …')}"

    def summary(self, record):
        return f"{record.text} {record.meeting.label}."


@register
class PersonTable(Table):
    name = "people"
    label = _("Persons")
    about = _("Somebody who spoke at or chaired a meeting.")
    model = Person
    filterset_class = PersonFilterSet
    select_related = ("country", "body")
    field = Fields(Person)
    own_columns = [
        *field.plain("name"),
        *field.both("role"),
        *field.one("country"),
        *field.one("body"),
    ]


# Calendars


def calendar_response(
    request: HttpRequest, meetings: Iterable[Meeting], ids: Iterable[int], words: str, names: tuple[str, str], **notes
) -> HttpResponse:
    """A calendar of meetings, with their sessions where the request asks for them; 304 where nothing changed."""
    form = CalendarForm(request.GET)
    if form.errors:
        return refusal(form)

    def build() -> HttpResponse:
        calendar = begin_calendar(words, request.build_absolute_uri(), **notes)
        zones = Meeting.objects.published().needing_zones(ids) if form.wants_sessions else []
        events = event_lots(meetings, site_of(request), get_language(), with_sessions=form.wants_sessions)
        parts = calendar_parts(calendar, zones_named(zones), events)
        response = HttpResponse(b"".join(parts), content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = disposition(names)
        return response

    return answer_unless_known(request, build, etag=state_tag(request))


def as_events():
    """Meetings with what a calendar reads of them."""
    sessions = public("sessions", Session.objects.in_order_of_time())
    return Meeting.objects.published().select_related("series").prefetch_related(sessions, "date_changes")


@require_safe
def meeting_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """One meeting as a calendar; 404 while its days are not known."""
    meeting = get_object_or_404(as_events(), slug=slug)
    if meeting.precision != Precision.DAY:
        raise Http404("The days of this meeting are not known.")
    names = file_names(slug, meeting.label, [], "ics")
    return calendar_response(request, [meeting], [meeting.pk], meeting.label, names)


@require_safe
def body_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The meetings of a body: its own series, and those it took part in as a partner."""
    body = get_object_or_404(Body.objects.published(), slug=slug)
    meetings = list(as_events().filter(Q(series=body) | Q(partners=body)).distinct().order_by("start", "slug"))
    names = file_names(slug, body.label, [], "ics")
    left_out = sum(meeting.precision != Precision.DAY for meeting in meetings)
    ids = [meeting.pk for meeting in meetings]
    return calendar_response(request, meetings, ids, body.label, names, left_out=left_out)


class MeetingCalendar(ListFormat):
    """The filtered list as a calendar to subscribe to."""

    table = TABLES["meetings"]
    suffix = "ics"

    def respond(self, filterset: MeetingFilterSet) -> HttpResponseBase:
        filterset.queryset = as_events()
        words = filterset.sentence or _("Meetings of ASEAN digital cooperation")
        names = names_for(self.table, filterset, self.suffix)
        left_out = len(filterset.undated)
        return calendar_response(self.request, filterset.qs, filterset.ids, str(words), names, left_out=left_out)
