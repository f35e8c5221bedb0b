"""The boxes in which a relation is found by typing, whatever is sent in place of the number of a record."""

from django import forms
from django.contrib.admin.widgets import AutocompleteMixin, AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db.models import Model


def is_number_of(model: type[Model], text: str) -> bool:
    """Whether a record may have this number; a database asked for any other answers with an error."""
    try:
        model._meta.pk.clean(text, None)
    except ValidationError:
        return False
    return True


class KnownChoicesMixin(AutocompleteMixin):
    """A choice whose selected records may come with the row, so that showing it costs no query."""

    known: dict = {}

    def optgroups(self, name, value, attr=None):
        value = [key for key in value if is_number_of(self.choices.queryset.model, key)]
        chosen = [self.known.get(key) for key in value]
        if None in chosen:
            return super().optgroups(name, value, attr)
        label = self.choices.field.label_from_instance
        options = [self.create_option(name, record.pk, label(record), True, n) for n, record in enumerate(chosen)]
        if not self.is_required and not self.allow_multiple_selected:
            options.insert(0, self.create_option(name, "", "", False, 0))
        return [(None, options, 0)]


class KnownChoice(KnownChoicesMixin, AutocompleteSelect):
    pass


class KnownChoices(KnownChoicesMixin, AutocompleteSelectMultiple):
    pass


class ManyField(forms.ModelMultipleChoiceField):
    """Refuses, as no choice of the list, what cannot be the number of a record."""

    def clean(self, value):
        for key in value or []:
            if not is_number_of(self.queryset.model, key):
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": key})
        return super().clean(value)
