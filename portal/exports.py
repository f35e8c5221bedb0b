"""The export toolbox: a list in another format is its address with a suffix.

The same filter set reads the same query string; a value it does not know is an
error 400 that says what the page says beside the field.
"""

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from itertools import chain, islice
from typing import IO
from urllib.parse import quote
from weakref import finalize

from django import forms
from django.conf import settings
from django.core.paginator import InvalidPage, Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers, get_conditional_response
from django.utils.html import escape
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import View

from portal.atom import Feed, clean, stable_id
from portal.dates import show_date
from portal.index import content_state
from portal.limits import Places
from portal.reading import COME_BACK, OUTAGE, was_lost
from portal.release import release
from portal.spreadsheets import csv_parts, xlsx_file
from portal.structured import LICENSE
from portal.tables import Table, notes
from portal.text import make_slug

logger = logging.getLogger(__name__)

PLAIN = "text/plain; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENTRIES_AT_ONCE = 500
LONGEST_NAME = 120
LONGEST_NUMBER = 9  # digits of a page number that is worth looking at
PART = 1 << 16  # bytes of a file that are sent at once
NOT_IN_NAMES = re.compile(r"[^\w\s.,()–-]+|[\r\n\t]+")

# A long file is made, or read, while it is sent, and has a thread for as long as the visitor takes to fetch it.
MANY_ROWS = 1000  # up to so many a file is short, and on its way as soon as a page
FILES_AT_ONCE = max(1, settings.WEB_THREADS // 2)
places = Places(FILES_AT_ONCE, waiting=max(0, settings.WEB_THREADS - FILES_AT_ONCE - 1))


def site_of(request: HttpRequest) -> str:
    """What a path needs before it to be an address anywhere: https://example.org."""
    return request.build_absolute_uri("/")[:-1]


def page_number(text: str | None) -> int:
    """The number of a page, the first where none is asked for; 0, which no list has, for what is none."""
    text = (text or "1").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else 0


def part_address(request: HttpRequest, number: int) -> str:
    """The address of another page of what was asked for."""
    query = request.GET.copy()
    query["page"] = number
    return f"{site_of(request)}{request.path}?{query.urlencode()}"


def refusal(form: forms.Form) -> HttpResponse:
    """What is wrong with the parameters, one a line, in the words that the page has beside its fields."""
    lines = [
        f"{form.fields[name].label} ({name}): {error}"
        for name, errors in form.errors.items()
        if name in form.fields
        for error in errors
    ]
    heading = _("This request could not be understood")
    return HttpResponse("\n".join([heading, "", *lines, ""]), status=400, content_type=PLAIN)


def not_now(text: str) -> HttpResponse:
    """Why there is no file, and when to ask again."""
    response = HttpResponse(f"{text}\n", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type=PLAIN)
    response["Retry-After"] = str(COME_BACK)
    add_never_cache_headers(response)
    return response


class FileAnswer(StreamingHttpResponse):
    """A file on its way.

    A place that it has is given back when the server closes it: all is sent, the visitor broke off, or there was
    an error. Or when it is forgotten, as another answer is sent instead.
    """

    give_back: Callable[[], None] | None = None

    def keep_place(self, give_back: Callable[[], None]) -> None:
        self.give_back = finalize(self, give_back)  # called once, whatever comes first

    def close(self) -> None:
        if self.give_back:
            self.give_back()
        super().close()


def in_place(build: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What is built, where there is a place for it; a file keeps it."""
    if not places.take():
        return not_now(
            _("Many visitors are fetching files at the moment. Please ask for this one again in half a minute.")
        )
    with ExitStack() as stack:
        stack.callback(places.give_back)
        response = build()
        if isinstance(response, FileAnswer):
            response.keep_place(stack.pop_all().close)
        return response


def file_names(name: str, words: str, values: list[str], suffix: str) -> tuple[str, str]:
    """(in ASCII, in words): what a file is called by what it holds and the day it was made."""
    today = timezone.localdate().isoformat()
    parts = "_".join(filter(None, [name, *map(make_slug, values)]))
    spoken = " ".join(NOT_IN_NAMES.sub(" ", words).split())
    return f"{parts[:LONGEST_NAME]}_{today}.{suffix}", f"{spoken[:LONGEST_NAME].strip()} {today}.{suffix}"


def disposition(names: tuple[str, str]) -> str:
    """Both names after RFC 6266: clients that read the second take it."""
    plain, spoken = names
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(spoken, safe='')}"


def names_for(table: Table, filterset, suffix: str) -> tuple[str, str]:
    asked = QueryDict(filterset.valid_query[1:]).lists()
    values = [f"{name}-{'-'.join(those)}" for name, those in asked if name != "sort"]
    return file_names(table.name, filterset.sentence or str(table.label), values, suffix)


def parts_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file in parts, read by place, as others may read it too; closed, and if temporary gone, after the last."""
    with file:
        place = 0
        while part := os.pread(file.fileno(), PART, place):
            yield part
            place += len(part)


def begun(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same parts, the first two already made: where reading fails before that, another database can be asked."""
    return told_where_broken_off(chain(list(islice(parts, 2)), parts))


def told_where_broken_off(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts; what breaks them off is written down and passed on.

    The status has been sent by then. The server ends the connection without the mark of the end, which tells
    the client that the file is not whole.
    """
    try:
        yield from parts
    except Exception as error:
        logger.error("An export was broken off: %s", " ".join(str(error).split()))
        if isinstance(error, OUTAGE):
            was_lost(error)
        raise


def file_answer(file: IO[bytes], content_type: str, names: tuple[str, str]) -> FileAnswer:
    """A file that stands ready on the disk; its length is told, so that what breaks off is not taken for whole."""
    length = os.fstat(file.fileno()).st_size
    headers = {"Content-Length": str(length), "Content-Disposition": disposition(names)}
    return FileAnswer(parts_of(file), content_type=content_type, headers=headers)


def is_known(request: HttpRequest, etag: str) -> bool:
    """Whether the client has what a tag names. One that got it compressed knows the tag as a weak one."""
    known = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
    return etag in known and "If-Match" not in request.headers


def answer_unless_known(request: HttpRequest, build: Callable[[], HttpResponse], *, etag: str) -> HttpResponse:
    """304 to a client that has this state of the content, before anything is read; else what is built.

    Other conditions, such as `*`, are weighed when there is an answer: an error comes before them.
    """
    etag = quote_etag(etag)
    if is_known(request, etag):
        return HttpResponseNotModified(headers={"ETag": etag})
    response = build()
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response)


def state_tag(request: HttpRequest) -> str:
    """Changes when the content does, with the release, and with the address that was asked for."""
    return stable_id(release(), *map(str, content_state()), request.build_absolute_uri())


def about_file(table: Table, filterset, address: str) -> list[list[str]]:
    """What the second sheet of a workbook says: which list, which filter, when, on what terms, and its columns."""
    return [
        [_("List"), str(table.label)],
        [_("What a row is"), str(table.about)],
        [_("Filter"), filterset.sentence or _("The whole list")],
        [_("Rows"), str(len(filterset.qs))],
        [_("Address"), address],
        [_("Made on"), show_date(timezone.localdate())],
        [_("Licence"), f"CC BY 4.0, {LICENSE}"],
        [_("How to cite"), f"{_('ASEAN digital cooperation')}: {table.label}. {address}"],
        *(["", note] for note in notes()),
        [],
        [_("Column"), _("Meaning")],
        *([column.name, column.words] for column in table.columns),
    ]


class ListFormat(View):
    """A filtered list in one format. Subclasses answer for a filter set that has no errors."""

    table: Table = None
    suffix = ""
    takes_place = False  # whether its files, where they are long, are not made for many at once
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filterset = self.table.select(request)
        if filterset.form.errors:
            return refusal(filterset.form)
        if self.takes_place and len(filterset.qs) > MANY_ROWS:
            return in_place(lambda: self.respond(filterset))
        return self.respond(filterset)

    def respond(self, filterset) -> HttpResponseBase:
        raise NotImplementedError

    def page_address(self, filterset) -> str:
        """The page that shows the same list."""
        return self.request.build_absolute_uri(reverse(self.table.page) + filterset.valid_query)


class CsvExport(ListFormat):
    suffix = "csv"
    takes_place = True

    def respond(self, filterset):
        parts = csv_parts(self.table, filterset.qs, site_of(self.request), get_language())
        # Who asks for the head alone is told what GET would be told, and no row is read for it.
        parts = islice(parts, 1) if self.request.method == "HEAD" else begun(parts)
        response = FileAnswer(parts, content_type="text/csv; charset=utf-8; header=present")
        response["Content-Disposition"] = disposition(names_for(self.table, filterset, self.suffix))
        return response


class XlsxExport(ListFormat):
    suffix = "xlsx"
    takes_place = True

    def respond(self, filterset):
        about = about_file(self.table, filterset, self.page_address(filterset))
        file = xlsx_file(self.table, filterset.qs, site_of(self.request), get_language(), about)
        return file_answer(file, XLSX, names_for(self.table, filterset, self.suffix))


class AtomFeed(ListFormat):
    """The list as a feed in its own order; a long one in parts, which name each other."""

    suffix = "atom"

    def respond(self, filterset):
        def build() -> HttpResponse:
            return HttpResponse(self.feed(filterset).writeString("utf-8"), content_type=Feed.content_type)

        return answer_unless_known(self.request, build, etag=state_tag(self.request))

    def feed(self, filterset) -> Feed:
        """Raises Http404 for a part that the list does not have."""
        try:
            page = Paginator(filterset.qs, ENTRIES_AT_ONCE).page(self.request.GET.get("page") or 1)
        except InvalidPage as error:
            raise Http404(str(error)) from error
        words = filterset.sentence or str(self.table.label)
        language = get_language()
        feed = Feed(
            title=clean(f"{words} | {_('ASEAN digital cooperation')}"),
            link=self.page_address(filterset),
            description="",
            subtitle=_("“Updated” is when this register last saved a record, not when anything happened."),
            language=language,
            author_name=_("ASEAN digital cooperation: a public register"),
            feed_url=self.part_address(filterset, page.number),
            feed_guid=stable_id(language, self.table.name, filterset.valid_query),
            feed_copyright=f"CC BY 4.0, {LICENSE}",
            updated=filterset.latest_update,
            total=page.paginator.count,
            following=self.part_address(filterset, page.number + 1) if page.has_next() else "",
            previous=self.part_address(filterset, page.number - 1) if page.has_previous() else "",
        )
        for record in page.object_list:
            feed.add_item(**entry_of(self.table, record, site_of(self.request)))
        return feed

    def part_address(self, filterset, number: int) -> str:
        query = filterset.valid_query
        more = f"{'&' if query else '?'}page={number}" if number > 1 else ""
        return self.request.build_absolute_uri(self.request.path + query + more)


def entry_of(table: Table, record, site: str) -> dict:
    """An entry of a feed. When the record was first shown is known only where an editor set the hour."""
    return {
        "title": clean(table.title(record)),
        "link": f"{site}{table.address(record)}",
        "description": escape(clean(table.summary(record))),
        "unique_id": stable_id(get_language(), table.name, record.slug),
        "updateddate": record.updated,
        "pubdate": record.published_from,
    }


FORMATS = (CsvExport, XlsxExport, AtomFeed)


def formats_of(table: Table) -> list[URLPattern]:
    """The addresses of a list in every format, meetings.csv beside meetings/."""
    return [
        path(f"{table.name}.{view.suffix}", view.as_view(table=table), name=f"{table.name}_{view.suffix}")
        for view in FORMATS
    ]
