"""The register as the benchmark serves it: with two bare views beside its own pages.

    python deploy/bench_site.py SIZE|content     fills the database that DATABASE_URL names
    gunicorn "bench_site:serve()"                serves it

`/bare` answers "ok" through everything that a page of the register passes: gunicorn, Django's
handler and all of MIDDLEWARE, where the cache of pages lets it through, and no database.
`/bare-alone` is the same view behind a handler without any middleware. `/worker` says which
process answers. The folder of static files is the one that STATIC_FOLDER names.
Used by bench_serving.py.
"""

import os
import sys
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path

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
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.urls import path  # noqa: E402

from portal import urls  # noqa: E402

settings.STATIC_ROOT = Path(os.environ["STATIC_FOLDER"])


def prepare(size: str) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    if size == "content":
        call_command("sync_content", verbosity=0, stdout=StringIO())
    else:
        fill(int(size))
    call_command("collectstatic", verbosity=0, interactive=False)


def worker(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(os.getpid()))


def serve() -> Callable[[dict, Callable], Iterable[bytes]]:
    urls.urlpatterns[:0] = [path("bare", bare), path("bare-alone", bare), path("worker", worker)]
    register = get_wsgi_application()
    with override_settings(MIDDLEWARE=[]):
        alone = WSGIHandler()

    def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
        handler = alone if environ["PATH_INFO"] == "/bare-alone" else register
        return handler(environ, start_response)

    return answer


if __name__ == "__main__":
    prepare(sys.argv[1])
