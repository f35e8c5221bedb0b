"""Which fields of the vocabulary exist in both languages."""

from modeltranslation.translator import TranslationOptions, register

from portal.models import Body, Country, Direction, Document, Source, Topic, UnverifiedItem


class RecordTranslation(TranslationOptions):
    fields = ("withdrawn_reason",)


@register(Source)
class SourceTranslation(RecordTranslation):
    pass


@register(Country)
class CountryTranslation(RecordTranslation):
    fields = ("name", "official_name", "capital", "ministry")
    required_languages = ("vi", "en")


@register(Body)
class BodyTranslation(RecordTranslation):
    fields = ("name", "mandate")
    required_languages = ("vi", "en")


@register(Direction)
class DirectionTranslation(RecordTranslation):
    fields = ("name", "moves_from", "moves_to", "detail")
    required_languages = ("vi", "en")


@register(Topic)
class TopicTranslation(RecordTranslation):
    fields = ("name",)
    required_languages = ("vi", "en")


@register(Document)
class DocumentTranslation(RecordTranslation):
    fields = ("title",)
    required_languages = ("vi", "en")


@register(UnverifiedItem)
class UnverifiedItemTranslation(TranslationOptions):
    fields = ("subject",)
    required_languages = ("vi", "en")
