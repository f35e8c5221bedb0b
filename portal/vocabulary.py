"""The filters of the vocabulary: roof, because they ask about meetings and plans too."""

from django.utils.translation import gettext_lazy as _

from initiatives.models import Plan
from meetings.models import Meeting
from portal.filters import RecordFilterSet, RecordsFilter, ValuesFilter, YearBoundFilter, YearsFilter
from portal.models import Body, BodyKind, BodyStatus, Country, Direction, Document, DocumentKind, Source, Topic


class DocumentFilterSet(RecordFilterSet):
    kind = ValuesFilter(
        label=_("Kind"), field_name="kind", choices=DocumentKind.choices, phrase=_("of the kind “%(values)s”")
    )
    body = RecordsFilter(
        label=_("Issuing body"),
        field_name="body__slug",
        known=Body.objects.published,
        optional=True,
        name="label",
        phrase=_("issued by %(values)s"),
        phrase_for_none=_("whose issuing body is not stated"),
    )
    meeting = RecordsFilter(
        label=_("Meeting"),
        field_name="meetings__slug",
        known=lambda: Meeting.objects.published().select_related("series").order_by("-start", "slug"),
        official=True,
        optional=True,
        name="label",
        phrase=_("of the meeting %(values)s"),
        phrase_for_none=_("of no meeting"),
    )
    plan = RecordsFilter(
        label=_("Plan"),
        field_name="plans__slug",
        known=Plan.objects.published,
        optional=True,
        name="label",
        phrase=_("on the plan %(values)s"),
        phrase_for_none=_("on no plan"),
    )
    year = YearsFilter(
        label=_("Year"),
        field_name="published_on__year",
        optional=True,
        phrase=_("published in %(values)s"),
        phrase_for_none=_("whose date is not stated"),
    )
    year_from = YearBoundFilter(is_first=True)
    year_to = YearBoundFilter(is_first=False)

    sort_keys = {"date": ("published_on",), "name": ("NAME",), "kind": ("kind", "NAME")}
    sort_choices = [("-date", _("Newest first")), ("date", _("Oldest first")), ("name", _("Name, A to Z"))]
    default_sort = "-date"
    noun = _("Documents")

    class Meta(RecordFilterSet.Meta):
        model = Document


class BodyFilterSet(RecordFilterSet):
    kind = ValuesFilter(
        label=_("Kind"), field_name="kind", choices=BodyKind.choices, phrase=_("of the kind “%(values)s”")
    )
    status = ValuesFilter(
        label=_("Status"),
        field_name="status",
        choices=BodyStatus.choices,
        phrase=_("that are %(values)s"),
        is_attribute=True,
    )

    sort_keys = {"name": ("NAME",), "kind": ("kind", "NAME"), "established": ("established", "NAME")}
    sort_choices = [("name", _("Name, A to Z")), ("kind", _("Kind")), ("established", _("Oldest first"))]
    default_sort = "name"
    noun = _("Bodies")

    class Meta(RecordFilterSet.Meta):
        model = Body


class DirectionFilterSet(RecordFilterSet):
    sort_keys = {"number": ("number",), "name": ("NAME",)}
    sort_choices = [("number", _("Number")), ("name", _("Name, A to Z"))]
    default_sort = "number"
    noun = _("Directions")

    class Meta(RecordFilterSet.Meta):
        model = Direction


class CountryFilterSet(RecordFilterSet):
    """By default the English names give the order, in both languages, as ASEAN itself lists its members."""

    sort_keys = {"official": ("sort_en",), "name": ("NAME",), "joined": ("joined_on", "sort_en")}
    sort_choices = [("name", _("Name, A to Z")), ("joined", _("Oldest first"))]
    default_sort = "official"
    noun = _("Countries")

    class Meta(RecordFilterSet.Meta):
        model = Country


class TopicFilterSet(RecordFilterSet):
    """Topics have no list of their own on the site, but one in the API."""

    sort_choices = (("name", _("Name, A to Z")),)
    noun = _("Topics")

    class Meta(RecordFilterSet.Meta):
        model = Topic


class SourceFilterSet(RecordFilterSet):
    """Sources have no list of their own on the site, but one in the API."""

    sort_keys = {"name": ("NAME",), "date": ("published_on",)}
    sort_choices = (("name", _("Name, A to Z")), ("-date", _("Newest first")), ("date", _("Oldest first")))
    noun = _("Sources")

    class Meta(RecordFilterSet.Meta):
        model = Source
