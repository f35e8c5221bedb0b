"""Every public page in both languages, for search engines."""

from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from initiatives.models import Initiative, Plan
from meetings.models import Decision, Meeting, Person
from portal.models import Body, Country, Direction, Document, Editorial, Topic

PAGES = [
    *("home", "meeting_list", "decision_list", "statement_list", "initiative_list", "plan_list", "direction_list"),
    *("body_list", "country_list", "document_list", "figure_list", "timeline", "about", "methodology", "accessibility"),
    *("open_data", "api_documentation", "corrections"),
]
MODELS: list[type[Model]] = [
    *(Meeting, Decision, Initiative, Plan, Direction, Topic, Body, Country, Person, Document),
]


class PageSitemap(Sitemap):
    """The pages there is one of each of."""

    i18n = alternates = True

    def items(self) -> list[str]:
        return PAGES

    def location(self, item: str) -> str:
        return reverse(item)


class RecordSitemap(Sitemap):
    """The page of every record that has one; one query a model."""

    i18n = alternates = True

    def items(self) -> list[Editorial]:
        return [record for model in MODELS for record in model.objects.published().order_by("slug")]

    def lastmod(self, item: Editorial):
        return item.updated


@require_safe
def whole(request: HttpRequest) -> HttpResponse:
    """Django's view with our template: there x-default is the Vietnamese page, as the pages themselves say."""
    return sitemap(request, {"pages": PageSitemap, "records": RecordSitemap})
