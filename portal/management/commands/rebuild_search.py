"""Makes the search entries of every record anew, from nothing."""

from secrets import token_hex

from django.core.management.base import BaseCommand
from django.db import transaction

from portal.entries import ContentVersion
from portal.models import SearchEntry, editorial_models, search_entries_of

AT_ONCE = 500


class Command(BaseCommand):
    help = "Makes the search entries of every record anew. Needed only after rows were written past Django."

    @transaction.atomic
    def handle(self, *args, **options) -> None:
        SearchEntry.objects.all().delete()
        count = 0
        for model in editorial_models():
            records = model.objects.prefetch_related(*model.searched_parts).iterator(AT_ONCE)
            entries = []
            for record in records:
                entries += search_entries_of(record)
                if len(entries) >= AT_ONCE:
                    count += len(SearchEntry.objects.bulk_create(entries))
                    entries = []
            count += len(SearchEntry.objects.bulk_create(entries))
        # What was found by the entries that are gone is found anew.
        ContentVersion.objects.update_or_create(pk=1, defaults={"version": token_hex(16)})
        self.stdout.write(f"Made {count} search entries.")
