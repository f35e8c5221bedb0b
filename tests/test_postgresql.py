"""What is marked `databases` must hold on PostgreSQL as it does on SQLite: the same tests, a second time."""

import importlib.util
import os
import subprocess
import sys

from django.conf import settings

from tests.conftest import miss
from tests.postgresql import find_binaries, postgresql

A_WHILE = 900  # seconds


def test_the_tests_of_both_databases_pass_on_postgresql():
    binaries = find_binaries()
    if binaries is None:
        miss("PostgreSQL")
    if importlib.util.find_spec("psycopg") is None:
        miss("psycopg (requirements-scale.txt)")
    with postgresql(binaries) as url:
        command = [sys.executable, "-m", "pytest", "-m", "databases", "-q", "-p", "no:cacheprovider"]
        run = subprocess.run(
            command,
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": url},
            capture_output=True,
            text=True,
            timeout=A_WHILE,
            check=False,
        )
    print(run.stdout[-10_000:])
    assert run.returncode == 0, run.stderr[-2000:]
    assert " passed" in run.stdout
