"""What waits for an editor, on the first page of the editors' site.

A tile is a question that lists answer by their filters: every list that has all filters of
its query takes part. What a tile counts is the condition its list filters by, so that the
list shows exactly as many records as the number that leads to it.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.list_filters import count_lists, list_address
from portal.models import Conflict


@dataclass(frozen=True)
class Tile:
    name: str
    title: str
    meaning: str
    query: dict[str, str]
    # What one must be allowed to do, beside changing the records.
    right: str = ""
    # The one kind it is about; without, every kind of record.
    kind: str = ""

    def asks(self, model_admin: ModelAdmin) -> bool:
        label = model_admin.opts.label_lower
        return label == self.kind if self.kind else hasattr(model_admin, "choice_label")


TILES = [
    Tile(
        "review",
        _("Waiting for review"),
        _("Submitted by others: new records, and new versions of published ones."),
        {"own": "review"},
        "portal.review_content",
    ),
    Tile(
        "drafts",
        _("My drafts"),
        _("Drafts that I wrote or changed, and versions of mine that wait beside what is published."),
        {"own": "drafts"},
        "portal.submit_content",
    ),
    Tile(
        "returned",
        _("My submissions sent back"),
        _("A reviewer asked for a change, and it was not submitted again yet."),
        {"own": "returned"},
        "portal.submit_content",
    ),
    Tile(
        "missing",
        _("Missing in one language"),
        _("Records with a text that is not there in Vietnamese or in English."),
        {"translation": "missing"},
    ),
    Tile(
        "outdated",
        _("Older than the other language"),
        _("Records with a text that was left behind when its other language was changed."),
        {"translation": "outdated"},
    ),
    Tile("sources", _("Without a source"), _("Records that name no source."), {"missing_source": "yes"}),
    Tile(
        "links",
        _("Links that fail"),
        _("Sources and documents whose address did not answer when it was last asked."),
        {"link": "fails"},
    ),
    Tile(
        "programme",
        _("Meetings ahead without programme"),
        _("Not over, not called off, and no session is entered."),
        {"programme": "missing"},
    ),
    Tile(
        "news",
        _("Initiatives without news for 12 months"),
        _("Not completed, and no milestone, decision or statement is dated within the last 12 months."),
        {"news": "old"},
    ),
    Tile(
        "reports",
        _("New reports of errors"),
        _("Sent by visitors, and not looked into yet."),
        {"state__exact": "new"},
        kind="portal.errorreport",
    ),
]


@dataclass
class Waiting:
    """A tile as it is shown: its lists, each with how many records it has."""

    name: str
    title: str
    meaning: str
    lists: list[dict[str, Any]]

    @property
    def total(self) -> int:
        return sum(each["count"] for each in self.lists)


def waiting(site: Any, request: HttpRequest) -> list[Waiting]:
    """The tiles that the editor may act on, in one query for each kind of record."""
    tiles = [tile for tile in TILES if not tile.right or request.user.has_perm(tile.right)]
    shown = {tile.name: Waiting(tile.name, tile.title, tile.meaning, []) for tile in tiles}
    takes_part = set()
    for model_admin in site.admins_in_order():
        queries = {tile.name: tile.query for tile in tiles if tile.asks(model_admin)}
        if queries and model_admin.has_change_permission(request):
            counts = count_lists(model_admin, request, queries)
            takes_part |= counts.keys()
            add_lists(shown, model_admin, counts, queries)
    return [tile for name, tile in shown.items() if name in takes_part] + waiting_conflicts(request)


def add_lists(shown: dict[str, Waiting], model_admin: ModelAdmin, counts: dict[str, int], queries: dict) -> None:
    """Those that have something to show."""
    for name, count in counts.items():
        if count:
            address = list_address(model_admin, queries[name])
            shown[name].lists.append({"name": model_admin.opts.verbose_name_plural, "count": count, "address": address})


def waiting_conflicts(request: HttpRequest) -> list[Waiting]:
    if not request.user.has_perm("portal.change_conflict"):
        return []
    count = Conflict.objects.count()
    conflicts = {"name": Conflict._meta.verbose_name_plural, "count": count, "address": reverse("admin:sync_conflicts")}
    meaning = _("Fields that an editor and a content update changed differently.")
    return [Waiting("conflicts", _("Conflicts to be settled"), meaning, [conflicts] if count else [])]


def panels(site: Any, request: HttpRequest) -> list[dict[str, Any]]:
    """What some lists show of themselves on the first page: a template and its context."""
    return [
        {"template": model_admin.first_page_panel, **model_admin.first_page_context()}
        for model_admin in site.admins_in_order()
        if getattr(model_admin, "first_page_panel", "") and model_admin.has_view_or_change_permission(request)
    ]
