"""The address plan. Public pages stand under their language; what has none stands beside it."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from initiatives.models import Initiative, Plan
from meetings.models import Decision, Meeting, Person
from portal import feeds, open_data, sitemaps, views, wellknown
from portal.exports import formats_of
from portal.history.views import history_pages
from portal.models import Body, Country, Direction, Document, Topic
from portal.reports import views as reports
from portal.tables import TABLES
from portal.workflow import previews

handler500 = views.server_error

# The kinds of record that have a page of their own, by the folder in which it stands.
RECORDS = {
    "meetings": Meeting,
    "decisions": Decision,
    "initiatives": Initiative,
    "plans": Plan,
    "directions": Direction,
    "topics": Topic,
    "bodies": Body,
    "countries": Country,
    "people": Person,
    "documents": Document,
}

public_pages = [
    path("", views.HomeView.as_view(), name="home"),
    path("", include("meetings.urls")),
    path("", include("initiatives.urls")),
    *formats_of(TABLES["directions"]),
    path("directions/", views.DirectionListView.as_view(), name="direction_list"),
    path("directions/<slug:slug>/", views.DirectionDetailView.as_view(), name="direction"),
    path("topics/<slug:slug>/", views.TopicDetailView.as_view(), name="topic"),
    *formats_of(TABLES["bodies"]),
    path("bodies/", views.BodyListView.as_view(), name="body_list"),
    path("bodies/<slug:slug>/", views.BodyDetailView.as_view(), name="body"),
    *formats_of(TABLES["countries"]),
    path("countries/", views.CountryListView.as_view(), name="country_list"),
    path("countries/<slug:slug>/", views.CountryDetailView.as_view(), name="country"),
    *formats_of(TABLES["documents"]),
    path("documents/", views.DocumentListView.as_view(), name="document_list"),
    path("documents/<slug:slug>/", views.DocumentDetailView.as_view(), name="document"),
    path("timeline/", views.TimelineView.as_view(), name="timeline"),
    path("search/", views.SearchView.as_view(), name="search"),
    path("search/suggestions/", views.SuggestionsView.as_view(), name="suggestions"),
    path("changes.atom", feeds.changes, name="changes"),
    path("open-data.zip", open_data.whole, name="whole_register"),
    path("open-data.jsonld", open_data.catalogue, name="data_catalogue"),
    path("open-data/api/", views.ApiDocumentationView.as_view(), name="api_documentation"),
    path("open-data/", views.OpenDataView.as_view(), name="open_data"),
    path("about/", views.AboutView.as_view(), name="about"),
    path("accessibility/", views.AccessibilityView.as_view(), name="accessibility"),
    path("methodology/", views.MethodologyView.as_view(), name="methodology"),
    path("preview/<str:token>/", previews.shared, name="preview"),
    *history_pages(RECORDS),
    path("corrections/", reports.CorrectionListView.as_view(), name="corrections"),
    path("report/", reports.ReportView.as_view(), name="report_error"),
    path("report/thanks/", reports.ThanksView.as_view(), name="report_thanks"),
    path("site.webmanifest", wellknown.manifest, name="manifest"),
    # Not for addresses of the API: their errors are no pages.
    re_path(r"^(?!api/)[^.]*/$", views.not_found),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("theme/", views.set_theme, name="set_theme"),
    path("favicon.ico", wellknown.favicon, name="favicon"),
    path("robots.txt", wellknown.robots, name="robots"),
    path("sitemap.xml", sitemaps.whole, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.section, name="sitemap_section"),
    *([path("metrics", include("portal.metrics"))] if settings.METRICS else []),
    path("healthz", wellknown.alive, name="alive"),
    path("readyz", wellknown.ready, name="ready"),
    path(".well-known/security.txt", wellknown.security, name="security"),
    *i18n_patterns(*public_pages),
]
