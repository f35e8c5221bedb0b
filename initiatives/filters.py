"""The filters of initiatives and figures."""

from django.utils.translation import gettext_lazy as _

from initiatives.models import Indicator, IndicatorKind, Initiative, InitiativeStatus, Plan
from meetings.models import Decision, Meeting
from portal.filters import RecordFilterSet, RecordsFilter, ValuesFilter, YearsFilter
from portal.models import Body, Country, Direction, Topic


class MeetingsFilter(RecordsFilter):
    """`meeting`: decided, spoken of or moved a step there."""

    def filter(self, queryset, values):
        return queryset.at_meetings(values) if values else queryset


class InitiativeFilterSet(RecordFilterSet):
    status = ValuesFilter(label=_("Status"), field_name="status", choices=InitiativeStatus.choices)
    direction = RecordsFilter(
        label=_("Direction"),
        field_name="directions__slug",
        many=True,
        known=Direction.objects.published,
    )
    country = RecordsFilter(
        label=_("Lead country"),
        field_name="lead_countries__slug",
        many=True,
        known=Country.objects.published,
    )
    body = RecordsFilter(
        label=_("Lead body"),
        field_name="lead_body__slug",
        known=Body.objects.published,
        offered=lambda: Body.objects.published().filter(pk__in=Initiative.objects.published().values("lead_body")),
        name="label",
    )
    plan = RecordsFilter(
        label=_("Plan"),
        field_name="plan__slug",
        known=Plan.objects.published,
        offered=lambda: Plan.objects.published().filter(pk__in=Initiative.objects.published().values("plan")),
        name="label",
    )
    topic = RecordsFilter(label=_("Topic"), field_name="topics__slug", many=True, known=Topic.objects.published)
    partner = RecordsFilter(
        label=_("Partner"),
        field_name="partners__slug",
        many=True,
        known=Body.objects.published,
        offered=lambda: (
            Body.objects.published().filter(partnered_initiatives__in=Initiative.objects.published()).distinct()
        ),
    )
    meeting = MeetingsFilter(
        label=_("Meeting"),
        known=lambda: Meeting.objects.published().select_related("series"),
        offered=lambda: (
            Meeting.objects.published()
            .select_related("series")
            .filter(decisions__in=Decision.objects.published().filter(initiatives__in=Initiative.objects.published()))
            .distinct()
        ),
        name="label",
    )
    year = YearsFilter(label=_("First year"), field_name="start_year")

    # The codes of the status, read backwards, happen to follow its course: proposed, planned, ongoing, completed.
    sort_keys = {
        "name": ("NAME",),
        "status": ("-status", "NAME"),
        "start": ("start_year", "NAME"),
        "updated": ("updated",),
    }
    sort_choices = [
        ("name", _("Name, A to Z")),
        ("status", _("Status")),
        ("-start", _("Newest first")),
        ("-updated", _("Last updated first")),
    ]
    default_sort = "name"

    class Meta(RecordFilterSet.Meta):
        model = Initiative
        fields: list[str] = []

    @property
    def as_table(self) -> bool:
        """`view=table`: the same list as a table instead of cards."""
        return self.data.get("view") == "table"

    @property
    def state_words(self) -> list[str]:
        return super().state_words + ([str(_("Table"))] if self.as_table else [])


class ObservedYears(YearsFilter):
    def filter(self, queryset, values):
        return queryset


class ObservedKinds(ValuesFilter):
    def filter(self, queryset, values):
        return queryset


class FigureFilterSet(RecordFilterSet):
    """`year` and `projected` must hold of one and the same observation, so they apply together."""

    kind = ValuesFilter(label=_("Kind"), field_name="kind", choices=IndicatorKind.choices)
    year = ObservedYears(label=_("Year"), field_name="observations__year")
    projected = ObservedKinds(
        label=_("Actual or projected"),
        choices=[("false", _("Actual")), ("true", _("Target or projected"))],
    )

    sort_keys = {"name": ("NAME",), "kind": ("kind", "NAME")}
    sort_choices = [("name", _("Name, A to Z")), ("kind", _("Kind"))]
    default_sort = "name"

    class Meta(RecordFilterSet.Meta):
        model = Indicator
        fields: list[str] = []

    def filter_queryset(self, queryset):
        years, projected = self.values.get("year"), self.values.get("projected")
        return super().filter_queryset(queryset.observed(years or [], projected or []))
