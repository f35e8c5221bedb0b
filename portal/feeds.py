"""What changed in the register, as a feed: new decisions, steps of status, moved meetings, documents, corrections.

It says what the records themselves know: when each was last saved, not which of
its words are new.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import repeat
from operator import itemgetter

from django.db.models import Model, QuerySet, TextChoices
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from initiatives.models import Discrepancy, Initiative, Milestone
from meetings.models import DateChange, Decision, Meeting
from portal.atom import Feed, clean, stable_id
from portal.dates import show_date
from portal.exports import answer_unless_known, page_number, part_address, refusal, site_of, state_tag
from portal.filters import FilterForm, ValuesField
from portal.index import content_state, kept
from portal.models import Document
from portal.reports.records import corrections_of, log_of_corrections
from portal.structured import LICENSE
from portal.templatetags.head import kind_name

ENTRIES = 100
LONGEST_TITLE = 110


class ChangeKind(TextChoices):
    DECISION = "decision", gettext_lazy("New decisions")
    STATUS = "status", gettext_lazy("Steps of status")
    DATES = "dates", gettext_lazy("Meetings moved, postponed or cancelled")
    DOCUMENT = "document", gettext_lazy("New documents")
    CORRECTION = "correction", gettext_lazy("Discrepancies and corrections")
    CORRECTED = "corrected", gettext_lazy("Errors corrected")


class ChangesForm(FilterForm):
    """`kind`, which may be repeated."""

    kind = ValuesField(knows=ChangeKind.values.__contains__, label=gettext_lazy("Kind"))


@dataclass(frozen=True)
class Change:
    kind: ChangeKind
    updated: datetime
    title: str
    text: str
    path: str
    id: str


def of_decision(decision: Decision) -> Change:
    text = Truncator(decision.text).chars(LONGEST_TITLE, truncate=" …")
    title = f"{decision.code}, {decision.get_verb_display().lower()}: {text}"
    words = f"{decision.text} {decision.meeting.label}."
    return Change(ChangeKind.DECISION, decision.updated, title, words, decision.get_absolute_url(), decision.slug)


def of_step(step: Milestone) -> Change:
    """A step has no time of its own: it is as new as its initiative."""
    initiative = step.initiative
    title = f"{initiative}: {step.get_status_display()}"
    words = f"{show_date(step.date, step.precision)}. {step.text}"
    key = "/".join(step.natural_key())
    return Change(ChangeKind.STATUS, initiative.updated, title, words, initiative.get_absolute_url(), key)


def of_dates(change: DateChange) -> Change:
    meeting = change.meeting
    key = f"{meeting.slug}/{change.at:%Y%m%dT%H%M%S%f}"
    title = f"{meeting.label}: {change.what}"
    return Change(ChangeKind.DATES, change.at, title, change.why, change.get_absolute_url(), key)


def of_document(document: Document) -> Change:
    words = ". ".join(
        filter(None, [str(document.get_kind_display()), show_date(document.published_on, document.precision or "day")])
    )
    return Change(
        ChangeKind.DOCUMENT, document.updated, document.title, words, document.get_absolute_url(), document.slug
    )


def of_discrepancy(discrepancy: Discrepancy) -> Change:
    return Change(
        ChangeKind.CORRECTION,
        discrepancy.updated,
        discrepancy.subject,
        discrepancy.choice,
        discrepancy.get_absolute_url(),
        discrepancy.slug,
    )


def of_corrections(lines: list[tuple]) -> list[Change]:
    """Lines of the log of corrections; their records are read together."""
    page = reverse("corrections")
    return [
        Change(
            ChangeKind.CORRECTED,
            correction.date,
            f"{kind_name(correction.record)}: {Truncator(correction.record).chars(LONGEST_TITLE, truncate=' …')}",
            correction.text,
            page,
            f"{correction._meta.model_name}/{correction.pk}",
        )
        for correction in corrections_of(lines)
    ]


def each(make: Callable[[Model], Change]) -> Callable[[Iterable[Model]], list[Change]]:
    return lambda records: [make(record) for record in records]


def changing() -> dict[ChangeKind, tuple[QuerySet, str, Callable[[list], list[Change]]]]:
    """Per kind the public records, the last saved first, the field that says when, and what a feed says of some."""
    decisions = Decision.objects.published().select_related("meeting", "meeting__series")
    steps = Milestone.objects.exclude(status="").filter(initiative__in=Initiative.objects.published())
    dates = DateChange.objects.filter(meeting__in=Meeting.objects.published())
    documents = Document.objects.published().order_by("-updated", "-published_on", "slug")
    return {
        ChangeKind.DECISION: (decisions.order_by("-updated", "-meeting__start", "slug"), "updated", each(of_decision)),
        ChangeKind.STATUS: (
            steps.select_related("initiative").order_by("-initiative__updated", "-date", "key"),
            "initiative__updated",
            each(of_step),
        ),
        ChangeKind.DATES: (
            dates.select_related("meeting", "meeting__series").order_by("-at", "-pk"),
            "at",
            each(of_dates),
        ),
        ChangeKind.DOCUMENT: (documents, "updated", each(of_document)),
        ChangeKind.CORRECTION: (
            Discrepancy.objects.published().order_by("-updated", "slug"),
            "updated",
            each(of_discrepancy),
        ),
        ChangeKind.CORRECTED: (log_of_corrections(), "", of_corrections),
    }


def moments(rows: QuerySet, field: str) -> Iterator[datetime]:
    """When each of the rows changed; the lines of the log of corrections begin with it."""
    return (row[0] for row in (rows.values_list(field) if field else rows).iterator())


def kinds_in_order(most: int | None) -> bytes:
    """A byte for every change, the latest first: its kind, as the place of that among all kinds; one query a kind.

    With `most`, only so many of each kind are read: enough for as many of whatever kinds are chosen.
    """
    streams = [
        zip(moments(rows[:most], field), repeat(place))
        for place, (rows, field, _make) in enumerate(changing().values())
    ]
    return bytes(place for _moment, place in merge(*streams, key=itemgetter(0), reverse=True))


def numbers_of_changes() -> dict[ChangeKind, int]:
    """How many changes of each kind there are; one query a kind."""
    return {kind: rows.count() for kind, (rows, _field, _make) in changing().items()}


def latest_changes(kinds: Iterable[str], part: int) -> tuple[list[Change], int]:
    """A part of the changes of some kinds, the latest first, and how many there are in all; a few queries a kind.

    However far back a part is, only its own rows are read: what stands before it is counted by kind. For the first
    part, which readers of feeds ask for again and again, no more than the beginning of each kind is looked at.
    """
    known, state = changing(), content_state()
    others = bytes(place for place, kind in enumerate(known) if kind not in kinds)
    most = ENTRIES if part == 1 else None
    order = kept(state, ("kinds of changes", most), lambda: kinds_in_order(most)).translate(None, others)
    numbers = kept(state, "numbers of changes", numbers_of_changes)
    start = (part - 1) * ENTRIES
    changes = []
    for place, (rows, _field, make) in enumerate(known.values()):
        before, these = order.count(place, 0, start), order.count(place, start, start + ENTRIES)
        if these:
            changes += make(list(rows[before : before + these]))
    changes.sort(key=lambda change: change.updated, reverse=True)
    return changes, sum(number for kind, number in numbers.items() if kind in kinds)


def changes_feed(request: HttpRequest, kinds: list[str], part: int) -> Feed:
    """Raises Http404 for a part that the feed does not have."""
    changes, total = latest_changes(kinds or ChangeKind.values, part)
    if part > 1 and not changes:
        raise Http404(part)
    names = ", ".join(str(ChangeKind(kind).label) for kind in kinds)
    feed = Feed(
        title=f"{names or _('What changed')} | {_('ASEAN digital cooperation')}",
        link=request.build_absolute_uri(reverse("open_data")),
        description="",
        subtitle=_(
            "“Updated” is when this register last saved a record; a step of status has the time of its initiative. "
            "Which words changed is not said."
        ),
        language=get_language(),
        author_name=_("ASEAN digital cooperation: a public register"),
        feed_url=request.build_absolute_uri(),
        feed_guid=stable_id(get_language(), "changes", *sorted(kinds)),
        feed_copyright=f"CC BY 4.0, {LICENSE}",
        updated=max((change.updated for change in changes), default=None),
        total=total,
        following=part_address(request, part + 1) if part * ENTRIES < total else "",
        previous=part_address(request, part - 1) if part > 1 else "",
    )
    for change in changes:
        feed.add_item(
            title=clean(change.title),
            link=site_of(request) + change.path,
            description=escape(clean(change.text)),
            unique_id=stable_id(get_language(), "changes", change.kind, change.id),
            updateddate=change.updated,
            categories=[str(change.kind.label)],
        )
    return feed


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """The changes, the latest first, a hundred at a time; `kind` chooses among them."""
    form, part = ChangesForm(request.GET), page_number(request.GET.get("page"))
    if form.errors:
        return refusal(form)
    if not part:
        raise Http404

    def build() -> HttpResponse:
        feed = changes_feed(request, form.cleaned_data["kind"], part)
        return HttpResponse(feed.writeString("utf-8"), content_type=Feed.content_type)

    return answer_unless_known(request, build, etag=state_tag(request))
