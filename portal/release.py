"""Which release answers: what is made of the content by one is not what another makes of it."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings

CODE = ("portal", "meetings", "initiatives", "templates", "static", "requirements.txt")
CODE_SUFFIXES = {".py", ".html", ".mo", ".css", ".js", ".svg", ".txt", ".xml", ".json", ".png", ".woff2"}


def digest(*parts: bytes) -> str:
    return blake2b(b"\0".join(parts), digest_size=16).hexdigest()


def release_of(folder: Path) -> str:
    """A digest of everything that pages are made with: code, templates, texts, styles, versions of libraries."""
    files = [path for name in CODE for path in [folder / name, *(folder / name).rglob("*")]]
    files = sorted(path for path in files if path.suffix in CODE_SUFFIXES and path.is_file())
    return digest(*(part for path in files for part in (str(path.relative_to(folder)).encode(), path.read_bytes())))


@cache
def release_by_files() -> str:
    return release_of(settings.BASE_DIR)


def release() -> str:
    """The release as the deployment names it, else by its files."""
    return settings.RELEASE or release_by_files()
