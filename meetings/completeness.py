"""How complete the register's record of a meeting is: one definition for lists, forms and the first page.

| asked for | done when | asked of |
|---|---|---|
| programme | there is a session | every meeting that was not cancelled |
| documents | a document was adopted or launched there | meetings that were held |
| decisions | there is one | meetings that were held |
| statements | there is one | meetings that were held |
| both languages | no text is missing in a language, in the meeting or its rows | every meeting |
| sources | the meeting and each of its rows has a source | every meeting |

Rows are its sessions, statements and decisions; those that were withdrawn do not count.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from meetings.models import Decision, Meeting, MeetingStatus, Session, Statement
from portal.list_filters import without_source
from portal.models import State
from portal.translations.texts import missing_text

ROWS = (Session, Statement, Decision)
DONE, MISSING, NOT_ASKED = "done", "missing", "not-asked"
WORDS = {
    DONE: pgettext_lazy("of what a meeting needs", "there"),
    MISSING: pgettext_lazy("of what a meeting needs", "missing"),
    NOT_ASKED: pgettext_lazy("of what a meeting needs", "not asked for"),
}


@dataclass(frozen=True)
class Mark:
    """One thing that the record of a meeting should have, and whether it has it."""

    name: str
    label: str
    state: str

    @property
    def word(self) -> str:
        return str(WORDS[self.state])


def rows_of_meeting(model: type[Model]) -> QuerySet:
    return model.objects.filter(meeting=OuterRef("pk")).exclude(state=State.WITHDRAWN)


def with_completeness(meetings: QuerySet) -> QuerySet:
    """The meetings with what `completeness` looks at, in the same query."""
    itself = Meeting.objects.filter(pk=OuterRef("pk"))
    lacking = {"text": Exists(itself.filter(missing_text(Meeting)))}
    lacking["source"] = Exists(itself.filter(without_source(Meeting)))
    for model in ROWS:
        lacking["text"] |= Exists(rows_of_meeting(model).filter(missing_text(model)))
        lacking["source"] |= Exists(rows_of_meeting(model).filter(without_source(model)))
    return meetings.annotate(
        has_programme=Exists(rows_of_meeting(Session)),
        has_document=Exists(Meeting.documents.through.objects.filter(meeting=OuterRef("pk"))),
        has_decisions=Exists(rows_of_meeting(Decision)),
        has_statements=Exists(rows_of_meeting(Statement)),
        lacks_text=lacking["text"],
        lacks_source=lacking["source"],
    )


def was_held(meeting: Meeting, today: date) -> bool:
    is_off = meeting.status in {MeetingStatus.CANCELLED, MeetingStatus.POSTPONED}
    return meeting.status == MeetingStatus.HELD or (meeting.end < today and not is_off)


def completeness(meeting: Meeting, today: date | None = None) -> list[Mark]:
    """What a meeting from `with_completeness` has and lacks."""
    is_held = was_held(meeting, today or timezone.localdate())
    return [
        mark("programme", _("Programme"), meeting.has_programme, meeting.status != MeetingStatus.CANCELLED),
        mark("documents", _("Adopted documents"), meeting.has_document, is_held),
        mark("decisions", _("Decisions"), meeting.has_decisions, is_held),
        mark("statements", _("Statements"), meeting.has_statements, is_held),
        mark("languages", _("Both languages"), not meeting.lacks_text, True),
        mark("sources", _("Sources"), not meeting.lacks_source, True),
    ]


def mark(name: str, label: str, is_there: bool, is_asked: bool) -> Mark:
    return Mark(name, label, DONE if is_asked and is_there else MISSING if is_asked else NOT_ASKED)


def count_done(marks: list[Mark]) -> tuple[int, int]:
    """How many of those that are asked for are there."""
    asked = [each for each in marks if each.state != NOT_ASKED]
    return sum(each.state == DONE for each in asked), len(asked)


def meetings_to_look_at(today: date | None = None, most: int = 3) -> list[Meeting]:
    """The next meetings and the last ones, from the furthest ahead back."""
    today = today or timezone.localdate()
    meetings = with_completeness(Meeting.objects.exclude(state=State.WITHDRAWN).select_related("series"))
    ahead = meetings.upcoming(today).exclude(status=MeetingStatus.CANCELLED)[:most]
    past = meetings.filter(end__lt=today).order_by("-start", "slug")[:most]
    return [*reversed(ahead), *past]
