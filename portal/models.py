"""The floor of the register: what a record is, and the vocabulary records use.

`Record` is the abstract base of everything the public may see. It carries the
slug, the editorial state and the sources, and its queryset has the only gate to
the public, `published()`. Country, Body, Direction, Topic, Source and Document
are the vocabulary: meetings and initiatives point at them, never the reverse.
"""

from functools import cache

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.signals import post_delete, post_migrate, post_save, pre_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import AccountEvent, EditorialRight, SignedInDevice  # noqa: F401 - tables of this app
from portal.database import complete_database
from portal.editing.models import SavedFilter  # noqa: F401 - a table of this app
from portal.entries import LANGUAGES, SearchEntry, entries_holding, entry_number
from portal.history.models import CorrectionNote, OpenForm, VersionPlace, WaitingNote  # noqa: F401 - tables of this app
from portal.links.models import SourceCheck  # noqa: F401 - a table of this app
from portal.query import indexed, indexed_names, indexed_whole, parse_query
from portal.reports.models import Correction, ErrorReport  # noqa: F401 - tables of this app
from portal.text import english_sort_key, make_slug, normalise, sort_key
from portal.translations.models import OutdatedText  # noqa: F401 - a table of this app
from portal.workflow.models import EditorialStep, PendingVersion  # noqa: F401 - tables of this app

FIRST_YEAR, LAST_YEAR = 1967, 2100  # ASEAN was founded in 1967

year_validators = [MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)]


def year_in_range(field: str, name: str) -> models.CheckConstraint:
    """The database's own check that a year, where known, is a plausible one."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__range": (FIRST_YEAR, LAST_YEAR)}),
        name=name,
        violation_error_message=_("The year must lie between 1967 and 2100."),
    )


def not_before(later: str, earlier: str, name: str) -> models.CheckConstraint:
    """The database's own check that an end, where known, is not before its start."""
    return models.CheckConstraint(
        condition=Q(**{f"{later}__isnull": True})
        | Q(**{f"{earlier}__isnull": True})
        | Q(**{f"{later}__gte": F(earlier)}),
        name=name,
        violation_error_message=_("The end is before the start."),
    )


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in-review", _("In review")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Precision(models.TextChoices):
    """How exactly a date is known; the unknown part of the stored date is never shown."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


class Confidence(models.TextChoices):
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")


class Qualifier(models.TextChoices):
    APPROX = "approx", _("about")
    MORE_THAN = "more-than", _("more than")
    UP_TO = "up-to", _("up to")


def editorial_models() -> list[type["Editorial"]]:
    """Every kind of record, in the order of the apps."""
    return [model for model in apps.get_models() if issubclass(model, Editorial)]


def is_translated(model: type[models.Model], field: str) -> bool:
    """Whether the name stands for two fields, one a language."""
    return any(column.name == f"{field}_vi" for column in model._meta.fields)


def sort_column(language: str) -> str:
    """The column that sorts by name in the alphabetical order of a language."""
    return "sort_vi" if language == "vi" else "sort_en"


def page_address(name: str, slug: str) -> str:
    """The address of a record's page in the reader's language."""
    return address_around(name, get_language()).replace("SLUG", slug)


@cache  # a list names up to a hundred addresses, each of which would be as dear as a row
def address_around(name: str, language: str) -> str:
    """The address of the pages of a kind of record in the language that is active; SLUG stands for the record."""
    return reverse(name, args=["SLUG"])


def numbered(base: str, taken: set[str]) -> str:
    """The plain text if nobody has it yet, else the first free one of base-2, base-3 …"""
    return next(text for text in [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))] if text not in taken)


def free_slug(model: type[models.Model], text: str) -> str:
    """An ASCII address made from a text that no row of the model has yet."""
    base = make_slug(text)[:100].strip("-") or model._meta.model_name
    return numbered(base, set(model.objects.filter(slug__startswith=base).values_list("slug", flat=True)))


class EditorialQuerySet(models.QuerySet):
    def get_by_natural_key(self, slug: str):
        return self.get(slug=slug)

    def published(self, now=None):
        """What the public may see: published, its hour come, and so is what it belongs to."""
        now = now or timezone.now()
        condition = Q()
        for prefix in ["", *(f"{name}__" for name in self.model.published_with)]:
            condition &= Q(**{f"{prefix}state": State.PUBLISHED})
            condition &= Q(**{f"{prefix}published_from__isnull": True}) | Q(**{f"{prefix}published_from__lte": now})
        return self.filter(condition)

    def search(self, text: str):
        """The records found by a text in either language, as `portal.query` understands it; none without words."""
        query = parse_query(text)
        if not query:
            return self.none()
        found = self.filter(pk__in=entries_holding(self.model, query.everywhere())) if query.wanted else self
        return found.exclude(pk__in=entries_holding(self.model, query.none_of())) if query.unwanted else found

    def by_name(self, language: str):
        """In the alphabetical order of the language."""
        return self.order_by(sort_column(language), "slug")


@cache
def labels_of(field: models.Field) -> dict[str, str]:
    """The word for every value that a field with choices can have."""
    return dict(field.flatchoices)


class Worded(models.Model):
    """A row whose fields with choices are read out by the dozen on every page."""

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: models.Field) -> str:
        """What every `get_…_display` calls; Django's own goes through all words of the field each time."""
        value = getattr(self, field.attname)
        return force_str(labels_of(field).get(value, value), strings_only=True)


class Editorial(Worded):
    """A text that editors write: an address, an editorial state, and when it last changed."""

    # Relations that must be public for this record to be public.
    published_with: tuple[str, ...] = ()
    # The attribute that names a record, translated or not.
    name_field = "name"
    # Its part of the numbers of search entries: one for each model, never changed (`portal.entries`).
    search_kind: int
    # Relations to parts whose texts are found with the record.
    searched_parts: tuple[str, ...] = ()
    is_content = True

    slug = models.SlugField(
        _("address"),
        max_length=120,
        unique=True,
        blank=True,
        help_text=_("Part of the public address, never changed later. Left empty, it is made from the English name."),
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT, db_index=True)
    published_from = models.DateTimeField(
        _("published from"),
        null=True,
        blank=True,
        help_text=_("Empty: public as soon as the state is Published. Otherwise public from this moment on."),
    )
    withdrawn_reason = models.TextField(
        _("reason for withdrawal"), blank=True, help_text=_("Required when the state is Withdrawn.")
    )
    note = models.TextField(_("editor’s note"), blank=True, help_text=_("For editors only; never shown to the public."))
    updated = models.DateTimeField(_("updated"), auto_now=True)
    sort_vi = models.CharField(max_length=240, blank=True, default="", editable=False)
    sort_en = models.CharField(max_length=240, blank=True, default="", editable=False)

    objects = EditorialQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["sort_vi"], name="%(app_label)s_%(class)s_vi"),
            models.Index(fields=["sort_en"], name="%(app_label)s_%(class)s_en"),
        ]

    def __str__(self) -> str:
        return getattr(self, self.name_field) or self.slug

    def natural_key(self) -> tuple[str, ...]:
        return (self.slug,)

    def clean(self) -> None:
        super().clean()
        if self.state == State.WITHDRAWN and not (self.withdrawn_reason_vi and self.withdrawn_reason_en):
            raise ValidationError({"withdrawn_reason_vi": _("Say in both languages why the record is withdrawn.")})

    def save(self, *args, **kwargs) -> None:
        if not self.slug:
            self.slug = self.free_slug()
        super().save(*args, **kwargs)

    @property
    def is_public(self) -> bool:
        return self.state == State.PUBLISHED and (self.published_from is None or self.published_from <= timezone.now())

    def slug_text(self) -> str:
        """What an address is made from: the English name, else the Vietnamese one."""
        if hasattr(self, f"{self.name_field}_en"):
            return getattr(self, f"{self.name_field}_en") or getattr(self, f"{self.name_field}_vi") or ""
        return getattr(self, self.name_field)

    def free_slug(self) -> str:
        return free_slug(type(self), self.slug_text())

    def name_in(self, language: str) -> str:
        """The name in a language, or the only name there is."""
        return getattr(self, f"{self.name_field}_{language}", None) or getattr(self, self.name_field) or ""

    def sorted_by(self, language: str) -> str:
        """What stands for the record in an alphabetical list."""
        return self.name_in(language)

    def names_in(self, language: str) -> list[str]:
        """What the record is called in a language: its name, its acronym."""
        return list(filter(None, [self.name_in(language), getattr(self, "acronym", "")]))

    def with_searched_parts(self) -> list[models.Model]:
        """The record and the parts whose texts are found with it."""
        return [self, *(part for name in self.searched_parts for part in getattr(self, name).all())]

    def texts_of_parts_in(self, language: str) -> list[str]:
        """Every public text of the parts that are found with the record, in a language."""
        return [text for part in self.with_searched_parts()[1:] for text in shown_texts(part, language) if text]


NOT_SEARCHED = {
    *("note", "key", "slug", "sort_vi", "sort_en", "withdrawn_reason", "dates_reason", "timezone", "acronym"),
}


@cache
def text_columns(model: type[models.Model], language: str) -> list[str]:
    """The columns with the texts of a record or part in a language; codes, addresses and editors' notes are none."""
    names = []
    for column in model._meta.fields:
        is_text = isinstance(column, models.CharField | models.TextField) and not isinstance(column, models.URLField)
        # The column beside a translated pair only repeats one of the two.
        is_pair = is_translated(model, column.name)
        name = getattr(column, "translated_field", column).name
        is_known = name in NOT_SEARCHED
        is_other = getattr(column, "language", language) != language
        if is_text and not (column.choices or is_pair or is_known or is_other):
            names.append(column.attname)
    return names


def shown_texts(record: models.Model, language: str) -> list[str]:
    """The texts of a record or part in a language."""
    return [getattr(record, name) or "" for name in text_columns(type(record), language)]


class Reliability(models.TextChoices):
    PRIMARY = "primary", _("Primary")
    SECONDARY = "secondary", _("Secondary")
    WEAK = "weak", _("Weak")


class Source(Editorial):
    """An address where a fact was read. Its title stays in the language it has."""

    search_kind = 5
    name_field = "title"

    title = models.CharField(_("title"), max_length=400)
    publisher = models.CharField(_("publisher"), max_length=200)
    published_on = models.DateField(_("published on"), null=True, blank=True)
    precision = models.CharField(_("precision of the date"), max_length=5, choices=Precision, blank=True)
    url = models.URLField(_("web address"), max_length=800, blank=True)
    language = models.CharField(
        _("language"),
        max_length=2,
        validators=[RegexValidator(r"^[a-z]{2}$", _("Two lower-case letters, such as vi."))],
        help_text=_("ISO 639-1 code, such as vi or en."),
    )
    reliability = models.CharField(_("reliability"), max_length=9, choices=Reliability)

    class Meta(Editorial.Meta):
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["url"],
                condition=~Q(url=""),
                name="source_url_once",
                violation_error_message=_("Another source already has this web address."),
            ),
            models.CheckConstraint(condition=Q(language__regex=r"^[a-z]{2}$"), name="source_language_code"),
            models.CheckConstraint(
                condition=Q(published_on__isnull=True, precision="")
                | (Q(published_on__isnull=False) & ~Q(precision="")),
                name="source_date_with_precision",
                violation_error_message=_("A date and its precision go together."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.publisher})"

    @property
    def title_language(self) -> str:
        """Of a page in another script the register may know only the English title."""
        return "en" if self.language in {"ja", "ko", "ru", "zh"} and self.title.isascii() else self.language

    @property
    def publisher_language(self) -> str:
        """Publishers are cited as they call themselves: in Vietnamese or, abroad, in English."""
        return "vi" if self.language == "vi" else "en"


class Record(Editorial):
    """A public record: editorial, and resting on sources."""

    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), related_name="%(app_label)s_%(class)s_records", blank=True
    )

    class Meta(Editorial.Meta):
        abstract = True


class PartQuerySet(models.QuerySet):
    def get_by_natural_key(self, parent: str, key: str):
        return self.get(**{f"{self.model.parent_field}__slug": parent, "key": key})


class Part(Worded):
    """A row that belongs to one record and is public exactly when that is.

    `key` names it within its parent and does not change when rows are reordered.
    """

    parent_field: str
    is_content = True

    key = models.SlugField(
        _("key"),
        max_length=60,
        blank=True,
        help_text=_("Names the row within its record. Left empty, it is made on saving."),
    )
    sources = models.ManyToManyField(
        Source, verbose_name=_("sources"), related_name="%(app_label)s_%(class)s_records", blank=True
    )
    note = models.TextField(_("editor’s note"), blank=True, help_text=_("For editors only; never shown to the public."))

    objects = PartQuerySet.as_manager()

    class Meta:
        abstract = True

    def natural_key(self) -> tuple[str, str]:
        return (getattr(self, self.parent_field).slug, self.key)

    def save(self, *args, **kwargs) -> None:
        """What belongs to a record is a part of what it says: the record is updated with it."""
        if not self.key:
            self.key = self.free_key()
        super().save(*args, **kwargs)
        self.touch_parent()

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        self.touch_parent()
        return deleted

    @classmethod
    def parent_model(cls) -> type[models.Model]:
        return cls._meta.get_field(cls.parent_field).related_model

    def touch_parent(self) -> None:
        self.parent_model().objects.filter(pk=getattr(self, f"{self.parent_field}_id")).update(updated=timezone.now())

    def key_text(self) -> str:
        raise NotImplementedError

    def free_key(self) -> str:
        base = make_slug(self.key_text())[:50].strip("-") or "1"
        siblings = type(self).objects.filter(**{self.parent_field: getattr(self, self.parent_field)})
        return numbered(base, set(siblings.values_list("key", flat=True)))


class Country(Record):
    """One of the eleven member states; its address is its code in lower case."""

    search_kind = 1

    code = models.CharField(
        _("code"),
        max_length=2,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, such as VN."))],
        help_text=_("ISO 3166-1 code, such as VN."),
    )
    name = models.CharField(_("name"), max_length=80)
    official_name = models.CharField(_("official name"), max_length=160)
    capital = models.CharField(_("capital"), max_length=80)
    joined_on = models.DateField(_("joined ASEAN on"))
    ministry = models.CharField(_("digital ministry"), max_length=200)
    ministry_acronym = models.CharField(_("ministry’s acronym"), max_length=20, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("country")
        verbose_name_plural = _("countries")
        ordering = ["sort_en"]
        constraints = [models.CheckConstraint(condition=Q(code__regex=r"^[A-Z]{2}$"), name="country_code_format")]

    def slug_text(self) -> str:
        return self.code

    def get_absolute_url(self) -> str:
        return page_address("country", self.slug)


class BodyKind(models.TextChoices):
    SUMMIT = "summit", _("Summit")
    MINISTERIAL = "ministerial", _("Ministerial")
    SENIOR_OFFICIALS = "senior-officials", _("Senior officials")
    REGULATORS = "regulators", _("Regulators")
    WORKING_GROUP = "working-group", _("Working group")
    NETWORK = "network", _("Network")
    CENTRE = "centre", _("Centre")
    SECRETARIAT = "secretariat", _("Secretariat")
    DIALOGUE_PARTNER = "dialogue-partner", _("Dialogue partner")
    INTERNATIONAL_ORGANISATION = "international-organisation", _("International organisation")
    OTHER = "other", _("Other")


class BodyStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    PROPOSED = "proposed", _("Proposed, not established")
    CLOSED = "closed", _("Closed")


class Body(Record):
    """An ASEAN body, a series of meetings, a dialogue partner or an organisation."""

    search_kind = 2

    acronym = models.CharField(_("acronym"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=26, choices=BodyKind, db_index=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("reports to")
    )
    successor = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="predecessors", verbose_name=_("succeeded by")
    )
    status = models.CharField(_("status"), max_length=8, choices=BodyStatus, db_index=True)
    established = models.PositiveSmallIntegerField(_("established"), null=True, blank=True, validators=year_validators)
    lead_country = models.ForeignKey(
        Country, models.PROTECT, null=True, blank=True, related_name="led_bodies", verbose_name=_("lead country")
    )
    mandate = models.TextField(_("mandate"))

    class Meta(Record.Meta):
        verbose_name = _("body")
        verbose_name_plural = _("bodies")
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(parent=F("id")),
                name="body_not_its_own_parent",
                violation_error_message=_("A body cannot report to itself."),
            ),
            year_in_range("established", "body_established_range"),
        ]

    def get_absolute_url(self) -> str:
        return page_address("body", self.slug)

    @property
    def label(self) -> str:
        """The acronym where there is one, else the name."""
        return self.acronym or self.name


class Direction(Record):
    """One of the eight shifts proposed at ADGMIN 6: a proposal, not a pillar of ADM 2030."""

    search_kind = 3

    number = models.PositiveSmallIntegerField(
        _("number"), unique=True, validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    name = models.CharField(_("name"), max_length=120)
    moves_from = models.CharField(_("from"), max_length=240)
    moves_to = models.CharField(_("to"), max_length=240)
    detail = models.TextField(_("detail"))

    class Meta(Record.Meta):
        verbose_name = _("direction")
        verbose_name_plural = _("directions")
        ordering = ["number"]
        constraints = [models.CheckConstraint(condition=Q(number__range=(1, 8)), name="direction_number_range")]

    def get_absolute_url(self) -> str:
        return page_address("direction", self.slug)


class Topic(Record):
    """A subject tag."""

    search_kind = 4

    name = models.CharField(_("name"), max_length=120)

    class Meta(Record.Meta):
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["slug"]

    def get_absolute_url(self) -> str:
        return page_address("topic", self.slug)


class DocumentKind(models.TextChoices):
    DECLARATION = "declaration", _("Declaration")
    STATEMENT = "statement", _("Joint statement")
    MASTERPLAN = "masterplan", _("Master plan")
    AGREEMENT = "agreement", _("Agreement")
    FRAMEWORK = "framework", _("Framework")
    GUIDE = "guide", _("Guide")
    ACTION_PLAN = "action-plan", _("Action plan")
    REPORT = "report", _("Report")
    STUDY = "study", _("Study")


class Document(Record):
    """A declaration, master plan, guide or other text; its own address may be unknown."""

    search_kind = 6
    name_field = "title"

    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind"), max_length=12, choices=DocumentKind, db_index=True)
    published_on = models.DateField(_("published on"), null=True, blank=True, db_index=True)
    precision = models.CharField(_("precision of the date"), max_length=5, choices=Precision, blank=True)
    body = models.ForeignKey(
        Body, models.PROTECT, null=True, blank=True, related_name="documents", verbose_name=_("issuing body")
    )
    url = models.URLField(_("web address"), max_length=800, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_on__isnull=True, precision="")
                | (Q(published_on__isnull=False) & ~Q(precision="")),
                name="document_date_with_precision",
                violation_error_message=_("A date and its precision go together."),
            )
        ]

    def get_absolute_url(self) -> str:
        return page_address("document", self.slug)


class UnverifiedKind(models.TextChoices):
    INITIATIVE = "initiative", _("Initiative")
    BODY = "body", _("Body")
    PLAN = "plan", _("Plan")
    PLAN_ITEM = "plan-item", _("Plan item")
    DOCUMENT = "document", _("Document")
    MEETING = "meeting", _("Meeting")
    SESSION = "session", _("Session")
    PERSON = "person", _("Person")
    INDICATOR = "indicator", _("Indicator")


class UnverifiedReason(models.TextChoices):
    WEAK_SOURCE = "weak-source", _("Only weak sources")
    NAME_ONLY = "name-only", _("Only a name is known")
    INFERRED = "inferred", _("Inferred, not stated")
    OUT_OF_SCOPE = "out-of-scope", _("Out of scope")
    NOT_FOUND = "not-found", _("Not found")
    QUALITATIVE = "qualitative", _("No figure given")


class UnverifiedQuerySet(models.QuerySet):
    def get_by_natural_key(self, slug: str):
        return self.get(slug=slug)


class UnverifiedItem(models.Model):
    """Something seen but not verified: an editors' list, no record; the public sees how many there are."""

    is_content = True

    slug = models.SlugField(
        _("address"), max_length=120, unique=True, blank=True, help_text=_("Left empty, it is made on saving.")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=UnverifiedKind)
    reason = models.CharField(_("reason"), max_length=12, choices=UnverifiedReason)
    subject = models.CharField(_("subject"), max_length=300)
    note = models.TextField(_("what is known"))
    sources = models.ManyToManyField(Source, verbose_name=_("seen in"), related_name="unverified_items", blank=True)

    objects = UnverifiedQuerySet.as_manager()

    class Meta:
        verbose_name = _("unverified item")
        verbose_name_plural = _("unverified items")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.subject or self.slug

    def natural_key(self) -> tuple[str]:
        return (self.slug,)

    def save(self, *args, **kwargs) -> None:
        if not self.slug:
            self.slug = free_slug(type(self), self.subject_en or self.subject_vi or "")
        super().save(*args, **kwargs)


# What is derived from a record is made before and after every write. Signals,
# because `loaddata` writes rows without calling save().


@receiver(pre_save)
def normalise_and_derive(sender, instance, **kwargs) -> None:
    """Bring texts to NFC and fill the sort keys."""
    if not isinstance(instance, Editorial | Part | UnverifiedItem):
        return
    for field in instance._meta.fields:
        if isinstance(field, models.CharField | models.TextField) and field.attname in instance.__dict__:
            value = instance.__dict__[field.attname]
            if isinstance(value, str):
                instance.__dict__[field.attname] = normalise(value)
    if isinstance(instance, Editorial):
        instance.sort_vi = sort_key(instance.sorted_by("vi"))
        instance.sort_en = english_sort_key(instance.sorted_by("en"))


def search_entries_of(record: Editorial) -> list[SearchEntry]:
    """The entries of a record, one in each language, from its texts as they are."""
    entries, parts = [], record.with_searched_parts()
    for language in LANGUAGES:
        names = record.names_in(language)
        texts = [*names, *(text for each in parts for text in shown_texts(each, language))]
        number = entry_number(type(record), record.pk, language)
        # An address is found by all of it; its words are English ones, and no text of either language.
        address = indexed_whole(record.slug)
        words, marked = indexed(texts), indexed(texts, marks=True)
        # Only words with marks are looked for among the marked ones: a text without any has none to be found by.
        marked = "" if marked == words else marked
        names, words = f"{indexed_names(names)} {address}", f"{words} {address}"
        entries.append(SearchEntry(number=number, names=names, words=words, marked=marked))
    return entries


def write_search_entries(record: Editorial) -> None:
    """Bring the entries of a record up to its texts, whether they are there yet or not; one statement."""
    columns = [column.name for column in SearchEntry._meta.fields if not column.primary_key]
    SearchEntry.objects.bulk_create(
        search_entries_of(record), update_conflicts=True, unique_fields=["number"], update_fields=columns
    )


@receiver([post_save, post_delete])
def follow_with_search_entries(sender, instance, signal, **kwargs) -> None:
    """The search is current after every write; the entries of a record hold the texts of its parts too."""
    if isinstance(instance, Part):
        write_search_entries(getattr(instance, instance.parent_field))
    elif isinstance(instance, Editorial) and signal is post_delete:
        numbers = [entry_number(sender, instance.pk, language) for language in LANGUAGES]
        SearchEntry.objects.filter(number__in=numbers).delete()
    elif isinstance(instance, Editorial):
        write_search_entries(instance)


@receiver(post_migrate)
def complete_database_after_migrating(sender, using, **kwargs) -> None:
    """Once in a migration of all apps, when the tables of all of them are there."""
    if sender.label == "portal":
        complete_database(using)


# What loading content remembers, so that nobody's work is lost


class Sync(models.Model):
    """One run that brought content in: who, when, from where, and what came of it."""

    class Status(models.TextChoices):
        PREVIEWED = "previewed", pgettext_lazy("of a sync", "Previewed, not applied")
        APPLIED = "applied", pgettext_lazy("of a sync", "Applied")
        STOPPED = "stopped", pgettext_lazy("of a sync", "Stopped by conflicts")

    class Origin(models.TextChoices):
        COMMAND = "command", _("Command")
        FIXTURE = "fixture", _("Uploaded fixture file")
        SHEET = "sheet", _("Uploaded spreadsheet")
        SETTLEMENT = "settlement", _("Conflict settled")

    started = models.DateTimeField(_("started"), auto_now_add=True)
    finished = models.DateTimeField(_("finished"), null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    origin = models.CharField(_("origin"), max_length=10, choices=Origin, default=Origin.COMMAND)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.APPLIED)
    files = models.TextField(_("files"), blank=True)
    counts = models.JSONField(_("counts"), default=dict)
    # An uploaded file waits here between its preview and its application.
    waiting_file = models.BinaryField(null=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("content update")
        verbose_name_plural = _("content updates")
        ordering = ["-started", "-pk"]

    def __str__(self) -> str:
        return self.files


class SyncChange(models.Model):
    """One field, or one whole record, that a sync changed, kept or could not settle."""

    sync = models.ForeignKey(Sync, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    field = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=20)
    base = models.JSONField(null=True)
    incoming = models.JSONField(null=True)
    database = models.JSONField(null=True)
    result = models.JSONField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.field}"


class LoadedState(models.Model):
    """What the fixtures last said of a record, field by field: the base of the three-way merge."""

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    file = models.CharField(max_length=200, blank=True)
    values = models.JSONField(default=dict)
    # Fields of which it is not known what was loaded: they differed when the record was first met.
    unknown = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_loaded_state_a_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Conflict(models.Model):
    """A field that was changed differently on both sides and waits for an editor to settle it."""

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("key"), max_length=200)
    field = models.CharField(_("field"), max_length=60)
    origin = models.CharField(_("origin"), max_length=10, choices=Sync.Origin)
    file = models.CharField(_("file"), max_length=200, blank=True)
    # Null where the last loaded state is not known.
    base = models.JSONField(null=True)
    incoming = models.JSONField(null=True)
    database = models.JSONField(null=True)
    found = models.DateTimeField(_("found"), auto_now_add=True)

    class Meta:
        verbose_name = _("conflict")
        verbose_name_plural = _("conflicts")
        ordering = ["kind", "key", "-field"]
        constraints = [models.UniqueConstraint(fields=["kind", "key", "field", "origin"], name="one_conflict_a_field")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.field}"
