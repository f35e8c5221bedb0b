"""The editors' pages of content updates: history, conflicts, uploads with a preview, spreadsheets."""

import hashlib
import io
from datetime import timedelta
from itertools import groupby, islice
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal.accounts.roles import may_edit, may_give_state
from portal.editing.given_back import give_back_settled
from portal.models import Conflict, LoadedState, Part, Sync
from portal.sync.engine import WRITTEN, Busy, Entry, Options, Report, run, settle
from portal.sync.merge import Outcome
from portal.sync.reading import Reader
from portal.sync.report import diff_parts, model_name, outcome_label, quoted, summary
from portal.sync.sheets import NotASheet, SheetSource, cell_text, cell_value, sheet_of
from portal.sync.values import KeyIndex, Plain, allowed, merged_fields, models_by_label, stored_values

MOST_BYTES = 10 * 2**20
SHOWN = 300  # entries on one page
A_PAGE = 20  # of conflicts
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def pages(site: Any) -> list:
    """The addresses, below those of the admin site."""
    return [
        path("sync/", site.page(history), name="sync_history"),
        path("sync/<int:number>/", site.page(one_sync), name="sync_detail"),
        path("sync/conflicts/", site.page(conflicts), name="sync_conflicts"),
        path("sync/conflicts/<int:number>/", site.page(require_POST(settle_conflict)), name="sync_settle"),
        path("sync/upload/", site.page(upload), name="sync_upload"),
        path("sync/upload/<int:number>/", site.page(preview), name="sync_preview"),
        path("sync/sheet/<str:label>/", site.page(sheet), name="sync_sheet"),
    ]


def render(request: HttpRequest, site: Any, template: str, title: str, **context: Any) -> TemplateResponse:
    whole = {**site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"admin/sync/{template}.html", whole)


def demand(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


# What is shown of a record and its fields


def field_of(kind: str, name: str) -> models.Field | None:
    model = models_by_label().get(kind)
    return merged_fields(model).get(name) if model else None


def field_label(kind: str, name: str) -> str:
    field = field_of(kind, name)
    return str(field.verbose_name) if field else name


def record_link(kind: str, key: str, index: KeyIndex) -> str:
    """Where the record is edited; empty when it is not there."""
    model = models_by_label().get(kind)
    number = index.number(model, key) if model else None
    try:
        return reverse(f"admin:{kind.replace('.', '_')}_change", args=[number]) if number else ""
    except NoReverseMatch:
        return ""


def shown_entries(entries: Any) -> list[dict[str, Any]]:
    """Entries, or the changes of the history, record by record as the pages show them."""
    index, records = KeyIndex(), []
    for (kind, key), parts in groupby(islice(entries, SHOWN), key=lambda entry: (entry.kind, entry.key)):
        fields, whole = [], ""
        for entry in parts:
            if not entry.field:
                whole = outcome_label(entry.outcome)
                continue
            fields.append(
                {
                    "label": field_label(kind, entry.field),
                    "language": getattr(field_of(kind, entry.field), "language", ""),
                    "outcome": entry.outcome,
                    "outcome_label": outcome_label(entry.outcome),
                    "is_conflict": entry.outcome == Outcome.CONFLICT,
                    "diff": diff_parts(entry.database, entry.result) if entry.outcome in WRITTEN else None,
                    "base": quoted(entry.base),
                    "incoming": quoted(entry.incoming),
                    "database": quoted(entry.database),
                }
            )
        name = model_name(kind)
        records.append(
            {"model": name, "key": key, "link": record_link(kind, key, index), "whole": whole, "fields": fields}
        )
    return records


# History


def history(request: HttpRequest, site: Any) -> HttpResponse:
    demand(request, "portal.view_sync")
    runs = Sync.objects.exclude(status=Sync.Status.PREVIEWED).select_related("user")
    page = Paginator(runs, 50).get_page(request.GET.get("page"))
    rows = [(run_, summary(run_.counts)) for run_ in page]
    return render(request, site, "history", _("Content updates"), page=page, rows=rows)


def one_sync(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    demand(request, "portal.view_sync")
    sync = get_object_or_404(Sync.objects.exclude(status=Sync.Status.PREVIEWED).select_related("user"), pk=number)
    total = sync.changes.count()
    return render(
        request,
        site,
        "detail",
        _("Content update"),
        sync=sync,
        summary=summary(sync.counts),
        records=shown_entries(sync.changes.all()),
        hidden=max(total - SHOWN, 0),
    )


# Conflicts


class SettleForm(forms.Form):
    """One of the three values, or another one."""

    choice = forms.ChoiceField(choices=[("incoming", ""), ("database", ""), ("other", "")])
    other = forms.CharField(required=False, strip=False)
    seen = forms.CharField(required=False, strip=False)

    def value(self, conflict: Conflict) -> Plain:
        """The chosen value. Raises ValidationError where the field cannot hold what was written."""
        if self.cleaned_data["choice"] != "other":
            return getattr(conflict, self.cleaned_data["choice"])
        field = field_of(conflict.kind, conflict.field)
        return cell_value(field, self.cleaned_data["other"].replace("\r\n", "\n").strip())


def conflicts(request: HttpRequest, site: Any, refused: dict | None = None) -> HttpResponse:
    demand(request, "portal.view_conflict")
    waiting = Conflict.objects.all()
    numbers = list(waiting.values_list("pk", flat=True)) if refused else []
    # What was written for one that stands further down is on its page, and only there.
    shown = next((place // A_PAGE + 1 for place, number in enumerate(numbers) if number in refused), None)
    page = Paginator(waiting, A_PAGE).get_page(shown or request.GET.get("page"))
    cards = [conflict_card(conflict) | (refused or {}).get(conflict.pk, {}) for conflict in page]
    return render(
        request,
        site,
        "conflicts",
        _("Conflicts to be settled"),
        page=page,
        cards=cards,
        may_settle=request.user.has_perm("portal.change_conflict"),
    )


def conflict_card(conflict: Conflict) -> dict[str, Any]:
    """A conflict with its three values in both languages, where the field has two."""
    refresh(conflict)
    field = field_of(conflict.kind, conflict.field)
    rows = [value_row(conflict, conflict.base, conflict.incoming, conflict.database)]
    stem, _dash, language = conflict.field.rpartition("_")
    other = f"{stem}_{'en' if language == 'vi' else 'vi'}"
    if language in ("vi", "en") and field_of(conflict.kind, other):
        rows.append(other_language(conflict, other))
        rows.sort(key=lambda row: row["language"] != "vi")
    return {
        "conflict": conflict,
        "model": model_name(conflict.kind),
        "label": field_label(conflict.kind, conflict.field),
        "link": record_link(conflict.kind, conflict.key, KeyIndex()),
        "allowed": allowed(field, in_cell=True) if field else "",
        "is_long": isinstance(field, models.TextField),
        "language": getattr(field, "language", ""),
        "is_sheet": conflict.origin == Sync.Origin.SHEET,
        "rows": rows,
        "other": cell_text(conflict.database),
        "seen": fingerprint(conflict),
    }


def refresh(conflict: Conflict) -> bool:
    """Give the conflict what the database says now; False when the record is not there any more."""
    model, index = models_by_label().get(conflict.kind), KeyIndex()
    number = index.number(model, conflict.key) if model else None
    if number is None or conflict.field not in merged_fields(model):
        return False
    conflict.database = stored_values(model, [number], index)[conflict.key][conflict.field]
    return True


def fingerprint(conflict: Conflict) -> str:
    """What an editor saw, to notice when it has changed since."""
    return hashlib.sha256(repr([conflict.base, conflict.incoming, conflict.database]).encode()).hexdigest()


def value_row(conflict: Conflict, base: Plain, incoming: Plain, database: Plain) -> dict[str, Any]:
    unknown = base is None
    return {
        "language": getattr(field_of(conflict.kind, conflict.field), "language", ""),
        "base": _("(not known)") if unknown else quoted(base),
        "incoming": quoted(incoming),
        "database": quoted(database),
        "is_disputed": True,
    }


def other_language(conflict: Conflict, name: str) -> dict[str, Any]:
    """The same text in the other language, for comparison."""
    twin = Conflict.objects.filter(kind=conflict.kind, key=conflict.key, field=name, origin=conflict.origin).first()
    model, index = models_by_label()[conflict.kind], KeyIndex()
    stored = stored_values(model, filter(None, [index.number(model, conflict.key)]), index).get(conflict.key, {})
    state = LoadedState.objects.filter(kind=conflict.kind, key=conflict.key).first()
    loaded = state.values.get(name) if state else None
    return {
        "language": "vi" if name.endswith("_vi") else "en",
        "base": quoted(twin.base if twin else loaded),
        "incoming": quoted(twin.incoming if twin else loaded),
        "database": quoted(stored.get(name)),
        "is_disputed": False,
    }


def demand_settling(request: HttpRequest, conflict: Conflict) -> None:
    """Who loads content settles every conflict; others those of what they may change, and no states."""
    if request.user.has_perm("portal.load_content"):
        return
    model = models_by_label()[conflict.kind]
    demand(request, f"{model._meta.app_label}.{get_permission_codename('change', model._meta)}")
    row = model._default_manager.get(pk=KeyIndex().number(model, conflict.key))
    if not may_edit(request.user, row) or conflict.field == "state":
        demand(request, "portal.publish_content")


def settle_conflict(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    demand(request, "portal.change_conflict")
    conflict = Conflict.objects.filter(pk=number).first()
    if conflict is None:
        return nothing_to_settle(request, site, _("This conflict has been settled already."))
    if not refresh(conflict):
        conflict.delete()
        why = _("The record of this conflict is not there any more; the conflict was removed.")
        return nothing_to_settle(request, site, why)
    demand_settling(request, conflict)
    form = SettleForm(request.POST)
    error = ""
    if not form.is_valid():
        error = _("Choose one of the values, or write another one.")
    elif form.cleaned_data["seen"] != fingerprint(conflict):
        error = _("The values have changed since this page was opened. Look at them again.")
    else:
        try:
            report = settle(conflict, form.value(conflict), request.user)
            error = " ".join(problem.message for problem in report.problems)
            if report.has_conflicts or report.counts[Outcome.DELETED]:
                error = _("The values have changed since this page was opened. Look at them again.")
        except ValidationError as refusal:
            error = " ".join(refusal.messages)
        except Busy as busy:
            error = str(busy)
    if error:
        given = {"error": error, "choice": request.POST.get("choice", ""), "other": request.POST.get("other", "")}
        return conflicts(request, site, {conflict.pk: given})
    messages.success(request, _("The conflict is settled."))
    return redirect("admin:sync_conflicts")


def nothing_to_settle(request: HttpRequest, site: Any, why: str) -> HttpResponse:
    """Whoever wrote another value gets it back."""
    if page := give_back_settled(site, request, why):
        return page
    messages.info(request, why)
    return redirect("admin:sync_conflicts")


# Uploads


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A fixture (.yaml), or a spreadsheet (.xlsx) that was downloaded here; at most 10 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml,.xlsx"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith((".yaml", ".yml", ".xlsx")):
            raise ValidationError(_("Upload a .yaml or an .xlsx file."))
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is larger than 10 MB."))
        return file


def upload(request: HttpRequest, site: Any) -> HttpResponse:
    demand(request, "portal.add_sync")
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        # Previews that nobody applied are not kept.
        Sync.objects.filter(status=Sync.Status.PREVIEWED, started__lt=timezone.now() - timedelta(days=1)).delete()
        is_sheet = file.name.lower().endswith(".xlsx")
        waiting = Sync.objects.create(
            user=request.user,
            origin=Sync.Origin.SHEET if is_sheet else Sync.Origin.FIXTURE,
            status=Sync.Status.PREVIEWED,
            files=file.name[:200],
            waiting_file=file.read(),
        )
        return redirect("admin:sync_preview", waiting.pk)
    return render(request, site, "upload", _("Upload content"), form=form)


def run_upload(waiting: Sync, **options: Any) -> Report:
    """Sync an uploaded file. Raises NotASheet and Busy."""
    content = io.BytesIO(bytes(waiting.waiting_file))
    if waiting.origin == Sync.Origin.SHEET:
        source = SheetSource(waiting.files, content)
    else:

        def source(note):
            return Reader(note).read_stream(waiting.files, content)

    return run(source, Options(user=waiting.user, origin=waiting.origin, files=waiting.files, **options))


def preview(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    """What applying an uploaded file would do; and, by POST, doing it."""
    demand(request, "portal.add_sync")
    waiting = get_object_or_404(Sync, pk=number, status=Sync.Status.PREVIEWED, user=request.user)
    if request.POST.get("action") == "discard":
        waiting.delete()
        messages.info(request, _("The file was discarded; nothing was changed."))
        return redirect("admin:sync_upload")
    applying = request.method == "POST" and bool(waiting.digest)
    try:
        # What the preview showed is checked again, so its permissions hold for what is applied.
        report = run_upload(waiting, dry_run=True)
        forbidden = forbidden_models(request, report)
        if applying and not forbidden and not report.problems:
            report = run_upload(waiting, previewed=waiting.digest)
    except (NotASheet, Busy) as refusal:
        return render(request, site, "preview", _("Preview"), waiting=waiting, refusal=str(refusal))
    if report.applied:
        waiting.delete()
        messages.success(request, _("Applied: %(what)s") % {"what": summary(report.counts)})
        return redirect("admin:sync_conflicts" if report.has_conflicts else "admin:sync_history")
    changed_since = applying and report.digest != waiting.digest
    waiting.digest, waiting.counts = report.digest, {str(outcome): n for outcome, n in report.counts.items()}
    waiting.save()
    return render(
        request,
        site,
        "preview",
        _("Preview"),
        waiting=waiting,
        summary=summary(report.counts),
        problems=report.sorted_problems()[:SHOWN],
        records=shown_entries(report.entries),
        hidden=max(len(report.entries) - SHOWN, 0),
        forbidden=forbidden,
        changed_since=changed_since,
        may_apply=not report.problems and not forbidden and (report.changes_content or report.has_conflicts),
    )


def forbidden_models(request: HttpRequest, report: Report) -> list[str]:
    """The models in which the upload would change what the editor may not: by kind, or because it is public."""
    if request.user.has_perm("portal.load_content"):
        return []
    needed, touched, names = set(), {}, []
    for entry in report.entries:
        if entry.outcome in WRITTEN:
            needed.add((entry.kind, "add" if entry.outcome is Outcome.CREATED else "change"))
            touched.setdefault(entry.kind, {}).setdefault(entry.key, []).append(entry)
    for kind, action in sorted(needed):
        options = models_by_label()[kind]._meta
        allowed = request.user.has_perm(f"{options.app_label}.{get_permission_codename(action, options)}")
        if not allowed or not may_write(request, kind, touched[kind]):
            names.append(str(options.verbose_name_plural))
    return list(dict.fromkeys(names))


def may_write(request: HttpRequest, kind: str, entries: dict[str, list[Entry]]) -> bool:
    """Whether the editor may change these records, by key, as the states stand and as they would be."""
    if request.user.has_perm("portal.publish_content"):
        return True
    model, index = models_by_label()[kind], KeyIndex()
    # A new record is told in one entry, whose result is the state it would have.
    given = [
        entry.result
        for each in entries.values()
        for entry in each
        if entry.field == "state" or (entry.outcome is Outcome.CREATED and entry.result)
    ]
    if not all(may_give_state(request.user, state) for state in given):
        return False
    created = [key for key, each in entries.items() if each[0].outcome is Outcome.CREATED]
    if issubclass(model, Part) and created:
        return False  # whose part it would be, and whether that is public, is for the form to see
    numbers = [index.number(model, key) for key in entries.keys() - set(created)]
    related = [model.parent_field] if issubclass(model, Part) else []
    rows = model._default_manager.select_related(*related) if related else model._default_manager.all()
    return all(may_edit(request.user, row) for row in rows.filter(pk__in=numbers))


def sheet(request: HttpRequest, site: Any, label: str) -> HttpResponse:
    """A list as a spreadsheet, filtered and ordered as the editor sees it."""
    model = models_by_label().get(label)
    if model is None or not site.is_registered(model):
        raise Http404
    model_admin = site.get_model_admin(model)
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    numbers = list(model_admin.get_changelist_instance(request).queryset.values_list("pk", flat=True))
    response = HttpResponse(sheet_of(model, list(dict.fromkeys(numbers))), content_type=SHEET_TYPE)
    name = f"{model._meta.model_name}-{timezone.localdate().isoformat()}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
