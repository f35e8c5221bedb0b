"""Plain `loaddata`, which remembers what the content files said: the base of the next sync."""

from pathlib import Path

from django.core.serializers.base import DeserializedObject
from django.db import DEFAULT_DB_ALIAS
from modeltranslation.management.commands import loaddata

from portal.models import LoadedState
from portal.sync.loaded import remember_loaded
from portal.sync.values import models_by_label
from portal.translations.follow import forget_outdated


class Command(loaddata.Command):
    """A dump of a database (JSON, or with loaded states in it) is no content file: it may hold what editors wrote."""

    help = f"{loaddata.Command.help} Overwrites what editors changed: sync_content does not."

    def loaddata(self, fixture_labels: list[str]) -> None:
        self.file = ""
        self.loaded: dict[type, dict[int, str]] = {model: {} for model in models_by_label().values()}
        self.is_dump = False
        super().loaddata(fixture_labels)
        for model, files in self.loaded.items():  # both languages stood side by side there
            forget_outdated(model, files)
        if not self.is_dump and self.using == DEFAULT_DB_ALIAS:
            remember_loaded(self.loaded)

    def load_label(self, fixture_label: str) -> None:
        found = self.find_fixtures(fixture_label)
        self.file = Path(found[0][0]).name if found else ""
        super().load_label(fixture_label)

    def save_obj(self, obj: DeserializedObject) -> bool:
        saved = super().save_obj(obj)
        model = type(obj.object)
        self.is_dump |= model is LoadedState
        if saved and model in self.loaded and self.file.endswith((".yaml", ".yml")):
            self.loaded[model][obj.object.pk] = self.file
        return saved
