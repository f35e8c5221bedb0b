"""The roof's pages: home, vocabulary, method and errors. They may see every model."""

from operator import itemgetter

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.defaults import page_not_found, permission_denied
from django.views.generic import ListView, TemplateView

from initiatives.models import (
    Discrepancy,
    Initiative,
    InitiativeStatus,
    Observation,
    Plan,
    PlanKind,
    disputes_of,
    with_their_versions,
)
from meetings.models import MAIN_SERIES, Decision, Meeting, Person, Statement, count_levels, main_results
from portal import charts, structured
from portal.context import THEMES
from portal.editing.given_back import give_back_old
from portal.exports import site_of
from portal.index import ContentState, content_state, kept
from portal.models import (
    Body,
    BodyKind,
    BodyStatus,
    Country,
    Direction,
    Document,
    Source,
    Topic,
    UnverifiedItem,
    UnverifiedReason,
)
from portal.openapi import LARGEST_PAGE, USUAL_PAGE, guide
from portal.pages import Evidence, RecordDetailView, RecordListView, all_of_few, drawn_once, public
from portal.prepared import ANY_ID, PreparedQuery, prepared
from portal.reports.views import not_taken_without_token
from portal.search import LISTS, Search, SearchForm, suggest
from portal.tables import TABLES, notes
from portal.timeline import TimelineFilterSet, by_year_and_month
from portal.vocabulary import BodyFilterSet, CountryFilterSet, DirectionFilterSet, DocumentFilterSet

GMV = "digital-economy-gmv"
KEY_FIGURES = ["asean-population", "asean-gdp", GMV]
A_YEAR = 365 * 24 * 60 * 60


def counts_by_direction() -> dict[tuple[int | None, str], int]:
    """How many initiatives there are for each direction and status."""
    rows = Initiative.objects.published().order_by().values_list("directions", "status").annotate(Count("pk"))
    return {(direction, status): count for direction, status, count in rows}


def direction_matrix(state: ContentState) -> list[dict]:
    """Per direction: how many initiatives stand at each status, and in all."""
    counts = kept(state, "initiatives by direction and status", counts_by_direction)
    matrix = []
    for direction in Direction.objects.published():
        cells = [{"status": status, "count": counts.get((direction.pk, status), 0)} for status in InitiativeStatus]
        matrix.append({"direction": direction, "cells": cells, "total": sum(cell["count"] for cell in cells)})
    return matrix


def count_statuses() -> dict[str, int]:
    return dict(Initiative.objects.published().order_by().values_list("status").annotate(Count("pk")))


def status_totals(state: ContentState) -> dict[str, int]:
    """How many initiatives there are at each status."""
    return kept(state, "initiatives by status", count_statuses)


def read_proposals() -> list[Statement]:
    return list(
        Statement.objects.published()
        .select_related("person", "person__country", "meeting", "meeting__series")
        .annotate(direction_count=Count("directions"))
        .filter(direction_count__gt=1, direction_count=Direction.objects.published().count())
    )


def proposals(state: ContentState) -> list[Statement]:
    """The statements that put forward all the directions at once."""
    return kept(state, "proposals of the directions", read_proposals)


def home_facts(state: ContentState) -> dict:
    """What the home page shows of a state of the content."""
    series = list(Meeting.objects.published().of_ministers().select_related("series", "country"))
    latest = next((meeting for meeting in reversed(series) if not meeting.is_upcoming()), None)
    decisions = list(Decision.objects.published().filter(meeting=latest).order_by("order"))
    figures = list(
        Observation.objects.of_indicators(KEY_FIGURES)
        .select_related("indicator")
        .prefetch_related(public("statement", Statement.objects.select_related("person", "meeting__series")))
        .order_by("year")
    )
    figures.sort(key=lambda figure: KEY_FIGURES.index(figure.indicator.slug))
    results = main_results(decisions)
    totals = status_totals(state)
    directions = proposals(state)
    matrix = direction_matrix(state)
    return {
        "latest": latest,
        "next_meeting": next((meeting for meeting in series if meeting.is_upcoming()), None),
        "main_results": results,
        "decision_count": len(decisions),
        "levels": count_levels(decisions),
        "line": Plan.objects.published().filter(kind=PlanKind.MASTERPLAN).order_by("start_year"),
        "matrix": matrix,
        "drawn": charts.multiples(
            [(row["direction"], [(cell["status"], cell["count"]) for cell in row["cells"]]) for row in matrix]
        ),
        "proposals": directions,
        "statuses": [{"status": status, "count": totals.get(status, 0)} for status in InitiativeStatus],
        "initiative_count": sum(totals.values()),
        "figures": latest_figures(figures),
        "gmv": [figure for figure in figures if figure.indicator.slug == GMV],
        "countries": countries_with_meetings(series),
        "evidence": Evidence.of(results, directions, figures, state=state),
    }


class HomeView(TemplateView):
    template_name = "portal/home.html"

    def get_context_data(self, **kwargs):
        state = content_state()
        sections = drawn_once(state, "portal/home_sections.html", lambda: home_facts(state))
        return super().get_context_data(structured=[structured.website()], sections=sections, **kwargs)


def latest_figures(observations: list[Observation]) -> list[Observation]:
    """What is still expected of an indicator, or, where nothing is, its latest value."""
    latest = {figure.indicator_id: [figure] for figure in observations}
    ahead = {pk: [f for f in observations if f.indicator_id == pk and f.is_ahead] for pk in latest}
    return [figure for pk in latest for figure in ahead[pk] or latest[pk]]


def countries_with_meetings(meetings: list[Meeting]) -> list[dict]:
    """Every member state with those of the meetings that it hosts."""
    return [
        {"country": country, "meetings": [meeting for meeting in meetings if meeting.country_id == country.pk]}
        for country in Country.objects.published()
    ]


def hosts_of_ministers() -> list[dict]:
    return countries_with_meetings(list(Meeting.objects.published().of_ministers().select_related("series")))


class CountryListView(ListView):
    template_name = "portal/country_list.html"
    exported = True
    context_object_name = "records"

    def get_queryset(self) -> list[Country]:
        rows = Country.objects.published().annotate(
            hosted_count=Count("hosted_meetings", Q(hosted_meetings__in=Meeting.objects.published()), distinct=True),
            led_count=Count("led_initiatives", Q(led_initiatives__in=Initiative.objects.published()), distinct=True),
        )
        self.filterset = CountryFilterSet(self.request.GET, queryset=rows, request=self.request)
        return all_of_few(self.filterset)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            filterset=self.filterset,
            countries=self.filterset.kept(("hosts", get_language()), hosts_of_ministers),
            evidence=Evidence.of(self.object_list, state=self.filterset.content),
            **kwargs,
        )


def meetings_led_from() -> PreparedQuery:
    """The meetings whose chair or vice-chair came from a country."""
    own = Person.objects.published().filter(country=ANY_ID)
    led = Meeting.objects.published().filter(Q(chair__in=own) | Q(vice_chair__in=own)).with_counts()
    return PreparedQuery(led.select_related("series", "chair", "vice_chair"), ANY_ID, led.db)


def statements_from() -> PreparedQuery:
    """What people of a country said."""
    said = Statement.objects.published().filter(person__country=ANY_ID).newest_first()
    return PreparedQuery(said.select_related("person", "meeting", "meeting__series"), ANY_ID, said.db)


def member_states(state: ContentState) -> list[Country]:
    return kept(state, "member states", lambda: list(Country.objects.published()))


def roles_at_meetings(country: Country, hosted: list[Meeting], state: ContentState) -> list[dict]:
    """The meetings that a country hosted or whose chair or vice-chair came from it, the newest first; one query."""
    query: PreparedQuery = prepared(state, "meetings led from a country", Meeting, meetings_led_from)
    led = list(query.about(country.pk))
    meetings = {meeting.pk: meeting for meeting in [*led, *hosted]}
    roles = {meeting.pk: [_("host")] for meeting in hosted}
    for meeting in led:
        people = [(_("chair"), meeting.chair), (_("vice-chair"), meeting.vice_chair)]
        roles.setdefault(meeting.pk, []).extend(
            role for role, person in people if person and person.country_id == country.pk and person.is_public
        )
    newest = sorted(meetings.values(), key=lambda meeting: meeting.start, reverse=True)
    return [{"meeting": meeting, "roles": roles[meeting.pk]} for meeting in newest]


class CountryDetailView(RecordDetailView):
    model = Country
    template_name = "portal/country_detail.html"

    def related(self):
        return [
            public(
                "hosted_meetings", Meeting.objects.select_related("series").with_counts().order_by("-start", "slug")
            ),
            public("led_initiatives", Initiative.objects.select_related("lead_body").by_name(get_language())),
            public("led_bodies", Body.objects),
            public("people", Person.objects),
        ]

    def get_context_data(self, **kwargs):
        country = self.object
        led = list(country.led_initiatives.all())
        hosted = list(country.hosted_meetings.all())
        said: PreparedQuery = prepared(self.content, "statements from a country", Statement, statements_from)
        statements = said.about(country.pk)
        by_status = {status: [each for each in led if each.status == status] for status in InitiativeStatus}
        return super().get_context_data(
            statuses=[
                {"status": status, "initiatives": those, "count": len(those)} for status, those in by_status.items()
            ],
            ministers=[meeting for meeting in reversed(hosted) if meeting.series.slug == MAIN_SERIES],
            meetings=roles_at_meetings(country, hosted, self.content),
            decision_count=sum(meeting.decision_count for meeting in hosted),
            countries=member_states(self.content),
            statements=statements,
            evidence=Evidence.of([country], statements, state=self.content),
            **kwargs,
        )

    def structured_data(self, context):
        return structured.country_and_ministry(self.object)


def body_structure(bodies: list[Body]) -> dict[str, list]:
    """Who reports to whom today, as trees from the top down, the largest first; and which body followed which."""
    known = {body.pk: body for body in bodies}
    today = sorted(
        (body for body in bodies if body.status != BodyStatus.CLOSED),
        key=lambda body: BodyKind.values.index(body.kind),
    )
    below = {pk: [body for body in today if body.parent_id == pk] for pk in known}

    size = itemgetter("size")

    def branch(body: Body) -> dict:
        children = sorted(map(branch, below[body.pk]), key=size, reverse=True)
        return {"body": body, "children": children, "size": 1 + sum(child["size"] for child in children)}

    tops = [branch(body) for body in today if body.parent_id not in known and below[body.pk]]
    lineage = [(body, known[body.successor_id]) for body in bodies if body.successor_id in known]
    return {"trees": sorted(tops, key=size, reverse=True), "lineage": lineage}


def structure_of_all() -> dict[str, list]:
    return body_structure(list(Body.objects.published().select_related("lead_country").by_name(get_language())))


def place_of(body: Body) -> dict | None:
    """A body under the one it reports to and over those that report to it; None where it stands alone."""
    branch = {"body": body, "children": [{"body": child} for child in body.children.all()]}
    if body.parent and body.parent.is_public:
        return {"body": body.parent, "children": [branch]}
    return branch if branch["children"] else None


class BodyListView(RecordListView):
    model = Body
    filterset_class = BodyFilterSet
    template_name = "portal/body_list.html"
    select_related = ("parent", "lead_country")
    paginate_by = 100

    def get_context_data(self, **kwargs):
        """The whole list also shows how the bodies hang together; a part of it could not."""
        context = super().get_context_data(**kwargs)
        if not self.filterset.is_filtered:
            context["structure"] = drawn_once(
                self.filterset.content,
                "portal/body_structure.html",
                lambda: structure_of_all() | {"evidence": context["evidence"]},
            )
        return context


class BodyDetailView(RecordDetailView):
    model = Body
    template_name = "portal/body_detail.html"
    select_related = ("parent", "parent__lead_country", "successor", "lead_country")

    def related(self):
        meetings = Meeting.objects.select_related("series", "country").order_by("-start", "slug")
        return [
            public("children", Body.objects.select_related("lead_country")),
            public("predecessors", Body.objects),
            public("meetings", meetings),
            public("meetings_as_partner", meetings),
            public("decisions", Decision.objects.newest_first().select_related("meeting", "meeting__series")),
            public("led_initiatives", Initiative.objects.by_name(get_language())),
            public("partnered_initiatives", Initiative.objects.by_name(get_language())),
            public("documents", Document.objects),
            public("people", Person.objects),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def get_context_data(self, **kwargs):
        body = self.object
        return super().get_context_data(
            structure=place_of(body),
            lineage=[(earlier, body) for earlier in body.predecessors.all()]
            + [(body, later) for later in [body.successor] if later and later.is_public],
            evidence=Evidence.of([body], body.decisions.all(), disputes_of(body), state=self.content),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.organisation(self.object)]


class DirectionListView(ListView):
    template_name = "portal/direction_list.html"
    exported = True
    context_object_name = "records"

    def get_queryset(self) -> list[Direction]:
        rows = Direction.objects.published().annotate(
            initiative_count=Count("initiatives", Q(initiatives__in=Initiative.objects.published()), distinct=True)
        )
        self.filterset = DirectionFilterSet(self.request.GET, queryset=rows, request=self.request)
        return all_of_few(self.filterset)

    def get_context_data(self, **kwargs):
        put_forward = proposals(self.filterset.content)
        return super().get_context_data(
            filterset=self.filterset,
            proposals=put_forward,
            evidence=Evidence.of(put_forward, self.object_list, state=self.filterset.content),
            **kwargs,
        )


class DirectionDetailView(RecordDetailView):
    model = Direction
    template_name = "portal/direction_detail.html"

    def related(self):
        return [
            public("initiatives", Initiative.objects.select_related("lead_body").by_name(get_language())),
            public("initiatives__lead_countries", Country.objects),
            public(
                "statements",
                Statement.objects.select_related(
                    "person", "person__country", "meeting", "meeting__series"
                ).newest_first(),
            ),
        ]

    def get_context_data(self, **kwargs):
        direction = self.object
        return super().get_context_data(
            proposals=proposals(self.content),
            evidence=Evidence.of([direction], direction.statements.all(), state=self.content),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.term_of_direction(self.object)]


class TopicDetailView(RecordDetailView):
    model = Topic
    template_name = "portal/topic_detail.html"

    def related(self):
        return [
            public("initiatives", Initiative.objects.select_related("lead_body").by_name(get_language())),
            public("initiatives__lead_countries", Country.objects),
        ]

    def get_context_data(self, **kwargs):
        return super().get_context_data(evidence=Evidence.of([self.object], state=self.content), **kwargs)

    def structured_data(self, context):
        return [structured.term_of_topic(self.object)]


class DocumentListView(RecordListView):
    model = Document
    filterset_class = DocumentFilterSet
    template_name = "portal/document_list.html"
    select_related = ("body",)

    def related(self):
        return [public("meetings", Meeting.objects.select_related("series"))]


class DocumentDetailView(RecordDetailView):
    model = Document
    template_name = "portal/document_detail.html"
    select_related = ("body",)

    def related(self):
        return [
            public("meetings", Meeting.objects.select_related("series", "country")),
            public("plans", Plan.objects),
            public("initiatives", Initiative.objects.select_related("lead_body")),
            public("decisions", Decision.objects.newest_first().select_related("meeting", "meeting__series")),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def get_context_data(self, **kwargs):
        document = self.object
        return super().get_context_data(
            evidence=Evidence.of([document], document.decisions.all(), disputes_of(document), state=self.content),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.work(self.object)]


class TimelineView(ListView):
    """Everything dated; a page holds a hundred entries, under their years and months."""

    template_name = "portal/timeline.html"
    paginate_by = 100

    def get_queryset(self):
        self.filterset = TimelineFilterSet(self.request.GET)
        return self.filterset.matching_entries

    def get_context_data(self, **kwargs):
        context = super().get_context_data(filterset=self.filterset, **kwargs)
        page, paginator = context["page_obj"], context["paginator"]
        return context | {
            "years": by_year_and_month(context["object_list"]),
            "elided_pages": paginator.get_elided_page_range(page.number, on_each_side=2),
        }


class SearchView(TemplateView):
    """One search over everything; without a text, the empty form."""

    template_name = "portal/search.html"

    def get_context_data(self, **kwargs):
        state = content_state()
        form = SearchForm(self.request.GET, state)
        form.full_clean()
        asked = form.cleaned_data
        search = Search(asked["q"] or "", get_language(), state, asked["kind"] or "")
        if search.kind:
            kwargs |= self.one_kind(search)
        return super().get_context_data(form=form, search=search, **kwargs)

    def one_kind(self, search: Search) -> dict:
        """One page of the results of a kind; 404 out of range, as on every list."""
        try:
            page = search.pages().page(self.request.GET.get("page") or 1)
        except InvalidPage as error:
            raise Http404(str(error)) from error
        return {
            "page_obj": page,
            "results": search.read(search.kind, page.object_list),
            "elided_pages": page.paginator.get_elided_page_range(page.number, on_each_side=2),
            "list_address": reverse(LISTS[search.kind]) if search.kind in LISTS else "",
        }


class SuggestionsView(TemplateView):
    """Names that fit what is being typed, as options for the search field."""

    template_name = "portal/suggestions.html"

    def get_context_data(self, **kwargs):
        state = content_state()
        form = SearchForm(self.request.GET, state, "names")
        form.full_clean()
        text = form.cleaned_data["q"] or ""
        return super().get_context_data(suggestions=suggest(text, get_language(), state), text=text, **kwargs)


class OpenDataView(TemplateView):
    """How to reuse the register: every list with its columns, as their declarations say."""

    template_name = "portal/open_data.html"

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            lists=[table for table in TABLES.values() if table.page],
            parts=[table for table in TABLES.values() if not table.page],
            notes=notes(),
            **kwargs,
        )


class ApiDocumentationView(TemplateView):
    """How to ask the API: every list with its filters, its fields, a request and an answer."""

    template_name = "portal/api.html"

    def get_context_data(self, **kwargs):
        state = content_state()
        return super().get_context_data(
            content=state,
            lists=guide(site_of(self.request), state),
            pages=(USUAL_PAGE, LARGEST_PAGE),
            rate=settings.API_REQUESTS_A_MINUTE,
            **kwargs,
        )


class AboutView(TemplateView):
    template_name = "portal/about.html"


class AccessibilityView(TemplateView):
    template_name = "portal/accessibility.html"


def method_facts(state: ContentState) -> dict:
    """What the page of method shows of a state of the content."""
    discrepancies = list(Discrepancy.objects.published().with_versions().by_name(get_language()))
    reliability = Source.objects.published().order_by().values_list("reliability").annotate(Count("pk"))
    left_out = dict(UnverifiedItem.objects.order_by().values_list("reason").annotate(Count("pk")))
    return {
        "discrepancies": discrepancies,
        "reliability": dict(reliability),
        "unverified": [{"reason": reason, "count": left_out.get(reason, 0)} for reason in UnverifiedReason],
        "unverified_count": sum(left_out.values()),
        "evidence": Evidence.of(with_their_versions(discrepancies), state=state),
    }


class MethodologyView(TemplateView):
    """How facts are chosen, every discrepancy, and how much could not be verified."""

    template_name = "portal/methodology.html"

    def get_context_data(self, **kwargs):
        state = content_state()
        sections = drawn_once(state, "portal/methodology_sections.html", lambda: method_facts(state))
        return super().get_context_data(sections=sections, **kwargs)


@csrf_exempt  # it sets a preference of the visitor's own browser and nothing else
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's own, and go back to the page."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    theme = request.POST.get("theme")
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=A_YEAR, samesite="Lax", httponly=True, secure=request.is_secure())
    return response


def not_found(request: HttpRequest) -> HttpResponse:
    """Any address under a language that nothing else answers."""
    return page_not_found(request, Http404())


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is missing or too old comes back with what was typed.

    Django's own page is English and unlike ours.
    """
    given_back = give_back_old(admin.site, request) or not_taken_without_token(request)
    return given_back or permission_denied(request, PermissionDenied(reason))


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for our own faults, in the visitor's language; Django's has no context to draw it with."""
    return render(request, "500.html", status=500)
