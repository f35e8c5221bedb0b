"""The vocabulary as data: roof, because the filters of some lists ask about meetings and plans."""

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _

from meetings.models import Meeting
from portal.models import Body, Country, Direction, Document, Source, Topic
from portal.tables import Fields, Table, register, shown
from portal.vocabulary import (
    BodyFilterSet,
    CountryFilterSet,
    DirectionFilterSet,
    DocumentFilterSet,
    SourceFilterSet,
    TopicFilterSet,
)


@register
class DirectionTable(Table):
    name = "directions"
    label = _("Directions")
    about = _("One of the eight shifts that one minister proposed at ADGMIN 6; not a pillar of a plan.")
    model = Direction
    filterset_class = DirectionFilterSet
    page = "direction_list"
    field = Fields(Direction)
    own_columns = [*field.plain("number", "integer"), *field.both("name", "moves_from", "moves_to", "detail")]

    def summary(self, record):
        return f"{record.moves_from} → {record.moves_to}. {record.detail}"


@register
class TopicTable(Table):
    name = "topics"
    label = _("Topics")
    about = _("A subject by which initiatives are filed.")
    model = Topic
    filterset_class = TopicFilterSet
    field = Fields(Topic)
    own_columns = [*field.both("name")]


@register
class BodyTable(Table):
    name = "bodies"
    label = _("Bodies")
    about = _("An ASEAN body, a series of meetings, a dialogue partner or an organisation.")
    model = Body
    filterset_class = BodyFilterSet
    page = "body_list"
    select_related = ("parent", "successor", "lead_country")
    field = Fields(Body)
    own_columns = [
        *field.plain("acronym"),
        *field.both("name"),
        *field.coded("kind"),
        *field.coded("status"),
        *field.one("parent"),
        *field.one("successor"),
        *field.plain("established", "integer"),
        *field.one("lead_country"),
        *field.both("mandate"),
    ]

    def title(self, record):
        return f"{record.name} ({record.acronym})" if record.acronym else record.name

    def summary(self, record):
        return record.mandate


@register
class CountryTable(Table):
    name = "countries"
    label = _("Countries")
    about = _("One of the eleven member states.")
    model = Country
    filterset_class = CountryFilterSet
    page = "country_list"
    field = Fields(Country)
    own_columns = [
        *field.plain("code"),
        *field.both("name", "official_name", "capital"),
        *field.plain("joined_on", "day"),
        *field.both("ministry"),
        *field.plain("ministry_acronym"),
    ]

    def summary(self, record):
        return f"{record.official_name}. {record.ministry}."


@register
class DocumentTable(Table):
    name = "documents"
    label = _("Documents")
    about = _("A declaration, master plan, guide or other text.")
    model = Document
    filterset_class = DocumentFilterSet
    page = "document_list"
    select_related = ("body",)
    field = Fields(Document)
    own_columns = [
        *field.both("title"),
        *field.coded("kind"),
        *field.day("published_on"),
        *field.one("body"),
        *field.plain("url", "address", name="document_url"),
        *field.many("meetings"),
    ]

    def related(self):
        return [Prefetch("meetings", Meeting.objects.published().select_related("series").order_by("start", "slug"))]

    def summary(self, record):
        body = shown(record.body)
        return ". ".join([str(record.get_kind_display()), *([body.name] if body else [])])


@register
class SourceTable(Table):
    name = "sources"
    label = _("Sources")
    about = _("An address where a fact was read; its title stays in the language it has.")
    model = Source
    filterset_class = SourceFilterSet
    has_sources = False
    field = Fields(Source)
    own_columns = [
        *field.plain("title"),
        *field.plain("publisher"),
        *field.day("published_on"),
        *field.plain("language"),
        *field.coded("reliability"),
    ]

    def address(self, record):
        """Where it was read: sources have no page of their own here."""
        return record.url
