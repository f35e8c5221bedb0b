"""The form of a visitor: short, without an account, and dull for programs that fill in every form they meet."""

import ipaddress
from datetime import timedelta
from functools import partial

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.accounts.lockout import client_address
from portal.limits import has_room
from portal.reports.models import ErrorReport
from portal.text import normalise

QUICKEST = timedelta(seconds=3)
SLOWEST = timedelta(days=1)
AN_HOUR = 60 * 60
SHORTEST_TEXT = 10
signer = TimestampSigner(salt="portal.reports")


class ReportForm(forms.ModelForm):
    """What is wrong; and, for programs, a field that people leave empty and a stamp of when the page was made."""

    homepage = forms.CharField(required=False, label=_("Leave this field empty"))
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = ErrorReport
        fields = ["text", "source_url", "email"]
        field_classes = {"source_url": partial(forms.URLField, assume_scheme="https")}
        labels = {
            "text": _("What is wrong?"),
            "source_url": _("Where is it right? Address of a source"),
            "email": _("Your e-mail address"),
        }
        help_texts = {
            "text": _("Quote the words of the page that are wrong, and say what is right."),
            "source_url": _("Optional. Facts are changed only where a source says so."),
            "email": _("Optional, for questions of the editors."),
        }
        widgets = {"text": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args, page: str, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        self.fields["opened"].initial = signer.sign(page)
        for name in ("text", "source_url", "email"):
            self.fields[name].widget.attrs["class"] = "input"
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        self.fields["homepage"].widget.attrs |= {"autocomplete": "off", "tabindex": "-1"}

    def clean_text(self) -> str:
        text = normalise(self.cleaned_data["text"])
        if len(text) < SHORTEST_TEXT:
            raise ValidationError(_("Please say a little more, so that an editor can find the error."))
        return text

    def clean_source_url(self) -> str:
        address = self.cleaned_data["source_url"]
        if address and not address.lower().startswith(("http://", "https://")):
            raise ValidationError(_("The address must begin with http:// or https://."))
        return address

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            raise ValidationError(_("This field is there for programs only. Empty it, and send again."))
        return ""

    def clean_opened(self) -> str:
        """The stamp of this page, not of a moment ago nor of yesterday; the form sent back has a new one."""
        stamp = self.cleaned_data["opened"]
        if read_stamp(stamp, SLOWEST) != self.page:
            self.data = self.data.copy()
            self.data["opened"] = signer.sign(self.page)
            raise ValidationError(_("This page was open for too long. Look your text over, and send it again."))
        if read_stamp(stamp, QUICKEST):
            raise ValidationError(_("That was very quick. Look your text over, and send it again."))
        return stamp


def read_stamp(stamp: str, max_age: timedelta) -> str:
    """What was stamped; empty when it was not by us, or longer ago."""
    try:
        return signer.unsign(stamp, max_age=max_age)
    except BadSignature:
        return ""


def may_report(request: HttpRequest) -> bool:
    """Whether the hour still has room for a report from where the request comes from; counts it."""
    return has_room(f"reports:{neighbourhood(client_address(request))}", settings.REPORTS_AN_HOUR, AN_HOUR)


def neighbourhood(address: str | None) -> str:
    """What counts as one sender: an address, or the network of 64 bits that one subscriber has of IPv6."""
    if address is None or ipaddress.ip_address(address).version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)
