"""The filters of meetings, decisions and statements."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from initiatives.models import Initiative, Plan
from meetings.models import Decision, Format, Level, Meeting, MeetingStatus, Person, Statement, Verb
from portal.filters import RecordFilterSet, RecordsFilter, ValuesField, ValuesFilter, YearBoundFilter, YearsFilter
from portal.index import NOT_STATED
from portal.models import Body, Country, Direction, Precision


def all_meetings():
    """The latest first, as a visitor looks for them."""
    return Meeting.objects.published().select_related("series").order_by("-start", "slug")


class WhenFilter(ValuesFilter):
    """`when`: upcoming or past, as seen today; the index lasts no longer than the day."""

    def pairs(self, records):
        today = timezone.localdate()
        ends = records.order_by().values_list("pk", "end")
        return ((record_id, "upcoming" if end >= today else "past") for record_id, end in ends)


class MeetingFilterSet(RecordFilterSet):
    when = WhenFilter(
        label=_("When"),
        choices=[("upcoming", _("Upcoming")), ("past", _("Past"))],
        phrase=_("that are %(values)s"),
        is_attribute=True,
    )
    series = RecordsFilter(
        label=_("Series"),
        field_name="series__slug",
        known=Body.objects.published,
        name="label",
        phrase=_("of the series %(values)s"),
    )
    country = RecordsFilter(
        label=_("Host country"),
        field_name="country__slug",
        known=Country.objects.published,
        official=True,
        every=True,
        optional=True,
        phrase=_("hosted by %(values)s"),
        phrase_for_none=_("whose host is not stated"),
    )
    year = YearsFilter(label=_("Year"), field_name="start__year", phrase=_("in %(values)s"))
    year_from = YearBoundFilter(is_first=True)
    year_to = YearBoundFilter(is_first=False)
    status = ValuesFilter(
        label=_("Status"),
        field_name="status",
        choices=MeetingStatus.choices,
        phrase=_("that are %(values)s"),
        is_attribute=True,
    )
    format = ValuesFilter(
        label=_("Format"),
        field_name="format",
        choices=Format.choices,
        optional=True,
        phrase=_("with the format %(values)s"),
        phrase_for_none=_("whose format is not stated"),
    )
    partner = RecordsFilter(
        label=_("Partner"),
        field_name="partners__slug",
        known=Body.objects.published,
        optional=True,
        phrase=_("with the partner %(values)s"),
        phrase_for_none=_("without a stated partner"),
    )

    sort_keys = {"start": ("start",), "date": ("start",), "name": ("NAME",), "number": ("series__slug", "number")}
    sort_choices = [("-start", _("Newest first")), ("start", _("Oldest first")), ("name", _("Name, A to Z"))]
    default_sort = "-start"
    noun = _("Meetings")

    class Meta(RecordFilterSet.Meta):
        model = Meeting

    @property
    def undated(self) -> BitMap:
        """Of the meetings that fit, those known only to the month or year: no calendar has a day for them."""
        return self.ids & self.kept("undated", self.gather_undated)

    def gather_undated(self) -> BitMap:
        records = self.model.objects.published().exclude(precision=Precision.DAY)
        return BitMap(records.order_by().values_list("pk", flat=True))

    def by_year(self) -> list[tuple[int, int, int]]:
        """(year, how many of the meetings that fit begin in it, how many of these are not over yet)."""
        ahead = self.ids & self.ids_with("when", "upcoming")
        years = [year for year, count in sorted(self.count_by("year").items()) if count and year != NOT_STATED]
        return [
            (int(year), len(begin), begin.intersection_cardinality(ahead))
            for year in years
            for begin in [self.ids & self.ids_with("year", year)]
        ]


class CalendarForm(forms.Form):
    """What only a calendar asks: `sessions=1` for the items of the programmes as events of their own."""

    sessions = ValuesField(knows="1".__eq__, label=_("Sessions"))

    @property
    def wants_sessions(self) -> bool:
        return bool(self.cleaned_data["sessions"])


def directions_of_decisions():
    """(decision, direction) by way of the public initiatives that a decision concerns."""
    return Initiative.objects.published().order_by().values_list("decisions", "directions__slug")


def plans_of_decisions():
    return Plan.objects.published().order_by().values_list("decisions", "slug")


def initiatives_of_decisions():
    return Initiative.objects.published().order_by().values_list("decisions", "slug")


class DecisionFilterSet(RecordFilterSet):
    level = ValuesFilter(
        label=_("Level of commitment"), field_name="level", choices=Level.choices, phrase=_("at the level “%(values)s”")
    )
    verb = ValuesFilter(
        label=_("Verb"), field_name="verb", choices=Verb.choices, phrase=_("with the verb “%(values)s”")
    )
    series = RecordsFilter(
        label=_("Series"),
        field_name="meeting__series__slug",
        known=Body.objects.published,
        name="label",
        phrase=_("of the series %(values)s"),
    )
    meeting = RecordsFilter(
        label=_("Meeting"),
        field_name="meeting__slug",
        known=all_meetings,
        official=True,
        name="label",
        phrase=_("of the meeting %(values)s"),
    )
    year = YearsFilter(label=_("Year"), field_name="meeting__start__year", phrase=_("in %(values)s"))
    year_from = YearBoundFilter(is_first=True)
    year_to = YearBoundFilter(is_first=False)
    direction = RecordsFilter(
        label=_("Direction"),
        known=Direction.objects.published,
        official=True,
        every=True,
        optional=True,
        through=directions_of_decisions,
        phrase=_("in the direction %(values)s"),
        phrase_for_none=_("in none of the directions"),
    )
    body = RecordsFilter(
        label=_("Body"),
        field_name="bodies__slug",
        known=Body.objects.published,
        optional=True,
        name="label",
        phrase=_("concerning %(values)s"),
        phrase_for_none=_("that name no body"),
    )
    plan = RecordsFilter(
        label=_("Plan"),
        known=Plan.objects.published,
        optional=True,
        through=plans_of_decisions,
        name="label",
        phrase=_("on the plan %(values)s"),
        phrase_for_none=_("on no plan"),
    )
    country = RecordsFilter(
        label=_("Host country"),
        field_name="meeting__country__slug",
        known=Country.objects.published,
        official=True,
        every=True,
        optional=True,
        phrase=_("of meetings hosted by %(values)s"),
        phrase_for_none=_("of meetings whose host is not stated"),
    )
    initiative = RecordsFilter(
        label=_("Initiative"),
        known=Initiative.objects.published,
        optional=True,
        through=initiatives_of_decisions,
        phrase=_("on the initiative %(values)s"),
        phrase_for_none=_("on no initiative"),
    )

    sort_keys = {
        "date": ("meeting__start", "-meeting__slug", "-order"),
        "level": ("firmness", "-meeting__start", "meeting__slug", "order"),
        "verb": ("verb", "-meeting__start", "order"),
    }
    sort_choices = [("-date", _("Newest first")), ("date", _("Oldest first")), ("level", _("Firmest first"))]
    default_sort = "-date"
    noun = _("Decisions")

    class Meta(RecordFilterSet.Meta):
        model = Decision

    def by_level(self) -> list[tuple[Level, int]]:
        """Each level with how many of the decisions that fit have it, the firmest first."""
        counts = self.count_by("level")
        return [(level, counts.get(level, 0)) for level in Level]


class StatementFilterSet(RecordFilterSet):
    meeting = RecordsFilter(
        label=_("Meeting"),
        field_name="meeting__slug",
        known=all_meetings,
        official=True,
        name="label",
        phrase=_("at the meeting %(values)s"),
    )
    person = RecordsFilter(
        label=_("Speaker"), field_name="person__slug", known=Person.objects.published, phrase=_("by %(values)s")
    )
    country = RecordsFilter(
        label=_("Country"),
        field_name="person__country__slug",
        known=Country.objects.published,
        official=True,
        every=True,
        optional=True,
        phrase=_("by speakers for %(values)s"),
        phrase_for_none=_("by speakers for no country"),
    )
    direction = RecordsFilter(
        label=_("Direction"),
        field_name="directions__slug",
        known=Direction.objects.published,
        official=True,
        every=True,
        optional=True,
        phrase=_("in the direction %(values)s"),
        phrase_for_none=_("in none of the directions"),
    )
    year = YearsFilter(label=_("Year"), field_name="meeting__start__year", phrase=_("in %(values)s"))
    year_from = YearBoundFilter(is_first=True)
    year_to = YearBoundFilter(is_first=False)

    sort_keys = {
        "date": ("meeting__start", "-meeting__slug", "-order"),
        "person": ("person__NAME", "meeting__start", "order"),
    }
    sort_choices = [("-date", _("Newest first")), ("date", _("Oldest first")), ("person", _("Speaker, A to Z"))]
    default_sort = "-date"
    noun = _("Statements")

    class Meta(RecordFilterSet.Meta):
        model = Statement


class PersonFilterSet(RecordFilterSet):
    """People have no list of their own on the site, but one in the API."""

    sort_choices = (("name", _("Name, A to Z")),)
    noun = _("Persons")

    class Meta(RecordFilterSet.Meta):
        model = Person
