"""The correction note: what an editor tells visitors with a change to a record that they can see."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _
from reversion.models import Revision

from portal.history.models import CorrectionNote
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


def takes_notes(record: models.Model | None) -> bool:
    return isinstance(record, Editorial) and record.is_public


def keep_note(form: CorrectionNoteForm, user: Any, record: models.Model, moment: datetime) -> None:
    """Write the note down with the revision of the change that was just saved."""
    made = Revision.objects.filter(date_created=moment, user=user)
    if not made.exists():  # nothing but a note was sent
        keep_revision(user, "changed", [record], moment)
    texts = {name: form.cleaned_data[name] for name in ("text_vi", "text_en")}
    CorrectionNote.objects.create(**place_of(record), revision=made.latest("pk"), date=moment, **texts)
