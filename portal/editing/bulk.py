"""Changes to many records at once: chosen in a list, confirmed on a page that says what will happen, one revision."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.editing.addresses import same_page
from portal.editing.choices import KnownChoices, ManyField
from portal.models import Editorial, State
from portal.revisions import keep_revision, keep_what_was_loaded
from portal.workflow.models import PendingVersion
from portal.workflow.pending import change_as_pending, locked, may_change

MOST = 200  # records in one change


class AddedForm(forms.Form):
    """What is added to each of the records: boxes to tick, or, of what has web addresses, found by typing or pasted."""

    added = ManyField(queryset=None, required=False)
    addresses = forms.CharField(
        label=gettext_lazy("Or web addresses, one a line"), required=False, widget=AdminTextareaWidget({"rows": 3})
    )

    def __init__(self, field: models.ManyToManyField, model_admin: ModelAdmin, request: HttpRequest, data=None) -> None:
        super().__init__(data)
        related = model_admin.related_admin(field)
        self.address_field = related.address_field
        added = self.fields["added"]
        if self.address_field:
            added.widget = KnownChoices(field, model_admin.admin_site)
        else:
            added.widget = forms.CheckboxSelectMultiple()
            del self.fields["addresses"]
        added.queryset = related.get_queryset(request).order_by(*related.get_ordering(request))
        added.label_from_instance = related.choice_label
        added.label = capfirst(field.verbose_name)

    def clean(self) -> dict:
        cleaned = super().clean()
        found, unknown = list(cleaned.get("added", [])), []
        for line in cleaned.get("addresses", "").split():
            at_address = same_page(self.fields["added"].queryset, self.address_field, line)
            found += at_address
            unknown += [] if at_address else [line]
        if unknown:
            self.add_error("addresses", _("Not registered yet: %(addresses)s") % {"addresses": ", ".join(unknown)})
        elif not found and not self.errors:
            self.add_error("added", _("Say what is to be added."))
        return cleaned | {"added": found}


def parted(user: Any, records: list[models.Model]) -> tuple[list[models.Model], list[models.Model]]:
    """Those that the editor may change, and those that stay as they are."""
    ask_what_waits(records)
    allowed = [record for record in records if may_change(user, record)]
    return allowed, [record for record in records if record not in allowed]


def ask_what_waits(records: list[models.Model]) -> None:
    """Tell each published record its pending version; one query for all, where `may_change` would ask one by one."""
    public = [record for record in records if is_public_text(record)]
    if public:
        versions = PendingVersion.objects.filter(
            content_type=ContentType.objects.get_for_model(public[0]), object_id__in=[record.pk for record in public]
        )
        waiting = {version.object_id: version for version in versions}
        for record in public:
            record.waiting = waiting.get(record.pk)


def is_public_text(row: models.Model) -> bool:
    return isinstance(row, Editorial) and row.state == State.PUBLISHED


def add_to(record: models.Model, field: str, added: list[models.Model]) -> None:
    getattr(record, field).add(*added)
    record.save()


def add_to_each(user: Any, records: list[models.Model], field: str, added: list[models.Model]) -> list[models.Model]:
    """Add what is missing, to what is published in its pending version, as one revision; the records changed."""
    wanted = {each.pk for each in added}
    with transaction.atomic():
        models.prefetch_related_objects(records, field)
        lacking = [each for each in records if wanted - {known.pk for known in getattr(each, field).all()}]
        keep_what_was_loaded([record for record in lacking if not is_public_text(record)])
        for record in lacking:
            if is_public_text(record):
                change_as_pending(user, locked(record), partial(add_to, record, field, added))
            else:
                add_to(record, field, added)
        keep_revision(user, "changed", [record for record in lacking if not is_public_text(record)])
    return lacking


def adder(field_name: str, title: Any) -> Callable:
    """An action of a list that adds to a relation of the chosen records."""

    @admin.action(description=title, permissions=["change"])
    def action(model_admin: ModelAdmin, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        records = list(queryset[: MOST + 1])
        if len(records) > MOST:
            messages.error(request, _("Choose at most %(count)s records at once.") % {"count": MOST})
            return None
        allowed, refused = parted(request.user, records)
        field = model_admin.opts.get_field(field_name)
        form = AddedForm(field, model_admin, request, request.POST if "confirmed" in request.POST else None)
        if allowed and form.is_valid():
            report(request, add_to_each(request.user, allowed, field_name, form.cleaned_data["added"]), refused)
            return None
        return confirmation(model_admin, request, title=title, form=form, allowed=allowed, refused=refused)

    action.__name__ = f"add_{field_name}"
    return action


def report(request: HttpRequest, changed: list[models.Model], refused: list[models.Model]) -> None:
    message = ngettext("%(count)s record was changed.", "%(count)s records were changed.", len(changed))
    messages.success(request, message % {"count": len(changed)})
    if public := sum(map(is_public_text, changed)):
        message = _("Public ones among them: %(count)s. They get it when their pending version is approved.")
        messages.info(request, message % {"count": public})
    if refused:
        names = "; ".join(str(record) for record in refused)
        messages.warning(request, _("Not changed, because you may not edit them: %(names)s") % {"names": names})


def confirmation(
    model_admin: ModelAdmin,
    request: HttpRequest,
    *,
    title: Any,
    form: AddedForm,
    allowed: list[models.Model],
    refused: list[models.Model],
) -> TemplateResponse:
    """The page that asks what to add, and names every record that will change or will not."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "form": form,
        "media": model_admin.media + form.media,
        "allowed": [(record.pk, model_admin.choice_label(record)) for record in allowed],
        "refused": [model_admin.choice_label(record) for record in refused],
        "action": request.POST["action"],
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/editing/bulk.html", context)
