"""Which right each role has. The code says it; every `migrate` brings the groups up to it."""

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from portal.database import content_models
from portal.models import Editorial, Part, State

EDITOR, REVIEWER, MAINTAINER = "editor", "reviewer", "maintainer"
ROLES = {
    EDITOR: _("Editor: writes, edits drafts, submits them"),
    REVIEWER: _("Reviewer: approves, publishes, withdraws"),
    MAINTAINER: _("Maintainer: loads content, manages accounts"),
}
# Of the apps that `migrate` tells of, one that has its turn when the permissions of all the others are made.
THE_LAST = "sessions"

SYNC_OF_EDITORS = {"portal.add_sync", "portal.view_sync", "portal.view_conflict", "portal.change_conflict"}
REPORTS_OF_EDITORS = {"portal.view_errorreport", "portal.change_errorreport"}
RIGHTS = {
    EDITOR: {"portal.submit_content", *SYNC_OF_EDITORS, *REPORTS_OF_EDITORS},
    REVIEWER: {
        *("portal.submit_content", "portal.review_content", "portal.publish_content", "portal.withdraw_content"),
        *(*SYNC_OF_EDITORS, *REPORTS_OF_EDITORS, "portal.delete_errorreport"),
    },
    MAINTAINER: {
        *("portal.load_content", "portal.manage_accounts", *SYNC_OF_EDITORS),
        *("auth.view_user", "auth.add_user", "auth.change_user"),
    },
}
ACTIONS = {
    EDITOR: ("view", "add", "change", "delete"),
    REVIEWER: ("view", "add", "change", "delete"),
    MAINTAINER: ("view",),
}
# A state is given, and taken away, by who has its right.
RIGHT_FOR_STATE = {
    State.DRAFT: None,
    State.IN_REVIEW: "portal.submit_content",
    State.PUBLISHED: "portal.publish_content",
    State.WITHDRAWN: "portal.withdraw_content",
}


def rights_of(role: str) -> set[str]:
    """The permissions of a role, as `app.codename`."""
    names = {
        f"{model._meta.app_label}.{action}_{model._meta.model_name}"
        for model in content_models()
        for action in ACTIONS[role]
    }
    return names | RIGHTS[role]


@receiver(post_migrate, dispatch_uid="roles")
def make_roles(sender, using: str = DEFAULT_DB_ALIAS, **kwargs) -> None:
    """Make the groups of the roles and give each exactly its rights; once in a migration of all apps."""
    if sender.label != THE_LAST:
        return
    known = {
        f"{app}.{codename}": number
        for app, codename, number in Permission.objects.using(using).values_list(
            "content_type__app_label", "codename", "pk"
        )
    }
    for role in ROLES:
        group, _made = Group.objects.using(using).get_or_create(name=role)
        wanted = {known[name] for name in rights_of(role) if name in known}
        if wanted != set(group.permissions.values_list("pk", flat=True)):
            group.permissions.set(wanted)


# What a person may do with one record


def may_edit(user, row: models.Model) -> bool:
    """Whether the row itself may be changed or deleted: what was submitted or is public by those who may publish.

    Drafts are everybody's who may edit at all. A part is as public as the record it belongs to.
    In the forms what is published changes as a pending version (`portal.workflow.pending.may_change`).
    """
    record = getattr(row, row.parent_field) if isinstance(row, Part) else row
    if not isinstance(record, Editorial) or record.state == State.DRAFT:
        return True
    return user.has_perm("portal.publish_content")


def may_give_state(user, state: str) -> bool:
    right = RIGHT_FOR_STATE[State(state)]
    return right is None or user.has_perm(right)
