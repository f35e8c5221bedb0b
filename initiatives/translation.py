"""Which fields of plans, initiatives, figures and discrepancies exist in both languages."""

from modeltranslation.translator import TranslationOptions, register

from initiatives.models import Discrepancy, Indicator, Initiative, Milestone, Plan, PlanItem, Version
from portal.translation import RecordTranslation


@register(Plan)
class PlanTranslation(RecordTranslation):
    fields = ("name", "summary")
    required_languages = ("vi", "en")


@register(PlanItem)
class PlanItemTranslation(TranslationOptions):
    fields = ("name",)
    required_languages = ("vi", "en")


@register(Initiative)
class InitiativeTranslation(RecordTranslation):
    fields = ("name", "summary")
    required_languages = ("vi", "en")


@register(Milestone)
class MilestoneTranslation(TranslationOptions):
    fields = ("text",)
    required_languages = ("vi", "en")


@register(Indicator)
class IndicatorTranslation(RecordTranslation):
    fields = ("name", "unit")
    required_languages = ("vi", "en")


@register(Discrepancy)
class DiscrepancyTranslation(RecordTranslation):
    fields = ("subject", "choice")
    required_languages = ("vi", "en")


@register(Version)
class VersionTranslation(TranslationOptions):
    fields = ("text",)
    required_languages = ("vi", "en")
