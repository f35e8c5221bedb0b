"""What each step asks for."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.workflow.content import CURRENT, PENDING
from portal.workflow.models import EditorialStep

Action = EditorialStep.Action


class StepForm(forms.Form):
    """A comment, and what was seen when the step was decided on."""

    seen = forms.CharField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the log of the record, for editors only."),
    )


class ReturnForm(StepForm):
    comment = forms.CharField(
        label=_("What should change?"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Kept in the log of the record, for editors only."),
    )


class WithdrawForm(StepForm):
    """The reason stands on the public page, so it is there in both languages."""

    reason_vi = forms.CharField(
        label=_("Reason, in Vietnamese"),
        widget=forms.Textarea(attrs={"rows": 3, "lang": "vi"}),
        help_text=_("Shown on the page of the record, which stays as a notice."),
    )
    reason_en = forms.CharField(
        label=_("Reason, in English"),
        widget=forms.Textarea(attrs={"rows": 3, "lang": "en"}),
        help_text=_("Shown on the page of the record, which stays as a notice."),
    )
    field_order = ["seen", "reason_vi", "reason_en", "comment"]


class ApproveForm(StepForm):
    """Now or at a set time; why it is one's own work; and, where both sides changed the same, which is right."""

    NOW, LATER = "now", "later"

    when = forms.ChoiceField(
        label=_("When does it become public?"),
        choices=[(NOW, _("Now")), (LATER, _("At a set time"))],
        initial=NOW,
        widget=forms.RadioSelect,
    )
    due = forms.DateTimeField(
        label=_("Public from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Only for a set time. Time of Hanoi."),
    )
    field_order = ["seen", "when", "due", "own_work_reason"]

    def __init__(self, *args: Any, is_own_work: bool, clashes: list[tuple[str, str]], **kwargs: Any) -> None:
        """`clashes`: the name of each with what it is shown as."""
        super().__init__(*args, **kwargs)
        self.clash_names = [name for name, _label in clashes]
        if is_own_work:
            self.fields["own_work_reason"] = forms.CharField(
                label=_("Why do you approve your own work?"),
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text=_("You submitted this or changed it since. The reason is kept in the log."),
            )
        for number, (_name, label) in enumerate(clashes):
            self.fields[f"clash-{number}"] = forms.ChoiceField(
                label=label,
                choices=[(PENDING, _("What is pending")), (CURRENT, _("What is published"))],
                widget=forms.RadioSelect,
            )
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        due = cleaned.get("due")
        if cleaned.get("when") == self.LATER and not due and "due" not in self.errors:
            self.add_error("due", _("Say from when it is public."))
        if cleaned.get("when") == self.LATER and isinstance(due, datetime) and due <= timezone.now():
            self.add_error("due", _("This moment is over. Choose one that lies ahead."))
        if cleaned.get("when") == self.NOW:
            cleaned["due"] = None
        cleaned["choices"] = {
            name: cleaned[f"clash-{number}"]
            for number, name in enumerate(self.clash_names)
            if cleaned.get(f"clash-{number}")
        }
        return cleaned


FORMS = {Action.RETURN: ReturnForm, Action.WITHDRAW: WithdrawForm, Action.APPROVE: ApproveForm}
