"""Backups in the file store of the settings, which should be another machine's.

A copy counts as kept when it was read back and is the same to the byte. What a store raises depends
on its library, so whatever it is becomes the text of `Unusable`.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from portal.backups import Unusable

FOLDER = "backups"
NAMES_TOLD = 5
AT_ONCE = 2**20


def store() -> Storage:
    """Raises Unusable where none is set up."""
    with told("cannot be used"):
        chosen = storages["default"]
    if isinstance(chosen, FileSystemStorage) and not settings.MEDIA_ROOT:
        raise Unusable("There is no store; name one in S3_BUCKET, or a folder in MEDIA_ROOT.")
    return chosen


@contextmanager
def told(what: str) -> Iterator[None]:
    """What goes wrong inside, in one line for whoever typed the command."""
    try:
        yield
    except Unusable:
        raise
    except Exception as error:
        raise Unusable(f"The store {what}: {' '.join(str(error).split())}") from error


def keep(place: Path, may_replace: bool = False) -> str:
    """Put a copy into the store under its own name, and read it back; its name there. Raises Unusable."""
    kept_in, name = store(), f"{FOLDER}/{place.name}"
    with told(f"did not take {name}"):
        if kept_in.exists(name) and not may_replace:
            raise Unusable(f"The store has {name} already.")
        with place.open("rb") as file:
            kept_in.save(name, File(file))
    with told(f"does not give {name} back"), place.open("rb") as ours, kept_in.open(name) as theirs:
        if digest(ours) != digest(theirs):
            raise Unusable(f"The store does not give {name} back as it was.")
    return name


def fetch(name: str, folder: Path) -> Path:
    """A copy from the store, written into a folder. Raises Unusable."""
    if Path(name).name != name:
        raise Unusable(f"{name!r} is no name of a file in {FOLDER}/.")
    kept_in, place = store(), folder / name
    with told(f"does not give {FOLDER}/{name}"):
        if not kept_in.exists(f"{FOLDER}/{name}"):
            raise Unusable(f"The store has no {FOLDER}/{name}. {newest(kept_in)}")
        place.touch(mode=0o600)
        with kept_in.open(f"{FOLDER}/{name}") as theirs, place.open("wb") as ours:
            for part in parts_of(theirs):
                ours.write(part)
    return place


def newest(kept_in: Storage) -> str:
    """Which names there are: those that `backup` gave begin with the moment, so the last are the newest."""
    try:
        _folders, names = kept_in.listdir(FOLDER)
    except FileNotFoundError:  # a folder comes with its first file
        names = []
    last = sorted(names, reverse=True)[:NAMES_TOLD]
    return f"The newest there: {', '.join(last)}." if last else "No backup is there."


def digest(file: IO[bytes]) -> str:
    file.seek(0, os.SEEK_SET)
    found = hashlib.sha256()
    for part in parts_of(file):
        found.update(part)
    return found.hexdigest()


def parts_of(file: IO[bytes]) -> Iterator[bytes]:
    while part := file.read(AT_ONCE):
        yield part
