"""Filters of the editors' lists that ask for what still waits to be done.

Each is a condition first: a list filters by it, and the first page of the editors' site
counts by it (`portal.dashboard`), so that a number there is what its list shows.
"""

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Count, Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from reversion.models import Version as Kept

from portal.links.models import Outcome, SourceCheck
from portal.models import State
from portal.translations.texts import missing_text, outdated_text
from portal.workflow.models import EditorialStep, PendingVersion
from portal.workflow.steps import STEP


class ConditionFilter(admin.SimpleListFilter):
    """A filter whose every value is a condition on the record."""

    values: tuple[tuple[str, str], ...]

    def lookups(self, request, model_admin):
        return self.values

    def queryset(self, request, queryset):
        if self.value() not in dict(self.values):
            return queryset
        return queryset.filter(self.condition(queryset.model, self.value(), request.user))

    @staticmethod
    def condition(model: type[Model], value: str, user: AbstractBaseUser) -> Q:
        raise NotImplementedError


class TranslationFilter(ConditionFilter):
    """Records with a text that is missing in a language, or was left behind when the other language changed.

    A text should be there when the record cannot do without it, or when the other language has it.
    """

    title = _("translation")
    parameter_name = "translation"
    values = (
        ("missing", _("Missing in one language")),
        ("missing-vi", _("Vietnamese missing")),
        ("missing-en", _("English missing")),
        ("outdated", _("Older than the other language")),
        ("outdated-vi", _("Vietnamese older")),
        ("outdated-en", _("English older")),
    )

    @staticmethod
    def condition(model, value, user):
        state, _dash, language = value.partition("-")
        return (missing_text if state == "missing" else outdated_text)(model, language)


def without_source(model: type[Model]) -> Q:
    """Of records that rest on no source."""
    field = model._meta.get_field("sources")
    return ~Q(pk__in=field.remote_field.through.objects.values(field.m2m_field_name()))


class MissingSource(ConditionFilter):
    title = _("missing source")
    parameter_name = "missing_source"
    values = (("yes", _("Yes")), ("no", _("No")))

    @staticmethod
    def condition(model, value, user):
        return without_source(model) if value == "yes" else ~without_source(model)


class OwnWork(ConditionFilter):
    """Records by what they ask of the editor who looks: to go on writing, to mend, to review."""

    title = _("own work")
    parameter_name = "own"
    values = (
        ("yes", _("Written or changed by me")),
        ("drafts", _("My drafts")),
        ("returned", _("My submissions sent back")),
        ("review", _("Submitted by others, in review")),
    )

    @staticmethod
    def condition(model, value, user):
        return {"yes": changed_by, "drafts": drafts_of, "returned": returned_to, "review": waiting_for}[value](
            model, user
        )


def changed_by(model: type[Model], user: AbstractBaseUser) -> Q:
    """Of what the editor had a hand in; to take a step with it, such as to send it back, is none."""
    own = Kept.objects.filter(content_type=ContentType.objects.get_for_model(model), revision__user=user.pk)
    kept = own.exclude(revision__comment__endswith=STEP)
    return Q(pk__in=kept.annotate(number=Cast("object_id", BigIntegerField())).values("number"))


def pending_versions(model: type[Model], state: str) -> QuerySet:
    """The versions in a state that wait beside published records of a kind."""
    return PendingVersion.objects.filter(content_type=ContentType.objects.get_for_model(model), state=state)


def drafts_of(model: type[Model], user: AbstractBaseUser) -> Q:
    """Of drafts, and of versions that wait beside what is published, which the editor had a hand in."""
    waiting = pending_versions(model, PendingVersion.State.DRAFT).filter(editors=user.pk)
    return Q(state=State.DRAFT) & changed_by(model, user) | Q(pk__in=waiting.values("object_id"))


def returned_to(model: type[Model], user: AbstractBaseUser) -> Q:
    """Of what the editor submitted and a reviewer sent back, until it takes another step."""
    steps = EditorialStep.objects.filter(content_type=ContentType.objects.get_for_model(model))
    of_record = steps.filter(object_id=OuterRef("object_id"))
    submitted = of_record.filter(pk__lt=OuterRef("pk"), action=EditorialStep.Action.SUBMIT).order_by("-pk")
    returned = steps.filter(~Exists(of_record.filter(pk__gt=OuterRef("pk"))), action=EditorialStep.Action.RETURN)
    mine = returned.annotate(submitter=Subquery(submitted.values("user")[:1])).filter(submitter=user.pk)
    return Q(pk__in=mine.values("object_id"))


def waiting_for(model: type[Model], user: AbstractBaseUser) -> Q:
    """Of what others submitted: the records, and the versions that wait beside published ones."""
    steps = EditorialStep.objects.filter(
        content_type=ContentType.objects.get_for_model(model), action=EditorialStep.Action.SUBMIT, is_pending=False
    )
    last = ~Exists(steps.filter(object_id=OuterRef("object_id"), pk__gt=OuterRef("pk")))
    own = steps.filter(last, user=user.pk).values("object_id")
    waiting = pending_versions(model, PendingVersion.State.IN_REVIEW)
    versions = waiting.exclude(submitted_by=user.pk) | waiting.filter(submitted_by=None)
    return Q(state=State.IN_REVIEW) & ~Q(pk__in=own) | Q(pk__in=versions.values("object_id"))


class LinkFilter(ConditionFilter):
    """Records by what their web address answered when it was last asked."""

    title = _("link")
    parameter_name = "link"
    values = (*Outcome.choices, ("moved", _("leads elsewhere")), ("unasked", _("not asked yet")))

    @staticmethod
    def condition(model, value, user):
        if value == "unasked":
            return ~Q(url="") & ~Q(url__in=SourceCheck.objects.values("url"))
        checks = SourceCheck.objects.exclude(redirect="") if value == "moved" else SourceCheck.objects.of(value)
        return Q(url__in=checks.values("url"))


# Counting by the same conditions


def list_condition(model_admin: admin.ModelAdmin, user: AbstractBaseUser, query: dict[str, str]) -> Q | None:
    """The condition of a query of a list; None where the list has no such filter."""
    filters = {getattr(each, "parameter_name", f"{each}__exact"): each for each in model_admin.list_filter}
    if not query.keys() <= filters.keys():
        return None
    condition = Q()
    for parameter, value in query.items():
        is_field = isinstance(filters[parameter], str)
        condition &= (
            Q(**{parameter: value}) if is_field else filters[parameter].condition(model_admin.model, value, user)
        )
    return condition


def count_lists(
    model_admin: admin.ModelAdmin, request: HttpRequest, queries: dict[str, dict[str, str]]
) -> dict[str, int]:
    """How many records the list shows for each named query that it knows, asked of the database at once."""
    conditions = {name: list_condition(model_admin, request.user, query) for name, query in queries.items()}
    columns = {
        name.replace("-", "_"): Count("pk", filter=condition)
        for name, condition in conditions.items()
        if condition is not None
    }
    found = model_admin.get_queryset(request).order_by().aggregate(**columns) if columns else {}
    return {name: found[name.replace("-", "_")] for name, condition in conditions.items() if condition is not None}


def list_address(model_admin: admin.ModelAdmin, query: dict[str, str]) -> str:
    options = model_admin.opts
    return f"{reverse(f'admin:{options.app_label}_{options.model_name}_changelist')}?{urlencode(query)}"
