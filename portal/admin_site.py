"""The editors' site: Django's admin with the register's names and order."""

from collections.abc import Callable
from functools import wraps
from itertools import chain
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from portal.accounts.second_factor import has_second_factor, needs_second_factor
from portal.accounts.sessions import note_device
from portal.accounts.views import pages as account_pages
from portal.dashboard import panels, waiting
from portal.editing.addresses import looks_like_address, whole_address
from portal.editing.given_back import give_back_refused, give_back_signed_out
from portal.editing.saved_filters import pages as filter_pages
from portal.guide import pages as guide_pages
from portal.models import Conflict
from portal.sync.views import pages as sync_pages
from portal.translations.views import pages as translation_pages
from portal.workflow.views import pages as workflow_pages


class ChoicesView(AutocompleteJsonView):
    """The choices of a relation, named as the forms name them; for an unknown web address, to add it."""

    def get(self, request, *args, **kwargs):
        answer = super().get(request, *args, **kwargs)
        field, term = getattr(self.model_admin, "address_field", ""), self.term.strip()
        may_add = field and looks_like_address(term) and self.model_admin.has_add_permission(request)
        if not may_add or self.object_list.exists():
            return answer
        text = gettext("Not registered yet; add it: %(address)s") % {"address": term}
        new = {"id": f"new:{urlencode({field: whole_address(term)})}", "text": text}
        return JsonResponse({"results": [new], "pagination": {"more": False}})

    def serialize_result(self, obj, to_field_name):
        result = super().serialize_result(obj, to_field_name)
        if hasattr(self.model_admin, "choice_label"):
            result["text"] = self.model_admin.choice_label(obj)
        return result


class EditingSite(AdminSite):
    site_header = _("ASEAN digital cooperation: editing")
    site_title = _("ASEAN digital cooperation: editing")
    index_title = _("The register")
    # As the editors work: a meeting first, then what follows from it.
    app_order = ("meetings", "initiatives", "portal")

    def get_urls(self) -> list:
        pages = (account_pages, guide_pages, sync_pages, filter_pages, translation_pages, workflow_pages)
        return [*chain.from_iterable(each(self) for each in pages), *super().get_urls()]

    def page(self, page: Callable, gate: Callable | None = None) -> Callable:
        """A page of ours, which is told its site; behind `admin_view` unless another gate is named."""

        @wraps(page)
        def on_site(request: HttpRequest, *args, **kwargs):
            return page(request, self, *args, **kwargs)

        return (gate or self.admin_view)(on_site)

    # Two steps to sign in: the password, then the second factor where there is or must be one

    def has_password(self, request: HttpRequest) -> bool:
        """Whether an editor's password was given."""
        return super().has_permission(request)

    def next_step(self, request: HttpRequest) -> str:
        """The page that asks for what is missing after the password; empty when nothing is."""
        if request.user.is_verified():
            return ""
        if has_second_factor(request.user):
            return "admin:account_code"
        return "admin:account_set_up" if needs_second_factor(request.user) else ""

    def has_permission(self, request: HttpRequest) -> bool:
        return self.has_password(request) and not self.next_step(request)

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Every page of the site: whoever is half signed in is led to the next step, and no further.

        A form that cannot be taken is given back with what was typed.
        """
        if view == self.logout:
            return self.password_view(view)
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def stepwise(request: HttpRequest, *args, **kwargs):
            is_refused = request.method == "POST" and not self.has_permission(request)
            if is_refused and (page := give_back_signed_out(self, request)):
                return page
            if self.has_password(request):
                if step := self.next_step(request):
                    return redirect(f"{reverse(step)}?{urlencode({'next': request.get_full_path()})}")
                note_device(request)
            try:
                return guarded(request, *args, **kwargs)
            except (Http404, PermissionDenied) as refusal:
                if page := give_back_refused(self, request, refusal):
                    return page
                raise

        return stepwise

    def password_view(self, view: Callable) -> Callable:
        """The pages of the second step, and the way out: a password is enough for them."""

        def half_way(request: HttpRequest, *args, **kwargs):
            if not self.has_password(request):
                back = reverse("admin:index") if view == self.logout else request.get_full_path()
                return redirect_to_login(back, reverse("admin:login"))
            return view(request, *args, **kwargs)

        return never_cache(csrf_protect(half_way))

    def login(self, request: HttpRequest, extra_context=None):
        """Whoever is half signed in needs no second look at the form for the password."""
        if request.method == "GET" and self.has_password(request):
            return redirect("admin:index")
        return super().login(request, extra_context)

    def index(self, request, extra_context=None):
        """Says, above the models, what waits for the editor."""
        context = {
            "waiting_conflicts": Conflict.objects.count(),
            "waiting": waiting(self, request),
            "panels": panels(self, request),
        }
        return super().index(request, {**context, **(extra_context or {})})

    def admins_in_order(self) -> list:
        """The admin of every model, ours in the order in which editors work."""
        rank = {label: number for number, label in enumerate(self.app_order)}
        return sorted(self._registry.values(), key=lambda each: rank.get(each.opts.app_label, len(rank)))

    def autocomplete_view(self, request):
        return ChoicesView.as_view(admin_site=self)(request)

    def get_app_list(self, request, app_label=None):
        """Our apps first, and their models in the order in which they are registered."""
        rank = {label: number for number, label in enumerate(self.app_order)}
        apps = sorted(super().get_app_list(request, app_label), key=lambda app: rank.get(app["app_label"], len(rank)))
        registered = list(self._registry)
        for app in apps:
            if app["app_label"] in rank:
                app["models"].sort(key=lambda entry: registered.index(entry["model"]))
        return apps
