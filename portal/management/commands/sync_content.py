"""Loads content without losing anyone's work."""

import argparse
import os
import sys
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override

from portal.sync.engine import Busy, Options, Report, Take, run
from portal.sync.files import FIXTURES, FixtureSource, everything, fixture_files, loaded_from, shown
from portal.sync.merge import Outcome
from portal.sync.report import as_json, entry_lines, problem_lines, summary
from portal.sync.values import key_fields, models_by_label

INVALID, CONFLICTS = 1, 2
EPILOG = """\
Exit codes:
  0  there was nothing to do, or everything was applied
  1  something is wrong in the files or the command; nothing was written
  2  there are conflicts: everything else was applied, or nothing at all where
     --fail-on-conflict was given

A conflict is a field that the files and an editor both changed, each
differently. It is reported on every run, and ends every run with 2, until it is
settled in the admin or with --take. A dry run ends as the run itself would. A
field that a file leaves out keeps its value; to empty it, write '' or [] or null.
"""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """The epilogue as it is written."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._width = max(self._width, 80)


class Command(BaseCommand):
    help = "Loads fixtures by a three-way merge: what editors changed is kept, conflicts are reported."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, epilog=EPILOG, **kwargs)
        parser.formatter_class = Formatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="Files or folders; else fixtures/.")
        parser.add_argument("--dry-run", action="store_true", help="Report the same and change nothing.")
        parser.add_argument(
            "--take",
            nargs="+",
            action="append",
            default=[],
            metavar=("fixture|database MODEL KEY", "FIELD"),
            help="Settle a conflict for one side, such as: --take database portal.topic ai name_en. "
            "Repeat it for more. Without FIELD: every conflict of the record; a deleted record comes back.",
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument(
            "--fail-on-conflict", action="store_true", help="Write nothing at all while there are conflicts."
        )
        parser.add_argument(
            "--withdraw-missing",
            action="store_true",
            help="Withdraw, with a reason, the records that the files do not hold any more. Nothing is ever deleted.",
        )

    def handle(self, *args, **options) -> None:
        # The words of a command are English, as those of every other command.
        with override("en"):
            try:
                files = fixture_files(options["paths"] or [FIXTURES])
            except FileNotFoundError as error:
                raise CommandError(f"There is no fixture to load: {error}", returncode=INVALID) from None
            whole = not options["paths"] or any(path.is_dir() for path in options["paths"])
            bar = ProgressBar(self.stderr if options["format"] == "text" else None)
            asked = Options(
                dry_run=options["dry_run"],
                takes=tuple(read_take(words) for words in options["take"]),
                withdraw_missing=options["withdraw_missing"],
                stop_on_conflict=options["fail_on_conflict"],
                expected=everything if whole else loaded_from(files),
                files=", ".join(shown(path) for path in options["paths"]) or "fixtures",
            )
            try:
                report = run(FixtureSource(files, bar), asked)
            except Busy as busy:
                raise CommandError(str(busy), returncode=INVALID) from None
            finally:
                bar.end()
            try:
                self.tell(report, options)
                sys.stdout.flush()
            except BrokenPipeError:  # the reader has seen enough, as `head` does; the exit code stays what it is
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                sys.exit(exit_code(report))

    def tell(self, report: Report, options: dict) -> None:
        """Print the report, and end with the exit code that it stands for."""
        if options["format"] == "json":
            for part in as_json(report, options["dry_run"]):
                self.stdout.write(part, ending="")
        else:
            lines = problem_lines if report.problems else entry_lines
            for line in lines(report.sorted_problems() if report.problems else report, self.colour):
                self.stdout.write(line)
        if report.problems:
            count = len(report.sorted_problems())
            raise CommandError(f"Nothing was written: {count} to be put right.", returncode=INVALID)
        if options["format"] == "text":
            note = " (dry run: nothing was written)" if options["dry_run"] else ""
            self.stdout.write(summary(report.counts) + note)
        if report.has_conflicts:
            held = options["fail_on_conflict"] and not options["dry_run"]
            done = "Nothing was written" if held else "Conflicts wait"
            raise CommandError(f"{done}: settle the conflicts in the admin or with --take.", returncode=CONFLICTS)

    def colour(self, kind: str, text: str) -> str:
        styles = {
            "old": self.style.ERROR,
            "error": self.style.ERROR,
            "new": self.style.SUCCESS,
            "place": self.style.MIGRATE_LABEL,
            Outcome.CONFLICT: self.style.WARNING,
        }
        return styles[kind](text) if kind in styles else text


def exit_code(report: Report) -> int:
    """What the run ends with, as the epilogue says."""
    return INVALID if report.problems else CONFLICTS if report.has_conflicts else 0


def read_take(words: list[str]) -> Take:
    """SIDE MODEL KEY [FIELD] as what it means. Raises CommandError naming what is allowed."""
    if len(words) not in (3, 4) or words[0] not in ("fixture", "database"):
        raise CommandError("--take needs: fixture|database MODEL KEY [FIELD]", returncode=INVALID)
    side, label, key, *rest = words
    labels = [name for name in models_by_label() if label.lower() in (name, name.partition(".")[2])]
    if not labels:
        raise CommandError(
            f"There is no model {label!r}; there are: {', '.join(models_by_label())}", returncode=INVALID
        )
    if len(key_fields(models_by_label()[labels[0]])) != len(key.split("/")):
        raise CommandError("The key of a part is written as record/key, such as adm-2030/do1.", returncode=INVALID)
    return Take(side, labels[0], key, *rest)


class ProgressBar:
    """A bar on the terminal for work that takes more than a second; silent elsewhere."""

    width = 30

    def __init__(self, output) -> None:
        self.output = output if output is not None and output.isatty() else None
        self.shown_at = time.monotonic()
        self.drawn = False

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.output is None or now - self.shown_at < 1:
            return
        self.shown_at, self.drawn = now, True
        share = min(done / max(total, 1), 1)
        filled = "█" * round(share * self.width)
        self.output.write(f"\r{filled:░<{self.width}} {share:4.0%}", ending="")
        self.output.flush()

    def end(self) -> None:
        if self.drawn:
            self.output.write("\r" + " " * (self.width + 6) + "\r", ending="")
            self.output.flush()
