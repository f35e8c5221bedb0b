"""Every public page in both languages, for search engines: in one file, or in many where there are many records."""

from functools import cached_property, partial

from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import index, sitemap
from django.core.paginator import Page, Paginator
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from initiatives.models import Initiative, Plan
from meetings.models import Decision, Meeting, Person
from portal.entries import LANGUAGES
from portal.models import Body, Country, Direction, Document, Editorial, Topic

PAGES = [
    *("home", "meeting_list", "decision_list", "statement_list", "initiative_list", "plan_list", "direction_list"),
    *("body_list", "country_list", "document_list", "figure_list", "timeline", "about", "methodology", "accessibility"),
    *("open_data", "api_documentation", "corrections"),
]
MODELS: list[type[Model]] = [
    *(Meeting, Decision, Initiative, Plan, Direction, Topic, Body, Country, Person, Document),
]
RECORDS_IN_A_FILE = 1000  # each with an address in every language


class PageSitemap(Sitemap):
    """The pages there is one of each of."""

    i18n = alternates = True

    def items(self) -> list[str]:
        return PAGES

    def location(self, item: str) -> str:
        return reverse(item)


class InEveryLanguage(Paginator):
    """Records in lots, each once for every language; Django would read them all to know how many that makes."""

    def _get_page(self, records: QuerySet, *args) -> Page:
        return super()._get_page([(record, language) for record in records for language in LANGUAGES], *args)


class RecordSitemap(Sitemap):
    """The pages of the records of a model, in an order to which new ones are added at the end."""

    i18n = alternates = True

    def __init__(self, model: type[Editorial]) -> None:
        self.model = model

    def items(self) -> QuerySet:
        return self.model.objects.published().only("slug", "updated").order_by("pk")

    @cached_property
    def paginator(self) -> InEveryLanguage:
        return InEveryLanguage(self.items(), RECORDS_IN_A_FILE)

    def lastmod(self, item: Editorial):
        return item.updated

    def get_latest_lastmod(self):
        return self.items().aggregate(latest=Max("updated"))["latest"]


SECTIONS = {"page": PageSitemap} | {model._meta.model_name: partial(RecordSitemap, model) for model in MODELS}


@require_safe
def whole(request: HttpRequest) -> HttpResponse:
    """All pages while one file holds them, else an index of files.

    Django's views with our templates: there x-default is the Vietnamese page, as the pages themselves say.
    """
    sections = {name: make() for name, make in SECTIONS.items()}
    if sum(site.paginator.count for site in sections.values()) <= RECORDS_IN_A_FILE:
        return sitemap(request, sections)
    filled = {name: site for name, site in sections.items() if site.paginator.count}
    return index(request, filled, sitemap_url_name="sitemap_section")


@require_safe
def section(request: HttpRequest, section: str) -> HttpResponse:
    """The pages of one kind, in as many files as the index names."""
    return sitemap(request, SECTIONS, section)
