"""The editors' toolbox, `RecordAdmin` and its parts, and the admin of the vocabulary."""

from functools import partial

import reversion
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten, unquote
from django.contrib.admin.widgets import AdminSplitDateTime, AdminTextareaWidget
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, connection
from django.db.models import F, ManyToManyField, Model, Prefetch, TextField, URLField
from django.urls import translate_url
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import Truncator, format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from modeltranslation.admin import TranslationAdmin, TranslationStackedInline
from modeltranslation.utils import get_language

from portal.accounts.roles import may_edit
from portal.dates import show_date
from portal.editing import field_help
from portal.editing.addresses import looks_like_address, with_address
from portal.editing.bulk import adder
from portal.editing.choices import KnownChoice, KnownChoices, KnownChoicesMixin, ManyField
from portal.editing.duplicates import OnceNamedForm
from portal.editing.given_back import GivesBack
from portal.editing.saved_filters import shown_filters
from portal.history.admin import HistoryMixin
from portal.history.content import rows_of
from portal.history.editing import MeanwhileMixin
from portal.links.admin import LinkMixin
from portal.list_filters import LinkFilter, MissingSource, OwnWork, TranslationFilter
from portal.models import (
    LANGUAGES,
    Body,
    Country,
    Direction,
    Document,
    Editorial,
    Source,
    State,
    Topic,
    UnverifiedItem,
)
from portal.revisions import keep_revision, keep_what_was_loaded, revisions_of_deletion
from portal.text import fold
from portal.translations.texts import desk_address, translated_fields
from portal.workflow.panel import form_address, panel
from portal.workflow.pending import may_change, open_form, why_refused, why_row_refused

LISTED_CHARACTERS = 110

SOURCES = (_("Sources"), {"fields": ["sources"]})
PUBLICATION = (
    _("Publication"),
    {"fields": ["slug", "note", "updated"]},
)


# Actions of the lists
add_sources = adder("sources", _("Add sources to the selected …"))
add_topics = adder("topics", _("Add topics to the selected …"))


def shorten(text: str) -> str:
    return Truncator(text).chars(LISTED_CHARACTERS)


class SortKey(F):
    """The stored sort key of the language the editor uses at the moment of the query."""

    def __init__(self) -> None:
        super().__init__("sort_vi")

    def resolve_expression(self, *args, **kwargs):
        return F(f"sort_{get_language()}").resolve_expression(*args, **kwargs)


# Relations


class RelationsMixin:
    """Every relation is found by typing, and its choices look as they do in their own list."""

    def get_autocomplete_fields(self, request):
        fields = [*self.opts.fields, *self.opts.many_to_many]
        return [field.name for field in fields if field.is_relation and field.editable]

    def related_admin(self, field):
        return self.admin_site.get_model_admin(field.remote_field.model)

    def get_field_queryset(self, db, db_field, request):
        related = self.related_admin(db_field)
        return related.get_queryset(request).order_by(*related.get_ordering(request))

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs.setdefault("widget", KnownChoice(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs.setdefault("widget", KnownChoices(db_field, self.admin_site))
        return super().formfield_for_manytomany(db_field, request, form_class=ManyField, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        field.help_text = field_help.help_of(db_field)
        if limit := field_help.reads_well(db_field):
            field.widget.attrs["data-reads-well"] = limit
        if isinstance(field, forms.ModelChoiceField):
            field.label_from_instance = self.related_admin(db_field).choice_label
        if isinstance(field.widget, AdminSplitDateTime):
            for widget, label in zip(field.widget.widgets, (_("Date"), _("Time")), strict=True):
                widget.attrs["aria-label"] = format_lazy("{} – {}", field.label, label)
        if language := getattr(db_field, "language", None):
            field.widget.attrs["lang"] = language
        return field


# Lists and forms


class EditingAdmin(GivesBack, HistoryMixin, MeanwhileMixin, RelationsMixin, admin.ModelAdmin):
    """What every admin of the register has in common."""

    list_per_page = 50
    # The web address that a record can be found by, and that only one record has.
    address_field = ""
    list_select_related = ()
    change_list_template = "admin/content_list.html"
    save_on_top = True
    formfield_overrides = {
        TextField: {"widget": AdminTextareaWidget(attrs={"rows": 5})},
        URLField: {"assume_scheme": "https"},
    }
    search_help_text = _("In both languages, with or without marks.")

    def __init__(self, model, admin_site) -> None:
        """Here, after translation, so that revisions hold both languages."""
        super().__init__(model, admin_site)
        if not reversion.is_registered(model):
            reversion.register(model)

    # What was submitted is changed by those who may publish; what is public changes as a pending version

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """What another saved between look and save is seen the second time: the form comes back and says so."""
        request.is_sent_form = request.method == "POST"
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            return super().changeform_view(request, object_id, form_url, extra_context)

    def has_change_permission(self, request, obj=None):
        """What is sent too late, `RecordForm` and `PartForm` refuse: the form comes back, and nothing typed is lost."""
        is_asked = obj is not None and not getattr(request, "is_sent_form", False)
        return super().has_change_permission(request, obj) and (not is_asked or may_change(request.user, obj))

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (obj is None or may_edit(request.user, obj))

    def save_formset(self, request, form, formset, change):
        """A new text inside a record stands where the record stands."""
        for row in formset.extra_forms:
            if isinstance(row.instance, Editorial) and formset.instance.state != State.WITHDRAWN:
                row.instance.state = formset.instance.state
        super().save_formset(request, form, formset, change)

    def get_queryset(self, request):
        queryset = super().get_queryset(request)
        return queryset.select_related(*self.list_select_related) if self.list_select_related else queryset

    def get_list_display(self, request):
        """A list of what waits to be translated leads to the desk of each record."""
        columns = super().get_list_display(request)
        if TranslationFilter.parameter_name not in request.GET:
            return columns
        place = columns.index("listed_name") + 1 if "listed_name" in columns else 1
        return [*columns[:place], "desk_link", *columns[place:]]

    @admin.display(description=_("translation desk"))
    def desk_link(self, record) -> str:
        return format_html('<a href="{}">{}</a>', desk_address(record), _("Both languages"))

    def choice_label(self, record) -> str:
        """How the record is named where it is chosen, and above its own form."""
        return shorten(str(record))

    def view_on_site(self, record) -> str | None:
        """The record's page, once the public can see it."""
        if not hasattr(record, "get_absolute_url") or not type(record).objects.published().filter(pk=record.pk):
            return None
        return record.get_absolute_url()

    def public_pages(self, record) -> list[tuple[str, str]]:
        """The page in each language."""
        address = self.view_on_site(record)
        return [(language, translate_url(address, language)) for language in LANGUAGES] if address else []

    def save_model(self, request, obj, form, change) -> None:
        """A form sent back untouched leaves the hour of the last change alone."""
        if change and form.has_changed():
            self.keep_what_was_there(obj)
        if form.has_changed() or not change:
            super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change) -> None:
        """With the lists and rows that belong to it, the record and every row that changed are one revision."""
        if change and not form.has_changed() and any(formset.has_changed() for formset in formsets):
            self.keep_what_was_there(form.instance)
        going = [row.instance for formset in formsets for row in formset.deleted_forms if row.instance.pk]
        moment = timezone.now()
        with revisions_of_deletion(request.user, going, moment):
            super().save_related(request, form, formsets, change)
        if connection.vendor == "postgresql":
            connection.check_constraints()  # a choice may be deleted by now; the commit would be too late to say so
        rows = [row for formset in formsets for row in formset.new_objects]
        rows += [row for formset in formsets for row, _changes in formset.changed_objects]
        is_other = form.has_changed() or not change
        saved = [*([form.instance] if is_other else []), *rows]
        keep_revision(request.user, "changed" if change else "added", saved, moment)
        self.keep_correction_note(request, form.instance, moment)

    def keep_what_was_there(self, record) -> None:
        """What no revision knows yet, so that the history begins before the first change."""
        keep_what_was_loaded([record, *rows_of(record)], getattr(record, "updated", None))

    def delete_model(self, request, obj) -> None:
        with revisions_of_deletion(request.user, [obj]):
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset) -> None:
        with revisions_of_deletion(request.user, list(queryset)):
            super().delete_queryset(request, queryset)

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {**shown_filters(request, self), **(extra_context or {})})

    def render_change_form(self, request, context, *args, **kwargs):
        if original := context.get("original"):
            context["subtitle"] = self.choice_label(original)
            context["public_pages"] = self.public_pages(original)
            context["desk_address"] = desk_address(original) if translated_fields(self.model) else ""
        return super().render_change_form(request, context, *args, **kwargs)


class TabbedAdmin(EditingAdmin, TranslationAdmin):
    """Both languages in tabs."""

    class Media:
        js = (
            "admin/js/jquery.init.js",
            "modeltranslation/js/force_jquery.js",
            "vendor/jquery-ui/ui/version.js",
            "vendor/jquery-ui/ui/keycode.js",
            "vendor/jquery-ui/ui/unique-id.js",
            "vendor/jquery-ui/ui/widget.js",
            "vendor/jquery-ui/ui/widgets/tabs.js",
            "modeltranslation/js/tabbed_translation_fields.js",
            "js/admin-tabs.js",
        )


class RecordForm(OnceNamedForm):
    """Refuses a record that went, while it was written, where its editor may not change it."""

    editor = None
    refusal = ""

    def clean(self) -> dict:
        if self.instance.pk is None or may_change(self.editor, self.instance):
            return super().clean()
        self.refusal = why_refused(self.instance)
        self.add_error(None, self.refusal)
        return self.cleaned_data


class RecordAdmin(TabbedAdmin):
    """The admin of an editorial record."""

    form = RecordForm
    # Whether two records of nearly the same name are likely to be one.
    is_once_named = True
    # Makes the search box appear; what is searched is the record's search entry.
    search_fields = ["slug"]
    list_display = ["listed_name", "state", "updated_on"]
    list_filter = ["state", TranslationFilter, MissingSource, OwnWork]
    actions = [add_sources]
    change_form_template = "admin/workflow/form.html"

    # A published record is edited in a version that waits beside it

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        form = partial(super().changeform_view, request, object_id, form_url, extra_context)
        record = self.get_object(request, unquote(object_id)) if object_id else None
        return open_form(request, record, form) if record else form()

    def response_change(self, request, obj):
        request.is_saved = True
        return super().response_change(request, obj)

    def message_user(self, request, message, level=messages.INFO, **kwargs) -> None:
        """That the record was changed would be untrue of a pending version."""
        if getattr(request, "as_pending", False) and level == messages.SUCCESS:
            message = _("Saved as a pending version. Visitors see the published one until it is approved.")
        super().message_user(request, message, level, **kwargs)

    def render_change_form(self, request, context, *args, **kwargs):
        if context.get("original"):
            context["workflow"] = panel(request, context["original"])
            context["refusal"] = context["adminform"].form.refusal
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("name"), ordering=SortKey())
    def listed_name(self, record) -> str:
        name = record.name_in(get_language()) or record.name_in("vi") or record.name_in("en") or record.slug
        acronym = getattr(record, "acronym", "")
        return f"{shorten(name)} ({acronym})" if acronym and acronym not in name else shorten(name)

    @admin.display(description=_("updated"), ordering="updated")
    def updated_on(self, record) -> str:
        return date_format(localtime(record.updated), "SHORT_DATE_FORMAT")

    def choice_label(self, record) -> str:
        acronym = getattr(record, "acronym", "")
        return shorten(f"{acronym} – {record}" if acronym else str(record))

    def get_ordering(self, request):
        return self.ordering or [f"sort_{get_language()}", "slug"]

    def get_search_results(self, request, queryset, search_term):
        """By words, or by a web address however it was pasted."""
        if self.address_field and looks_like_address(search_term):
            at_address = with_address(queryset, self.address_field, search_term)
            if at_address.exists():
                return at_address, False
        return (queryset.search(search_term) if search_term else queryset), False

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.editor = request.user
        form.name_field = self.model.name_field if self.is_once_named else ""
        form.address_field = self.address_field
        return form

    def get_readonly_fields(self, request, obj=None):
        """An address never changes once it is given."""
        return [*super().get_readonly_fields(request, obj), "updated", *(["slug"] if obj else [])]


class FoldedSearchMixin:
    """Search without marks for the small tables that have no search entries.

    Neither database folds đ or tone marks by itself, so the rows are compared here.
    """

    def get_search_results(self, request, queryset, search_term):
        words = fold(search_term).split()
        if not words:
            return queryset, False
        rows = queryset.values_list("pk", *self.search_fields)
        texts = {key: fold(" ".join(str(text) for text in row if text)) for key, *row in rows}
        return queryset.filter(
            pk__in=[key for key, text in texts.items() if all(word in text for word in words)]
        ), False


class PartForm(forms.ModelForm):
    """Refuses a row that is in, new in, or moved to a record that its editor may not change here."""

    editor = None
    refused_record: Editorial | None = None

    def clean(self) -> dict:
        cleaned = super().clean()
        field = self._meta.model.parent_field
        stored = getattr(self.instance, field) if self.instance.pk else None
        for record in (stored, cleaned.get(field)):
            if record and not self.takes_rows(record):
                self.refused_record = record
                self.add_error(field, self.why_refused(record))
                break
        return cleaned

    def takes_rows(self, record: Editorial) -> bool:
        part = self._meta.model
        return may_change(self.editor, part(**{part.parent_field: record}))

    def why_refused(self, record: Editorial) -> str:
        if record.state == State.PUBLISHED:
            return _("This record is published. Its rows are added and changed in its own form, as a pending version.")
        return _("What was submitted or withdrawn is changed by a reviewer only.")


class PartAdmin(FoldedSearchMixin, EditingAdmin):
    """The admin of a row that belongs to a record; mostly edited inside it."""

    form = PartForm
    list_filter = [MissingSource]
    change_form_template = "admin/workflow/part_form.html"
    actions = [add_sources]

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.editor = request.user
        return form

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), *(["key"] if obj else [])]

    def render_change_form(self, request, context, *args, **kwargs):
        part = context.get("original")
        if refused := context["adminform"].form.refused_record:
            context["refused_record"], context["refused_address"] = refused, form_address(refused)
        elif part and (record := getattr(part, part.parent_field)).state == State.PUBLISHED:
            context["parent_address"] = form_address(record)
        return super().render_change_form(request, context, *args, **kwargs)

    def view_on_site(self, record) -> None:
        """A part has no page of its own."""


# Rows inside the form of what they belong to


class RowForm(forms.ModelForm):
    """A row shows only some fields of what it edits."""

    label_of_row = staticmethod(str)
    # The texts of a row that is not for its editor to change, as they stand, beside which they wrote.
    texts_as_they_stand: list[tuple[str, str, str]] = []

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            widget = getattr(field.widget, "widget", None)
            if isinstance(widget, KnownChoicesMixin) and self.instance.pk:
                widget.known = {str(record.pk): record for record in self.related_records(name)}

    def row_label(self) -> str:
        return self.label_of_row(self.instance)

    def related_records(self, name: str) -> list:
        related = getattr(self.instance, name)
        if isinstance(self.instance._meta.get_field(name), ManyToManyField):
            return list(related.all())
        return [related] if related else []

    def add_error(self, field, error) -> None:
        """What is wrong with a field the row does not show is said at the head of the row."""
        if field is None and hasattr(error, "error_dict"):
            by_field: dict[str, list] = {}
            for name, errors in error.error_dict.items():
                by_field.setdefault(name if name in self.fields else NON_FIELD_ERRORS, []).extend(errors)
            error = ValidationError(by_field)
        super().add_error(field, error)

    def refuse(self, stored: Model) -> None:
        """Say why a row is not taken, and what stands in the fields that were changed."""
        self.add_error(None, why_row_refused(stored))
        changed = [(name, self.fields[name]) for name in self.changed_data]
        self.texts_as_they_stand = [
            (field.label, field.widget.attrs.get("lang", ""), getattr(stored, name) or "–")
            for name, field in changed
            if isinstance(field, forms.CharField)
        ]


class RowFormSet(forms.BaseInlineFormSet):
    """Refuses what was written in rows that stand, in their own right, where their editor may not change them."""

    editor = None
    is_pending = False

    def clean(self) -> None:
        # A record that may not be changed is refused by its own form, with all its rows.
        if not self.is_pending and may_edit(self.editor, self.instance) and self.refused_rows():
            raise ValidationError(
                _(
                    "Nothing was saved. What you wrote still stands in the rows marked below. Copy it from there, "
                    "put back what the row says, and save the rest."
                )
            )
        super().clean()

    def refused_rows(self) -> list[RowForm]:
        touched = {row.instance.pk: row for row in self.initial_forms if row.has_changed()}
        stored = self.model._default_manager.select_for_update(of=("self",)).in_bulk(list(touched))
        refused = [row for row in stored.values() if not may_edit(self.editor, row)]
        for row in refused:
            touched[row.pk].refuse(row)
        return [touched[row.pk] for row in refused]

    def get_unique_error_message(self, unique_check) -> str:
        """What the model itself says when two rows claim the same."""
        for constraint in self.model._meta.total_unique_constraints:
            if set(constraint.fields) == set(unique_check):
                return constraint.get_violation_error_message()
        return super().get_unique_error_message(unique_check)


class OrderedFormSet(RowFormSet):
    """Rows that may change places, though the database wants each place taken once at any moment."""

    out_of_the_way = 10_000

    def save_existing_objects(self, commit=True):
        leaving = [form for form in self.initial_forms if "order" in form.changed_data or form in self.deleted_forms]
        if commit and leaving:
            rows = self.model.objects.filter(pk__in=[form.instance.pk for form in leaving])
            rows.update(order=F("order") + self.out_of_the_way)
        return super().save_existing_objects(commit)


class RowInlineMixin(RelationsMixin):
    """A stack of rows. A database check is only made here when all the fields it names are shown."""

    form = RowForm
    formset = RowFormSet
    extra = 0
    show_change_link = True
    view_on_site = False
    classes = ["collapse"]
    template = "admin/edit_inline/rows.html"
    formfield_overrides = {TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})}}

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.label_of_row = staticmethod(self.row_admin.choice_label)
        formset.editor, formset.is_pending = request.user, getattr(request, "as_pending", False)
        return formset

    @property
    def row_admin(self):
        return self.admin_site.get_model_admin(self.model)

    def get_queryset(self, request):
        """The rows with all they point at, in a number of queries that does not grow with them."""
        single, many = list(self.row_admin.list_select_related), []
        for field in (self.opts.get_field(name) for name in flatten(self.fields)):
            if field.many_to_one:
                single += [
                    field.name,
                    *(f"{field.name}__{name}" for name in self.related_admin(field).list_select_related),
                ]
            elif field.many_to_many:
                many.append(Prefetch(field.name, self.related_admin(field).get_queryset(request)))
        queryset = super().get_queryset(request).prefetch_related(*many)
        return queryset.select_related(*single) if single else queryset


class RowInline(RowInlineMixin, admin.StackedInline):
    pass


class TabbedRowInline(RowInlineMixin, TranslationStackedInline):
    pass


# The vocabulary


@admin.register(Country)
class CountryAdmin(RecordAdmin):
    list_display = ["listed_name", "code", "ministry_acronym", "joined_on", "state", "updated_on"]
    fieldsets = [
        (None, {"fields": ["name", "official_name", "code"]}),
        (_("Facts"), {"fields": ["capital", "joined_on", "ministry", "ministry_acronym"]}),
        SOURCES,
        PUBLICATION,
    ]


@admin.register(Body)
class BodyAdmin(RecordAdmin):
    list_display = ["listed_name", "kind", "status", "state", "parent_label", "lead_country", "updated_on"]
    list_filter = ["state", "kind", "status", TranslationFilter, MissingSource, OwnWork]
    list_select_related = ["parent", "lead_country"]
    fieldsets = [
        (None, {"fields": ["name", "acronym", "mandate"]}),
        (_("Facts"), {"fields": ["kind", "status", "established"]}),
        (_("Relations"), {"fields": ["parent", "successor", "lead_country"]}),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("reports to"), ordering="parent__acronym")
    def parent_label(self, body) -> str | None:
        return body.parent and body.parent.label


@admin.register(Direction)
class DirectionAdmin(RecordAdmin):
    list_display = ["number", "listed_name", "state", "updated_on"]
    list_display_links = ["listed_name"]
    ordering = ["number"]
    fieldsets = [
        (None, {"fields": ["number", "name", "moves_from", "moves_to", "detail"]}),
        SOURCES,
        PUBLICATION,
    ]

    def choice_label(self, record) -> str:
        return shorten(f"{record.number}. {record}")


@admin.register(Topic)
class TopicAdmin(RecordAdmin):
    list_display = ["listed_name", "slug", "state", "updated_on"]
    fieldsets = [(None, {"fields": ["name"]}), SOURCES, PUBLICATION]


@admin.register(Document)
class DocumentAdmin(LinkMixin, RecordAdmin):
    list_display = ["listed_name", "kind", "published", "body_label", "state", "link", "updated_on"]
    list_filter = [
        "state",
        "kind",
        TranslationFilter,
        MissingSource,
        OwnWork,
        LinkFilter,
        ("body", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["body"]
    date_hierarchy = "published_on"
    fieldsets = [
        (None, {"fields": ["title", "kind"]}),
        (_("Facts"), {"fields": [("published_on", "precision"), "url", "link_check"]}),
        (_("Relations"), {"fields": ["body"]}),
        SOURCES,
        PUBLICATION,
    ]

    @admin.display(description=_("published on"), ordering="published_on")
    def published(self, document) -> str:
        return show_date(document.published_on, document.precision)

    @admin.display(description=_("issuing body"), ordering="body__acronym")
    def body_label(self, document) -> str | None:
        return document.body and document.body.label


@admin.register(Source)
class SourceAdmin(LinkMixin, RecordAdmin):
    address_field = "url"
    actions = []
    list_display = ["listed_name", "publisher", "published", "reliability", "state", "language", "link", "updated_on"]
    list_filter = ["state", "reliability", TranslationFilter, OwnWork, LinkFilter, "language"]
    date_hierarchy = "published_on"
    fieldsets = [
        (None, {"fields": ["title", "publisher", "url", "link_check"]}),
        (_("Facts"), {"fields": [("published_on", "precision"), "language", "reliability"]}),
        PUBLICATION,
    ]

    @admin.display(description=_("published on"), ordering="published_on")
    def published(self, source) -> str:
        return show_date(source.published_on, source.precision)


@admin.register(UnverifiedItem)
class UnverifiedItemAdmin(FoldedSearchMixin, TabbedAdmin):
    """The editors' list of what is not known well enough to be a record."""

    search_fields = ["slug", "subject_vi", "subject_en", "note"]
    list_display = ["listed_subject", "kind", "reason"]
    list_filter = ["kind", "reason", TranslationFilter, MissingSource]
    fieldsets = [
        (None, {"fields": ["subject", "kind", "reason", "note"]}),
        (_("Sources"), {"fields": ["sources"]}),
        (_("Editors"), {"fields": ["slug"]}),
    ]

    @admin.display(description=_("subject"), ordering="slug")
    def listed_subject(self, item) -> str:
        return shorten(str(item))
