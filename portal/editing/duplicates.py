"""Before a record gets a name: is there already one of nearly the same?"""

import re
from collections.abc import Iterable

from django import forms
from django.db.models import Model
from django.utils.translation import gettext as _
from modeltranslation.translator import NotRegistered, translator
from rapidfuzz import fuzz, process

from portal.editing.addresses import same_page
from portal.text import folded_words

NEAR_ENOUGH = 90  # of 100
SHOWN = 5


def plain(name: str) -> str:
    """The words of a name without marks and signs, in one order whichever way they stand."""
    return " ".join(sorted(folded_words(name)))


def numbers_in(name: str) -> list[str]:
    """What tells the fifth meeting from the sixth."""
    return sorted(re.findall(r"\d+", name))


def name_columns(model: type[Model], field: str) -> list[str]:
    """The columns that hold the name: one a language where it is translated."""
    try:
        is_translated = field in translator.get_options_for_model(model).all_fields
    except NotRegistered:
        is_translated = False
    return [f"{field}_vi", f"{field}_en"] if is_translated else [field]


def near_names(name: str, others: Iterable[tuple[int, str]]) -> dict[int, float]:
    """The numbers of those whose name is nearly the same, with how near it is."""
    candidates = {(key, place): text for place, (key, text) in enumerate(others) if text}
    words = {each: plain(text) for each, text in candidates.items() if numbers_in(text) == numbers_in(name)}
    found = process.extract(plain(name), words, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH, limit=SHOWN)
    return {key: score for _words, score, (key, _place) in found}


def alike(model: type[Model], field: str, names: list[str], but: int | None) -> list[Model]:
    """The records of a kind with nearly one of the names in either language, the nearest first; two queries."""
    columns = name_columns(model, field)
    rows = model._default_manager.exclude(pk=but).order_by().values_list("pk", *columns)
    others = [(key, text) for key, *texts in rows for text in texts]
    scores: dict[int, float] = {}
    for name in names:
        for key, score in near_names(name, others).items():
            scores[key] = max(score, scores.get(key, 0))
    nearest = sorted(scores, key=lambda key: (-scores[key], key))[:SHOWN]
    records = model._default_manager.in_bulk(nearest)
    return [records[key] for key in nearest]


class OnceNamedForm(forms.ModelForm):
    """Asks once whether a record is really another one than those of nearly the same name or at the same address.

    The answer is a tick that names the records that were shown: of any other it asks again.
    """

    ANSWER = "another_than"
    name_field = ""  # empty: names are not compared
    address_field = ""
    alike: list[Model] = []

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors:
            self.alike = self.found_alike()
        answered = set(" ".join(self.data.getlist(self.ANSWER)).split()) if self.alike else set()
        if not {str(record.pk) for record in self.alike} <= answered:
            self.add_error(None, _("There is already a record like this one. Look at it before you save."))
        return cleaned

    def given_anew(self, columns: Iterable[str]) -> list[str]:
        return [text for column in columns if column in self.changed_data and (text := self.cleaned_data.get(column))]

    def found_alike(self) -> list[Model]:
        model, found = self._meta.model, []
        if self.address_field:
            for address in self.given_anew([self.address_field]):
                found += same_page(model.objects.exclude(pk=self.instance.pk), self.address_field, address)
        if self.name_field and (names := self.given_anew(name_columns(model, self.name_field))):
            found += alike(model, self.name_field, names, self.instance.pk)
        return list(dict.fromkeys(found))

    @property
    def keys_alike(self) -> str:
        return " ".join(str(record.pk) for record in self.alike)
