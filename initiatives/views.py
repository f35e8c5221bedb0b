"""The pages of initiatives, plans and figures."""

from collections import Counter
from itertools import groupby

from django.db.models import Prefetch
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
from portal.models import Body, Country, Direction, Document, Topic
from portal.pages import Evidence, RecordDetailView, RecordListView, public

SIMILAR_INITIATIVES = 5


def count_statuses(initiatives) -> list[dict]:
    """How many initiatives stand where, in the order of their course."""
    counts = Counter(initiative.status for initiative in initiatives)
    return [{"status": status, "count": counts[status]} for status in InitiativeStatus]


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
        rows = rows.prefetch_related("items", public("initiatives", Initiative.objects))
        self.filterset = PlanFilterSet(self.request.GET, queryset=rows, request=self.request)
        return list(self.filterset.qs)

    def get_context_data(self, **kwargs):
        plans = list(self.object_list)
        line = [plan for plan in plans if plan.kind == PlanKind.MASTERPLAN]
        return super().get_context_data(
            line=line,
            progress=[(plan, count_statuses(plan.initiatives.all())) for plan in line],
            others=[plan for plan in plans if plan.kind != PlanKind.MASTERPLAN],
            filterset=self.filterset,
            evidence=Evidence.of(plans),
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
        masterplans = Plan.objects.published().filter(kind=PlanKind.MASTERPLAN).order_by("start_year", "slug")
        return super().get_context_data(
            line=list(masterplans) if plan.kind == PlanKind.MASTERPLAN else [],
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
        )
