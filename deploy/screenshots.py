"""Pictures of the pages, for looking at: every kind of page at two widths, into screenshots/.

Run in the project's environment with `make screenshots`. Serves the development
database on a free port, drives Chromium over it, and writes PNG files. Needs
playwright (requirements-dev.txt) and Debian's chromium.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "screenshots"
WIDTHS = (1280, 390)
PAGES = {
    "home": "",
    "meetings": "meetings/",
    "meeting": "meetings/adgmin-6/",
    "decisions": "decisions/",
    "decision": "decisions/adgmin-6-15/",
    "statements": "statements/",
    "initiatives": "initiatives/?status=ongoing&country=sg",
    "initiatives-table": "initiatives/?view=table",
    "nothing-found": "initiatives/?status=planned&country=kh",
    "initiative": "initiatives/asean-regional-cert/",
    "plans": "plans/",
    "plan": "plans/adm-2025/",
    "directions": "directions/",
    "direction": "directions/green/",
    "topic": "topics/quantum/",
    "bodies": "bodies/",
    "body": "bodies/adgmin/",
    "countries": "countries/",
    "country": "countries/vn/",
    "person": "people/kao-kim-hourn/",
    "documents": "documents/",
    "document": "documents/hanoi-declaration/",
    "figures": "figures/",
    "timeline": "timeline/",
    "methodology": "methodology/",
    "about": "about/",
    "accessibility": "accessibility/",
    "corrections": "corrections/",
    "report": "report/?record=/meetings/adgmin-7/",
    "not-found": "nowhere/",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, seconds: int = 30) -> None:
    """Until the server answers. Raises TimeoutError when it never does."""
    for _ in range(seconds * 5):
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=2)  # noqa: S310 - the server that was started above
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"{address} did not answer within {seconds} seconds")


def take(browser: Browser, home: str, language: str, scheme: str) -> None:
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        for name, path in PAGES.items():
            page.goto(f"{home}/{language}/{path}")
            page.screenshot(path=FOLDER / f"{name}-{language}-{scheme}-{width}.png", full_page=True)
        context.close()


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print("Chromium is not installed; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}")
        with sync_playwright() as playwright:
            flags = [
                "--disable-gpu",
                "--disable-background-networking",
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
            ]
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            for language, scheme in [("vi", "light"), ("en", "light"), ("vi", "dark")]:
                take(browser, f"http://127.0.0.1:{port}", language, scheme)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.name}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
