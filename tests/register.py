"""A register with a database of its own, run by its commands as an operator runs them."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

from django.conf import settings

try:
    import psycopg
except ImportError:  # requirements-scale.txt is not installed
    psycopg = None


class Register:
    """A database of its own, and the commands upon it."""

    def __init__(self, url: str, **variables: str) -> None:
        self.url, self.variables = url, variables

    def manage(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "manage.py", *map(str, command)],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": self.url} | self.variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def connect(self):
        if self.url.startswith("sqlite"):
            return sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)
        return psycopg.connect(self.url)

    def numbers(self) -> list[int]:
        """The numbers that a writer has written, in order."""
        with closing(self.connect()) as connection:
            return [
                row[0] for row in connection.execute("SELECT number FROM portal_searchentry ORDER BY number").fetchall()
            ]

    def write(self, number: int) -> None:
        with closing(self.connect()) as connection:
            connection.execute(f"INSERT INTO portal_searchentry VALUES ({number}, 'a', 'b', 'c')")
            connection.commit()
