"""Filters of the editors' lists that ask for what still waits to be done.

Each is a condition first: a list filters by it, and the first page of the editors' site
counts by it (`portal.dashboard`), so that a number there is what its list shows.
"""

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db.models import BigIntegerField, Count, Model, Q
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from reversion.models import Version as Kept

from portal.links.models import Outcome, SourceCheck
from portal.models import PendingVersion
from portal.translations.texts import missing_text, outdated_text


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
    """Records that the editor wrote, or changed at least once."""

    title = _("own work")
    parameter_name = "own"
    values = (("yes", _("Written or changed by me")),)

    @staticmethod
    def condition(model, value, user):
        kept = Kept.objects.filter(content_type=ContentType.objects.get_for_model(model), revision__user=user.pk)
        return Q(pk__in=kept.annotate(number=Cast("object_id", BigIntegerField())).values("number"))


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


class PendingFilter(ConditionFilter):
    """Published records beside which a version waits."""

    title = _("pending version")
    parameter_name = "pending"
    values = tuple(PendingVersion.State.choices)

    @staticmethod
    def condition(model, value, user):
        waiting = PendingVersion.objects.filter(content_type=ContentType.objects.get_for_model(model), state=value)
        return Q(pk__in=waiting.values("object_id"))


# Counting by the same conditions


def list_condition(model_admin: admin.ModelAdmin, request: HttpRequest, query: dict[str, str]) -> Q | None:
    """The condition of a query of a list; None where the list has no such filter."""
    known = model_admin.get_list_filter(request)
    filters = {getattr(each, "parameter_name", f"{each}__exact"): each for each in known}
    if not query.keys() <= filters.keys():
        return None
    condition = Q()
    for parameter, value in query.items():
        is_field = isinstance(filters[parameter], str)
        condition &= (
            Q(**{parameter: value})
            if is_field
            else filters[parameter].condition(model_admin.model, value, request.user)
        )
    return condition


def count_lists(
    model_admin: admin.ModelAdmin, request: HttpRequest, queries: dict[str, dict[str, str]]
) -> dict[str, int]:
    """How many records the list shows for each named query that it knows, asked of the database at once."""
    conditions = {name: list_condition(model_admin, request, query) for name, query in queries.items()}
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
