"""The filters of documents and bodies: roof, because they ask about meetings and plans too."""

from django.utils.translation import gettext_lazy as _

from initiatives.models import Plan
from meetings.models import Meeting
from portal.filters import RecordFilterSet, RecordsFilter, ValuesFilter, YearsFilter
from portal.models import Body, BodyKind, BodyStatus, Document, DocumentKind


class DocumentFilterSet(RecordFilterSet):
    kind = ValuesFilter(label=_("Kind"), field_name="kind", choices=DocumentKind.choices)
    body = RecordsFilter(
        label=_("Issuing body"),
        field_name="body__slug",
        known=Body.objects.published,
        offered=lambda: Body.objects.published().filter(pk__in=Document.objects.published().values("body")),
        name="label",
    )
    meeting = RecordsFilter(
        label=_("Meeting"),
        field_name="meetings__slug",
        many=True,
        known=lambda: Meeting.objects.published().select_related("series"),
        offered=lambda: (
            Meeting.objects.published()
            .select_related("series")
            .filter(documents__in=Document.objects.published())
            .distinct()
        ),
        name="label",
    )
    plan = RecordsFilter(
        label=_("Plan"),
        field_name="plans__slug",
        many=True,
        known=Plan.objects.published,
        offered=lambda: Plan.objects.published().filter(documents__in=Document.objects.published()).distinct(),
        name="label",
    )
    year = YearsFilter(label=_("Year"), field_name="published_on__year")

    sort_keys = {"date": ("published_on",), "name": ("NAME",), "kind": ("kind", "NAME")}
    sort_choices = [("-date", _("Newest first")), ("date", _("Oldest first")), ("name", _("Name, A to Z"))]
    default_sort = "-date"

    class Meta(RecordFilterSet.Meta):
        model = Document
        fields: list[str] = []


class BodyFilterSet(RecordFilterSet):
    kind = ValuesFilter(label=_("Kind"), field_name="kind", choices=BodyKind.choices)
    status = ValuesFilter(label=_("Status"), field_name="status", choices=BodyStatus.choices)

    sort_keys = {"name": ("NAME",), "kind": ("kind", "NAME"), "established": ("established", "NAME")}
    sort_choices = [("name", _("Name, A to Z")), ("kind", _("Kind")), ("established", _("Oldest first"))]
    default_sort = "name"

    class Meta(RecordFilterSet.Meta):
        model = Body
        fields: list[str] = []
