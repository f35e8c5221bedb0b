"""The pages of accounts: the second factor, the devices signed in, the log, and what a maintainer may do for others."""

import math
from typing import Any

import django_otp
from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts import second_factor
from portal.accounts.events import record
from portal.accounts.lockout import is_locked, locked_attempts
from portal.accounts.models import AccountEvent
from portal.accounts.sessions import devices_of, end_devices, note_device

Kind = AccountEvent.Kind
RECENT = 10


def pages(site: Any) -> list:
    """The addresses, below those of the admin site. Two of them are there before the second factor is given."""
    return [
        path("account/", site.page(account), name="account"),
        path("account/code/", site.page(enter_code, site.password_view), name="account_code"),
        path("account/second-factor/", site.page(set_up, site.password_view), name="account_set_up"),
        path("account/second-factor/qr.svg", site.page(qr, site.password_view), name="account_qr"),
        path("account/second-factor/codes/", site.page(require_POST(new_codes)), name="account_codes"),
        path("account/second-factor/remove/", site.page(require_POST(remove)), name="account_remove"),
        path("account/devices/", site.page(require_POST(end_own)), name="account_end"),
        path("account/users/<int:number>/", site.page(account_of), name="account_of"),
        path("account/users/<int:number>/reset/", site.page(require_POST(reset)), name="account_reset"),
        path("account/users/<int:number>/unlock/", site.page(require_POST(unlock)), name="account_unlock"),
        path("account/users/<int:number>/devices/", site.page(require_POST(end_others)), name="account_end_of"),
        path("account/log/", site.page(log), name="account_log"),
    ]


def render(request: HttpRequest, site: Any, template: str, title: str, **context: Any) -> TemplateResponse:
    whole = {**site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"admin/accounts/{template}.html", whole)


def onward(request: HttpRequest) -> str:
    """Where the editor was going: an address of this site, else the first page of the admin."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else reverse("admin:index")


# The second factor


class CodeForm(forms.Form):
    """A code of an app or, where there is a choice, of the list on paper."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        return second_factor.as_typed(self.cleaned_data["code"])


def try_code(request: HttpRequest, device: TOTPDevice | StaticDevice | None, form: CodeForm) -> bool:
    """Whether the code of the form is good; what is wrong is said by the form and noted in the log."""
    wait = math.ceil(second_factor.seconds_to_wait(device)) if device else 0
    if wait:
        message = ngettext(
            "Too many wrong codes. Try again in %(seconds)d second.",
            "Too many wrong codes. Try again in %(seconds)d seconds.",
            wait,
        )
        form.add_error("code", message % {"seconds": wait})
        return False
    if device and second_factor.check(request.user, device, form.cleaned_data["code"]):
        return True
    form.add_error("code", _("This code is not right. Codes of the app are good for half a minute, and only once."))
    record(Kind.CODE_REFUSED, request.user, request)
    return False


def let_in(request: HttpRequest, device: TOTPDevice | StaticDevice) -> None:
    """The session is verified from here on, and gets a new key, as with every rise of what it may do."""
    request.session.cycle_key()
    django_otp.login(request, device)
    note_device(request)


def enter_code(request: HttpRequest, site: Any) -> HttpResponse:
    """The second step of signing in."""
    if request.user.is_verified():
        return redirect(onward(request))
    if not second_factor.has_second_factor(request.user):
        return redirect("admin:account_set_up")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = second_factor.device_for(request.user, form.cleaned_data["code"])
        if try_code(request, device, form):
            is_paper = isinstance(device, StaticDevice)
            record(Kind.BACKUP_CODE_USED if is_paper else Kind.CODE_ACCEPTED, request.user, request)
            let_in(request, device)
            if is_paper:
                warn_of_codes_left(request)
            return redirect(onward(request))
    return render(request, site, "code", _("Enter your code"), form=form, next=onward(request))


def warn_of_codes_left(request: HttpRequest) -> None:
    left = second_factor.backup_codes_left(request.user)
    text = ngettext("%(number)d backup code is left.", "%(number)d backup codes are left.", left)
    messages.warning(request, text % {"number": left})


def demand_no_other_app(request: HttpRequest) -> None:
    """Whoever has an app already shows a code of it first: a password alone must not replace it."""
    if second_factor.has_second_factor(request.user) and not request.user.is_verified():
        raise PermissionDenied


def set_up(request: HttpRequest, site: Any) -> HttpResponse:
    """Scan the picture, type the code that the app shows; then come the backup codes, this once."""
    demand_no_other_app(request)
    app = second_factor.app_to_set_up(request.user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and try_code(request, app, form):
        second_factor.confirm(app)
        record(Kind.FACTOR_SET_UP, request.user, request)
        let_in(request, app)
        return show_codes(request, site, next=onward(request))
    return render(
        request,
        site,
        "set_up",
        _("Set up the second factor"),
        form=form,
        key=second_factor.key_to_type(app),
        is_needed=second_factor.needs_second_factor(request.user),
        next=onward(request),
    )


def qr(request: HttpRequest, site: Any) -> HttpResponse:
    """The picture that an app is set up from; only while it waits for its first code."""
    demand_no_other_app(request)
    app = second_factor.waiting_app(request.user)
    if app is None:
        raise Http404
    return HttpResponse(second_factor.picture(app), content_type="image/svg+xml")


def show_codes(request: HttpRequest, site: Any, **context: Any) -> HttpResponse:
    codes = second_factor.make_backup_codes(request.user)
    record(Kind.BACKUP_CODES_MADE, request.user, request)
    # Verified by a code of the old list, the session goes on by the app.
    django_otp.login(request, second_factor.app_of(request.user))
    return render(request, site, "codes", _("Your backup codes"), codes=codes, **context)


def new_codes(request: HttpRequest, site: Any) -> HttpResponse:
    if not second_factor.has_second_factor(request.user):
        return redirect("admin:account_set_up")
    return show_codes(request, site)


def remove(request: HttpRequest, site: Any) -> HttpResponse:
    """Do without a second factor again: for those who need none."""
    if second_factor.needs_second_factor(request.user):
        raise PermissionDenied
    second_factor.remove_second_factor(request.user)
    record(Kind.FACTOR_REMOVED, request.user, request)
    messages.success(request, _("Your account has no second factor any more."))
    return redirect("admin:account")


# Accounts


def account_context(request: HttpRequest, user) -> dict[str, Any]:
    """What both pages of an account show."""
    return {
        "account": user,
        "app": second_factor.app_of(user),
        "is_needed": second_factor.needs_second_factor(user),
        "codes_left": second_factor.backup_codes_left(user),
        "devices": devices_of(user),
        "this_session": request.session.session_key,
        "events": AccountEvent.objects.filter(user=user)[:RECENT],
    }


def account(request: HttpRequest, site: Any) -> HttpResponse:
    """One's own account."""
    return render(request, site, "account", _("Your account"), is_own=True, **account_context(request, request.user))


def demand_manager(request: HttpRequest) -> None:
    if not request.user.has_perm("portal.manage_accounts"):
        raise PermissionDenied


def managed(request: HttpRequest, number: int):
    """An account that the maintainer may act on: a superuser's is for superusers."""
    demand_manager(request)
    user = get_object_or_404(get_user_model(), pk=number)
    if user.is_superuser and not request.user.is_superuser:
        raise PermissionDenied
    return user


def account_of(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    user = managed(request, number)
    context = account_context(request, user) | {"is_locked": is_locked(user.get_username())}
    title = _("Account of %(name)s") % {"name": user.get_username()}
    return render(request, site, "account", title, is_own=False, **context)


def reset(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    """For whoever lost both the app and the paper; they set up another at their next sign-in."""
    user = managed(request, number)
    second_factor.remove_second_factor(user)
    record(Kind.FACTOR_RESET, user, request)
    end_devices(devices_of(user).exclude(session_id=request.session.session_key), request)
    messages.success(request, _("The second factor is reset, and the account is signed out everywhere."))
    return redirect("admin:account_of", user.pk)


def unlock(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    user = managed(request, number)
    if locked_attempts(user.get_username()).delete()[0]:
        record(Kind.UNLOCKED, user, request)
    messages.success(request, _("The lock is lifted."))
    return redirect("admin:account_of", user.pk)


def end_chosen(request: HttpRequest, user) -> None:
    """End the device that was chosen, or all but this one."""
    chosen = request.POST.get("device", "")
    devices = devices_of(user).exclude(session_id=request.session.session_key)
    if chosen != "all":
        devices = devices.filter(pk=int(chosen)) if chosen.isdecimal() else devices.none()
    ended = end_devices(devices, request)
    text = ngettext("Signed out on %(number)d device.", "Signed out on %(number)d devices.", ended)
    messages.success(request, text % {"number": ended})


def end_own(request: HttpRequest, site: Any) -> HttpResponse:
    end_chosen(request, request.user)
    return redirect("admin:account")


def end_others(request: HttpRequest, site: Any, number: int) -> HttpResponse:
    user = managed(request, number)
    end_chosen(request, user)
    return redirect("admin:account_of", user.pk)


# The log


class DayInput(forms.DateInput):
    """The browser's own calendar, which speaks ISO 8601 whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LogForm(forms.Form):
    """The filters of the log; what is wrong in one of them filters nothing."""

    name = forms.CharField(label=gettext_lazy("Account"), required=False, max_length=150)
    kind = forms.ChoiceField(
        label=gettext_lazy("Event"), required=False, choices=[("", gettext_lazy("All events")), *Kind.choices]
    )
    since = forms.DateField(label=gettext_lazy("From the day"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("Until the day"), required=False, widget=DayInput)


LOOKUPS = {"name": "username", "kind": "kind", "since": "at__date__gte", "until": "at__date__lte"}


def log(request: HttpRequest, site: Any) -> HttpResponse:
    """Every sign-in and what belongs to it, the latest first. There is no address at which a line could be changed."""
    demand_manager(request)
    form = LogForm(request.GET or None)
    form.full_clean()
    given = {name: value for name, value in getattr(form, "cleaned_data", {}).items() if value}
    lines = AccountEvent.objects.filter(**{LOOKUPS[name]: value for name, value in given.items()})
    page = Paginator(lines, 50).get_page(request.GET.get("page"))
    return render(request, site, "log", _("Log of sign-ins"), page=page, form=form)
