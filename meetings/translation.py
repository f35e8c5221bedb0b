"""Which fields of meetings, people, statements and decisions exist in both languages."""

from modeltranslation.translator import TranslationOptions, register

from meetings.models import DateChange, Decision, Meeting, Person, Session, Statement
from portal.translation import RecordTranslation


@register(Person)
class PersonTranslation(RecordTranslation):
    fields = ("role",)
    required_languages = ("vi", "en")


@register(Meeting)
class MeetingTranslation(RecordTranslation):
    fields = ("name", "theme", "city", "venue", "dates_reason", "summary")
    required_languages = ("vi", "en")


@register(Session)
class SessionTranslation(RecordTranslation):
    fields = ("name", "place", "summary")
    required_languages = ("vi", "en")


@register(Statement)
class StatementTranslation(RecordTranslation):
    fields = ("role", "text")
    required_languages = ("vi", "en")


@register(Decision)
class DecisionTranslation(RecordTranslation):
    fields = ("text",)
    required_languages = ("vi", "en")


@register(DateChange)
class DateChangeTranslation(TranslationOptions):
    fields = ("reason",)
