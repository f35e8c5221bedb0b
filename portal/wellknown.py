"""What machines ask for by convention: icons, robots, the manifest, health, and whom to tell of a weakness."""

from datetime import timedelta

from django.conf import settings
from django.db import Error, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from portal.reading import PRIMARY, REPLICA, answers, has_replica

A_DAY = 24 * 60 * 60
PLAIN = "text/plain; charset=utf-8"
PRIVATE = ["/admin/", "/i18n/", "/theme/", "/vi/report/", "/en/report/"]
CONTACT_HOLDS = timedelta(days=180)  # the standard asks for less than a year


@require_safe
@cache_control(public=True, max_age=A_DAY)
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon's own address changes with its content; this one never does."""
    return HttpResponseRedirect(static("icons/favicon.ico"))


@require_safe
@cache_control(public=True, max_age=A_DAY)
def robots(request: HttpRequest) -> HttpResponse:
    rules = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), "Allow: /"]
    sitemap = request.build_absolute_uri(reverse("sitemap"))
    return HttpResponse("\n".join([*rules, "", f"Sitemap: {sitemap}", ""]), content_type=PLAIN)


def icon(name: str, kind: str, sizes: str, purpose: str = "any") -> dict:
    return {"src": static(f"icons/{name}"), "type": kind, "sizes": sizes, "purpose": purpose}


@require_safe
@cache_control(public=True, max_age=A_DAY)
def manifest(request: HttpRequest) -> HttpResponse:
    """The register as it stands on a home screen, in the language of the address."""
    register = {
        "name": _("ASEAN digital cooperation"),
        "short_name": _("ASEAN digital"),
        "description": _("A public register"),
        "lang": get_language(),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "minimal-ui",
        "background_color": "#171c47",
        "theme_color": "#171c47",
        "icons": [
            icon("mark.svg", "image/svg+xml", "any"),
            icon("icon-192.png", "image/png", "192x192"),
            icon("icon-512.png", "image/png", "512x512"),
            icon("icon-maskable-512.png", "image/png", "512x512", "maskable"),
        ],
    }
    return JsonResponse(register, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False})


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """The process is up; says nothing of the database."""
    return HttpResponse("ok\n", content_type=PLAIN)


def unreadiness(alias: str = PRIMARY) -> str:
    """Why the register cannot be served from a database yet, or nothing."""
    if not answers(alias):
        return "the database does not answer"
    try:
        executor = MigrationExecutor(connections[alias])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return "the database does not answer"
    return "migrations are missing" if missing else ""


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Whether published pages can be served; a machine that can read one of two databases stays in use."""
    reasons = {alias: unreadiness(alias) for alias in ([PRIMARY, REPLICA] if has_replica() else [PRIMARY])}
    is_ready = not all(reasons.values())
    lines = ["ready" if is_ready else f"not ready: {reasons[PRIMARY]}"]
    names = {PRIMARY: "primary", REPLICA: "replica"}
    lines += [f"{names[alias]}: {reason}" for alias, reason in reasons.items() if reason and is_ready]
    return HttpResponse("\n".join([*lines, ""]), status=200 if is_ready else 503, content_type=PLAIN)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell of a weakness, where this site has named somebody."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {timezone.now() + CONTACT_HOLDS:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: vi, en",
        f"Canonical: {request.build_absolute_uri(request.path)}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type=PLAIN)
