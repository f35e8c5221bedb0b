"""Who met, who spoke, and what was decided with which verb.

Points down at the vocabulary in `portal`; knows nothing of plans and initiatives.
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.dates import show_span
from portal.models import (
    LANGUAGES,
    Body,
    Confidence,
    Country,
    Direction,
    Document,
    EditorialQuerySet,
    Precision,
    Record,
    State,
    Sync,
    not_before,
    page_address,
)


class Person(Record):
    """A speaker or chair, who stands for a country or for a body."""

    search_kind = 7

    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=240, help_text=_("The latest role that matters here."))
    country = models.ForeignKey(
        Country, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("country")
    )
    body = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("body"))

    class Meta(Record.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(country__isnull=True) ^ Q(body__isnull=True),
                name="person_country_or_body",
                violation_error_message=_("Give a country or a body, exactly one of the two."),
            )
        ]

    def get_absolute_url(self) -> str:
        return page_address("person", self.slug)


class Format(models.TextChoices):
    IN_PERSON = "in-person", _("In person")
    VIRTUAL = "virtual", _("Online")
    HYBRID = "hybrid", _("Hybrid")


class MeetingStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    CONFIRMED = "confirmed", _("Confirmed")
    HELD = "held", _("Held")
    POSTPONED = "postponed", _("Postponed")
    CANCELLED = "cancelled", _("Cancelled")


CALLED_OFF = {MeetingStatus.POSTPONED, MeetingStatus.CANCELLED}
# What a change of dates is made of.
WHEN_FIELDS = ("start", "end", "precision", "status")


def count_in_meeting(model: type[Record]) -> Coalesce:
    """How many public rows of a model belong to the meeting of the outer query."""
    rows = model.objects.published().filter(meeting=OuterRef("pk")).order_by().values("meeting")
    return Coalesce(Subquery(rows.annotate(rows=Count("pk")).values("rows")), 0)


MAIN_SERIES = "adgmin"


class MeetingQuerySet(EditorialQuerySet):
    def of_ministers(self):
        """The meetings of the ministers, in order of time."""
        return self.filter(series__slug=MAIN_SERIES).order_by("start", "slug")

    def upcoming(self, today: date | None = None):
        """Not over yet, the nearest first."""
        return self.filter(end__gte=today or timezone.localdate()).order_by("start", "slug")

    def without_programme(self):
        """Not called off, and with no session that was not withdrawn."""
        sessions = Session.objects.exclude(state=State.WITHDRAWN)
        called_off = [MeetingStatus.CANCELLED, MeetingStatus.POSTPONED]
        return self.exclude(status__in=called_off).exclude(pk__in=sessions.values("meeting"))

    def needing_zones(self, ids: Iterable[int]) -> set[str]:
        """The time zones of those of the meetings that have a session with an hour."""
        those = self.filter(pk__in=ids, sessions__start_time__isnull=False).exclude(timezone="")
        return set(those.order_by().values_list("timezone", flat=True))

    def with_counts(self):
        """With `decision_count` and `statement_count`, of what the public may see."""
        return self.annotate(decision_count=count_in_meeting(Decision), statement_count=count_in_meeting(Statement))


class Meeting(Record):
    """One meeting of a series.

    `start` and `end` are the first and last day that the precision allows: a
    meeting known to the month runs, here, from its first day to its last.
    """

    search_kind = 8
    # It waits here only until the change it is for is saved for good; then it stands in the log (`DateChange`).
    not_in_files = ("dates_reason_vi", "dates_reason_en")

    series = models.ForeignKey(Body, models.PROTECT, related_name="meetings", verbose_name=_("series"))
    number = models.PositiveSmallIntegerField(_("number in the series"), null=True, blank=True)
    name = models.CharField(_("name"), max_length=240)
    theme = models.CharField(_("theme"), max_length=300, blank=True)
    start = models.DateField(_("first day"), db_index=True)
    end = models.DateField(_("last day"), db_index=True)
    precision = models.CharField(_("precision of the dates"), max_length=5, choices=Precision, default=Precision.DAY)
    timezone = models.CharField(_("time zone"), max_length=40, blank=True, help_text=_("Such as Asia/Ho_Chi_Minh."))
    format = models.CharField(_("format"), max_length=9, choices=Format, blank=True, db_index=True)
    country = models.ForeignKey(
        Country, models.PROTECT, null=True, blank=True, related_name="hosted_meetings", verbose_name=_("host country")
    )
    city = models.CharField(_("city"), max_length=120, blank=True)
    venue = models.CharField(_("venue"), max_length=200, blank=True)
    chair = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="chaired_meetings", verbose_name=_("chair")
    )
    vice_chair = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="vice_chaired_meetings",
        verbose_name=_("vice-chair"),
    )
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name=_("in the week of")
    )
    partners = models.ManyToManyField(
        Body, related_name="meetings_as_partner", blank=True, verbose_name=_("partners taking part")
    )
    status = models.CharField(_("status"), max_length=9, choices=MeetingStatus, db_index=True)
    dates_reason = models.TextField(
        _("reason for moving, postponing or cancelling"),
        blank=True,
        help_text=_("Required with such a change to a public meeting. Visitors read it in the log of its dates."),
    )
    summary = models.TextField(_("summary"))
    documents = models.ManyToManyField(
        Document, related_name="meetings", blank=True, verbose_name=_("documents adopted or launched there")
    )
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, default=Confidence.MEDIUM)

    objects = MeetingQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-start", "slug"]
        constraints = [
            not_before("end", "start", "meeting_end_not_before_start"),
            models.UniqueConstraint(
                fields=["series", "number"],
                condition=Q(number__isnull=False),
                name="meeting_number_once_in_series",
                violation_error_message=_("The series already has a meeting with this number."),
            ),
            models.CheckConstraint(
                condition=~Q(part_of=F("id")),
                name="meeting_not_part_of_itself",
                violation_error_message=_("A meeting cannot be part of itself."),
            ),
        ]

    def get_absolute_url(self) -> str:
        return page_address("meeting", self.slug)

    @property
    def label(self) -> str:
        """The short name everybody uses, "ADGMIN 6", where the series has an acronym."""
        return self.short_name if self.series.is_public and self.short_name else self.name

    @property
    def short_name(self) -> str:
        series = self.series
        is_plain = self.number and series.acronym and self.slug == f"{series.slug}-{self.number}"
        return f"{series.acronym} {self.number}" if is_plain else ""

    def sorted_by(self, language: str) -> str:
        return self.short_name or self.name_in(language)

    def names_in(self, language: str) -> list[str]:
        return [*super().names_in(language), *filter(None, [self.short_name])]

    def is_upcoming(self, today: date | None = None) -> bool:
        return self.end >= (today or timezone.localdate())

    def clean(self) -> None:
        super().clean()
        public = self.stored_if_public()
        if public is None or not self.moves_from(public):
            return
        missing = [name for name in ("dates_reason_vi", "dates_reason_en") if not getattr(self, name)]
        message = _("The meeting is public: say in both languages why it is moved, postponed or cancelled.")
        if missing:
            raise ValidationError(dict.fromkeys(missing, message))

    def stored_if_public(self) -> "Meeting | None":
        """The meeting as the database has it, if the public can see that."""
        stored = Meeting._base_manager.filter(pk=self.pk).first() if self.pk else None
        return stored if stored and stored.is_public else None

    def moves_from(self, before: "Meeting") -> bool:
        """Whether what was said of when it takes place is no longer so; days found for a known month only add to it."""
        turns = before.status != self.status and {before.status, self.status} & CALLED_OFF
        return bool(turns) or not self.is_within(before)

    def is_within(self, before: "Meeting") -> bool:
        """Whether the days are the same, or a more exact part of days that were known to the month or year."""
        if (before.start, before.end, before.precision) == (self.start, self.end, self.precision):
            return True
        exactness = Precision.values.index
        return (
            exactness(self.precision) < exactness(before.precision)
            and before.start <= self.start
            and self.end <= before.end
        )


class SessionKind(models.TextChoices):
    OPENING = "opening", _("Opening")
    PLENARY = "plenary", _("Plenary")
    DIALOGUE_PARTNER = "dialogue-partner", _("With dialogue partners")
    BILATERAL = "bilateral", _("Bilateral")
    CLOSING = "closing", _("Closing")
    SIDE_EVENT = "side-event", _("Side event")
    PREPARATORY = "preparatory", _("Preparatory")
    PRESS = "press", _("Press")


class PartOfDay(models.TextChoices):
    MORNING = "morning", _("morning")
    AFTERNOON = "afternoon", _("afternoon")
    EVENING = "evening", _("evening")


class SessionQuerySet(EditorialQuerySet):
    def in_order_of_time(self):
        """Day by day in the order of the programme; what has no date comes last."""
        return self.order_by(F("date").asc(nulls_last=True), "order", "slug")


class Session(Record):
    """One item in the programme of a meeting's week."""

    search_kind = 9
    published_with = ("meeting",)

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions", verbose_name=_("meeting"))
    kind = models.CharField(_("kind"), max_length=16, choices=SessionKind)
    name = models.CharField(_("name"), max_length=240)
    date = models.DateField(_("date"), null=True, blank=True)
    end_date = models.DateField(_("last day, when over several"), null=True, blank=True)
    start_time = models.TimeField(_("from (local time)"), null=True, blank=True)
    end_time = models.TimeField(_("to (local time)"), null=True, blank=True)
    part_of_day = models.CharField(_("part of the day"), max_length=9, choices=PartOfDay, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    summary = models.TextField(_("summary"))
    order = models.PositiveSmallIntegerField(_("order"), default=1)

    objects = SessionQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["meeting", "order", "slug"]
        constraints = [not_before("end_date", "date", "session_end_not_before_start")]

    def slug_text(self) -> str:
        return f"{self.meeting.slug}-{self.name_en or self.name_vi or self.kind}"

    def get_absolute_url(self) -> str:
        """Sessions stand in the programme on the page of their meeting."""
        return f"{self.meeting.get_absolute_url()}#{self.slug}"


class StatementQuerySet(EditorialQuerySet):
    def newest_first(self):
        return self.order_by("-meeting__start", "meeting__slug", "order")


class Statement(Record):
    """What somebody said at a meeting, summed up in the register's own words."""

    search_kind = 10
    name_field = "text"
    published_with = ("meeting", "person")

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="statements", verbose_name=_("meeting"))
    session = models.ForeignKey(
        Session, models.SET_NULL, null=True, blank=True, related_name="statements", verbose_name=_("session")
    )
    person = models.ForeignKey(Person, models.PROTECT, related_name="statements", verbose_name=_("speaker"))
    role = models.CharField(
        _("role then"), max_length=240, blank=True, help_text=_("Only where it differs from the speaker’s record.")
    )
    date = models.DateField(_("date"), null=True, blank=True)
    precision = models.CharField(_("precision of the date"), max_length=5, choices=Precision, blank=True)
    order = models.PositiveSmallIntegerField(_("order"))
    text = models.TextField(_("text"))
    directions = models.ManyToManyField(
        Direction, related_name="statements", blank=True, verbose_name=_("directions it speaks of")
    )

    objects = StatementQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["meeting", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "order"],
                name="statement_order_once_in_meeting",
                violation_error_message=_("The meeting already has a statement in this place."),
            ),
            models.CheckConstraint(
                condition=Q(date__isnull=True, precision="") | (Q(date__isnull=False) & ~Q(precision="")),
                name="statement_date_with_precision",
                violation_error_message=_("A date and its precision go together."),
            ),
        ]

    def slug_text(self) -> str:
        return f"{self.meeting.slug}-s{self.order:02d}"

    def names_in(self, language: str) -> list[str]:
        """Its code. What was said is no name."""
        return [self.slug]

    def clean(self) -> None:
        super().clean()
        if self.session_id and self.meeting_id and self.session.meeting_id != self.meeting_id:
            raise ValidationError({"session": _("This session belongs to another meeting.")})

    def get_absolute_url(self) -> str:
        """Statements stand on the page of their meeting."""
        return f"{self.meeting.get_absolute_url()}#{self.slug}"


class Verb(models.TextChoices):
    """What the source says was done. The verb is the label; its level is a reading aid."""

    ADOPTED = "adopted", _("Adopted")
    ENDORSED = "endorsed", _("Endorsed")
    AGREED = "agreed", _("Agreed")
    SIGNED = "signed", _("Signed")
    ESTABLISHED = "established", _("Established")
    LAUNCHED = "launched", _("Launched")
    ISSUED = "issued", _("Issued")
    URGED = "urged", _("Urged")
    ENCOURAGED = "encouraged", _("Encouraged")
    EMPHASISED = "emphasised", _("Emphasised")
    ADVANCED = "advanced", _("Advanced")
    NOTED = "noted", _("Noted")
    WELCOMED = "welcomed", _("Welcomed")
    RECOGNISED = "recognised", _("Recognised")
    RECALLED = "recalled", _("Recalled")
    DISCUSSED = "discussed", _("Discussed")
    REVIEWED = "reviewed", _("Reviewed")
    ANNOUNCED = "announced", _("Announced")
    REPORTED = "reported", _("Reported")
    PROPOSED = "proposed", _("Proposed")
    DESCRIBED = "described", _("Described in a text")
    ANTICIPATED = "anticipated", _("Anticipated")


class Level(models.TextChoices):
    """How firm a verb is, the firmest first. The last one is no act of the meeting."""

    COMMITS = "commits", _("Commits")
    CREATES = "creates", _("Creates")
    STEERS = "steers", _("Steers")
    TAKES_NOTE = "takes-note", _("Takes note")
    REPORTED = "reported", _("Reported there")


VERBS_BY_LEVEL = {
    Level.COMMITS: [Verb.ADOPTED, Verb.ENDORSED, Verb.AGREED, Verb.SIGNED],
    Level.CREATES: [Verb.ESTABLISHED, Verb.LAUNCHED, Verb.ISSUED],
    Level.STEERS: [Verb.URGED, Verb.ENCOURAGED, Verb.EMPHASISED, Verb.ADVANCED],
    Level.TAKES_NOTE: [
        Verb.NOTED,
        Verb.WELCOMED,
        Verb.RECOGNISED,
        Verb.RECALLED,
        Verb.DISCUSSED,
        Verb.REVIEWED,
    ],
    Level.REPORTED: [Verb.ANNOUNCED, Verb.REPORTED, Verb.PROPOSED, Verb.DESCRIBED, Verb.ANTICIPATED],
}


def count_levels(decisions: Iterable["Decision"]) -> list[tuple[Level, int]]:
    """Each level with how many of the decisions have it, the firmest first."""
    counts = Counter(decision.level for decision in decisions)
    return [(level, counts[level]) for level in Level]


def main_results(decisions: Iterable["Decision"], most: int = 5) -> list["Decision"]:
    """The first acts of a meeting in its own order; what was only reported there is none."""
    return [decision for decision in decisions if decision.level != Level.REPORTED][:most]


class DecisionQuerySet(EditorialQuerySet):
    def oldest_first(self):
        return self.order_by("meeting__start", "meeting__slug", "order")

    def newest_first(self):
        return self.order_by("-meeting__start", "meeting__slug", "order")


class Decision(Record):
    """One outcome of a meeting, with the verb that its source uses."""

    search_kind = 11
    name_field = "text"
    published_with = ("meeting",)

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="decisions", verbose_name=_("meeting"))
    order = models.PositiveSmallIntegerField(_("order"), help_text=_("The most important first."))
    verb = models.CharField(_("verb"), max_length=11, choices=Verb, db_index=True)
    level = models.GeneratedField(
        expression=Case(
            *(
                When(verb__in=[str(v) for v in verbs], then=Value(str(level)))
                for level, verbs in VERBS_BY_LEVEL.items()
            ),
            default=Value(""),
            output_field=models.CharField(max_length=10),
        ),
        output_field=models.CharField(_("level of commitment"), max_length=10, choices=Level),
        db_persist=True,
    )
    firmness = models.GeneratedField(
        expression=Case(
            *(
                When(verb__in=[str(v) for v in verbs], then=Value(rank))
                for rank, verbs in enumerate(VERBS_BY_LEVEL.values(), start=1)
            ),
            default=Value(9),
            output_field=models.PositiveSmallIntegerField(),
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    text = models.TextField(_("text"))
    bodies = models.ManyToManyField(Body, related_name="decisions", blank=True, verbose_name=_("bodies it concerns"))
    documents = models.ManyToManyField(
        Document, related_name="decisions", blank=True, verbose_name=_("documents it concerns")
    )
    confidence = models.CharField(_("confidence"), max_length=6, choices=Confidence, default=Confidence.MEDIUM)

    objects = DecisionQuerySet.as_manager()

    class Meta(Record.Meta):
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["meeting", "order"]
        indexes = [*Record.Meta.indexes, models.Index(fields=["level"], name="meetings_decision_level")]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "order"],
                name="decision_order_once_in_meeting",
                violation_error_message=_("The meeting already has a decision in this place."),
            )
        ]

    def slug_text(self) -> str:
        return f"{self.meeting.slug}-{self.order:02d}"

    def get_absolute_url(self) -> str:
        return page_address("decision", self.slug)

    def get_level_display(self) -> str:
        """Django makes this for fields with choices, but not for generated ones."""
        return Level(self.level).label

    @property
    def code(self) -> str:
        """The register's own number, not an official one."""
        return self.slug.upper()

    def names_in(self, language: str) -> list[str]:
        """Its codes, the short one too, as it is quoted: D 6-01. What was decided is no name."""
        short = re.search(r"\d+-\d+$", self.slug)
        return [self.slug, *([f"D {short[0]}"] if short else [])]


class LogQuerySet(models.QuerySet):
    def update(self, **values):
        raise TypeError("The log of dates is never changed.")

    def delete(self):
        raise TypeError("The log of dates is never deleted.")


class DateChange(models.Model):
    """A public meeting was moved, postponed, cancelled or taken up again: written once, never changed.

    As public as its meeting, but for who made the change. A meeting with such a line is withdrawn, never deleted.
    """

    ADMIN = "admin"
    ORIGINS = [(ADMIN, _("Form of the editors")), *Sync.Origin.choices]

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="date_changes", verbose_name=_("meeting"))
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    username = models.CharField(max_length=150, blank=True)
    origin = models.CharField(_("origin"), max_length=10, choices=ORIGINS)
    from_start = models.DateField()
    from_end = models.DateField()
    from_precision = models.CharField(max_length=5, choices=Precision)
    from_status = models.CharField(max_length=9, choices=MeetingStatus)
    to_start = models.DateField()
    to_end = models.DateField()
    to_precision = models.CharField(max_length=5, choices=Precision)
    to_status = models.CharField(max_length=9, choices=MeetingStatus)
    reason = models.TextField(_("reason"), blank=True)

    objects = LogQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of dates")
        verbose_name_plural = _("changes of dates")
        ordering = ["-at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.from_start} – {self.to_start}"

    def save(self, *args, **kwargs) -> None:
        if not self._state.adding:
            raise TypeError("The log of dates is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> None:
        raise TypeError("The log of dates is never deleted.")

    @property
    def what(self) -> str:
        """What changed, in the reader's language."""
        before = show_span(self.from_start, self.from_end, self.from_precision)
        after = show_span(self.to_start, self.to_end, self.to_precision)
        lines = []
        if before != after:
            lines.append(gettext("Moved from %(before)s to %(after)s.") % {"before": before, "after": after})
        if self.from_status != self.to_status:
            statuses = {"before": self.get_from_status_display(), "after": self.get_to_status_display()}
            lines.append(gettext("Status: %(after)s (was: %(before)s).") % statuses)
        return " ".join(lines)

    @property
    def why(self) -> str:
        if self.reason or self.origin == self.ADMIN:
            return self.reason or gettext("No reason is recorded.")
        return gettext("No reason is recorded; the change came with an update of the content.")

    def get_absolute_url(self) -> str:
        return f"{self.meeting.get_absolute_url()}#date-changes"


# Signals, because content updates and `loaddata` write rows without calling save().


@receiver(pre_save, sender=Meeting)
def remember_public_dates(sender, instance: Meeting, **kwargs) -> None:
    instance.public_before = instance.stored_if_public()


@receiver(post_save, sender=Meeting)
def log_moved_dates(sender, instance: Meeting, **kwargs) -> None:
    """Write the line in the same transaction, and empty the reason once that has come to stay.

    Whoever saves may say who they are and where the change comes from, as `changed_by` and `change_origin`.
    """
    before = instance.__dict__.pop("public_before", None)
    if before is None or not instance.moves_from(before):
        return
    user, origin = getattr(instance, "changed_by", None), getattr(instance, "change_origin", "")
    # A reason that was written in the form is not that of an update that came between.
    reasons = {name: "" if origin else getattr(instance, f"dates_reason_{name}") or "" for name in LANGUAGES}
    DateChange.objects.create(
        meeting=instance,
        user=user,
        username=user.get_username() if user else "",
        origin=origin or (DateChange.ADMIN if user or any(reasons.values()) else Sync.Origin.COMMAND),
        **{f"from_{name}": getattr(before, name) for name in WHEN_FIELDS},
        **{f"to_{name}": getattr(instance, name) for name in WHEN_FIELDS},
        **{f"reason_{language}": reason for language, reason in reasons.items()},
    )
    this = Meeting._base_manager.filter(pk=instance.pk)
    transaction.on_commit(lambda: this.update(dates_reason_vi="", dates_reason_en=""))
