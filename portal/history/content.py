"""What a record and its rows say, as plain values that compare: now, or as a version has them.

A text is a string, a date its ISO form, a relation the number of what it points at,
relations to many a sorted list of numbers.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.db import models
from reversion.models import Version

from portal.history.places import owner_field, row_models
from portal.sync.values import Plain, key_fields, links_of, merged_fields, plain

Content = dict[str, Plain]
Key = tuple[type[models.Model], int]  # of a record or row: its model and number
Whole = dict[Key, Content]  # a record with its rows


@cache
def content_fields(model: type[models.Model]) -> dict[str, models.Field]:
    """What editors write, and what names the row; no derived fields."""
    return {name: model._meta.get_field(name) for name in key_fields(model)} | merged_fields(model)


def plain_value(field: models.Field, value: Any) -> Plain:
    if field.many_to_many:
        return sorted(value)
    if field.many_to_one:
        return value
    known = field.to_python(value)
    # Versions know no smaller part of a second than its thousandth.
    return plain(field, known.replace(microsecond=0) if isinstance(known, datetime) else known)


def content_of(version: Version) -> Content:
    """What a version says; a field that is newer than the version is not in it."""
    said = json.loads(version.serialized_data)[0]["fields"]
    fields = content_fields(version._model)
    return {name: plain_value(field, said[name]) for name, field in fields.items() if name in said}


def stored_content(model: type[models.Model], **which: Any) -> dict[int, Content]:
    """What the database says of the rows that a filter finds, by number; as many queries as there are lists."""
    fields = content_fields(model)
    single = [field for field in fields.values() if not field.many_to_many]
    rows = model._base_manager.filter(**which).order_by("pk").values_list("pk", *(field.attname for field in single))
    found = {
        number: {field.name: plain_value(field, value) for field, value in zip(single, values, strict=True)}
        for number, *values in rows
    }
    for field in (field for field in fields.values() if field.many_to_many):
        for content in found.values():
            content[field.name] = []
        for number, related in sorted(links_of(field, found)) if found else ():
            found[number][field.name].append(related)
    return found


def stored_whole(record: models.Model) -> Whole:
    """What the database says of a record and its rows."""
    model = type(record)
    whole = {(model, number): content for number, content in stored_content(model, pk=record.pk).items()}
    for rows in row_models(model):
        found = stored_content(rows, **{owner_field(rows).name: record.pk})
        whole |= {(rows, number): content for number, content in found.items()}
    return whole


def rows_of(record: models.Model) -> list[models.Model]:
    return [
        row
        for model in row_models(type(record))
        for row in model._base_manager.filter(**{owner_field(model).name: record.pk}).order_by("pk")
    ]


def latest_versions(model: type[models.Model], numbers: Iterable[int]) -> dict[int, Version]:
    """The last version of each row, by number; two queries."""
    versions = Version.objects.get_for_model(model).filter(object_id__in=[str(number) for number in numbers])
    latest = versions.order_by().values_list("object_id").annotate(models.Max("pk"))
    return {int(version.object_id): version for version in Version.objects.filter(pk__in=[pk for _id, pk in latest])}
