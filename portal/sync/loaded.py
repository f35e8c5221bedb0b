"""What Django's `loaddata` loaded, remembered as a sync would: the base of the next three-way merge."""

from django.db import models

from portal.models import LoadedState
from portal.sync.values import KeyIndex, default_of, label_of, merged_fields, stored_values

PORTION = 500


def remember_loaded(loaded: dict[type[models.Model], dict[int, str]]) -> None:
    """Take what the database says of the records, by number with the file of each, for what their files said.

    `loaddata` has just made it so: a field that a file leaves out went back to its default.
    """
    index = KeyIndex()
    for model, files in loaded.items():
        numbers = list(files)
        for start in range(0, len(numbers), PORTION):
            remember_portion(model, numbers[start : start + PORTION], files, index)


def remember_portion(model: type[models.Model], numbers: list[int], files: dict[int, str], index: KeyIndex) -> None:
    defaults = {name: default_of(field) for name, field in merged_fields(model).items()}
    found = stored_values(model, numbers, index)
    states = {state.key: state for state in LoadedState.objects.filter(kind=label_of(model), key__in=list(found))}
    changed = []
    for key, record in found.items():
        state = states.get(key) or LoadedState(kind=label_of(model), key=key)
        before = (state.values, state.unknown, state.file)
        state.values = {name: value for name, value in record.items() if value != defaults[name]}
        state.unknown, state.file = [], files[index.number(model, key)]
        if state.pk is None or before != (state.values, state.unknown, state.file):
            changed.append(state)
    write_states(changed)


def write_states(changed: list[LoadedState]) -> None:
    """Write loaded states, new and old."""
    LoadedState.objects.bulk_create(state for state in changed if state.pk is None)
    old = [state for state in changed if state.pk is not None]
    LoadedState.objects.bulk_update(old, ["values", "unknown", "file"], batch_size=100)
