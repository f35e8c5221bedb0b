"""The API in the words of OpenAPI 3.1: made from the filter sets and the columns, so that it cannot drift.

Values of a filter are listed as they are in the register now; the examples are its records.
"""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from portal.filters import (
    LONGEST_SEARCH,
    RELEVANCE,
    RecordFilterSet,
    RecordsFilter,
    SearchFilter,
    SortFilter,
    UpdatedSinceFilter,
    ValuesFilter,
    YearBoundFilter,
    YearsFilter,
)
from portal.index import NOT_STATED, ContentState, content_state, kept_for
from portal.models import Source
from portal.representation import (
    ALSO_NAMED,
    Field,
    fields_of,
    list_address,
    lists,
    name_columns,
    part_fields,
    texts_of,
)
from portal.structured import LICENSE
from portal.tables import Table, notes

USUAL_PAGE, LARGEST_PAGE = 30, 1000
MOST_VALUES = 1000  # of a filter, that are listed one by one
FEW_VALUES = 25  # of a filter, that a reader is shown
YEAR = r"^(19(6[7-9]|[7-9][0-9])|20[0-9]{2}|2100)$"
YEAR_OR_NONE = rf"{YEAR}|^{NOT_STATED}$"
SLUG = "^[-a-zA-Z0-9_]+$"
DAY = r"^\d{4}(-\d{2}(-\d{2})?)?$"
TEXT = r"^[^\u0000]*$"
TYPES: dict[str, dict] = {
    "string": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "moment": {"type": "string", "format": "date-time"},
    "address": {"type": ["string", "null"], "format": "uri"},
    "day": {"type": ["string", "null"], "pattern": DAY},
    "list": {"type": "array", "items": {"type": "string"}},
}
ADDRESS = {"type": "string", "format": "uri"}


def referring(kind: str, name: str) -> dict:
    return {"$ref": f"#/components/{kind}/{name}"}


# What is asked


def values_schema(bound: ValuesFilter) -> dict:
    """The values of a filter one by one, or, where any year or too many records would do, their pattern."""
    if isinstance(bound, YearsFilter):
        return {"type": "string", "pattern": YEAR_OR_NONE if bound.optional else YEAR}
    values = list(bound.labels)
    return {"type": "string", "enum": values} if len(values) <= MOST_VALUES else {"type": "string", "pattern": SLUG}


def example_of(bound: ValuesFilter) -> list[str]:
    """A value that some record has."""
    shown = [value for value in bound.shown if value != NOT_STATED and bound.parent.ids_with(bound.parameter, value)]
    return shown[:1]


def words_of(bound: ValuesFilter) -> str:
    """What a filter asks, and what its codes mean where they are few."""
    repeated = _("May be repeated: one of the values is enough.")
    words = f"{bound.label}. {repeated}"
    if isinstance(bound, YearsFilter | RecordsFilter):
        return words
    return f"{words} {'; '.join(f'`{value}`: {label}' for value, label in bound.labels.items())}."


def parameter(name: str, words: str, schema: dict, **more: Any) -> dict:
    """A parameter of a list; an empty one asks for nothing, as on the pages."""
    return {"name": name, "in": "query", "description": words, "allowEmptyValue": True, "schema": schema} | more


def parameter_of(name: str, bound: Any, filterset: RecordFilterSet) -> dict:
    """A filter as a parameter."""
    label = str(bound.label)
    if isinstance(bound, ValuesFilter):
        schema = {"type": "array", "items": values_schema(bound)}
        example = example_of(bound)
        more = {"style": "form", "explode": True} | ({"example": example} if example else {})
        return parameter(name, words_of(bound), schema, **more)
    if isinstance(bound, SearchFilter):
        schema = {"type": "string", "maxLength": LONGEST_SEARCH, "pattern": TEXT}
        words = _("words, with or without marks; “a phrase” in quotation marks, -without, codes such as ADGMIN 6")
        return parameter(name, f"{label}: {words}.", schema, example="ADGMIN 6")
    if isinstance(bound, SortFilter):
        keys = [*filterset.sort_keys, RELEVANCE]
        orders = [order for key in filterset.sort_keys for order in (key, f"-{key}")]
        words = _("a minus turns it round; usually “%(usual)s”, with a text by relevance") % {
            "usual": filterset.default_sort
        }
        return parameter(name, f"{label}: {words}.", {"type": "string", "enum": [*orders, *keys[-1:]]})
    if isinstance(bound, UpdatedSinceFilter):
        schema = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
        words = _("the records saved then or later; without a time zone, the one of Ha Noi is meant")
        return parameter(name, f"{label}: {words}.", schema, example="2026-01-16")
    if not isinstance(bound, YearBoundFilter):
        raise TypeError(f"{name} is a filter of a kind that is not described: {bound!r}")
    return parameter(name, f"{label}.", {"type": "string", "pattern": YEAR}, example="2020")


def paging() -> list[dict]:
    number = {"type": "integer", "minimum": 1, "default": 1}
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": USUAL_PAGE}
    return [
        parameter("page", _("Which page of the list; one that it does not have is an error 404."), number),
        parameter("page_size", _("How many records one answer has."), size),
    ]


def parameters_of(table: Table) -> list[dict]:
    """Every parameter of a list, with its values, in the language in use."""
    filterset = table.filterset_class(QueryDict())
    return [parameter_of(name, bound, filterset) for name, bound in filterset.filters.items()] + paging()


# What is answered


def reference_name(model: type[Model]) -> str:
    return f"{model.__name__}Reference"


def closed(properties: dict[str, dict]) -> dict:
    """An object that always has all of its properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def reference_schema(model: type[Model]) -> dict:
    """A record that another one names."""
    names = {name: TYPES["string"] for name in [*name_columns(model), *ALSO_NAMED.get(model, ())]}
    addresses = {"url": TYPES["address"] if model is Source else ADDRESS}
    own = ADDRESS if list_address(model) else {"type": "null"}
    return closed({"id": {"type": "string"}, **addresses, "api_url": own, **names})


def field_schema(field: Field) -> dict:
    if field.part:
        item = referring("schemas", field.part.model.__name__)
        return {"type": "array", "items": item, "description": field.words}
    if field.relation:
        one = referring("schemas", reference_name(field.relation.model))
        schema = {"type": "array", "items": one} if field.relation.many else {"anyOf": [one, {"type": "null"}]}
        return schema | {"description": field.words}
    schema = TYPES[field.column.kind]
    if field.column.codes:
        schema = schema | {"enum": [*field.column.codes, None]}
    return schema | {"description": field.words}


def record_schema(table: Table) -> dict:
    page = TYPES["address"] if table.model is Source else ADDRESS
    head = {
        "id": {"type": "string", "description": str(table.columns[0].words)},
        "slug": {"type": "string", "description": _("The same, as addresses have it")},
        "url": page | {"description": str(table.columns[1].words)},
        "url_en": page | {"description": _("The same page in English")},
        "api_url": ADDRESS | {"description": _("The record in this API")},
    }
    fields = {field.name: field_schema(field) for field in fields_of(table)}
    return closed(head | fields) | {"description": str(table.about)}


def part_schema(part: Table) -> dict:
    fields = {field.name: field_schema(field) for field in part_fields(part)}
    return closed({"id": {"type": "string"}} | fields) | {"description": str(part.about)}


def page_schema(table: Table) -> dict:
    address = {"type": ["string", "null"], "format": "uri"}
    return closed(
        {
            "count": {"type": "integer", "minimum": 0, "description": _("How many records fit")},
            "next": address,
            "previous": address,
            "results": {"type": "array", "items": referring("schemas", table.model.__name__)},
        }
    )


def problem_schema() -> dict:
    messages = {"type": "array", "items": {"type": "string"}}
    error = closed({"parameter": {"type": "string"}, "label": {"type": "string"}, "messages": messages})
    schema = closed(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        }
    )
    schema["properties"]["errors"] = {"type": "array", "items": error}
    return schema


def schemas() -> dict[str, dict]:
    """Every kind of thing that an answer has."""
    fields = [field for table in lists().values() for field in all_fields(table)]
    models = {field.relation.model for field in fields if field.relation}
    parts = {field.part.model.__name__: part_schema(field.part) for field in fields if field.part}
    found = {reference_name(model): reference_schema(model) for model in sorted(models, key=reference_name)}
    for table in lists().values():
        found[table.model.__name__] = record_schema(table)
        found[f"{table.model.__name__}Page"] = page_schema(table)
    root = {name: ADDRESS for name in [*lists(), "openapi", "documentation"]}
    return found | parts | {"Problem": problem_schema(), "Root": closed(root)}


def all_fields(table: Table) -> list[Field]:
    """The fields of a table and those of its parts."""
    fields = fields_of(table)
    return [*fields, *(each for field in fields if field.part for each in part_fields(field.part))]


HEADERS = {
    "ETag": {"schema": {"type": "string"}},
    "Access-Control-Allow-Origin": {"schema": {"type": "string", "const": "*"}},
}


def answered(words: str, schema: str, example: Any = None) -> dict:
    media = {"schema": referring("schemas", schema)} | ({} if example is None else {"example": example})
    return {"description": words, "headers": HEADERS, "content": {"application/json": media}}


def refused(words: str, **headers: dict) -> dict:
    content = {"application/problem+json": {"schema": referring("schemas", "Problem")}}
    return {"description": words, "content": content} | ({"headers": headers} if headers else {})


def refusals() -> dict[str, dict]:
    """Every error, by the name under which operations refer to it."""
    seconds = {"schema": {"type": "integer"}, "description": _("Seconds to wait")}
    return {
        "BadRequest": refused(_("A parameter has a value that is not known; what is wrong is told for each.")),
        "NotFound": refused(_("There is nothing at this address, or the list has no such page.")),
        "NotAllowed": refused(_("Only GET, HEAD and OPTIONS are understood.")),
        "NotAcceptable": refused(_("The answer is JSON, and the request does not accept it.")),
        "Changed": refused(_("If-Match names a state of the content that has gone.")),
        "TooMany": refused(_("Too many requests from one address."), **{"Retry-After": seconds}),
        "Unreadable": refused(_("The register cannot be read at the moment."), **{"Retry-After": seconds}),
    }


ALWAYS = {"405": "NotAllowed", "406": "NotAcceptable", "412": "Changed", "429": "TooMany", "503": "Unreadable"}


def operation(
    name: str, words: str, tag: str, answer: dict, errors: dict[str, str], *, asking: Iterable[dict] = ()
) -> dict:
    known = {"304": {"description": _("Not changed since the ETag that If-None-Match names.")}}
    wrong = {status: referring("responses", error) for status, error in (errors | ALWAYS).items()}
    return {
        "get": {
            "operationId": name,
            "summary": words,
            "tags": [tag],
            "parameters": list(asking),
            "responses": {"200": answer} | known | wrong,
        }
    }


def examples_of(table: Table, site: str) -> list[dict]:
    """The first record of a list, if it has any."""
    filterset = table.filterset_class(QueryDict())
    first = list(filterset.ids_in_order())[:1]
    return [json.loads(text) for text in texts_of(table, first, filterset.content, site)]


def paths_of(table: Table, site: str) -> dict[str, dict]:
    model, label = table.model.__name__, str(table.label)
    examples = examples_of(table, site)
    page = {"count": len(examples), "next": None, "previous": None, "results": examples}
    slug = {"name": "slug", "in": "path", "required": True, "schema": {"type": "string", "pattern": SLUG}}
    if examples:
        slug["example"] = examples[0]["slug"]
    of_list = answered(str(table.about), f"{model}Page", page)
    of_record = answered(str(table.about), model, *examples)
    address = list_address(table.model)
    errors = {"400": "BadRequest", "404": "NotFound"}
    words = _("%(list)s: one record") % {"list": label}
    return {
        address: operation(f"list-{table.name}", label, label, of_list, errors, asking=parameters_of(table)),
        f"{address}{{slug}}/": operation(
            f"get-{table.name}", words, label, of_record, {"404": "NotFound"}, asking=[slug]
        ),
    }


def description(site: str) -> dict:
    """The whole document, in the language in use; kept for one state of the content."""
    return kept_for(site, content_state(), ("OpenAPI", get_language()), lambda: describe(site))


def describe(site: str) -> dict:
    root = answered(_("The lists of the API"), "Root")
    paths = {reverse("api_root"): operation("root", _("The lists of the API"), "API", root, {})}
    for table in lists().values():
        paths |= paths_of(table, site)
    lead = _("Every list and every record of the register, read only, in both languages at once.")
    return {
        "openapi": "3.1.1",
        "info": {
            "title": f"{_('ASEAN digital cooperation')}: API",
            "version": "1",
            "description": " ".join([lead, *notes()[1:]]),
            "license": {"name": "CC BY 4.0", "url": LICENSE},
        },
        "servers": [{"url": site}],
        "externalDocs": {"url": site + reverse("api_docs")},
        "tags": [{"name": "API"}]
        + [{"name": str(table.label), "description": str(table.about)} for table in lists().values()],
        "paths": paths,
        "components": {"schemas": schemas(), "responses": refusals()},
    }


# What the page about the API says


def type_words(field: Field) -> str:
    """What a field holds, in words for a reader."""
    if field.part or (field.relation and field.relation.many):
        return _("list of objects")
    if field.relation:
        return _("object, or null")
    words = {
        "integer": _("whole number"),
        "number": pgettext("type of a field", "number"),
        "moment": _("moment, in UTC"),
        "address": _("web address"),
        "day": _("day, month or year"),
        "list": _("list of texts"),
    }
    code, text = pgettext("type of a field", "code"), pgettext("type of a field", "text")
    return words.get(field.column.kind, code if field.column.codes else text)


def filter_told(name: str, bound: Any, filterset: RecordFilterSet) -> dict:
    """A filter for a reader: its name, what it asks, and its values or, where these are many, one of them."""
    told = parameter_of(name, bound, filterset)
    values = told["schema"].get("items", told["schema"]).get("enum", [])
    few = len(values) <= FEW_VALUES and not isinstance(bound, RecordsFilter)
    example = told.get("example", [])
    return {
        "name": name,
        "words": f"{bound.label}." if isinstance(bound, ValuesFilter) else told["description"],
        "values": values if few and values else example if isinstance(example, list) else [example],
        "more": not few,
    }


def first_request(filters: list[dict], address: str) -> str:
    """A request that some record answers: the first filter that has a value, if there is any."""
    asked = [(each["name"], each["values"][0]) for each in filters if each["more"] and each["values"]]
    return f"curl '{address}?{urlencode([*asked[:1], ('page_size', '2')])}'"


def guide(site: str, state: ContentState) -> list[dict]:
    """Each list for the page about the API: address, filters, fields, a request and an answer."""
    name = ("API guide", get_language())
    return kept_for(site, state, name, lambda: [list_told(table, site) for table in lists().values()])


def list_told(table: Table, site: str) -> dict:
    filterset = table.filterset_class(QueryDict())
    filters = [filter_told(name, bound, filterset) for name, bound in filterset.filters.items()]
    address = f"{site}{list_address(table.model)}"
    examples = examples_of(table, site)
    return {
        "name": table.name,
        "label": table.label,
        "about": table.about,
        "address": address,
        "filters": filters,
        "fields": [(field.name, type_words(field), field.words) for field in fields_of(table)],
        "request": first_request(filters, address),
        "answer": json.dumps(examples[0], ensure_ascii=False, indent=2) if examples else "",
        "record": examples[0]["api_url"] if examples else "",
    }
