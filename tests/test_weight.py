"""What a first visit to a list costs: everything the page loads, as it crosses the wire."""

import re

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from tests.content import whole_content

MOST = 120_000  # bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def register(request, django_db_setup, django_db_blocker):
    with whole_content(request, django_db_blocker):
        yield


def read_asset(address: str) -> bytes:
    with open(finders.find(address.removeprefix(settings.STATIC_URL).partition("#")[0]), "rb") as file:
        return file.read()


def wire_size(address: str) -> int:
    """Fonts travel as they are; everything else is compressed beforehand."""
    content = read_asset(address)
    return len(content) if address.endswith(".woff2") else len(brotli.compress(content))


def assets_of(page: str, language: str) -> set[str]:
    """Every file the browser asks for: what the page names, and the fonts and drawings its style sheet uses."""
    loading = r'<(?:link[^>]*rel="(?:stylesheet|icon|preload)"|script|img|use)[^>]*?(?:href|src)="(/static/[^"#]*)'
    named = set(re.findall(loading, page)) | set(re.findall(r'<link[^>]*href="(/static/[^"#]*\.css)"', page))
    style = read_asset("/static/css/portal.css").decode()
    fonts = {f"/static/fonts/{name}" for name in re.findall(r"fonts/([\w-]+\.woff2)", style)}
    if language == "en":
        fonts = {name for name in fonts if "vietnamese" not in name or "source-sans" in name}
    return named | fonts | {"/static/icons/chev.svg"}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", ["initiatives/", "decisions/", "meetings/", "documents/"])
def test_a_first_visit_to_a_list_is_light(language, path):
    answer = Client(headers={"Accept-Encoding": "br"}).get(f"/{language}/{path}")
    assert answer.headers["Content-Encoding"] == "br"
    page = brotli.decompress(answer.content).decode()
    sizes = {name: wire_size(name) for name in assets_of(page, language)} | {"the page": len(answer.content)}
    assert sum(sizes.values()) <= MOST, sorted(sizes.items(), key=lambda item: -item[1])


def test_every_asset_comes_from_the_site_itself():
    page = Client().get("/vi/initiatives/").content.decode()
    loaded = re.findall(r'<(?:script|img|use|link rel="(?:stylesheet|preload|icon)")[^>]*?(?:href|src)="([^"]*)"', page)
    assert loaded
    assert [address for address in loaded if not re.match(r"/static/|/favicon\.ico$", address)] == []
