"""Who reaches what: every address of the editors' site, asked for by a visitor and by each role."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import get_resolver, reverse

from tests.test_fuzz import patterns

pytestmark = pytest.mark.django_db

FOR_EVERYBODY = {"/admin/login/", "/admin/jsi18n/"}  # the way in, and the words of the scripts
ACCOUNTS = {"auth.user", "auth.group"}


def client_of(role: str) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def editors_addresses() -> list[str]:
    """Every address under /admin/, the first record or a name standing where one is asked for."""
    routes = [route for route in patterns(get_resolver()) if route.startswith("admin/")]
    found = {"/" + re.sub(r"<(int:)?[^>]*>", "1", route) for route in routes}
    return sorted(path for path in found if not set("^(?$\\") & set(path))


def test_a_visitor_reaches_nothing_of_the_editors_but_the_way_in(client):
    addresses = editors_addresses()
    assert len(addresses) > 100
    for method in (client.get, client.post):
        reached = {path for path in addresses if method(path).status_code == 200}
        assert reached <= FOR_EVERYBODY


@pytest.mark.parametrize(("role", "accounts"), [("editor", set()), ("reviewer", set()), ("maintainer", {"auth.user"})])
def test_only_maintainers_reach_accounts(settings, role, accounts):
    settings.TWO_FACTOR_REQUIRED = False
    client = client_of(role)
    lists = {model._meta.label_lower: model for model in admin.site._registry}
    reached = {
        label
        for label, model in lists.items()
        if client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")).status_code == 200
    }
    assert reached & ACCOUNTS == accounts
    assert {"portal.topic", "meetings.meeting", "initiatives.initiative"} <= reached
