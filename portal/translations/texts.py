"""In which state a text is in its two languages, and which records have one that waits."""

from functools import cache

from django.db.models import Model, Q
from django.urls import reverse
from modeltranslation.translator import translator

from portal.entries import LANGUAGES
from portal.translations.models import OutdatedText

OTHER = {"vi": "en", "en": "vi"}


@cache
def translated_fields(model: type[Model]) -> tuple[str, ...]:
    """The fields of a model that have both languages, in the order of the model."""
    if model not in translator.get_registered_models():
        return ()
    names = translator.get_options_for_model(model).all_fields
    return tuple(field.name for field in model._meta.fields if field.name in names)


def kind_of(model: type[Model]) -> str:
    return model._meta.label_lower


def desk_address(record: Model) -> str:
    """Where both languages of a record are edited side by side."""
    return reverse("admin:translation_desk", args=[kind_of(type(record)), record.pk])


def empty(field: str) -> Q:
    return Q(**{f"{field}__isnull": True}) | Q(**{field: ""})


def missing_text(model: type[Model], language: str = "") -> Q:
    """Of records that lack a text in the language, or in any: one that no record may lack, or that the other has."""
    condition = Q()
    for language_ in [language] if language else LANGUAGES:
        for name in translated_fields(model):
            absent = empty(f"{name}_{language_}")
            is_optional = model._meta.get_field(name).blank
            condition |= absent & ~empty(f"{name}_{OTHER[language_]}") if is_optional else absent
    return condition


def outdated_text(model: type[Model], language: str = "") -> Q:
    """Of records with a text in the language, or in any, that is older than its other language."""
    rows = OutdatedText.objects.filter(kind=kind_of(model), **({"language": language} if language else {}))
    return Q(pk__in=rows.values("record"))
