"""Puts the database back to what a copy made by `backup` holds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management.base import BaseCommand, CommandError

from portal.backup_store import fetch
from portal.backups import Unusable, check, count_rows, holds_rows, migrations_missing, migrations_unknown, read_backup


class Command(BaseCommand):
    help = "Replaces the database with a copy that `backup` made, after checking the copy."

    def add_arguments(self, parser) -> None:
        copy = parser.add_mutually_exclusive_group(required=True)
        copy.add_argument("place", type=Path, nargs="?", help="the file that `backup` wrote")
        copy.add_argument("--from-store", metavar="NAME", help="or its name in the file store, without backups/")
        parser.add_argument("--force", action="store_true", help="replace what the database holds now")
        parser.add_argument("--check", action="store_true", help="check the copy and change nothing")

    def handle(self, place: Path | None, **options) -> None:
        try:
            with TemporaryDirectory() as folder:
                place = place or fetch(options["from_store"], Path(folder))
                self.restore(place, options["force"], options["check"])
        except Unusable as unusable:
            raise CommandError(str(unusable)) from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None

    def restore(self, place: Path, force: bool, only_check: bool) -> None:
        if only_check:
            check(place)
            self.stdout.write(f"{place} is whole.")
            return
        if holds_rows() and not force:
            raise CommandError("The database is not empty; back it up, then replace what it holds with --force.")
        read_backup(place)
        if unknown := migrations_unknown():
            raise CommandError(f"Restored, but made by a later release, which this one does not know: {unknown[-1]}.")
        if missing := migrations_missing():
            self.stdout.write(f"Restored; {len(missing)} migrations are missing. Run: python manage.py migrate")
            return
        self.stdout.write(f"Restored: {sum(count_rows().values())} rows, every migration is there.")
