"""The structured-data toolbox: what a page tells machines about its record, in the words of schema.org.

A builder takes a record, with what its view has fetched, and gives a dictionary
whose addresses are paths. `script_text` makes them absolute and the text safe.
What is not known is left out, and so is every related record that is no public one.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.dates import iso_date
from portal.models import Body, BodyKind, BodyStatus, Country, Direction, Document, DocumentKind, Editorial, Topic

SCHEMA = "https://schema.org"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
ASEAN = {"@type": "Organization", "name": "ASEAN", "url": "https://asean.org/"}
# Everybody else is a part of ASEAN.
OUTSIDERS = {BodyKind.DIALOGUE_PARTNER, BodyKind.INTERNATIONAL_ORGANISATION, BodyKind.OTHER}
REPORTS = {DocumentKind.REPORT, DocumentKind.STUDY}
ADDRESSES = {"@id", "item", "url"}
# Without these no text can end its script element or open another.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}

Thing = dict[str, Any]


def known(thing: Thing) -> Thing:
    """The thing without what is empty."""
    return {name: value for name, value in thing.items() if value not in (None, "", [])}


def reference(kind: str, record: Editorial | None) -> Thing | None:
    """A related record by name and address; nothing when the public may not see it."""
    if record is None or not record.is_public:
        return None
    return {"@type": kind, "name": str(record), "url": record.get_absolute_url()}


def references(kind: str, records: Iterable[Editorial]) -> list[Thing]:
    return [reference(kind, record) for record in records if record.is_public]


def describe(kind: str, record: Editorial, **facts) -> Thing:
    """The record of a page. The page has a language and a licence; what it tells of may have neither."""
    address = record.get_absolute_url()
    page = {
        "@type": "WebPage",
        "@id": address,
        "inLanguage": get_language(),
        "dateModified": record.updated.isoformat(timespec="seconds"),
        "license": LICENSE,
    }
    return known({"@type": kind, "name": str(record), "url": address} | facts | {"mainEntityOfPage": page})


def body_kind(body: Body) -> str:
    return "Organization" if body.kind in OUTSIDERS else "GovernmentOrganization"


def body_reference(body: Body | None) -> Thing | None:
    return reference(body_kind(body), body) if body else None


def body_references(bodies: Iterable[Body]) -> list[Thing]:
    return [body_reference(body) for body in bodies if body.is_public]


def organisation(body: Body) -> Thing:
    """Reads the parent and the children of the body. What was only proposed belongs to nothing yet."""
    exists = body.status != BodyStatus.PROPOSED
    children = [child for child in body.children.all() if child.status != BodyStatus.PROPOSED]
    return describe(
        body_kind(body),
        body,
        alternateName=body.acronym,
        description=body.mandate,
        disambiguatingDescription="" if body.status == BodyStatus.ACTIVE else body.get_status_display(),
        foundingDate=str(body.established or ""),
        parentOrganization=body_reference(body.parent) if exists else None,
        subOrganization=body_references(children),
        memberOf=ASEAN if exists and body.kind not in OUTSIDERS else None,
    )


def country_and_ministry(country: Country) -> list[Thing]:
    ministry = {
        "@type": "GovernmentOrganization",
        "name": country.ministry,
        "alternateName": country.ministry_acronym,
        "areaServed": reference("Country", country),
    }
    state = describe(
        "Country",
        country,
        alternateName=country.official_name,
        identifier=country.code,
        containsPlace={"@type": "City", "name": country.capital},
    )
    return [state, known(ministry)]


def work(document: Document) -> Thing:
    """A document; its date is as exact as it is known."""
    return describe(
        "Report" if document.kind in REPORTS else "CreativeWork",
        document,
        genre=document.get_kind_display(),
        datePublished=iso_date(document.published_on, document.precision or "day"),
        publisher=body_reference(document.body),
        sameAs=document.url,
    )


def term_of_direction(direction: Direction) -> Thing:
    shift = f"{direction.moves_from} → {direction.moves_to}"
    return describe("DefinedTerm", direction, termCode=str(direction.number), description=shift)


def term_of_topic(topic: Topic) -> Thing:
    return describe("DefinedTerm", topic)


def website() -> Thing:
    return {
        "@type": "WebSite",
        "name": _("ASEAN digital cooperation"),
        "url": reverse("home"),
        "inLanguage": [code for code, _name in settings.LANGUAGES],
        "license": LICENSE,
    }


def dataset(name: str, description: str, address: str) -> Thing:
    """One list of the register as a whole."""
    return {
        "@type": "Dataset",
        "name": f"{_('ASEAN digital cooperation')}: {name}",
        "description": description,
        "url": address,
        "inLanguage": [code for code, _name in settings.LANGUAGES],
        "license": LICENSE,
        "isAccessibleForFree": True,
    }


def breadcrumbs(crumbs: list[tuple[str, str]]) -> Thing:
    """The way to a page as (label, address) from the home page down; the page itself needs no address."""
    entries = [
        known({"@type": "ListItem", "position": position, "name": label, "item": address})
        for position, (label, address) in enumerate(crumbs, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": entries}


def with_addresses(part: Any, absolute: Callable[[str], str]) -> Any:
    """The same data, every path made an address."""
    if isinstance(part, list):
        return [with_addresses(entry, absolute) for entry in part]
    if not isinstance(part, dict):
        return part
    return {
        name: absolute(value)
        if name in ADDRESSES and isinstance(value, str) and value.startswith("/")
        else with_addresses(value, absolute)
        for name, value in part.items()
    }


def script_text(thing: Thing, absolute: Callable[[str], str]) -> str:
    """JSON-LD for inside a script element, whatever the texts of the record hold."""
    complete = {"@context": SCHEMA} | with_addresses(thing, absolute)
    return json.dumps(complete, ensure_ascii=False).translate(ESCAPES)
