"""Editors at work: accounts with a role, forms filled in and sent, steps taken."""

from django.contrib.auth.models import Group, User
from django.urls import reverse

from tests.html_forms import form_values


def make_member(role: str, name: str = "") -> User:
    user = User.objects.create_user(name or role, password="a long enough password", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return user


# Forms


def form_of(record) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


def fields_of(client, record) -> dict:
    """What the form of a record would send if nobody touched it."""
    return form_values(client.get(form_of(record)).content.decode(), f"{record._meta.model_name}_form")


def edit(client, user, record, **given):
    """Open the form of a record as a user, change what is given, and send it."""
    client.force_login(user)
    answer = client.post(form_of(record), fields_of(client, record) | given)
    assert answer.status_code == 302, answer.context["errors"]
    record.refresh_from_db()
    return answer


# Steps


def step_address(record, action: str) -> str:
    return reverse("admin:workflow_step", args=[record._meta.label_lower, record.pk, action])


def seen(client, record, action: str) -> str:
    """What the page of a step says was looked at; empty where there is no page to be had."""
    context = client.get(step_address(record, action)).context
    return context["standing"].fingerprint if context and "standing" in context else ""


def take(client, user, record, action: str, **given):
    """Open the confirmation of a step as a user, or as a stranger, and send it."""
    client.force_login(user) if user else client.logout()
    given = {"when": "now"} | given if action == "approve" else given
    answer = client.post(step_address(record, action), {"seen": seen(client, record, action)} | given)
    record.refresh_from_db()
    return answer
