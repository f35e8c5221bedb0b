"""The pages of meetings, decisions, statements and people."""

from itertools import groupby

from django.db.models import Prefetch, QuerySet

from initiatives.models import Discrepancy, Initiative, Plan, disputes_of
from meetings import structured
from meetings.filters import DecisionFilterSet, MeetingFilterSet, StatementFilterSet
from meetings.models import (
    VERBS_BY_LEVEL,
    DateChange,
    Decision,
    Level,
    Meeting,
    Person,
    Session,
    Statement,
    count_levels,
    main_results,
)
from portal import charts
from portal.index import ContentState, kept
from portal.models import Body, Country, Direction, Document
from portal.pages import Evidence, RecordDetailView, RecordListView, public
from portal.prepared import ANY_ID, ANY_SLUG, PreparedQuery, prepared, prepared_rows


class MeetingListView(RecordListView):
    model = Meeting
    filterset_class = MeetingFilterSet
    template_name = "meetings/meeting_list.html"
    is_dataset = True
    has_calendar = True
    select_related = ("series", "country")

    def rows(self):
        return super().rows().with_counts()

    def strip(self) -> QuerySet:
        return Meeting.objects.published().of_ministers().select_related("series", "country")

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            strip=self.filterset.kept("strip", lambda: list(self.strip())),
            chart=charts.columns(self.filterset.by_year()),
            **kwargs,
        )


def by_level(decisions: list[Decision]) -> list[tuple[Level, list[Decision]]]:
    """Decisions under the levels they have, the firmest first."""
    levels = [(level, [decision for decision in decisions if decision.level == level]) for level in Level]
    return [(level, those) for level, those in levels if those]


def by_speaker(statements) -> list[tuple[Person, str, list[Statement]]]:
    """(person, role then, statements), the speakers in the order in which they first spoke."""
    speakers: dict[tuple[int, str], list[Statement]] = {}
    for statement in statements:
        role = statement.role or statement.person.role
        speakers.setdefault((statement.person_id, role), []).append(statement)
    return [(those[0].person, role, those) for (_person, role), those in speakers.items()]


def ids_at_a_meeting() -> PreparedQuery:
    at_one = Initiative.objects.published().only("pk").at_meetings([ANY_SLUG])
    return PreparedQuery(at_one, ANY_SLUG, at_one.db)


def initiatives_with_leads() -> PreparedQuery:
    with_bodies = Initiative.objects.published().select_related("lead_body")
    return prepared_rows(with_bodies.prefetch_related(public("lead_countries", Country.objects)))


def initiatives_at(meeting: Meeting, state: ContentState) -> list[Initiative]:
    """The initiatives decided, spoken of or moved a step there, with who leads them; one query, and rows read once."""
    ids: PreparedQuery = prepared(state, "initiatives at a meeting", Initiative, ids_at_a_meeting)
    rows: PreparedQuery = prepared(state, "initiatives with leads", Initiative, initiatives_with_leads)
    return rows.once([initiative.pk for initiative in ids.about(meeting.slug)], state)


def meetings_of_a_series() -> PreparedQuery:
    in_order = Meeting.objects.published().select_related("series").order_by("start", "slug")
    return PreparedQuery(in_order.filter(series=ANY_ID), ANY_ID, in_order.db)


def neighbours_in_series(meeting: Meeting, state: ContentState) -> tuple[Meeting | None, Meeting | None]:
    """The meetings of the same series before and after one; one query."""
    series: PreparedQuery = prepared(state, "meetings of a series", Meeting, meetings_of_a_series)
    others = [other for other in series.about(meeting.series_id) if other.pk != meeting.pk]
    return (
        next((other for other in reversed(others) if other.start <= meeting.start), None),
        next((other for other in others if other.start > meeting.start), None),
    )


class MeetingDetailView(RecordDetailView):
    model = Meeting
    template_name = "meetings/meeting_detail.html"
    select_related = ("series", "country", "chair", "vice_chair", "part_of", "part_of__series")

    def related(self):
        return [
            Prefetch("date_changes", DateChange.objects.all()),
            public("partners", Body.objects),
            public("documents", Document.objects),
            public("adopted_plans", Plan.objects),
            public("sessions", Session.objects.in_order_of_time()),
            public("statements", Statement.objects.select_related("person", "person__country").order_by("order")),
            public("statements__directions", Direction.objects),
            public("decisions", Decision.objects.order_by("order")),
            public("decisions__initiatives", Initiative.objects),
            public("parts", Meeting.objects.select_related("series", "country").order_by("start", "slug")),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def get_context_data(self, **kwargs):
        meeting = self.object
        decisions = list(meeting.decisions.all())
        before, after = neighbours_in_series(meeting, self.content)
        return super().get_context_data(
            levels=count_levels(decisions),
            decisions_by_level=by_level(decisions),
            speakers=by_speaker(meeting.statements.all()),
            main_results=main_results(decisions),
            initiatives=initiatives_at(meeting, self.content),
            parts=meeting.parts.all(),
            previous_meeting=before,
            next_meeting=after,
            evidence=Evidence.of(
                [meeting],
                meeting.sessions.all(),
                decisions,
                meeting.statements.all(),
                disputes_of(meeting),
                state=self.content,
            ),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.event(self.object, context["parts"])]


class DecisionListView(RecordListView):
    model = Decision
    filterset_class = DecisionFilterSet
    template_name = "meetings/decision_list.html"
    is_dataset = True
    select_related = ("meeting", "meeting__series")

    def related(self):
        return [public("initiatives", Initiative.objects), public("plans", Plan.objects)]

    def get_context_data(self, **kwargs):
        return super().get_context_data(levels=self.filterset.by_level(), **kwargs)


def neighbours(decision: Decision, state: ContentState) -> tuple[Decision | None, Decision | None]:
    """The decisions of the same meeting before and after one: their slugs; one query for each state of the content."""

    def make() -> dict[int, list[Decision]]:
        rows = Decision.objects.published().only("slug", "meeting_id").order_by("meeting_id", "order")
        return {meeting: list(those) for meeting, those in groupby(rows, key=lambda row: row.meeting_id)}

    line = kept(state, "decisions by meeting", make)[decision.meeting_id]
    place = line.index(decision)
    return line[place - 1] if place else None, line[place + 1] if place + 1 < len(line) else None


class DecisionDetailView(RecordDetailView):
    model = Decision
    template_name = "meetings/decision_detail.html"
    select_related = ("meeting", "meeting__series", "meeting__country")

    def related(self):
        return [
            public("initiatives", Initiative.objects.select_related("lead_body")),
            public("initiatives__lead_countries", Country.objects),
            public("plans", Plan.objects),
            public("bodies", Body.objects),
            public("documents", Document.objects),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def get_context_data(self, **kwargs):
        decision = self.object
        before, after = neighbours(decision, self.content)
        return super().get_context_data(
            verbs_of_level=[verb.label for verb in VERBS_BY_LEVEL[Level(decision.level)]],
            previous_decision=before,
            next_decision=after,
            evidence=Evidence.of([decision], disputes_of(decision), state=self.content),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.entry(self.object)]


class StatementListView(RecordListView):
    model = Statement
    filterset_class = StatementFilterSet
    template_name = "meetings/statement_list.html"
    select_related = ("meeting", "meeting__series", "person", "person__country")
    paginate_by = 50

    def related(self):
        return [public("directions", Direction.objects)]


class PersonDetailView(RecordDetailView):
    model = Person
    template_name = "meetings/person_detail.html"
    select_related = ("country", "body")

    def related(self):
        return [
            public("statements", Statement.objects.newest_first().select_related("meeting", "meeting__series")),
            public("statements__directions", Direction.objects),
            public("chaired_meetings", Meeting.objects.select_related("series", "country")),
            public("vice_chaired_meetings", Meeting.objects.select_related("series", "country")),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def get_context_data(self, **kwargs):
        person = self.object
        return super().get_context_data(
            evidence=Evidence.of([person], person.statements.all(), disputes_of(person), state=self.content), **kwargs
        )

    def structured_data(self, context):
        return [structured.speaker(self.object)]
