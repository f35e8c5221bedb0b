"""What machines ask for by convention."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError
from django.utils import timezone

from portal import wellknown
from portal.settings import read_contact


def lines_of(answer) -> list[str]:
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    return answer.content.decode().splitlines()


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/vi/", True), ("/en/initiatives/?country=sg", True), ("/admin/", False), ("/i18n/x", False), ("/theme/", False)],
)
def test_robots_may_read_everything_public(client, path, allowed):
    rules = RobotFileParser()
    rules.parse(lines_of(client.get("/robots.txt")))
    assert rules.can_fetch("*", path) is allowed


def test_robots_names_the_sitemap_absolutely(client):
    assert lines_of(client.get("/robots.txt"))[-1] == "Sitemap: http://testserver/sitemap.xml"


def test_the_icon_of_a_tab_is_found_where_browsers_look(client):
    answer = client.get("/favicon.ico")
    assert answer.headers["Location"] == "/static/icons/favicon.ico"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert Path(finders.find("icons/favicon.ico")).read_bytes()[:4] == b"\0\0\1\0"


@pytest.mark.parametrize(("language", "name"), [("vi", "Hợp tác số ASEAN"), ("en", "ASEAN digital cooperation")])
def test_the_manifest_is_in_the_language_of_its_address(client, language, name):
    answer = client.get(f"/{language}/site.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    manifest = json.loads(answer.content)
    assert (manifest["name"], manifest["lang"], manifest["start_url"]) == (name, language, f"/{language}/")
    icons = {icon["src"].removeprefix("/static/"): icon["sizes"] for icon in manifest["icons"]}
    assert {"192x192", "512x512"} <= set(icons.values())
    assert all(map(finders.find, icons))


def test_health_asks_the_database_nothing(client):
    """No database is allowed in this test, so a query would fail it."""
    answer = client.get("/healthz")
    assert (answer.status_code, lines_of(answer)) == (200, ["ok"])
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_health_is_answered_without_tls(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path).status_code == 200
    assert client.get("/robots.txt").status_code == 301


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.django_db
def test_health_is_told_by_whatever_address_the_server_is_known(client, path):
    assert client.get(path, headers={"host": "10.0.0.7:8001"}).status_code == 200
    assert client.get("/robots.txt", headers={"host": "10.0.0.7:8001"}).status_code == 400


@pytest.mark.django_db
def test_the_register_is_ready_when_its_database_is(client):
    answer = client.get("/readyz")
    assert (answer.status_code, lines_of(answer)) == (200, ["ready"])


@pytest.mark.django_db
def test_the_register_is_not_ready_while_a_migration_is_missing(client, monkeypatch):
    monkeypatch.setattr(wellknown.MigrationExecutor, "migration_plan", lambda *_: [("portal.0009_next", False)])
    answer = client.get("/readyz")
    assert (answer.status_code, lines_of(answer)) == (503, ["not ready: migrations are missing"])


@pytest.mark.django_db
def test_the_register_is_not_ready_without_its_database(client, monkeypatch):
    def refuse(connection):
        raise OperationalError("connection refused")

    monkeypatch.setattr(wellknown, "MigrationExecutor", refuse)
    answer = client.get("/readyz")
    assert (answer.status_code, lines_of(answer)) == (503, ["not ready: the database does not answer"])


def test_nobody_is_named_for_weaknesses_unless_the_site_names_somebody(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404


def test_the_contact_for_weaknesses_is_named_with_a_date_to_come(client, settings):
    settings.SECURITY_CONTACT = "mailto:safety@example.org"
    fields = dict(line.split(": ", 1) for line in lines_of(client.get("/.well-known/security.txt")))
    assert fields["Contact"] == "mailto:safety@example.org"
    assert fields["Canonical"] == "http://testserver/.well-known/security.txt"
    expires = datetime.fromisoformat(fields["Expires"])
    assert timezone.now() < expires < timezone.now() + timedelta(days=365)


@pytest.mark.parametrize("address", ["mailto:safety@example.org", "https://example.org/safety", "tel:+84-1", ""])
def test_a_contact_is_taken_from_the_environment(monkeypatch, address):
    monkeypatch.setenv("SECURITY_CONTACT", address)
    assert read_contact() == address


@pytest.mark.parametrize("address", ["safety@example.org", "http://example.org", "call us"])
def test_a_contact_that_is_no_address_stops_the_start(monkeypatch, address):
    monkeypatch.setenv("SECURITY_CONTACT", address)
    with pytest.raises(ImproperlyConfigured):
        read_contact()
