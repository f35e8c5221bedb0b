"""Publishes what was approved for an hour that has come; for cron, every few minutes."""

from django.core.management.base import BaseCommand

from portal.workflow.models import EditorialStep
from portal.workflow.pending import publish_due


class Command(BaseCommand):
    help = (
        "Publishes the pending versions whose hour has come. New records become public at their hour by themselves. "
        "Exit code 1 when something could not be published; it waits for a reviewer again."
    )

    def handle(self, *args, **options) -> None:
        steps = publish_due()
        stopped = [step for step in steps if step.action == EditorialStep.Action.STOP]
        for step in steps:
            outcome = f"not published, back in review: {step.comment}" if step in stopped else "published"
            self.stdout.write(f"{step.content_type.model} {step.name}: {outcome}")
        if not steps:
            self.stdout.write("Nothing is due.")
        if stopped:
            raise SystemExit(1)
