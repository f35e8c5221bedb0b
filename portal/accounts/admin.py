"""The list of users: roles instead of single permissions, and no way to rise above oneself."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts.roles import ROLES
from portal.editing.choices import ManyField

# Roles are made by the code, secrets are nobody's to read.
for model in (User, Group, TOTPDevice, StaticDevice):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class RolesField(ManyField):
    """The groups, by what they mean."""

    def label_from_instance(self, group: Group) -> str:
        return str(ROLES.get(group.name, group.name))


class AccountForm(UserChangeForm):
    groups = RolesField(
        Group.objects.all(),
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody has a right that no role gives."),
    )


class PasswordForm(AdminPasswordChangeForm):
    """Django's, whose explanation of the second choice is in English only."""

    usable_password_help_text = _(
        "Switched off, the present password is lost, and the account cannot sign in until it is given another."
    )


@admin.register(User)
class AccountAdmin(UserAdmin):
    form = AccountForm
    change_password_form = PasswordForm
    change_form_template = "admin/accounts/user_form.html"
    list_display = ["username", "first_name", "last_name", "email", "roles", "may_sign_in", "last_login"]
    list_filter = ["is_active", "is_superuser"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Personal info"), {"fields": ["last_name", "first_name", "email"]}),
        (_("What the account may do"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        names = [str(ROLES.get(group.name, group.name)).partition(":")[0] for group in user.groups.all()]
        return ", ".join(names) or "–"

    @admin.display(description=_("active"), ordering="is_active")
    def may_sign_in(self, user: User) -> str:
        """In words: the picture that Django draws is described in English only."""
        return _("Yes") if user.is_active else _("No")

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_change_permission(self, request, obj=None):
        """A superuser's account is for superusers: whoever could set its password could become it."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)

    def has_delete_permission(self, request, obj=None):
        """An account that worked here stays, so that its work keeps a name; it is made inactive instead."""
        return super().has_delete_permission(request, obj) and request.user.is_superuser
