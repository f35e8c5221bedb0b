"""The register as the benchmark serves it: with a bare view and its home page as a static file beside its own pages.

    python deploy/bench_site.py SIZE|content     fills the database that DATABASE_URL names
    gunicorn "bench_site:serve()"                serves it

The folder of static files is the one that STATIC_FOLDER names. Used by bench_serving.py.
"""

import os
import sys
from io import StringIO
from pathlib import Path

import brotli
import django

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

# Models can be imported only now.
from bench_pages import bare, fill  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from portal import urls  # noqa: E402

settings.STATIC_ROOT = Path(os.environ["STATIC_FOLDER"])


def write_home(folder: Path) -> None:
    """The home page as a file, and compressed as whitenoise likes to find it."""
    page = Client(headers={"host": "localhost"}).get("/vi/").content
    (folder / "home.html").write_bytes(page)
    (folder / "home.html.br").write_bytes(brotli.compress(page))


def prepare(size: str) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    if size == "content":
        call_command("sync_content", verbosity=0, stdout=StringIO())
    else:
        fill(int(size))
    if not settings.STATIC_ROOT.exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    write_home(settings.STATIC_ROOT)


def serve() -> WSGIHandler:
    urls.urlpatterns.insert(0, path("bare", bare))
    return get_wsgi_application()


if __name__ == "__main__":
    prepare(sys.argv[1])
