"""A small register in which every record is tied to every other that it can be tied to.

What a page must never show (drafts) and must never cost (one more query for one
more row) is tested on it.
"""

from io import BytesIO
from itertools import chain
from zipfile import ZipFile

from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from meetings.models import Verb
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_direction,
    make_discrepancy,
    make_document,
    make_indicator,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_person,
    make_plan,
    make_plan_item,
    make_session,
    make_source,
    make_statement,
    make_topic,
    make_version,
)

LISTS = [
    *("", "meetings/", "decisions/", "statements/", "initiatives/", "initiatives/?view=table", "plans/"),
    *(
        "figures/",
        "directions/",
        "bodies/",
        "countries/",
        "documents/",
        "timeline/",
        "about/",
        "methodology/",
        "search/?q=zz",
        "open-data/",
        "open-data/api/",
    ),
    *("accessibility/", "corrections/"),
]

TABLES = [
    *("meetings", "decisions", "statements", "initiatives", "plans", "figures", "directions", "bodies", "countries"),
    "documents",
]
API = [f"/api/v1/{name}/" for name in [*TABLES, "people", "topics", "sources"]] + ["/api/v1/", "/api/v1/openapi.json"]
FORMATS = [f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "xlsx", "atom")]
FORMATS += ["meetings.ics", "meetings.ics?sessions=1", "changes.atom", "open-data.zip", "open-data.jsonld"]


def url_map(resolver: URLResolver, prefix: str = "") -> list[str]:
    """Every address of the URL map without its first slash, with `<...>` where something stands."""
    found = []
    for entry in resolver.url_patterns:
        route = f"{prefix}{entry.pattern}"
        found += [route] if isinstance(entry, URLPattern) else url_map(entry, route)
    return found


def whole_addresses() -> list[str]:
    """Those in which nothing has to be filled in, of the language that is active."""
    return [f"/{route}" for route in url_map(get_resolver()) if not set("<^(") & set(route)]


def text_of(answer) -> str:
    """What an answer says, whatever its format: all the files of a ZIP, which an XLSX is too."""
    content = answer.getvalue()
    if not content.startswith(b"PK"):
        return content.decode()
    with ZipFile(BytesIO(content)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def mark(kind: str) -> str:
    """A word that occurs in every text of the first record of a kind and nowhere else."""
    return f"Zz{kind}zZ"


def named(kind: str, number: int, *fields: str) -> dict:
    """Texts of a record in both languages; the first of its kind carries the mark."""
    word = mark(kind) if number == 0 else f"{kind} {number}"
    return {f"{field}_{language}": f"{word} {field} {language}" for field in fields for language in ("vi", "en")}


def make_web(rows: int = 1) -> dict[str, list[Model]]:
    """`rows` records of each kind (directions: at most eight); the first of each kind is tied to all the others."""
    web: dict[str, list[Model]] = {}

    def grow(kind: str, make) -> None:
        web[kind] = []
        for number in range(min(rows, 8) if kind == "direction" else rows):
            web[kind].append(make(number))
            web[kind][-1].sources.set(tied("source", number)) if kind != "source" else None

    def first(kind: str) -> Model:
        return web[kind][0]

    def tied(kind: str, number: int) -> list[Model]:
        """The first record is tied to all of a kind, the others only to the first."""
        return web[kind] if number == 0 else web[kind][:1]

    grow("source", lambda n: make_source(title=f"{mark('source')} {n}" if n == 0 else f"source {n}"))
    grow("country", lambda n: make_country(**named("country", n, "name", "official_name", "capital", "ministry")))
    grow(
        "body",
        lambda n: make_body(
            acronym="ADGMIN" if n == 0 else "",
            slug="adgmin" if n == 0 else f"body-{n}",
            lead_country=first("country"),
            parent=first("body") if n else None,
            **named("body", n, "name", "mandate"),
        ),
    )
    grow("direction", lambda n: make_direction(**named("direction", n, "name", "moves_from", "moves_to", "detail")))
    grow("topic", lambda n: make_topic(**named("topic", n, "name")))
    grow("document", lambda n: make_document(body=first("body"), **named("document", n, "title")))
    grow(
        "person",
        lambda n: make_person(
            name=mark("person") if n == 0 else f"person {n}", country=first("country"), **named("person", n, "role")
        ),
    )
    grow(
        "meeting",
        lambda n: make_meeting(
            series=first("body"),
            country=first("country"),
            chair=first("person"),
            vice_chair=first("person"),
            part_of=first("meeting") if n else None,
            partners=tied("body", n),
            documents=tied("document", n),
            **named("meeting", n, "name", "theme", "city", "venue", "summary"),
        ),
    )
    grow("session", lambda n: make_session(meeting=first("meeting"), **named("session", n, "name", "place", "summary")))
    grow(
        "statement",
        lambda n: make_statement(
            meeting=first("meeting"),
            session=first("session"),
            person=first("person"),
            directions=tied("direction", n),
            order=n + 1,
            **named("statement", n, "role", "text"),
        ),
    )
    grow(
        "decision",
        lambda n: make_decision(
            meeting=first("meeting"),
            order=n + 1,
            verb=list(Verb)[n % len(Verb)],
            bodies=tied("body", n),
            documents=tied("document", n),
            **named("decision", n, "text"),
        ),
    )
    grow(
        "plan",
        lambda n: make_plan(
            predecessor=first("plan") if n else None,
            adopted_at=first("meeting"),
            decisions=tied("decision", n),
            documents=tied("document", n),
            **named("plan", n, "name", "summary"),
        ),
    )
    items = [make_plan_item(plan=first("plan"), order=n + 1, sources=web["source"]) for n in range(rows)]
    grow(
        "initiative",
        lambda n: make_initiative(
            lead_body=first("body"),
            lead_countries=tied("country", n),
            partners=tied("body", n),
            directions=tied("direction", n),
            topics=tied("topic", n),
            plan=first("plan"),
            plan_basis="stated",
            plan_items=items if n == 0 else items[:1],
            start_year=2020,
            decisions=tied("decision", n),
            statements=tied("statement", n),
            documents=tied("document", n),
            **named("initiative", n, "name", "summary"),
        ),
    )
    for n, initiative in enumerate(chain(web["initiative"], [first("initiative")] * (rows - 1))):
        make_milestone(initiative=initiative, meeting=first("meeting"), key=f"step-{n}", sources=web["source"])
    grow("indicator", lambda n: make_indicator(**named("indicator", n, "name", "unit")))
    for n in range(rows):
        make_observation(
            indicator=web["indicator"][n], statement=first("statement"), year=2000 + n % 50, sources=web["source"]
        )
    grow(
        "discrepancy",
        lambda n: make_discrepancy(
            meetings=web["meeting"][:1],
            decisions=web["decision"][:1],
            initiatives=web["initiative"][:1],
            plans=web["plan"][:1],
            indicators=web["indicator"][:1],
            bodies=web["body"][:1],
            documents=web["document"][:1],
            people=web["person"][:1],
            **named("discrepancy", n, "subject", "choice"),
        ),
    )
    for discrepancy in web["discrepancy"]:
        make_version(discrepancy=discrepancy, sources=web["source"])
    return web


def own_pages(web: dict[str, list[Model]]) -> dict[str, str]:
    """The address, without its language, of the first record of every kind that has a page."""
    kinds = [kind for kind in web if hasattr(web[kind][0], "get_absolute_url")]
    addresses = {kind: web[kind][0].get_absolute_url() for kind in kinds}
    return {kind: path[len("/vi/") :] for kind, path in addresses.items() if "#" not in path}
