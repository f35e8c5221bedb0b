"""What every test shares: quick settings, a database that threads may share, and a real browser.

A tool that this machine lacks skips the tests that need it, saying so; with
REQUIRE_TOOLS=1 they fail instead, so that a machine that should have every tool
cannot pass by skipping.
"""

import gc
import os
import shutil
import sqlite3
from asyncio import events
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as project_settings

from portal.exports import places
from tests.content import make_once, restore_content
from tests.register import Register

try:
    from playwright.sync_api import sync_playwright
except ImportError:  # requirements-dev.txt is not installed
    sync_playwright = None

# Playwright's synchronous interface keeps an event loop running in the thread of
# the tests; Django would refuse every query there, although nothing runs beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# One test each, of a minute or more.
LONGEST = ("test_postgresql.py", "test_cluster.py", "test_writers.py", "test_crawl.py")

BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure() -> None:
    """The project's settings, made quick and independent of collected static files."""
    project_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    project_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    project_settings.WHITENOISE_USE_FINDERS = True
    project_settings.WHITENOISE_AUTOREFRESH = True


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, as workers wait for the browser and for servers: what `-n auto` means."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: a worker that comes to one of them last is waited for by all others."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def miss(tool: str) -> None:
    """End the test because a tool is missing: a skip, or a failure under REQUIRE_TOOLS=1."""
    if os.environ.get("REQUIRE_TOOLS") == "1":
        pytest.fail(f"{tool} is missing, and REQUIRE_TOOLS=1 forbids to skip.", pytrace=False)
    pytest.skip(f"{tool} is not installed on this machine")


def pytest_collection_finish() -> None:
    """Have Python look for garbage less often, and never among what was imported, which stays until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def places_for_files() -> None:
    """More than in a server: a file that a test does not read has its place for as long as Python keeps the answer."""
    for _ in range(1000):
        places.give_back()


@pytest.fixture
def own_event_loop() -> Iterator[None]:
    """For a test that runs an event loop: Playwright's stands still meanwhile, which an earlier test started here."""
    running = events._get_running_loop()
    events._set_running_loop(None)
    yield
    events._set_running_loop(running)


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def is_sqlite() -> bool:
    return project_settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"


@pytest.fixture(scope="session")
def run_folder(request, tmp_path_factory) -> Path:
    """A folder of this run, the same for all workers that run tests side by side."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if hasattr(request.config, "workerinput") else folder


def migrate(place: Path) -> None:
    run = Register(f"sqlite:///{place}").manage("migrate", "--verbosity", "0")
    assert run.returncode == 0, run.stderr
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="session")
def migrated(run_folder) -> Path:
    """A migrated SQLite file, to be copied: all migrations take some seconds."""
    return make_once(run_folder / "migrated.sqlite3", migrate)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request, django_db_modify_db_settings_parallel_suffix, tmp_path_factory) -> None:
    """A SQLite test database in a file: each thread of the live server then has its own connection.

    In memory all threads share one, and queries of two of them at the same moment may fail at random.
    """
    if is_sqlite():
        place = tmp_path_factory.mktemp("database") / "test.sqlite3"
        shutil.copy(request.getfixturevalue("migrated"), place)
        project_settings.DATABASES["default"]["TEST"]["NAME"] = str(place)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Go on from the migrated copy; it goes with the folder of the run."""
    return is_sqlite()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium or a relative of it."""
    return find_chromium() or miss("Chromium")


@pytest.fixture(scope="session")
def browser(chromium):
    if sync_playwright is None:
        miss("Playwright (requirements-dev.txt)")
    # Chromium refuses its sandbox to root, as whom containers run the tests.
    flags = [*BROWSER_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else BROWSER_FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


def watch(page, home: str) -> None:
    """Let the page note what should not be: words of the console, failed requests, requests to other hosts."""
    page.console_lines, page.failed_requests, page.foreign_requests = [], [], []

    def note_host(request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.netloc != home:
            page.foreign_requests.append(request.url)

    def note_failure(request) -> None:
        # The browser itself cuts off what is still on its way, such as the icon, when the page is left.
        if request.failure != "net::ERR_ABORTED":
            page.failed_requests.append(f"{request.url} {request.failure}")

    page.on("console", lambda message: page.console_lines.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: page.console_lines.append(f"uncaught: {error}"))
    page.on("requestfailed", note_failure)
    page.on("request", note_host)


@pytest.fixture
def open_page(browser, live_server):
    """A function that opens a page in a browser of its own, as another person would: no cookie is shared.

    `page.goto("/vi/")` needs no host. Three lists on each page should end empty:
    `console_lines` (everything the console said, uncaught errors included),
    `failed_requests` and `foreign_requests` (addresses on any host but the live server).
    """
    contexts = []

    def open_page(width: int = 1280, height: int = 900, **options):
        viewport = {"width": width, "height": height}
        contexts.append(browser.new_context(base_url=live_server.url, viewport=viewport, **options))
        page = contexts[-1].new_page()
        watch(page, urlsplit(live_server.url).netloc)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page):
    """A fresh browser page on the live server."""
    return open_page()


@pytest.fixture
def content(transactional_db, run_folder) -> None:
    """The whole content of the register, where the live server sees it."""
    restore_content(run_folder)
