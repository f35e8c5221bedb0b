"""Signing in: the second factor, what stops guessing, the devices, the log, and what a maintainer does for others."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.accounts import second_factor
from portal.accounts.lockout import client_address
from portal.accounts.models import AccountEvent, SignedInDevice, browser_name
from tests.test_accessibility import RULES
from tests.web import LISTS

pytestmark = pytest.mark.django_db

PASSWORD = "một mật khẩu đủ dài"
HOME, CODE, SET_UP = "/admin/", "/admin/account/code/", "/admin/account/second-factor/"
Kind = AccountEvent.Kind


@pytest.fixture(autouse=True)
def strict(settings):
    settings.TWO_FACTOR_REQUIRED = True


def make_user(role: str = "reviewer", name: str = "lan") -> User:
    user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


def make_app(user: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=user, name="app")


def shown_by(app: TOTPDevice, step: int = 0) -> str:
    """The six digits that the app shows, some half minutes from now."""
    app.refresh_from_db()
    totp = TOTP(app.bin_key)
    totp.time = timezone.now().timestamp() + 30 * step
    return f"{totp.token():06}"


def another(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def log_in(client, name: str = "lan", password: str = PASSWORD, **more):
    return client.post("/admin/login/", {"username": name, "password": password, "next": HOME}, **more)


def events() -> list[str]:
    return list(AccountEvent.objects.order_by("pk").values_list("kind", flat=True))


def tree(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html5lib")


# Who needs a second factor


@pytest.mark.parametrize(("role", "asked"), [("editor", False), ("reviewer", True), ("maintainer", True)])
def test_reviewers_and_maintainers_are_led_to_set_up_a_second_factor(client, role, asked):
    make_user(role)
    log_in(client)
    answer = client.get(HOME)
    assert answer.status_code == (302 if asked else 200)
    assert not asked or answer.url == f"{SET_UP}?next=%2Fadmin%2F"


def test_a_superuser_needs_one_too_where_it_is_required(client, settings):
    client.force_login(User.objects.create_superuser("chief"))
    assert client.get(HOME).url.startswith(SET_UP)
    settings.TWO_FACTOR_REQUIRED = False
    assert client.get(HOME).status_code == 200


def test_no_page_of_the_site_opens_between_the_two_steps(client):
    user = make_user("maintainer")
    make_app(user)
    client.force_login(user)
    names = ["index", "sync_history", "sync_upload", "password_change", "account", "account_log", "autocomplete"]
    pages = [reverse(f"admin:{name}") for name in [*names, "portal_topic_changelist", "auth_user_changelist"]]
    assert {client.get(page).url.partition("?")[0] for page in pages} == {CODE}
    assert client.post(reverse("admin:account_codes")).url.startswith(CODE)
    assert client.post(reverse("admin:logout")).status_code == 200
    assert client.get(HOME).url.startswith("/admin/login/")


def test_whoever_has_an_app_cannot_replace_it_by_the_password_alone(client):
    user = make_user()
    app = make_app(user)
    client.force_login(user)
    assert client.get(SET_UP).status_code == client.get(f"{SET_UP}qr.svg").status_code == 403
    assert client.post(SET_UP, {"code": "123456"}).status_code == 403
    assert list(TOTPDevice.objects.all()) == [app]


# Setting up, and the two kinds of codes


@pytest.mark.databases
def test_setting_up_ends_with_backup_codes_that_are_kept_unreadable(client):
    user = make_user()
    client.force_login(user)
    page = tree(client.get(SET_UP))
    picture = client.get(page.select_one(".account-qr")["src"])
    assert picture["Content-Type"] == "image/svg+xml" and picture.content.startswith(b"<svg")
    app = TOTPDevice.objects.get(user=user, confirmed=False)
    answer = client.post(SET_UP, {"code": shown_by(app), "next": "/admin/sync/"})
    codes = [code.get_text() for code in tree(answer).select(".account-codes code")]
    assert len(set(codes)) == 10 and all(re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}", code) for code in codes)
    assert tree(answer).select_one("a.default")["href"] == "/admin/sync/"
    assert "no-store" in answer["Cache-Control"]
    assert not {code.replace("-", "") for code in codes} & set(StaticToken.objects.values_list("token", flat=True))
    assert client.get(HOME).status_code == 200
    assert client.get(f"{SET_UP}qr.svg").status_code == 404
    assert events()[-2:] == [Kind.FACTOR_SET_UP, Kind.BACKUP_CODES_MADE]


@pytest.mark.databases
def test_a_code_of_the_app_opens_the_site_once(client):
    app = make_app(make_user())
    log_in(client)
    key = client.session.session_key
    code = shown_by(app)
    answer = client.post(CODE, {"code": f"{code[:3]} {code[3:]}", "next": "/admin/sync/"})
    assert answer.url == "/admin/sync/"
    assert client.get(HOME).status_code == 200
    assert client.session.session_key != key
    assert SignedInDevice.objects.count() == 1
    second = Client()
    log_in(second)
    assert second.post(CODE, {"code": code}).status_code == 200
    assert second.get(HOME).url.startswith(CODE)


def test_a_backup_code_opens_the_site_once(client):
    user = make_user()
    make_app(user)
    code, *_others = second_factor.make_backup_codes(user)
    for answer in (302, 200):
        browser = Client()
        log_in(browser)
        assert browser.post(CODE, {"code": code.upper()}).status_code == answer
    assert second_factor.backup_codes_left(user) == 9
    assert Kind.BACKUP_CODE_USED in events()


def test_new_backup_codes_replace_the_old(client):
    user = make_user()
    app = make_app(user)
    old = second_factor.make_backup_codes(user)
    log_in(client)
    client.post(CODE, {"code": old[0]})
    new = tree(client.post(reverse("admin:account_codes"))).select(".account-codes code")
    assert len(new) == 10 and not {code.get_text() for code in new} & set(old)
    assert client.get(HOME).status_code == 200
    assert not second_factor.check(user, second_factor.device_for(user, "x" * 10), second_factor.as_typed(old[1]))
    assert app.pk == second_factor.app_of(user).pk


def test_wrong_codes_make_longer_and_longer_waits(client):
    app = make_app(make_user())
    log_in(client)
    wrong = another(shown_by(app))
    client.post(CODE, {"code": wrong})
    TOTPDevice.objects.update(throttling_failure_count=6)  # the seventh attempt waits for half a minute
    answer = client.post(CODE, {"code": shown_by(app)})
    assert "32 giây" in tree(answer).select_one(".errorlist").get_text()
    assert client.get(HOME).status_code == 302
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=1))
    assert client.post(CODE, {"code": shown_by(app)}).status_code == 302


@pytest.mark.parametrize("code", ["", "abc", "\0", "١٢٣٤٥٦", "9" * 21, "²²²²²²", "ééééé-ééééé"])
def test_any_code_is_answered(client, code):
    user = make_user()
    make_app(user)
    second_factor.make_backup_codes(user)
    client.force_login(user)
    assert client.post(CODE, {"code": code}).status_code == 200


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(client, address):
    app = make_app(make_user())
    log_in(client)
    assert client.post(CODE, {"code": shown_by(app), "next": address}).url == HOME


@pytest.mark.parametrize("address", ["//elsewhere.example/", "https://elsewhere.example/"])
def test_a_password_with_a_refused_address_leads_to_the_first_page_of_the_site(client, address):
    make_user("editor")
    named = {"username": "lan", "password": PASSWORD, "next": address}
    assert client.post("/admin/login/", named).url == HOME


def test_only_who_needs_none_switches_the_second_factor_off(client):
    for role, answer in [("editor", 302), ("reviewer", 403)]:
        user = make_user(role, role)
        app = make_app(user)
        log_in(client, role)
        client.post(CODE, {"code": shown_by(app)})
        assert client.post(reverse("admin:account_remove")).status_code == answer
        assert second_factor.has_second_factor(user) is (answer == 403)


# Guessing


def test_too_many_wrong_passwords_lock_a_name_from_an_address_and_say_how_long(client):
    make_user()
    make_user("editor", "minh")
    for _ in range(4):
        assert log_in(client, password="wrong").status_code == 200
    answer = log_in(client, password="wrong")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 900
    assert "sau 15 phút" in tree(answer).select_one("#content").get_text()
    assert log_in(client).status_code == 429  # even with the right one
    assert log_in(client, headers={"Accept-Language": "en"}).content.decode().count("15 minutes") == 1
    assert log_in(client, "minh").status_code == 302
    assert log_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 302
    assert events()[:7] == [Kind.REFUSED] * 5 + [Kind.LOCKED, Kind.SIGNED_IN]


def test_what_was_typed_for_a_name_is_kept_only_where_it_is_one(client):
    make_user()
    log_in(client, "lan", "wrong")
    log_in(client, "a password in the wrong field", "x")
    assert [event.username for event in AccountEvent.objects.filter(kind=Kind.REFUSED)] == ["", "lan"]


def test_behind_a_proxy_the_address_is_what_the_proxy_says(rf, settings):
    request = rf.get("/", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.7"}, REMOTE_ADDR="10.0.0.1")
    assert client_address(request) == "10.0.0.1"
    settings.BEHIND_PROXY = True
    assert client_address(request) == "203.0.113.7"
    assert client_address(rf.get("/", headers={"X-Forwarded-For": "nonsense"})) is None


@pytest.mark.parametrize("password", ["ngắn", "123456789012345", PASSWORD])
def test_a_weak_or_the_same_password_is_refused_in_vietnamese(client, password):
    client.force_login(make_user("editor"))
    given = {"old_password": PASSWORD, "new_password1": password, "new_password2": password}
    page = tree(client.post(reverse("admin:password_change"), given))
    assert "mật khẩu" in page.select_one(".errorlist").get_text().lower()


# Devices


def test_devices_are_listed_and_ended_by_their_user(client):
    user = make_user("editor")
    other = Client(headers={"User-Agent": "Another browser"})
    log_in(client)
    log_in(other)
    other.get(HOME)
    page = tree(client.get(reverse("admin:account")))
    assert "Another browser" in page.get_text() and client.session.session_key not in str(page)
    [device] = [device for device in user.signed_in_devices.all() if device.browser]
    client.post(reverse("admin:account_end"), {"device": str(device.pk)})
    assert other.get(HOME).status_code == 302
    assert client.get(HOME).status_code == 200
    assert Kind.DEVICE_ENDED in events()


def test_a_browser_is_called_by_its_name():
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0"
    assert [browser_name(agent) for agent in (edge, "curl/8", "")] == ["Edge, Windows", "curl/8", ""]


def test_nobody_ends_the_device_of_somebody_else(client):
    make_user("editor", "minh")
    stranger = Client()
    log_in(stranger, "minh")
    stranger.get(HOME)
    client.force_login(make_user("editor"))
    device = SignedInDevice.objects.get(user__username="minh")
    for chosen in (str(device.pk), "all", "x", ""):
        client.post(reverse("admin:account_end"), {"device": chosen})
    assert stranger.get(HOME).status_code == 200


def test_a_new_password_signs_out_everywhere_else(client):
    user = make_user("editor")
    other = Client()
    for browser in (client, other):
        log_in(browser)
        browser.get(HOME)
    new = "một mật khẩu khác hẳn"
    client.post(
        reverse("admin:password_change"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    )
    assert (client.get(HOME).status_code, other.get(HOME).status_code) == (200, 302)
    assert user.signed_in_devices.count() == 1
    assert events().count(Kind.PASSWORD_CHANGED) == 1


# Maintainers


@pytest.fixture
def maintainer(client, settings):
    user = make_user("maintainer", "quan-tri")
    app = make_app(user)
    log_in(client, "quan-tri")
    client.post(CODE, {"code": shown_by(app)})
    return client


def test_a_maintainer_resets_a_second_factor_and_the_log_says_who(maintainer):
    user = make_user()
    app = make_app(user)
    browser = Client()
    log_in(browser)
    browser.post(CODE, {"code": shown_by(app)})
    browser.get(HOME)
    maintainer.post(reverse("admin:account_reset", args=[user.pk]))
    assert not second_factor.has_second_factor(user)
    assert browser.get(HOME).url.startswith("/admin/login/")
    line = AccountEvent.objects.get(kind=Kind.FACTOR_RESET)
    assert (line.username, line.by_name) == ("lan", "quan-tri")


def test_the_command_lets_back_in_who_lost_everything(capsys):
    user = make_user()
    make_app(user)
    call_command("reset_second_factor", "lan")
    assert not second_factor.has_second_factor(user)
    assert events() == [Kind.FACTOR_RESET]
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_second_factor", "nobody")


def test_a_maintainer_lifts_a_lock(maintainer):
    user = make_user()
    stranger = Client()
    for _ in range(5):
        log_in(stranger, password="wrong")
    page = reverse("admin:account_of", args=[user.pk])
    assert "Mở khóa" in tree(maintainer.get(page)).get_text()
    maintainer.post(reverse("admin:account_unlock", args=[user.pk]))
    assert log_in(stranger).status_code == 302
    assert Kind.UNLOCKED in events()


def test_the_log_is_filtered_and_outlives_its_accounts(maintainer):
    user = make_user()
    log_in(Client(), password="wrong")
    user.delete()
    rows = tree(maintainer.get("/admin/account/log/?name=lan&kind=refused&since=2020-01-01")).select(
        ".account tbody tr"
    )
    assert len(rows) == 1 and "lan" in rows[0].get_text()
    assert maintainer.get("/admin/account/log/?since=nonsense&kind=x&page=zz").status_code == 200


def test_no_line_of_the_log_is_changed_or_deleted():
    line = AccountEvent.objects.create(kind=Kind.REFUSED)
    for act in (line.save, line.delete, AccountEvent.objects.all().delete, AccountEvent.objects.all().update):
        with pytest.raises(TypeError):
            act()


# What it costs, and what it says


def test_public_pages_know_no_session(client):
    client.cookies.clear()
    for path in LISTS[:4]:
        answer = client.get(f"/vi/{path}")
        assert not answer.cookies and "Cookie" not in answer.get("Vary", "")


ENGLISH = re.compile(
    r"\b(the|this|your|code|token|device|user|sign|password|log|attempts?|failures?|account|address|required|is|and)\b",
    re.I,
)


def test_no_page_of_accounts_says_anything_in_english_to_a_vietnamese(maintainer):
    user = make_user()
    waiting = Client()
    waiting.force_login(user)
    pages = {page: maintainer.get(page) for page in accounts_pages(user)}
    pages |= {"set up": waiting.get(SET_UP), "wrong": waiting.post(SET_UP, {"code": "1"})}
    make_app(user)
    pages |= {"code": waiting.get(CODE), "empty": waiting.post(CODE, {})}
    found = {}
    for name, answer in pages.items():
        page = tree(answer)
        for element in page.select("script, style, .language-switch, code, bdi, [lang=en]"):
            element.decompose()
        texts = [page.get_text(" "), *(tag["alt"] for tag in page.select("[alt]"))]
        texts += [tag[key] for key in ("title", "aria-label", "placeholder") for tag in page.select(f"[{key}]")]
        found[name] = sorted({word.group().lower() for text in texts for word in ENGLISH.finditer(text)})
    assert {name: words for name, words in found.items() if words} == {}


def accounts_pages(user: User) -> list[str]:
    named = ["account", "account_log", "password_change", "auth_user_changelist", "auth_user_add"]
    about = ["account_of", "auth_user_change", "auth_user_password_change"]
    return [reverse(f"admin:{name}") for name in named] + [reverse(f"admin:{name}", args=[user.pk]) for name in about]


# In a browser


class Editor:
    """Somebody who signs in in a browser, in Vietnamese, and complains of what axe and a ruler find."""

    def __init__(self, page, home: str) -> None:
        self.page, self.complaints = page, []
        page.set_viewport_size({"width": 768, "height": 900})
        page.context.add_cookies([{"name": "django_language", "value": "vi", "url": home}])

    def give_password(self, password: str = PASSWORD) -> None:
        self.page.goto("/admin/login/?next=/admin/account/")
        self.page.locator("#id_username").fill("lan")
        self.page.locator("#id_password").fill(password)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def give_code(self, code: str) -> None:
        self.page.get_by_label("Mã xác thực").fill(code)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def sign_out(self) -> None:
        with self.page.expect_navigation():
            self.page.locator("#logout-form button").click()

    def look(self, address: str = "") -> None:
        """At this page, or another one."""
        if address:
            self.page.goto(address)
        only = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
        for rule in Axe().run(self.page, options=only).response["violations"]:
            self.complaints += [f"{self.page.url} {rule['id']}: {node['html'][:160]}" for node in rule["nodes"]]
        if self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            self.complaints.append(f"{self.page.url} scrolls sideways")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_signing_in_with_a_second_factor_a_wrong_code_a_backup_code_and_a_lock(page, live_server):
    make_user("maintainer")
    editor = Editor(page, live_server.url)
    editor.give_password()
    assert page.locator(".account-qr").evaluate("picture => picture.naturalWidth") > 100
    editor.look()
    app = TOTPDevice.objects.get()
    editor.give_code(shown_by(app))
    backup = page.locator(".account-codes code").first.inner_text()
    assert page.get_by_role("button", name="In các mã").is_visible()
    editor.look()
    page.get_by_role("link", name="Tôi đã lưu các mã này").click()
    for address in ["/admin/account/", "/admin/account/log/", f"/admin/account/users/{app.user_id}/"]:
        editor.look(address)
    editor.sign_out()
    editor.give_password()
    editor.give_code(another(shown_by(app)))
    assert "Mã không đúng" in page.locator(".errorlist").inner_text()
    assert page.evaluate("document.activeElement.id") == "id_code"
    editor.look()
    editor.give_code(backup)
    assert "Còn 9 mã dự phòng" in page.locator(".messagelist").inner_text()
    editor.sign_out()
    for _ in range(5):
        editor.give_password("sai mật khẩu")
    assert "Bạn có thể thử lại sau 15 phút" in page.locator("#content").inner_text()
    editor.look()
    assert editor.complaints == []
    assert [line for line in page.console_lines if "429" not in line] == [] == page.foreign_requests
