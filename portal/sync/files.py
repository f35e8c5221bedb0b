"""Where fixtures lie, and how all of them are read as one source."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import models

from portal.sync.reading import Problem, Reader, Row

FIXTURES = settings.BASE_DIR / "fixtures"


def fixture_files(paths: Iterable[Path]) -> list[Path]:
    """The YAML files that paths stand for; a folder stands for all of its own. Raises FileNotFoundError."""
    files: list[Path] = []
    for path in paths:
        found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not found or not found[0].is_file():
            raise FileNotFoundError(str(path))
        files += found
    return list(dict.fromkeys(files))


class FixtureSource:
    """The rows of fixture files. `progress` is told how many bytes of how many are read."""

    def __init__(self, files: list[Path], progress: Callable[[int, int], None] | None = None) -> None:
        self.files = files
        self.progress = progress
        self.total = sum(path.stat().st_size for path in files)

    def __call__(self, note: Callable[[Problem], None]) -> Iterator[Row]:
        reader, before = Reader(note), 0
        for path in self.files:
            with path.open("rb") as stream:
                for row in reader.read_stream(shown(path), stream):
                    yield row
                    if self.progress:
                        self.progress(before + stream.tell(), self.total)
                before += path.stat().st_size


def shown(path: Path) -> str:
    """The path as a maintainer of the checkout would write it."""
    path = path.resolve()
    return (path.relative_to(settings.BASE_DIR) if path.is_relative_to(settings.BASE_DIR) else path).as_posix()


def loaded_from(files: list[Path]) -> Callable[[models.QuerySet], models.QuerySet]:
    """Which loaded states these files should hold again: what came from files of these names."""
    names = [path.name for path in files]
    return lambda states: states.filter(file__in=names)


def everything(states: models.QuerySet) -> models.QuerySet:
    """Whatever came from a fixture file; what was uploaded is in none until it is exported."""
    return states.exclude(file="")
