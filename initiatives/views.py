"""The pages of initiatives, plans and figures."""

from collections import Counter
from itertools import groupby

from django.db.models import Count, Prefetch
from django.views.generic import ListView

from initiatives import structured
from initiatives.filters import FigureFilterSet, InitiativeFilterSet, PlanFilterSet
from initiatives.models import (
    Discrepancy,
    Indicator,
    Initiative,
    InitiativeStatus,
    Milestone,
    Observation,
    Plan,
    PlanItem,
    PlanKind,
    disputes_of,
)
from initiatives.similar import similar_to
from meetings.models import Decision, Level, Meeting, Statement
from portal.index import ContentState, kept
from portal.models import Body, Country, Direction, Document, Topic
from portal.pages import Evidence, RecordDetailView, RecordListView, all_of_few, drawn_once, public

SIMILAR_INITIATIVES = 5


def in_order_of_course(counts: Counter) -> list[dict]:
    return [{"status": status, "count": counts[status]} for status in InitiativeStatus]


def count_statuses(initiatives) -> list[dict]:
    """How many initiatives stand where, in the order of their course."""
    return in_order_of_course(Counter(initiative.status for initiative in initiatives))


def statuses_by_plan() -> dict[int, list[dict]]:
    """The same for each plan under which there are any; one query."""
    counts: dict[int, Counter] = {}
    rows = Initiative.objects.published().exclude(plan=None).order_by().values_list("plan", "status")
    for plan, status, count in rows.annotate(Count("pk")):
        counts.setdefault(plan, Counter())[status] = count
    return {plan: in_order_of_course(those) for plan, those in counts.items()}


def masterplans(state: ContentState) -> list[Plan]:
    """The line of master plans, in order of time; one query for each state of the content."""
    line = Plan.objects.published().filter(kind=PlanKind.MASTERPLAN).order_by("start_year", "slug")
    return kept(state, "line of master plans", lambda: list(line))


def by_meeting(decisions) -> list[tuple[Meeting, list[Decision]]]:
    """Decisions in order of time under the meetings that took them."""
    return [(meeting, list(those)) for meeting, those in groupby(decisions, key=lambda decision: decision.meeting)]


class InitiativeListView(RecordListView):
    model = Initiative
    filterset_class = InitiativeFilterSet
    template_name = "initiatives/initiative_list.html"
    columns = ("slug", "name", "summary", "status", "start_year", "end_year")
    is_dataset = True
    paginate_by = 24


class InitiativeDetailView(RecordDetailView):
    model = Initiative
    template_name = "initiatives/initiative_detail.html"
    select_related = ("lead_body", "plan")

    def related(self):
        return [
            public("lead_countries", Country.objects),
            public("partners", Body.objects),
            public("directions", Direction.objects),
            public("topics", Topic.objects),
            public("documents", Document.objects),
            public("decisions", Decision.objects.oldest_first().select_related("meeting", "meeting__series")),
            public(
                "statements", Statement.objects.newest_first().select_related("meeting", "meeting__series", "person")
            ),
            public("discrepancies", Discrepancy.objects.with_versions()),
            Prefetch("plan_items", PlanItem.objects.select_related("plan")),
            Prefetch("milestones", Milestone.objects.select_related("meeting", "meeting__series")),
        ]

    def get_context_data(self, **kwargs):
        initiative = self.object
        milestones, decisions = list(initiative.milestones.all()), list(initiative.decisions.all())
        statements = list(initiative.statements.all())
        return super().get_context_data(
            milestones=milestones,
            decisions=decisions,
            statements=statements,
            deciding=by_meeting(d for d in decisions if d.level != Level.REPORTED),
            status_steps=[step for step in milestones if step.status],
            similar=similar_to(initiative, SIMILAR_INITIATIVES, self.content),
            evidence=Evidence.of(
                [initiative],
                milestones,
                decisions,
                statements,
                disputes_of(initiative),
                state=self.content,
            ),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.project(self.object)]


class PlanListView(ListView):
    model = Plan
    template_name = "initiatives/plan_list.html"
    exported = True
    context_object_name = "records"

    def get_queryset(self) -> list[Plan]:
        rows = Plan.objects.published().select_related("adopted_at", "adopted_at__series")
        rows = rows.prefetch_related("items")
        self.filterset = PlanFilterSet(self.request.GET, queryset=rows, request=self.request)
        return all_of_few(self.filterset)

    def get_context_data(self, **kwargs):
        plans = self.object_list
        line = [plan for plan in plans if plan.kind == PlanKind.MASTERPLAN]
        statuses = self.filterset.kept("statuses by plan", statuses_by_plan)
        return super().get_context_data(
            line=line,
            progress=[(plan, statuses.get(plan.pk, [])) for plan in line],
            others=[plan for plan in plans if plan.kind != PlanKind.MASTERPLAN],
            filterset=self.filterset,
            evidence=Evidence.of(plans, state=self.filterset.content),
            **kwargs,
        )


class PlanDetailView(RecordDetailView):
    model = Plan
    template_name = "initiatives/plan_detail.html"
    select_related = ("predecessor", "adopted_at", "adopted_at__series")

    def related(self):
        return [
            Prefetch("items", PlanItem.objects.order_by("order")),
            public("items__initiatives", Initiative.objects),
            public("successors", Plan.objects),
            public("decisions", Decision.objects.newest_first().select_related("meeting", "meeting__series")),
            public("documents", Document.objects),
            public("initiatives", Initiative.objects.select_related("lead_body")),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def get_context_data(self, **kwargs):
        plan = self.object
        items = list(plan.items.all())
        return super().get_context_data(
            line=masterplans(self.content) if plan.kind == PlanKind.MASTERPLAN else [],
            items=[(item, count_statuses(item.initiatives.all())) for item in items],
            statuses=count_statuses(plan.initiatives.all()),
            evidence=Evidence.of([plan], items, plan.decisions.all(), disputes_of(plan), state=self.content),
            **kwargs,
        )

    def structured_data(self, context):
        return [structured.work(self.object)]


class FigureListView(RecordListView):
    model = Indicator
    filterset_class = FigureFilterSet
    template_name = "initiatives/figure_list.html"
    is_dataset = True
    paginate_by = 100

    def related(self):
        said = Statement.objects.select_related("meeting", "meeting__series", "person")
        return [
            Prefetch("observations", Observation.objects.order_by("year", "value")),
            public("observations__statement", said),
            public("discrepancies", Discrepancy.objects.with_versions()),
        ]

    def gather_evidence(self, records):
        return Evidence.of(
            [observation for indicator in records for observation in indicator.observations.all()],
            [part for indicator in records for part in disputes_of(indicator)],
            state=self.filterset.content,
        )

    def get_context_data(self, **kwargs):
        """What the plain list begins with is drawn once; with a filter, few indicators are left."""
        context = super().get_context_data(**kwargs)
        if self.filterset.is_plain and context["page_obj"].number == 1:
            shown = {"records": context["records"], "evidence": context["evidence"]}
            context["figures"] = drawn_once(self.filterset.content, "initiatives/figures.html", lambda: shown)
        return context
