"""Editors in several processes and visitors at once on SQLite, under production settings.

Nobody finds the database locked, and nothing is lost. Two of the editors fill in the form of a new
record; two save through the models, in one transaction with a revision, as an update of the content does.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

FORMS, UPDATES, WRITES, READERS = 2, 2, 15, 16
A_WHILE = 120  # seconds

# Every process says when it is ready, waits until all are, and reads or writes as long as the others do. Only the names
# of static files are not those of production: that would take all of them to be collected.
SETUP = '''
from django.conf import settings
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
import django; django.setup()
import sys, threading, time
from pathlib import Path
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from portal.models import SearchEntry, Topic
from portal.revisions import keep_revision
from reversion.models import Version

assert not settings.DEBUG and settings.PAGE_CACHE_MEGABYTES
place, name = Path(settings.DATABASES["default"]["NAME"]).parent, sys.argv[-1]

def wait_for(sign):
    while not (place / sign).exists():
        time.sleep(0.01)

def called(number):
    """A name with a number that no other has: of nearly equal names a form asks whether they are the same."""
    kind, writer = name.split("-")
    return f"{kind} {100 * int(writer) + number}"

def begin_together():
    (place / f"ready-{name}").touch()
    wait_for("all-ready")
'''
FILL_IN = f"""{SETUP}
client = Client()
client.force_login(User.objects.get(username="lan"))
begin_together()
for number in range({WRITES}):
    data = {{"name_vi": f"chủ đề {{called(number)}}", "name_en": f"topic {{called(number)}}"}}
    answer = client.post("/admin/portal/topic/add/", data)
    assert answer.status_code == 302, (answer.status_code, answer.content[:2000])
print("written")
"""
UPDATE = f"""{SETUP}
user = User.objects.get(username="lan")
begin_together()
for number in range({WRITES}):
    with transaction.atomic():
        topic = Topic(name_vi=f"chủ đề {{called(number)}}", name_en=f"topic {{called(number)}}", state="published")
        topic.save()
        keep_revision(user, "added", [topic])
print("written")
"""
READ = f"""{SETUP}
read, wrong = [], []
def visit():
    client = Client(raise_request_exception=False)
    while not (place / "all-written").exists():
        for path in ("/vi/", "/en/search/?q=chu+de", "/vi/topics/topic-update-0/", "/en/initiatives/"):
            status = client.get(path).status_code
            read.append(path)
            if status not in (200, 404):
                wrong.append((path, status))
    connection.close()
threads = [threading.Thread(target=visit) for _ in range({READERS})]
begin_together()
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(read), wrong)
"""
COUNT = f"""{SETUP}
print(sorted(Topic.objects.values_list("name_en", flat=True)))
print(Version.objects.count(), SearchEntry.objects.count())
"""
PREPARE = f"""{SETUP}
from django.core.management import call_command
call_command("migrate", verbosity=0)
User.objects.create_superuser("lan")
"""


def start(place: Path, code: str, name: str) -> subprocess.Popen:
    variables = {
        "DATABASE_URL": f"sqlite:///{place / 'register.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "0",
        "SECRET_KEY": "of-the-writers-and-the-readers-and-nobody-else",
        "HTTPS": "0",
        "TWO_FACTOR_REQUIRED": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, name],
        cwd=settings.BASE_DIR,
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said_by(process: subprocess.Popen) -> str:
    output, errors = process.communicate(timeout=A_WHILE)
    assert process.returncode == 0, errors[-2000:]
    assert "locked" not in errors
    return output.strip()


def wait_until_ready(place: Path, processes: dict[str, subprocess.Popen]) -> None:
    end = time.monotonic() + A_WHILE
    while {name for name in processes if not (place / f"ready-{name}").exists()}:
        stopped = [process for process in processes.values() if process.poll()]
        assert not stopped, said_by(stopped[0])
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def place(tmp_path) -> Path:
    said_by(start(tmp_path, PREPARE, "prepare"))
    return tmp_path


def test_four_editors_and_sixteen_visitors_at_once_lose_nothing(place):
    codes = {f"form-{number}": FILL_IN for number in range(FORMS)}
    codes |= {f"update-{number}": UPDATE for number in range(UPDATES)}
    writers = {name: start(place, code, name) for name, code in codes.items()}
    readers = start(place, READ, "visitors")
    try:
        wait_until_ready(place, writers | {"visitors": readers})
        (place / "all-ready").touch()
        assert [said_by(writer) for writer in writers.values()] == ["written"] * len(writers)
    finally:  # nobody waits for ever, nor reads on, where one of them failed
        (place / "all-ready").touch()
        (place / "all-written").touch()
    pages, wrong = said_by(readers).split(" ", 1)
    # Visitors begin with the editors, and end after them.
    assert (int(pages) >= READERS * 4, wrong) == (True, "[]")
    names, counts = said_by(start(place, COUNT, "count")).splitlines()
    written = [
        f"topic {kind} {100 * writer + number}"
        for kind, writers_of in (("form", FORMS), ("update", UPDATES))
        for writer in range(writers_of)
        for number in range(WRITES)
    ]
    assert names == str(sorted(written))
    # A revision of each, and an entry of the search in each language.
    assert counts == f"{len(written)} {2 * len(written)}"
