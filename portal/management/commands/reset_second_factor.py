"""The way back for a superuser who lost both the phone and the backup codes."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from portal.accounts.events import record
from portal.accounts.models import AccountEvent
from portal.accounts.second_factor import remove_second_factor


class Command(BaseCommand):
    help = "Takes the second factor from an account; it sets up another when it next signs in."

    def add_arguments(self, parser) -> None:
        parser.add_argument("name")

    def handle(self, *args, **options) -> None:
        user = get_user_model().objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['name']!r}.")
        remove_second_factor(user)
        record(AccountEvent.Kind.FACTOR_RESET, user)
        self.stdout.write(f"The second factor of {user.get_username()} is reset.")
