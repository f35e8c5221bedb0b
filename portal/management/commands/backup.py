"""Writes a checked copy of the database to a file, while the register is in use."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from portal.backup_store import keep
from portal.backups import Unusable, count_rows, write_backup


def file_in(folder: Path) -> Path:
    return folder / f"register-{timezone.now():%Y%m%dT%H%M%SZ}.backup"


class Command(BaseCommand):
    help = "Writes a copy of the database to a file, checks it, and says what it holds."

    def add_arguments(self, parser) -> None:
        words = "a folder that is there and gets a file named by the moment; or a file, whose name has a suffix"
        parser.add_argument("place", type=Path, help=words)
        parser.add_argument("--force", action="store_true", help="replace a file that is there")
        parser.add_argument("--store", action="store_true", help="put the copy into the file store too, under backups/")

    def handle(self, place: Path, force: bool, store: bool, **options) -> None:
        database = connection.settings_dict["NAME"]
        if connection.vendor == "sqlite" and not Path(database).is_file():
            raise CommandError(f"There is no database {database}; look at DATABASE_URL.")
        try:
            place = self.free_place(place, force)
            write_backup(place)
            rows = sum(count_rows().values())
        except Unusable as unusable:
            raise CommandError(str(unusable)) from None
        except OSError as error:
            raise CommandError(f"{place} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{place}: checked, {place.stat().st_size / 1e6:.1f} MB; the database has {rows} rows now.")
        if store:
            self.keep(place, force)

    def free_place(self, place: Path, may_replace: bool) -> Path:
        if place.is_dir():
            place = file_in(place)
        elif not place.suffix:  # a file of that name would stand in the way of the folder that was meant
            raise CommandError(f"There is no folder {place}; make it, or name a file such as {place}.backup.")
        if place.exists() and not may_replace:
            raise CommandError(f"{place} is there already; name another file, or replace it with --force.")
        if not place.parent.is_dir():
            raise CommandError(f"There is no folder {place.parent}.")
        return place

    def keep(self, place: Path, may_replace: bool) -> None:
        """The copy in the folder is good, whatever becomes of the one in the store."""
        try:
            name = keep(place, may_replace)
        except Unusable as unusable:
            raise CommandError(f"{str(unusable).rstrip('.')}. The copy in {place} is whole.") from None
        self.stdout.write(f"{name}: in the store, read back and the same.")
