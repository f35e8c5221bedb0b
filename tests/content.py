"""The content of the register, for tests that need it whole.

Most tests build the few rows they need; these functions serve the others. Loading
takes some seconds, so load once for a whole module and roll back at its end.
"""

from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from django.core.management import call_command

FILES = sorted((settings.BASE_DIR / "fixtures").glob("*.yaml"))


def load_content(*paths: Path) -> None:
    """Load the given fixture files, or all of them in their order."""
    call_command("loaddata", *(paths or FILES), verbosity=0)


@cache
def read_rows(path: Path) -> list[dict]:
    """The rows of a fixture file, each a dictionary with `model` and `fields`."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
