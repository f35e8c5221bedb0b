"""Who reaches what: every address of the URL map, read and sent to by a visitor and by each role.

One table says, kind of address by kind, whose it is. An address of no kind fails. What a role may
do with a draft, a submitted or a withdrawn record is in `tests/portal/test_roles.py`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.http import HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import get_resolver
from reversion.models import Revision

from portal.editing.models import SavedFilter
from portal.models import Conflict, Editorial, ErrorReport, Part, State, Sync
from portal.revisions import keep_revision
from portal.urls import RECORDS
from portal.workflow.steps import STEPS
from tests.editors import make_member
from tests.factories import make_topic, make_unverified_item
from tests.web import make_web, url_map

pytestmark = pytest.mark.django_db

# Who asks. A newcomer is let into the editors' site and has no role yet; whoever is half way has given the password,
# and not the second factor that a reviewer needs.
VISITOR, HALF_WAY, NEWCOMER, EDITOR, REVIEWER, MAINTAINER, CHIEF = (
    *("visitor", "half way", "newcomer", "editor", "reviewer", "maintainer", "chief"),
)
WRITERS, REVIEWERS, MAINTAINERS = {EDITOR, REVIEWER, CHIEF}, {REVIEWER, CHIEF}, {MAINTAINER, CHIEF}
MEMBERS = WRITERS | MAINTAINERS
STAFF = MEMBERS | {NEWCOMER}

# What comes of it.
REACHED, REFUSED, NOTHING, SIGN_IN, SECOND_STEP = "reached", "refused", "nothing there", "to sign in", "to second step"


def only(roles: set[str], otherwise: str = REFUSED, outcome: str = REACHED) -> dict[str, str]:
    return dict.fromkeys(STAFF, otherwise) | dict.fromkeys(roles, outcome)


EVERYBODY, NOBODY, NOT_THIS_WAY = only(STAFF), only(set()), only(STAFF, outcome=NOTHING)
BY_MEMBERS, BY_WRITERS, BY_REVIEWERS, BY_MAINTAINERS = map(only, (MEMBERS, WRITERS, REVIEWERS, MAINTAINERS))
BY_CHIEF = only({CHIEF})
OTHERS_OWN = only(MEMBERS, outcome=NOTHING)

# Kind of address: (who reads, who sends). First the pages of a record, by what it is, then all others.
OF_CONTENT = {
    "": (BY_MEMBERS, BY_MEMBERS),
    "add/": (BY_WRITERS, BY_WRITERS),
    "<path:object_id>/change/": (BY_MEMBERS, BY_WRITERS),
    "<path:object_id>/delete/": (BY_REVIEWERS, BY_REVIEWERS),
    "<path:object_id>/history/": (BY_MEMBERS, BY_MEMBERS),
    "<path:object_id>/": (EVERYBODY, EVERYBODY),  # leads to the form, which asks
    "deleted/": (BY_MEMBERS, BY_MEMBERS),
    "deleted/<int:number>/": (BY_WRITERS, BY_WRITERS),
    "<int:number>/restore/<int:moment>/": (BY_WRITERS, BY_WRITERS),
    "<int:number>/open/": (NOT_THIS_WAY, BY_WRITERS),
}
OF_PUBLIC_ROWS = {
    # Changed in the form of their record, as its pending version; their own form only gives back what was typed.
    "<int:number>/restore/<int:moment>/": (NOBODY, NOBODY),
    "<int:number>/open/": (NOT_THIS_WAY, NOBODY),
}
RULES = {
    **{f"record/{page}": rule for page, rule in OF_CONTENT.items()},
    **{f"row/{page}": rule for page, rule in (OF_CONTENT | OF_PUBLIC_ROWS).items()},
    **{f"never public/{page}": rule for page, rule in OF_CONTENT.items()},
    "never public/<path:object_id>/delete/": (BY_WRITERS, BY_WRITERS),
    **{f"user/{page}": (BY_MAINTAINERS, BY_MAINTAINERS) for page in ("", "add/", "<path:object_id>/change/")},
    **{f"user/{page}": (BY_MAINTAINERS, BY_MAINTAINERS) for page in ("<path:object_id>/history/", "<id>/password/")},
    "user/<path:object_id>/delete/": (BY_CHIEF, BY_CHIEF),
    "user/<path:object_id>/": (EVERYBODY, EVERYBODY),
    **{f"report/{page}": (BY_WRITERS, BY_WRITERS) for page in ("", "<path:object_id>/change/")},
    "report/<path:object_id>/history/": (BY_WRITERS, BY_WRITERS),
    "report/<path:object_id>/delete/": (BY_REVIEWERS, BY_REVIEWERS),
    "report/<path:object_id>/": (EVERYBODY, EVERYBODY),
    "report/add/": (NOBODY, NOBODY),
    # The site and one's own account
    "": (EVERYBODY, EVERYBODY),
    "login/": (EVERYBODY, EVERYBODY),
    "logout/": (NOT_THIS_WAY, EVERYBODY),
    "password_change/": (EVERYBODY, EVERYBODY),
    "password_change/done/": (EVERYBODY, NOT_THIS_WAY),
    "jsi18n/": (EVERYBODY, NOT_THIS_WAY),
    "autocomplete/": (BY_MEMBERS, NOT_THIS_WAY),
    "r/<path:content_type_id>/<path:object_id>/": (EVERYBODY, EVERYBODY),  # to the public page
    "app": (only(MEMBERS, otherwise=NOTHING), only(MEMBERS, otherwise=NOTHING)),
    "anything else": (NOT_THIS_WAY, NOT_THIS_WAY),
    "guide/": (EVERYBODY, EVERYBODY),
    "guide/<slug:name>.png": (EVERYBODY, EVERYBODY),
    "account/": (EVERYBODY, EVERYBODY),
    "account/code/": (EVERYBODY, EVERYBODY),
    "account/second-factor/": (EVERYBODY, EVERYBODY),
    "account/second-factor/qr.svg": (NOT_THIS_WAY, NOT_THIS_WAY),  # only while it is set up
    **{f"account/{page}": (NOT_THIS_WAY, EVERYBODY) for page in ("second-factor/codes/", "second-factor/remove/")},
    "account/devices/": (NOT_THIS_WAY, EVERYBODY),
    # Others' accounts
    "account/log/": (BY_MAINTAINERS, BY_MAINTAINERS),
    "account/users/<int:number>/": (BY_MAINTAINERS, BY_MAINTAINERS),
    **{f"account/users/<int:number>/{act}/": (NOT_THIS_WAY, BY_MAINTAINERS) for act in ("reset", "unlock", "devices")},
    # Content in and out
    **{f"sync/{page}": (BY_MEMBERS, BY_MEMBERS) for page in ("", "<int:number>/", "conflicts/", "upload/")},
    "sync/sheet/<str:label>/": (BY_MEMBERS, BY_MEMBERS),
    "sync/conflicts/<int:number>/": (NOT_THIS_WAY, only(REVIEWERS | MAINTAINERS)),  # over a public text
    "sync/upload/<int:number>/": (OTHERS_OWN, OTHERS_OWN),
    "filters/<str:kind>/": (NOT_THIS_WAY, BY_MEMBERS),
    "filters/<int:number>/forget/": (NOT_THIS_WAY, NOT_THIS_WAY),  # another's
    # Texts and steps
    "translations/": (BY_MEMBERS, BY_MEMBERS),
    "translations/<str:kind>/<int:number>/": (BY_MEMBERS, BY_WRITERS),
    "workflow/<str:label>/<int:number>/preview/<str:language>/": (BY_MEMBERS, BY_MEMBERS),
    "workflow/<str:label>/<int:number>/changes/": (BY_MEMBERS, BY_MEMBERS),
    "submit": (BY_WRITERS, BY_WRITERS),
    "discard": (BY_REVIEWERS, BY_REVIEWERS),  # editors only where a version is their draft
    **{step: (BY_REVIEWERS, BY_REVIEWERS) for step in ("approve", "return", "withdraw", "reopen")},
}
# Before the second factor there is the way to it, and the way out.
OPEN_HALF_WAY = {"login/", "logout/", "account/code/", "account/second-factor/", "account/second-factor/qr.svg"}
OPEN_TO_VISITORS = {"login/"}


@dataclass(frozen=True)
class Address:
    kind: str
    path: str


# The addresses


@pytest.fixture
def web():
    """A register in which there is something at every address: each record is public, and has been changed once."""
    web = make_web(1)
    other = make_member("editor", "other")
    items = [make_unverified_item(), ErrorReport(record=web["topic"][0], language="vi", text="Sai năm.")]
    items[1].save()
    rows = {model: model._default_manager.order_by("pk").first() for model in admin.site._registry}
    keep_revision(other, "added", list(rows.values()))
    topic = web["topic"][0]
    conflict = {"kind": "portal.topic", "key": topic.slug, "field": "name_en", "origin": "command", "database": "AI"}
    return {
        "rows": rows | {User: other},
        "topic": topic,
        "filter": SavedFilter.objects.create(user=other, kind="portal.topic", name="An", query="q=an"),
        "conflict": Conflict.objects.create(**conflict),
        "sync": Sync.objects.create(),
        "upload": Sync.objects.create(status=Sync.Status.PREVIEWED, user=other),
        "states": {state: make_topic(state=state) for state in (State.DRAFT, State.IN_REVIEW, State.WITHDRAWN)},
    }


def kind_of_model(model: type[Model]) -> str:
    if model is User:
        return "user"
    if model is ErrorReport:
        return "report"
    if issubclass(model, Part):
        return "row"
    return "record" if issubclass(model, Editorial) else "never public"


def editors_addresses(web: dict) -> Iterator[Address]:
    for route in url_map(get_resolver()):
        if route.startswith("admin/"):
            yield from addresses_of(web, route.removeprefix("admin/"))


def addresses_of(web: dict, route: str) -> Iterator[Address]:
    """A route with something at it, once for every step where it is about steps."""
    if route.startswith("^") or "(?P" in route:
        yield Address(*(("app", "portal/") if "app_label" in route else ("anything else", "nowhere/at/all/")))
    elif (of_record := re.match(r"(\w+)/(\w+)/(.*)", route)) and (model := registered(*of_record.groups()[:2])):
        yield Address(f"{kind_of_model(model)}/{of_record[3]}", filled(route, of_row(web["rows"][model])))
    elif "<str:action>" in route:
        for action, step in STEPS.items():
            topic = web["states"].get(step.places[0], web["topic"])
            yield Address(action, filled(route, {"label": "portal.topic", "number": topic.pk, "action": action}))
    else:
        yield Address(route, filled(route, of_page(web, route)))


def registered(app: str, name: str) -> type[Model] | None:
    model = apps.all_models.get(app, {}).get(name)
    return model if model in admin.site._registry else None


def of_row(row: Model) -> dict:
    return {"object_id": row.pk, "id": row.pk, "number": row.pk, "moment": Revision.objects.first().pk}


def of_page(web: dict, route: str) -> dict:
    """What is named in the addresses that are about no record of their own, by how they begin."""
    topic = web["topic"]
    of_topic = {"kind": "portal.topic", "label": "portal.topic", "number": topic.pk, "language": "vi"}
    named = {
        "account/users/": {"number": web["rows"][User].pk},
        "guide/": {"name": "bao-loi"},
        "sync/conflicts/": {"number": web["conflict"].pk},
        "sync/upload/": {"number": web["upload"].pk},
        "sync/<": {"number": web["sync"].pk},
        "filters/<int": {"number": web["filter"].pk},
        "r/": {"content_type_id": ContentType.objects.get_for_model(topic).pk, "object_id": topic.pk},
    }
    return next((values for start, values in named.items() if route.startswith(start)), of_topic)


def filled(route: str, values: dict) -> str:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), route)
    return f"{path}?app_label=initiatives&model_name=initiative&field_name=topics" if path == "autocomplete/" else path


def test_every_address_of_the_editors_is_of_a_kind_with_a_rule(web):
    addresses = list(editors_addresses(web))
    assert len(addresses) > 150
    assert {address.kind for address in addresses} == set(RULES)


# Asking


def client_of(role: str) -> Client:
    client = Client(raise_request_exception=False)
    if role in {CHIEF, NEWCOMER}:
        user = User.objects.create_user(role, is_staff=True, is_superuser=role == CHIEF)
    elif role != VISITOR:
        user = make_member(REVIEWER if role == HALF_WAY else role)
    if role != VISITOR:
        client.force_login(user)
    return client


def outcome_of(answer: HttpResponse) -> str:
    place = answer.get("Location", "")
    if answer.status_code == 302 and place.startswith("/admin/login/"):
        return SIGN_IN
    if answer.status_code == 302 and place.startswith(("/admin/account/second-factor/?", "/admin/account/code/?")):
        return SECOND_STEP
    if answer.status_code in {404, 405} or place.startswith("/vi/admin/"):  # which is not there either
        return NOTHING
    return {200: REACHED, 301: REACHED, 302: REACHED, 403: REFUSED}.get(answer.status_code, str(answer.status_code))


def outcomes(client: Client, address: Address) -> list[str]:
    """What comes of reading it and of sending an empty form to it; nothing stays of either."""
    found, cookies = [], client.cookies.copy()
    for ask in (client.get, client.post):
        with transaction.atomic():
            found.append(outcome_of(ask(f"/admin/{address.path}")))
            transaction.set_rollback(True)
        client.cookies = cookies.copy()
    return found


def expected(role: str, kind: str) -> list[str]:
    if role == VISITOR:
        return [REACHED if kind in OPEN_TO_VISITORS else SIGN_IN] * 2
    if role == HALF_WAY and kind not in OPEN_HALF_WAY:
        return [SECOND_STEP] * 2
    return [rule[CHIEF if role == HALF_WAY else role] for rule in RULES[kind]]


@pytest.mark.parametrize("role", [VISITOR, HALF_WAY, NEWCOMER, EDITOR, REVIEWER, MAINTAINER, CHIEF])
def test_each_role_reaches_what_is_its_own_and_nothing_else(web, role, settings, monkeypatch):
    settings.TWO_FACTOR_REQUIRED = role == HALF_WAY
    # Whose a page is, its view decides; how it looks is seen in other tests, and takes most of the time.
    monkeypatch.setattr(SimpleTemplateResponse, "rendered_content", "")
    client, wrong = client_of(role), {}
    for address in editors_addresses(web):
        found = outcomes(client, address)
        if found != expected(role, address.kind):
            wrong[address.path] = (address.kind, found, expected(role, address.kind))
    assert wrong == {}


# Everything else is public

LANGUAGE = "vi/"
OUTSIDE = {
    *("i18n/setlang/", "theme/", "favicon.ico", "robots.txt", "sitemap.xml", "healthz", "readyz"),
    *("sitemap-<slug:section>.xml", ".well-known/security.txt"),
}
FORMS = {"i18n/setlang/", "theme/", "vi/report/"}
NOT_THERE = {"vi/preview/<str:token>/", ".well-known/security.txt"}  # without a token, and without a contact


def public_path(route: str) -> str:
    folder = next((part for part in route.split("/") if part in RECORDS), "topics")
    slug = RECORDS[folder].objects.published().first().slug
    path = re.sub(r"<slug:slug>", slug, route).replace("<slug:name>", "topics").replace("<str:token>", "x")
    path = path.replace("<slug:section>", "topic")
    return f"/{path}?record=/topics/{slug}/" if route == "vi/report/" else f"/{path}"


def test_what_is_not_the_editors_is_public_and_takes_nothing_but_forms(web):
    routes = [route for route in url_map(get_resolver()) if not route.startswith("admin/") and "^" not in route]
    assert {route for route in routes if not route.startswith((LANGUAGE, "api/v1/"))} == OUTSIDE
    client, read, taken = Client(), {}, set()
    for route in routes:
        path = public_path(route)
        read[route] = client.get(path).status_code
        taken |= {route} if client.post(path).status_code != 405 else set()
    hidden = {route for route, status in read.items() if status not in {200, 302}}
    assert hidden - FORMS <= NOT_THERE
    assert taken == FORMS
