"""The correction note: what an editor tells visitors with a change to a record that they can see."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from reversion.models import Revision

from portal.history.models import CorrectionNote, WaitingNote
from portal.history.presence import place_of
from portal.models import LANGUAGES, Editorial
from portal.revisions import keep_revision


class CorrectionNoteForm(forms.ModelForm):
    """Both languages or none."""

    prefix = "correction"

    class Meta:
        model = CorrectionNote
        fields = ["text_vi", "text_en"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for language in LANGUAGES:
            field = self.fields[f"text_{language}"]
            field.required = False
            field.widget = forms.Textarea({"rows": 2, "lang": language, "class": "vLargeTextField", "maxlength": 1000})

    def clean(self) -> dict:
        texts = super().clean()
        given = [language for language in LANGUAGES if texts.get(f"text_{language}")]
        if len(given) == 1:
            [missing] = set(LANGUAGES) - set(given)
            self.add_error(f"text_{missing}", _("Write the note in both languages, or in none."))
        return texts

    def _post_clean(self) -> None:
        """Where it belongs is known only when the change is saved."""

    @property
    def is_given(self) -> bool:
        return self.is_bound and self.is_valid() and bool(self.cleaned_data["text_vi"])

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


def takes_notes(record: models.Model | None) -> bool:
    return isinstance(record, Editorial) and record.is_public


def keep_note(texts: dict[str, str], user: Any, record: models.Model, moment: datetime) -> None:
    """Write the note down with the revision of the change that was just saved."""
    made = Revision.objects.filter(date_created=moment, user=user)
    if not made.exists():  # nothing but a note was sent
        keep_revision(user, "changed", [record], moment)
    CorrectionNote.objects.create(**place_of(record), revision=made.latest("pk"), date=moment, **texts)


# The note of a pending version


def waiting_texts(pending: models.Model | None) -> dict[str, str]:
    note = WaitingNote.objects.filter(pending=pending).first() if pending else None
    return {"text_vi": note.text_vi, "text_en": note.text_en} if note else {}


def let_wait(form: CorrectionNoteForm, pending: models.Model | None) -> None:
    """Keep the note of the form with the version that waits; an emptied one is none."""
    if pending and form.is_given:
        WaitingNote.objects.update_or_create(pending=pending, defaults=form.texts)
    elif pending:
        WaitingNote.objects.filter(pending=pending).delete()


def publish_waiting_note(pending: models.Model, user: Any, record: models.Model, moment: datetime) -> None:
    if texts := waiting_texts(pending):
        keep_note(texts, user, record, moment)
