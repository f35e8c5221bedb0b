"""The whole register at once: a ZIP with its description, and a catalogue for those who collect catalogues.

The description follows the Frictionless Data Package, the catalogue DCAT; both
are made from the declarations of the tables.
"""

import json
import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.entries import LANGUAGES
from portal.exports import XLSX, disposition, file_answer, file_names, in_place, not_now, site_of
from portal.index import ContentState, content_state
from portal.linked import LinkedRows
from portal.representation import lists
from portal.spreadsheets import csv_parts
from portal.structured import LICENSE
from portal.tables import TABLES, Column, Table, Value, as_text, in_lots, notes

NAME = "asean-digital-register"
MOST_FILES = 4  # those of both languages, and those of the content before
PATIENCE = 3  # seconds to wait for a file that another thread makes; waiting must not take up all of them
ZIP = "application/zip"
# Known to the day, the month or the year: no type of the standard says so.
DAY = r"\d{4}(-\d{2}(-\d{2})?)?"
TYPES = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "moment": {"type": "datetime"},
    "address": {"type": "string", "format": "uri"},
    "day": {"type": "string", "constraints": {"pattern": DAY}},
}
MEDIA = {
    "csv": "text/csv",
    "xlsx": XLSX,
    "atom": "application/atom+xml",
    "ics": "text/calendar",
    "json": "application/json",
}


# The package


def json_value(value: Value) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return as_text(value) if isinstance(value, date) else value


def json_parts(table: Table, site: str, language: str) -> Iterator[bytes]:
    """All rows as one JSON array in parts; names are those of the columns, several values are an array."""
    names = [column.name for column in table.columns]

    def line(record) -> str:
        values = map(json_value, table.cells(record, site))
        return json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)

    before = b"[\n"
    for lot in in_lots(LinkedRows(table.rows()).all(), language, line):
        yield before + ",\n".join(lot).encode()
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def field_of(column: Column, file_format: str) -> dict:
    """A column in the words of Table Schema."""
    as_list = {"type": "array" if file_format == "json" else "string"}
    return {"name": column.name, "description": column.words} | TYPES.get(column.kind, as_list)


def foreign_keys(table: Table) -> list[dict]:
    tables = {other.model: other.name for other in TABLES.values()}
    return [
        {"fields": column.name, "reference": {"resource": name if name != table.name else "", "fields": "id"}}
        for column in table.columns
        if (name := tables.get(column.refers_to))
    ]


def resource_of(table: Table, file_format: str) -> dict:
    """A file of the package. Only CSV says what its ids refer to: one check of it is enough."""
    keys = foreign_keys(table) if file_format == "csv" else []
    return {
        "name": table.name if file_format == "csv" else f"{table.name}-json",
        "path": f"{table.name}.{file_format}",
        "profile": "tabular-data-resource",
        "title": str(table.label),
        "description": str(table.about),
        "format": file_format,
        "mediatype": {"csv": "text/csv", "json": "application/json"}[file_format],
        "encoding": {"csv": "utf-8-sig", "json": "utf-8"}[file_format],
        "schema": {
            "fields": [field_of(column, file_format) for column in table.columns],
            "missingValues": [""],
            "primaryKey": ["id"],
        }
        | ({"foreignKeys": keys} if keys else {}),
    }


def package(site: str) -> dict:
    """datapackage.json in the language in use."""
    return {
        "profile": "data-package",
        "name": NAME,
        "title": f"{_('ASEAN digital cooperation')}: {_('the whole register')}",
        "description": " ".join([register_in_words(), *notes()]),
        "homepage": site + reverse("open_data"),
        "created": timezone.now().isoformat(timespec="seconds"),
        "licenses": [{"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0", "path": LICENSE}],
        "resources": [resource_of(table, file_format) for file_format in ("csv", "json") for table in TABLES.values()],
    }


def register_in_words() -> str:
    return _(
        "A public register of ASEAN digital cooperation: meetings, decisions, plans, initiatives "
        "and the source of every fact."
    )


def package_file(site: str, language: str) -> IO[bytes]:
    """A temporary file with the ZIP, at its beginning; rows go to the disk as they are read."""
    file = TemporaryFile()  # noqa: SIM115 (whoever answers with it closes it)
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        with override(language):
            archive.writestr("datapackage.json", json.dumps(package(site), ensure_ascii=False, indent=2))
        for table in TABLES.values():
            write_parts(archive, f"{table.name}.csv", csv_parts(table, LinkedRows(table.rows()).all(), site, language))
            write_parts(archive, f"{table.name}.json", json_parts(table, site, language))
    file.seek(0)
    return file


def write_parts(archive: ZipFile, name: str, parts: Iterator[bytes]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for part in parts:
            file.write(part)


FileName = tuple[ContentState, str, str]


class Packages:
    """The files of the whole register, each made once in a process for one state of the content, site and language.

    They have no name on the disk, so that they are gone when nobody reads them any more, however the process ends.
    """

    def __init__(self) -> None:
        self.files: dict[FileName, IO[bytes]] = {}
        self.lock, self.making = Lock(), Lock()

    def find(self, name: FileName) -> IO[bytes] | None:
        """A file that is there, opened once more for whoever closes it; its place is shared (`parts_of`)."""
        with self.lock:
            file = self.files.get(name)
            return file and os.fdopen(os.dup(file.fileno()), "rb", buffering=0)

    def keep(self, name: FileName, file: IO[bytes]) -> None:
        with self.lock:
            self.files[name] = file
            if len(self.files) > MOST_FILES:
                self.files.pop(next(iter(self.files))).close()

    def get(self, site: str, language: str) -> IO[bytes] | None:
        """The file as it is now; None while another one is being made, which takes too long to wait for."""
        return self.find((content_state(), site, language)) or self.make(site, language)

    def make(self, site: str, language: str) -> IO[bytes] | None:
        if not self.making.acquire(timeout=PATIENCE):
            return None
        try:
            name = (content_state(), site, language)  # as of now: it may have been made in the meantime
            if name not in self.files:
                self.keep(name, package_file(site, language))
            return self.find(name)
        finally:
            self.making.release()


packages = Packages()


@require_safe
def whole(request: HttpRequest) -> HttpResponseBase:
    """The whole register as CSV and JSON. Who asks for the head is told the length of a file that is there."""
    site, language = site_of(request), get_language()
    names = file_names(NAME, _("ASEAN digital cooperation"), [], "zip")

    def build() -> HttpResponseBase:
        file = packages.get(site, language)
        if file:
            return file_answer(file, ZIP, names)
        return not_now(_("This file is being made. Please ask for it again in half a minute."))

    if request.method != "HEAD":
        return in_place(build)
    file = packages.find((content_state(), site, language))
    if file:
        return file_answer(file, ZIP, names)
    return StreamingHttpResponse(content_type=ZIP, headers={"Content-Disposition": disposition(names)})


# The catalogue


def in_both(text: object) -> list[dict]:
    """A lazy text in both languages."""
    texts = []
    for language in LANGUAGES:
        with override(language):
            texts.append({"@language": language, "@value": str(text)})
    return texts


def distribution(address: str, suffix: str) -> dict:
    return {
        "@type": "dcat:Distribution",
        "dct:title": suffix.upper(),
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{MEDIA[suffix]}"},
        "dct:license": {"@id": LICENSE},
    }


def dataset(table: Table, site: str) -> dict:
    """A list: with a page in every format, else in the API alone."""
    suffixes = ["csv", "xlsx", "atom", *(["ics"] if table.name == "meetings" else [])] if table.page else []
    addresses = {suffix: reverse(f"{table.name}_{suffix}") for suffix in suffixes}
    addresses["json"] = reverse("api_list", args=[table.name])
    return {
        "@id": f"{site}{reverse('open_data')}#{table.name}",
        "@type": "dcat:Dataset",
        "dct:identifier": table.name,
        "dct:title": in_both(table.label),
        "dct:description": in_both(table.about),
        "dct:license": {"@id": LICENSE},
        "dct:language": list(LANGUAGES),
        "dcat:landingPage": {"@id": site + reverse(table.page or "api_documentation")},
        "dcat:distribution": [distribution(site + address, suffix) for suffix, address in addresses.items()],
    }


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every list, and the whole register, in the words of DCAT."""
    site = site_of(request)
    whole_register = {
        "@id": f"{site}{reverse('open_data')}#whole",
        "@type": "dcat:Dataset",
        "dct:identifier": NAME,
        "dct:title": _("the whole register"),
        "dct:license": {"@id": LICENSE},
        "dcat:landingPage": {"@id": site + reverse("open_data")},
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dct:title": "ZIP",
                "dcat:downloadURL": {"@id": site + reverse("whole_register")},
                "dcat:mediaType": {"@id": "https://www.iana.org/assignments/media-types/application/zip"},
                "dct:license": {"@id": LICENSE},
            }
        ],
    }
    description = {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
        },
        "@id": site + reverse("open_data"),
        "@type": "dcat:Catalog",
        "dct:title": _("ASEAN digital cooperation"),
        "dct:description": register_in_words(),
        "dct:language": list(LANGUAGES),
        "dct:license": {"@id": LICENSE},
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": _("ASEAN digital cooperation: a public register")},
        "dcat:dataset": [
            *(dataset(table, site) for table in lists().values()),
            whole_register,
        ],
    }
    return JsonResponse(description, content_type="application/ld+json", json_dumps_params={"ensure_ascii": False})
