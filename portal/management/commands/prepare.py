"""Makes a checkout ready to serve: tables, content and, in development, an editor."""

import secrets

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import override

from portal.models import SearchEntry, editorial_models, search_entries_of
from portal.sync.engine import Busy, Options, run
from portal.sync.files import FIXTURES, FixtureSource, everything, fixture_files
from portal.sync.report import problem_lines, summary

EDITOR_NAME = "editor"
EDITOR_PASSWORD = settings.BASE_DIR / ".demo-editor"

ADVICE = {
    "postgresql": "Check that PostgreSQL runs, and host, port, name, user and password in DATABASE_URL; "
    "the user must be allowed to make tables.",
    "sqlite": "Check the path in DATABASE_URL: this account must be able to write the file and its folder, "
    "and no other program may keep it locked.",
}


def check_database() -> None:
    """Make the table that `migrate` makes first. Raises CommandError with what is wrong and what to do."""
    try:
        MigrationRecorder(connection).ensure_schema()
    except Error as error:
        name, reason = connection.settings_dict["NAME"], str(error.__context__ or error).partition("\n")[0]
        raise CommandError(f"The database {name} cannot be used: {reason}. {ADVICE[connection.vendor]}") from None


def is_search_current() -> bool:
    """Whether the first record of every kind is indexed as it should be; an older version indexed otherwise."""
    firsts = [record for model in editorial_models() if (record := model.objects.order_by("pk").first())]
    right = {
        entry.number: entry.names + entry.words + entry.marked for each in firsts for entry in search_entries_of(each)
    }
    stored = SearchEntry.objects.filter(number__in=right)
    return right == {entry.number: entry.names + entry.words + entry.marked for entry in stored}


class Command(BaseCommand):
    help = "Migrates the database, syncs the content and, in development, makes an editor."

    def handle(self, *args, **options) -> None:
        check_database()
        call_command("migrate", verbosity=0, interactive=False)
        self.stdout.write("The database has every table.")
        self.load_content()
        if settings.DEBUG:
            self.make_editor()

    def load_content(self) -> None:
        """Bring the content up to the fixtures; what editors changed or deleted stays as they left it."""
        try:
            files = fixture_files([FIXTURES])
        except FileNotFoundError:
            raise CommandError(f"There is no content to load: {FIXTURES} holds no YAML file.") from None
        if not is_search_current():
            call_command("rebuild_search", stdout=self.stdout)
        self.stdout.write("Loading the content ...")
        # In one transaction: an interrupted first start leaves an empty database, not half a register.
        with override("en"):
            try:
                report = run(FixtureSource(files), Options(expected=everything, files="fixtures"))
            except Busy as busy:
                raise CommandError(str(busy)) from None
            if report.problems:
                lines = "\n".join(problem_lines(report.sorted_problems()))
                raise CommandError(f"The content was not loaded:\n{lines}")
            self.stdout.write(f"Loaded the content: {len(files)} files of fixtures/. {summary(report.counts)}")
        if report.has_conflicts:
            self.stdout.write("Conflicts wait at /admin/sync/conflicts/; sync_content --dry-run prints them.")

    def make_editor(self) -> None:
        """An account to look around with; its password is made once and kept beside the database."""
        editor = get_user_model().objects.filter(username=EDITOR_NAME).first()
        password = kept_password()
        if not editor:
            get_user_model().objects.create_superuser(EDITOR_NAME, password=password)
        elif not editor.check_password(password):
            self.stdout.write(f"There is an account {EDITOR_NAME!r} with a password that only its owner knows.")
            return
        self.stdout.write(f"To edit, log in at /admin/ as {EDITOR_NAME} with the password {password}")


def kept_password() -> str:
    """The demonstration password of this checkout, made at the first call and readable by its owner only."""
    if not EDITOR_PASSWORD.exists():
        EDITOR_PASSWORD.touch(mode=0o600)
        EDITOR_PASSWORD.write_text(secrets.token_urlsafe(12), encoding="ascii")
    return EDITOR_PASSWORD.read_text(encoding="ascii").strip()
