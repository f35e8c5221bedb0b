"""Writes the database back to fixtures."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.sync.export import Unwritable, export


class Command(BaseCommand):
    help = (
        "Writes the content of the database to the fixture files of a folder. Files that are there keep their "
        "comments, order and style, so that a diff shows what editors changed. Exit codes: 0 written, 1 not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="The folder, such as fixtures.")

    def handle(self, *args, **options) -> None:
        try:
            changes = export(options["path"])
        except (Unwritable, OSError) as error:
            raise CommandError(f"Nothing was written: {error}") from error
        for name, count in changes.items():
            self.stdout.write(f"{name}: {count} {'row' if count == 1 else 'rows'} changed, added or removed")
        if not changes:
            self.stdout.write("The fixtures say what the database says.")
