from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Vocabulary and sources")

    def ready(self) -> None:
        """Roles, the log of sign-ins, the history, the translation desk and pending versions listen."""
        listeners = ("accounts.roles", "accounts.events", "history.places", "translations.follow", "workflow.pending")
        for listener in listeners:
            import_module(f"portal.{listener}")


class EditingConfig(admin_apps.AdminConfig):
    """Django's admin, with the site of the register's editors as the default one."""

    default = False  # named in the settings; the app `portal` is the class above
    default_site = "portal.admin_site.EditingSite"

    def ready(self) -> None:
        """Every list says what it is as data (`portal.tables`); only here the texts have their languages.

        Our admin of accounts comes after every other, because it takes the place of some.
        """
        autodiscover_modules("exports", "catalogue")
        super().ready()
        for listed in ("accounts", "reports"):
            import_module(f"portal.{listed}.admin")
