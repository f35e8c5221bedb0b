"""The editors' pages of the history: what changed, compare, restore, recover."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from reversion.models import Version

from portal.history.content import Key, stored_whole
from portal.history.moments import Moment, differences, moments_of, whole_at
from portal.history.restoring import CannotRestore, Restoration, recovery, restoration, restore
from portal.history.shown import ShownChange, names_for, shown_change, shown_moments
from portal.models import Editorial
from portal.revisions import DELETED
from portal.workflow.pending import open_form

A_PAGE = 20
NOW = "now"


class HistoryMixin:
    """Gives the admin of a model its history, in place of Django's, and the way back."""

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("deleted/", view(self.deleted_view), name=f"{name}_deleted"),
            path("deleted/<int:number>/", view(self.recover_view), name=f"{name}_recover"),
            path("<int:number>/restore/<int:moment>/", view(self.restore_view), name=f"{name}_restore"),
            *super().get_urls(),
        ]

    def address(self, page: str, *arguments: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        request.current_app = self.admin_site.name
        whole = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/history/{template}.html", whole)

    def found(self, request: HttpRequest, number: Any) -> Any:
        """The record, if it is there and its editor may see it. Raises Http404 and PermissionDenied."""
        record = self.get_object(request, str(number))
        if record is None:
            raise Http404(number)
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        return record

    # What changed

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        record = self.found(request, record.pk)
        key, moments = (self.model, record.pk), moments_of(self.model, record.pk)
        newest_first = Paginator(moments[::-1], A_PAGE).get_page(request.GET.get("page"))
        return self.page(
            request,
            "history",
            _("History: %(name)s") % {"name": self.choice_label(record)},
            record=record,
            page=newest_first,
            moments=shown_moments(key, list(newest_first), moments[0] if moments else None),
            may_restore=self.has_change_permission(request),
            comparison=self.comparison(request, record, moments),
            asked={name: request.GET.get(name) for name in ("earlier", "later")},
        )

    def comparison(self, request: HttpRequest, record: Any, moments: list[Moment]) -> dict | None:
        """What differs between the two versions that were chosen; None where none were."""
        now = stored_whole(record)
        known = {str(moment.number): moment for moment in moments}
        chosen = [known.get(request.GET.get("earlier", "")), known.get(request.GET.get("later", ""))]
        if chosen[0] is None or (chosen[1] is None and request.GET.get("later") != NOW):
            return None
        if chosen[1] is not None and chosen[1].date < chosen[0].date:
            chosen.reverse()
        wholes = [whole_at(moment, moments, now) if moment else now for moment in chosen]
        shown = show((self.model, record.pk), differences(*wholes))
        return {"earlier": chosen[0], "later": chosen[1], "changes": shown}

    # The way back

    def restore_view(self, request: HttpRequest, number: int, moment: int) -> HttpResponse:
        """What would change; by POST it does, in what is public as a version that waits beside it."""
        record = self.found(request, number)
        if not self.has_change_permission(request, record):
            raise PermissionDenied
        page = partial(self.restore_page, request, number, moment)
        return open_form(request, record, page) if isinstance(record, Editorial) else page()

    def restore_page(self, request: HttpRequest, number: int, moment: int) -> HttpResponse:
        record = self.found(request, number)
        moments = moments_of(self.model, number)
        chosen = next((each for each in moments if each.number == moment), None)
        if chosen is None or (self.model, number) not in chosen.after:
            raise Http404(moment)
        asked = restoration(record, chosen, moments, request.user)
        when = date_format(localtime(chosen.date), "SHORT_DATETIME_FORMAT")
        return self.go_back(
            request,
            asked,
            chosen,
            title=_("Restore the version of %(when)s") % {"when": when},
            record=record,
            done=_("The version of %(when)s was restored.") % {"when": when},
        )

    def go_back(
        self, request: HttpRequest, asked: Restoration, chosen: Moment | None, title: str, done: str, **context: Any
    ) -> HttpResponse:
        if not getattr(request, "as_pending", False) and not asked.may(request.user, context["record"]):
            raise PermissionDenied
        reasons = []
        if request.method == "POST":
            reasons = self.attempt(request, asked, chosen)
            if not reasons:
                request.is_saved = True
                self.message_user(request, done, messages.SUCCESS)
                return redirect(self.address("change", asked.record[1]))
        return self.page(
            request,
            "restore",
            title,
            asked=asked,
            changes=show(asked.record, asked.changes),
            gone=[(relation.is_needed, relation.sentence(asked.target)) for relation in asked.gone],
            reasons=reasons,
            **context,
        )

    def attempt(self, request: HttpRequest, asked: Restoration, chosen: Moment | None) -> list[str]:
        """Do it; gives the reasons where it cannot be done."""
        if request.POST.get("seal") != asked.seal:
            return [_("The record was changed while you looked at this page. See what would change now, then decide.")]
        try:
            restore(request.user, asked, chosen and chosen.date, drop_gone="drop_gone" in request.POST)
        except CannotRestore as error:
            return error.reasons
        return []

    # What was deleted

    def deleted_versions(self) -> QuerySet:
        """The last version of each record that is not there any more, the last deleted first."""
        return Version.objects.get_deleted(self.model).select_related("revision__user").order_by("-pk")

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        page = Paginator(self.deleted_versions(), A_PAGE).get_page(request.GET.get("page"))
        rows = [(version, version.revision.comment.endswith(f": {DELETED}")) for version in page]
        title = _("Deleted: %(kind)s") % {"kind": self.opts.verbose_name_plural}
        return self.page(request, "deleted", title, page=page, rows=rows, may_recover=self.may_recover(request))

    def may_recover(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def recover_view(self, request: HttpRequest, number: int) -> HttpResponse:
        if not self.may_recover(request):
            raise PermissionDenied
        if self.model._base_manager.filter(pk=number).exists():
            return redirect(self.address("change", number))
        asked = recovery(self.model, number, request.user)
        if asked is None:
            raise Http404(number)
        name = capfirst(str(self.opts.verbose_name))
        return self.go_back(
            request,
            asked,
            None,
            title=_("Recover what was deleted"),
            record=None,
            rows=shown_rows(asked),
            done=_("%(kind)s recovered, with its rows.") % {"kind": name},
        )


def show(record: Key, changes: list) -> list[ShownChange]:
    names = names_for(changes)
    return [shown_change(record, change, names) for change in changes]


def shown_rows(asked: Restoration) -> list[ShownChange]:
    """A deleted record as its fields and rows say."""
    names = names_for(asked.changes)
    return [shown_change((type(None), 0), change, names) for change in asked.changes]
