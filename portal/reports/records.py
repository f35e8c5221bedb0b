"""Which record a path stands for, and which corrections the public may read."""

import re

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet, Value
from django.urls import Resolver404, resolve
from django.utils.translation import get_language

from portal.history.models import CorrectionNote
from portal.models import Editorial, editorial_models
from portal.reports.models import Correction

LANGUAGE = re.compile(r"^/?(?:vi|en)/|^/")


def record_at(path: str) -> Editorial | None:
    """The public record whose page stands at a path, given with or without its language."""
    try:
        page = resolve(f"/{get_language()}/{LANGUAGE.sub('', path, count=1)}")
    except Resolver404:
        return None
    model = {model._meta.model_name: model for model in editorial_models()}.get(page.url_name)
    return model.objects.published().filter(slug=page.kwargs["slug"]).first() if model else None


def path_of(record: Editorial) -> str:
    """The path of a record's page without its language."""
    return LANGUAGE.sub("/", record.get_absolute_url(), count=1)


# The log of corrections: of accepted reports, and the notes that editors wrote with a change


LOGS = {model._meta.model_name: model for model in (Correction, CorrectionNote)}


def of_public_records() -> Q:
    """What speaks of a record that the public can see."""
    condition = Q()
    for model, content_type in ContentType.objects.get_for_models(*editorial_models()).items():
        condition |= Q(content_type=content_type, object_id__in=model.objects.published().order_by().values("pk"))
    return condition


def log_of_corrections() -> QuerySet:
    """(date, log, number) of every public correction, the latest first."""
    public = of_public_records()
    rows = [
        model.objects.filter(public).order_by().values_list("date", Value(name), "pk") for name, model in LOGS.items()
    ]
    return rows[0].union(*rows[1:], all=True).order_by("-date", "-pk")


def corrections_of(lines: list[tuple]) -> list[Model]:
    """The corrections themselves with their `record`; a query for each log and each kind of record."""
    found = {
        name: model.objects.in_bulk([pk for _date, log, pk in lines if log == name]) for name, model in LOGS.items()
    }
    corrections = [found[log][pk] for _date, log, pk in lines]
    wanted: dict[int, set[int]] = {}
    for correction in corrections:
        wanted.setdefault(correction.content_type_id, set()).add(correction.object_id)
    kinds = {number: ContentType.objects.get_for_id(number).model_class() for number in wanted}
    records = {number: model.objects.in_bulk(wanted[number]) for number, model in kinds.items()}
    for correction in corrections:
        correction.record = records[correction.content_type_id][correction.object_id]
    return corrections
