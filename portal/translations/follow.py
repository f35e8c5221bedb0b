"""Notices at every write, by whatever way, that a text was changed in one language only.

Signals, because `loaddata` and a content update write rows without calling save(). What `loaddata`
loads has both languages side by side: its command says so afterwards (`forget_outdated`).
"""

from collections.abc import Iterable
from itertools import product

from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from portal.entries import LANGUAGES
from portal.translations.models import OutdatedText
from portal.translations.texts import OTHER, kind_of, translated_fields

Texts = dict[str, str]  # a language, and what the text says in it
PORTION = 500


def columns_of(model: type[Model], written: Iterable[str] | None) -> list[str]:
    """The columns of translated texts that a write may change."""
    columns = [f"{field}_{language}" for field, language in product(translated_fields(model), LANGUAGES)]
    return columns if written is None else [column for column in columns if column in written]


@receiver(pre_save)
def read_texts_before(sender, instance, update_fields=None, **kwargs) -> None:
    """Of a row that is there already, what it says before it is written."""
    columns = columns_of(sender, update_fields)
    if columns and instance.pk:
        instance.texts_before = sender._base_manager.filter(pk=instance.pk).values(*columns).first() or {}


@receiver(post_save)
def follow_texts(sender, instance, **kwargs) -> None:
    before = instance.__dict__.pop("texts_before", {})
    changed = {column for column, text in before.items() if (text or "") != (getattr(instance, column) or "")}
    if not changed:
        return
    rows = OutdatedText.objects.filter(kind=kind_of(sender), record=instance.pk)
    known = {row.field: row for row in rows}
    for field in translated_fields(sender):
        columns = [f"{field}_{language}" for language in LANGUAGES]
        if changed & set(columns):
            now = {language: getattr(instance, f"{field}_{language}") or "" for language in LANGUAGES}
            past = {language: before.get(f"{field}_{language}", now[language]) or "" for language in LANGUAGES}
            row = known.get(field) or OutdatedText(kind=kind_of(sender), record=instance.pk, field=field)
            follow_text(row, past, now)


def follow_text(row: OutdatedText, past: Texts, now: Texts) -> None:
    """Write or take away the row of a text that was changed in at least one language."""
    changed = [language for language in LANGUAGES if past[language] != now[language]]
    is_alone = len(changed) == 1 and all([*past.values(), *now.values()])
    is_even = row.pk and (row.language in changed or row.before == now[OTHER[row.language]])
    if is_alone and not row.pk:
        row.language, row.before = OTHER[changed[0]], past[changed[0]]
        row.save()
    elif row.pk and (is_even or not is_alone):
        row.delete()


@receiver(post_delete)
def forget_deleted(sender, instance, **kwargs) -> None:
    if translated_fields(sender):
        OutdatedText.objects.filter(kind=kind_of(sender), record=instance.pk).delete()


def forget_outdated(model: type[Model], numbers: Iterable[int]) -> None:
    """Take the texts of these records for up to date in both languages."""
    waiting = list(numbers)
    for start in range(0, len(waiting), PORTION):
        OutdatedText.objects.filter(kind=kind_of(model), record__in=waiting[start : start + PORTION]).delete()
