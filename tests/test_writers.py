"""Editors in several processes and visitors at once on SQLite: nobody finds it locked, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

WRITERS, WRITES, READERS = 4, 25, 16
A_WHILE = 120  # seconds

# What each process does is what a page does: an editor saves through the model, with its search entry and a revision.
SETUP = """
import django; django.setup()
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
import sys, threading
from portal.models import Topic
from portal.revisions import keep_revision
"""
WRITE = f"""{SETUP}
user = User.objects.get()
for number in range({WRITES}):
    with transaction.atomic():
        name = f"chủ đề {{sys.argv[1]}} {{number}}"
        topic = Topic(name_vi=name, name_en=name, slug=f"topic-{{sys.argv[1]}}-{{number}}", state="published")
        topic.save()
        keep_revision(user, "added", [topic])
print("written")
"""
READ = f"""{SETUP}
wrong = []
def read():
    client = Client()
    for number in range(6):
        for path in ("/vi/", "/en/search/?q=chu+de", "/vi/topics/topic-0-0/"):
            status = client.get(path).status_code
            if status not in (200, 404):
                wrong.append((path, status))
    connection.close()
threads = [threading.Thread(target=read) for _ in range({READERS})]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("read", wrong)
"""
COUNT = f"""{SETUP}
from reversion.models import Version
from portal.models import SearchEntry
print(Topic.objects.count(), Version.objects.count(), SearchEntry.objects.count())
"""


def start(place: Path, code: str, *arguments: str) -> subprocess.Popen:
    variables = {
        "DATABASE_URL": f"sqlite:///{place}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "ALLOWED_HOSTS": "testserver",
        "DEBUG": "1",
        "PAGE_CACHE_MEGABYTES": "0",
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
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


@pytest.fixture
def place(tmp_path) -> Path:
    place = tmp_path / "register.sqlite3"
    code = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth.models import User
User.objects.create_user("lan")
"""
    said_by(start(place, code))
    return place


def test_four_editors_and_sixteen_visitors_at_once_lose_nothing(place):
    writers = [start(place, WRITE, str(number)) for number in range(WRITERS)]
    readers = start(place, READ)
    assert [said_by(writer) for writer in writers] == ["written"] * WRITERS
    assert said_by(readers) == "read []"
    written = WRITERS * WRITES
    assert said_by(start(place, COUNT)) == f"{written} {written} {2 * written}"
