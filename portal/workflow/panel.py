"""What stands above the form of a record: where it is on its way, the buttons that lead on, and its log."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.entries import LANGUAGES
from portal.models import Editorial, State
from portal.workflow.models import EditorialStep, PendingVersion
from portal.workflow.previews import has_page, shared_addresses, sign
from portal.workflow.steps import Place, Standing, Step, open_steps

SHOWN_STEPS = 50
STATES = {**dict(State.choices), **dict(PendingVersion.State.choices)}


@dataclass(frozen=True)
class Line:
    """One step of the log in words."""

    step: EditorialStep
    what: str

    @property
    def who(self) -> str:
        return self.step.username or _("the clock")


def log_of(record: Editorial) -> list[Line]:
    return lines(EditorialStep.objects.of(record)[:SHOWN_STEPS])


def lines(steps: Iterable[EditorialStep]) -> list[Line]:
    return [Line(step, words_of(step)) for step in steps]


def words_of(step: EditorialStep) -> str:
    what = step.get_action_display()
    if step.is_pending and step.action not in (EditorialStep.Action.DISCARD, EditorialStep.Action.APPLY):
        what = _("Pending version: %(what)s") % {"what": what[:1].lower() + what[1:]}
    return what


def address(record: Editorial, name: str, *more: str) -> str:
    return reverse(f"admin:workflow_{name}", args=[record._meta.label_lower, record.pk, *more])


def form_address(record: Editorial) -> str:
    options = type(record)._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[record.pk])


def button(record: Editorial, step: Step) -> dict[str, Any]:
    return {"label": step.label, "url": address(record, "step", step.action), "name": step.action}


def preview_addresses(record: Editorial) -> dict[str, str]:
    return {language: address(record, "preview", language) for language in LANGUAGES}


def panel(request: HttpRequest, record: Editorial) -> dict[str, Any]:
    """The context of `admin/workflow/panel.html`."""
    standing = Standing(record)
    place = standing.place
    is_previewed = has_page(record) and place != Place.PUBLISHED
    return {
        "place": place,
        "label": place.label,
        "pending": standing.pending,
        "public_address": record.get_absolute_url() if record.is_public and has_page(record) else "",
        "buttons": [button(record, step) for step in open_steps(request.user, standing)],
        "changes_address": address(record, "changes") if place != Place.PUBLISHED else "",
        "has_page": has_page(record),
        "previews": preview_addresses(record) if is_previewed else {},
        "shared": shared_links(request, record) if is_previewed else {},
        "lines": log_of(record),
        "record": record,
    }


def shared_links(request: HttpRequest, record: Editorial) -> dict[str, str]:
    """Whole addresses, to be copied into a letter."""
    return {language: request.build_absolute_uri(path) for language, path in shared_addresses(sign(record)).items()}
