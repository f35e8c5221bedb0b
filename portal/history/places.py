"""Notes of every version, when its revision is written, in whose history it is read."""

import json
from collections.abc import Iterable, Iterator
from functools import cache

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.dispatch import receiver
from reversion.models import Version
from reversion.signals import post_revision_commit

from portal.database import content_models
from portal.history.models import VersionPlace


@cache
def owner_field(model: type[models.Model]) -> models.ForeignKey | None:
    """The field that names what a row belongs to: that without which it goes."""
    fields = [field for field in model._meta.fields if field.many_to_one and field.related_model in content_models()]
    return next((field for field in fields if field.remote_field.on_delete is models.CASCADE), None)


@cache
def row_models(model: type[models.Model]) -> tuple[type[models.Model], ...]:
    """The models whose rows belong to the records of a model, and stand in their forms."""
    owned = {other: owner_field(other) for other in content_models()}
    return tuple(other for other, field in owned.items() if field is not None and field.related_model is model)


def places_of(version: Version) -> Iterator[tuple[int, int]]:
    """(content type, number) of every record in whose history the version is read."""
    yield version.content_type_id, int(version.object_id)
    field = owner_field(version._model) if version._model in content_models() else None
    number = json.loads(version.serialized_data)[0]["fields"].get(field.name) if field else None
    if number:
        yield ContentType.objects.get_for_model(field.related_model).pk, number


def earlier_places(versions: Iterable[Version]) -> dict[tuple[int, str], set[tuple[int, int]]]:
    """Where the histories of the same rows were read before: a row may move to another record."""
    found: dict[tuple[int, str], set[tuple[int, int]]] = {}
    rows = [version for version in versions if version._model in content_models() and owner_field(version._model)]
    for content_type in {version.content_type_id for version in rows}:
        numbers = [version.object_id for version in rows if version.content_type_id == content_type]
        places = VersionPlace.objects.filter(version__content_type=content_type, version__object_id__in=numbers)
        for number, *place in places.values_list("version__object_id", "content_type", "object_id").distinct():
            found.setdefault((content_type, number), set()).add(tuple(place))
    return found


@receiver(post_revision_commit, dispatch_uid="places_of_versions")
def note_places(sender, revision, versions, **kwargs) -> None:
    earlier = earlier_places(versions)
    places = []
    for version in versions:
        where = {*places_of(version), *earlier.get((version.content_type_id, version.object_id), set())}
        places += [VersionPlace(version=version, content_type_id=kind, object_id=number) for kind, number in where]
    VersionPlace.objects.bulk_create(places)
