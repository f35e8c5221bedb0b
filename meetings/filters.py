"""The filters of meetings, decisions and statements."""

from django.utils.translation import gettext_lazy as _

from initiatives.models import Initiative, Plan
from meetings.models import Decision, Format, Level, Meeting, MeetingStatus, Person, Statement, Verb
from portal.filters import RecordFilterSet, RecordsFilter, ValuesFilter, YearsFilter
from portal.models import Body, Country, Direction


def all_countries():
    return Country.objects.published()


def all_bodies():
    return Body.objects.published()


def all_meetings():
    return Meeting.objects.published().select_related("series").defer("summary_vi", "summary_en", "summary")


class WhenFilter(ValuesFilter):
    """`when`: upcoming or past, as seen today."""

    def filter(self, queryset, values):
        if values == ["upcoming"]:
            return queryset.upcoming()
        if values == ["past"]:
            return queryset.past()
        return queryset


class MeetingFilterSet(RecordFilterSet):
    when = WhenFilter(label=_("When"), choices=[("upcoming", _("Upcoming")), ("past", _("Past"))])
    series = RecordsFilter(
        label=_("Series"),
        field_name="series__slug",
        known=all_bodies,
        offered=lambda: all_bodies().filter(pk__in=Meeting.objects.published().values("series")),
        name="label",
    )
    country = RecordsFilter(label=_("Host country"), field_name="country__slug", known=all_countries)
    year = YearsFilter(label=_("Year"), field_name="start__year")
    status = ValuesFilter(label=_("Status"), field_name="status", choices=MeetingStatus.choices)
    format = ValuesFilter(label=_("Format"), field_name="format", choices=Format.choices)
    partner = RecordsFilter(
        label=_("Partner"),
        field_name="partners__slug",
        many=True,
        known=all_bodies,
        offered=lambda: all_bodies().filter(meetings_as_partner__in=Meeting.objects.published()).distinct(),
    )

    sort_keys = {"start": ("start",), "date": ("start",), "name": ("NAME",), "number": ("series__slug", "number")}
    sort_choices = [("-start", _("Newest first")), ("start", _("Oldest first")), ("name", _("Name, A to Z"))]
    default_sort = "-start"

    class Meta(RecordFilterSet.Meta):
        model = Meeting
        fields: list[str] = []


class DecisionFilterSet(RecordFilterSet):
    level = ValuesFilter(label=_("Level of commitment"), field_name="level", choices=Level.choices)
    verb = ValuesFilter(label=_("Verb"), field_name="verb", choices=Verb.choices)
    series = RecordsFilter(
        label=_("Series"),
        field_name="meeting__series__slug",
        known=all_bodies,
        offered=lambda: all_bodies().filter(pk__in=Decision.objects.published().values("meeting__series")),
        name="label",
    )
    meeting = RecordsFilter(
        label=_("Meeting"),
        field_name="meeting__slug",
        known=all_meetings,
        offered=lambda: all_meetings().filter(pk__in=Decision.objects.published().values("meeting")),
        name="label",
    )
    year = YearsFilter(label=_("Year"), field_name="meeting__start__year")
    direction = RecordsFilter(
        label=_("Direction"),
        field_name="initiatives",
        many=True,
        known=Direction.objects.published,
        through=lambda slugs: Initiative.objects.published().filter(directions__slug__in=slugs),
    )
    body = RecordsFilter(
        label=_("Body"),
        field_name="bodies__slug",
        many=True,
        known=all_bodies,
        offered=lambda: all_bodies().filter(decisions__in=Decision.objects.published()).distinct(),
        name="label",
    )
    plan = RecordsFilter(
        label=_("Plan"),
        field_name="plans__slug",
        many=True,
        known=Plan.objects.published,
        offered=lambda: Plan.objects.published().filter(decisions__in=Decision.objects.published()).distinct(),
        name="label",
    )
    country = RecordsFilter(label=_("Host country"), field_name="meeting__country__slug", known=all_countries)
    initiative = RecordsFilter(
        label=_("Initiative"),
        field_name="initiatives__slug",
        many=True,
        known=Initiative.objects.published,
        offered=lambda: Initiative.objects.published().filter(decisions__in=Decision.objects.published()).distinct(),
    )

    sort_keys = {
        "date": ("meeting__start", "-meeting__slug", "-order"),
        "level": ("firmness", "-meeting__start", "meeting__slug", "order"),
        "verb": ("verb", "-meeting__start", "order"),
    }
    sort_choices = [("-date", _("Newest first")), ("date", _("Oldest first")), ("level", _("Firmest first"))]
    default_sort = "-date"

    class Meta(RecordFilterSet.Meta):
        model = Decision
        fields: list[str] = []


class StatementFilterSet(RecordFilterSet):
    meeting = RecordsFilter(
        label=_("Meeting"),
        field_name="meeting__slug",
        known=all_meetings,
        offered=lambda: all_meetings().filter(pk__in=Statement.objects.published().values("meeting")),
        name="label",
    )
    person = RecordsFilter(
        label=_("Speaker"),
        field_name="person__slug",
        known=Person.objects.published,
        offered=lambda: Person.objects.published().filter(pk__in=Statement.objects.published().values("person")),
    )
    country = RecordsFilter(label=_("Country"), field_name="person__country__slug", known=all_countries)
    direction = RecordsFilter(
        label=_("Direction"),
        field_name="directions__slug",
        many=True,
        known=Direction.objects.published,
    )
    year = YearsFilter(label=_("Year"), field_name="meeting__start__year")

    sort_keys = {
        "date": ("meeting__start", "-meeting__slug", "-order"),
        "person": ("person__NAME", "meeting__start", "order"),
    }
    sort_choices = [("-date", _("Newest first")), ("date", _("Oldest first")), ("person", _("Speaker, A to Z"))]
    default_sort = "-date"

    class Meta(RecordFilterSet.Meta):
        model = Statement
        fields: list[str] = []
