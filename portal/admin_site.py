"""The editors' site: Django's admin with the register's names and order."""

from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.utils.translation import gettext_lazy as _

from portal.models import Conflict
from portal.sync.views import pages as sync_pages


class ChoicesView(AutocompleteJsonView):
    """The choices of a relation, named as the forms name them."""

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
        return [*sync_pages(self), *super().get_urls()]

    def index(self, request, extra_context=None):
        """Says, above the models, whether conflicts wait."""
        return super().index(request, {"waiting_conflicts": Conflict.objects.count(), **(extra_context or {})})

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
