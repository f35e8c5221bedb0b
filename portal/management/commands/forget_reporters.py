"""What the privacy note of the form promises, for cron; handling a report does it too."""

from django.core.management.base import BaseCommand

from portal.reports.models import ErrorReport


class Command(BaseCommand):
    help = "Erases the e-mail addresses of reporters: 90 days after their report was closed, a year after it was sent."

    def handle(self, *args, **options) -> None:
        self.stdout.write(f"E-mail addresses erased: {ErrorReport.objects.forget_reporters()}.")
