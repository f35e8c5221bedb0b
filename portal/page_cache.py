"""Public pages kept whole, each made once per version of the content, and answered before anything else runs.

What a page depends on is its name: the release of the code, the state of the content
(`portal.index.content_state`), the address, and what visitors may differ in, which is
the theme they chose and the encoding their browser takes. The name is the ETag too, so
that who has the page already is told so before it is looked for.

A write of any kind changes the version in its own transaction, and with it every name:
nothing is ever taken out one by one, and nothing old can be found.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock

from compression_middleware.middleware import compressor
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import DisallowedHost, MiddlewareNotUsed
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import parse_etags

from portal.context import THEMES
from portal.index import ContentState, content_state
from portal.reading import OUTAGE, can_fall_back, fall_back, was_lost
from portal.release import digest, release

logger = logging.getLogger(__name__)

PREFIXES = tuple(f"/{code}/" for code, _name in settings.LANGUAGES)
SAFE = ("GET", "HEAD")
VARY = ("Accept-Encoding", "Cookie")
# A browser asks at every visit, and is told with a 304 that nothing changed; so does what stands between and knows
# no better, but for a few seconds. A content delivery network, told apart by RFC 9213, may show a page for as long
# as it fetches the next one, and for a day when there is none to be had. In `Cache-Control` browsers would do so too.
BROWSERS = "public, max-age=0, must-revalidate, s-maxage=5"
NETWORKS = "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400"
SIGNED_IN = "private, no-cache"
MEGABYTE = 1 << 20
OVERHEAD = 2000  # bytes of a page in memory beside its body: its headers and its place
SHARE = 16  # the largest page kept is one 16th of all
A_DAY = 24 * 60 * 60  # the day is part of the state


def release_and_settings() -> str:
    """The release, and the settings that show in a page."""
    shown = (settings.DEBUG, settings.HTTPS, settings.API_REQUESTS_A_MINUTE, settings.CONTENT_SECURITY_POLICY)
    return f"{release()} {shown}"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """An answer as it left, with all of its headers."""

    headers: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, response: HttpResponse) -> "KeptPage":
        return cls(tuple(response.items()), response.content)

    @property
    def size(self) -> int:
        return len(self.body) + OVERHEAD

    def answer(self) -> HttpResponse:
        return HttpResponse(self.body, headers=dict(self.headers))


class PagesInMemory:
    """The pages of one state of the content, those not asked for the longest going first when there are too many."""

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self.state: object = None
        self.pages: OrderedDict[str, KeptPage] = OrderedDict()
        self.lock = Lock()

    def get(self, name: str) -> KeptPage | None:
        with self.lock:
            page = self.pages.get(name)
            if page:
                self.pages.move_to_end(name)
            return page

    def put(self, state: object, name: str, page: KeptPage) -> None:
        """Keep a page, unless it is too large; the first of another state takes the place of all."""
        with self.lock:
            if state != self.state:
                self.state, self.size = state, 0
                self.pages.clear()
            if name in self.pages or page.size * SHARE > self.limit:
                return
            self.pages[name] = page
            self.size += page.size
            while self.size > self.limit:
                _name, oldest = self.pages.popitem(last=False)
                self.size -= oldest.size


class SharedPages:
    """The pages that all processes share where there is a Redis; without it, or while it is away, there are none."""

    def __init__(self) -> None:
        self.cache = caches["pages"]

    def get(self, name: str) -> KeptPage | None:
        return self.attempt(lambda: self.cache.get(name))

    def put(self, name: str, page: KeptPage) -> None:
        self.attempt(lambda: self.cache.set(name, page, A_DAY))

    def attempt(self, act: Callable[[], KeptPage | None]) -> KeptPage | None:
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - whatever a cache in trouble raises, the page can be made without it
            logger.warning("The shared cache of pages does not answer: %s", error)
            return None


def is_public(request: HttpRequest) -> bool:
    """Pages stand under their language; forms, the admin, the API and what machines ask for do not."""
    return request.method in SAFE and request.path_info.startswith(PREFIXES)


def is_signed_in(request: HttpRequest) -> bool:
    """Whoever has a session gets pages made anew: an editor's preview is not for others, nor others' page for them."""
    return "HTTP_COOKIE" in request.META and settings.SESSION_COOKIE_NAME in request.COOKIES


def variant(request: HttpRequest) -> tuple[str, str | None]:
    """What visitors of one address may differ in: (theme, encoding)."""
    theme = request.COOKIES.get("theme", "") if "HTTP_COOKIE" in request.META else ""
    encoding, *_ways = compressor(request.META.get("HTTP_ACCEPT_ENCODING", ""))
    return (theme if theme in THEMES else "auto"), encoding


def may_be_shared(response: HttpResponseBase) -> bool:
    """Whether an answer is the same for every visitor: it sets no cookie, read no session and says nothing else."""
    control = response.get("Cache-Control", "")
    varies = {name.strip().lower() for name in response.get("Vary", "").split(",")} - {""}
    return (
        response.status_code == HTTPStatus.OK
        and not response.cookies
        and not any(word in control for word in ("private", "no-store"))
        and varies <= {"accept-encoding"}
    )


def say_how_long(response: HttpResponseBase, etag: str) -> None:
    """Give an answer its ETag and who may keep it for how long, where its view has not."""
    response.headers.setdefault("ETag", etag)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = BROWSERS
        response.headers["CDN-Cache-Control"] = NETWORKS
    patch_vary_headers(response, VARY)


def is_known(request: HttpRequest, name: str) -> bool:
    """Whether the visitor has this page. An If-Match is weighed only when there is a page to weigh it for."""
    known = request.META.get("HTTP_IF_NONE_MATCH")
    if not known or "HTTP_IF_MATCH" in request.META:
        return False
    return name in {tag.removeprefix("W/").strip('"') for tag in parse_etags(known)}


def not_modified(name: str) -> HttpResponse:
    response = HttpResponseNotModified()
    say_how_long(response, f'"{name}"')
    return response


class PageCacheMiddleware:
    """Answers with a kept page before the other middleware run; keeps what they made of one that was not there.

    Only the version is read from the database for a page that is kept, and while the
    database does not answer, the last known one stands for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.PAGE_CACHE_MEGABYTES:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.release = release_and_settings()
        self.pages = PagesInMemory(settings.PAGE_CACHE_MEGABYTES * MEGABYTE)
        self.shared = SharedPages() if "pages" in settings.CACHES else None
        self.last_state: ContentState | None = None

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_public(request):
            return without_guesses(self.get_response(request))
        if is_signed_in(request):
            return self.for_one_visitor(request)
        state = self.state()
        name = self.name_of(request, state)
        if not name:
            return self.get_response(request)
        if is_known(request, name):
            return not_modified(name)
        if page := self.find(state, name):
            response = page.answer()
            return get_conditional_response(request, etag=response["ETag"], response=response)
        return self.keep(request, state, name)

    def state(self) -> ContentState | None:
        """The state of the content; None where nothing was written yet."""
        try:
            self.last_state = content_state()
        except Error as error:
            logger.warning("The database does not answer; pages that are kept are shown: %s", error)
            if isinstance(error, OUTAGE) and was_lost(error) and can_fall_back():
                fall_back()
        return self.last_state if self.last_state and self.last_state[0] else None

    def name_of(self, request: HttpRequest, state: ContentState | None) -> str:
        """The name of the page that a request asks for; empty where there can be none."""
        try:
            host = request.get_host()
        except DisallowedHost:
            return ""
        address = (request.scheme, host, request.path, request.META.get("QUERY_STRING", ""))
        depends = (self.release, state, address, variant(request))
        return digest(repr(depends).encode("utf-8", "surrogatepass")) if state else ""

    def find(self, state: ContentState | None, name: str) -> KeptPage | None:
        if page := self.pages.get(name):
            return page
        if self.shared and (page := self.shared.get(name)):
            self.pages.put(state, name, page)
            return page
        return None

    def keep(self, request: HttpRequest, state: ContentState | None, name: str) -> HttpResponseBase:
        """Have the page made and keep it. The state was read before, so a page never passes for a later one."""
        response = self.get_response(request)
        if not may_be_shared(response):
            return without_guesses(response)
        # What is streamed is not kept, and not the same to the byte: a workbook names the minute it was made.
        say_how_long(response, f'W/"{name}"' if response.streaming else f'"{name}"')
        if request.method == "GET" and not response.streaming:
            page = KeptPage.of(response)
            self.pages.put(state, name, page)
            if self.shared:
                self.shared.put(name, page)
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        if response.streaming and answer is not response:
            response.close()  # nobody else does, and a file that is not sent is not to be held any longer
        return answer

    def for_one_visitor(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", SIGNED_IN)
        patch_vary_headers(response, VARY)
        return response


def without_guesses(response: HttpResponseBase) -> HttpResponseBase:
    """Errors say that they are not to be kept: without a word about it, caches may guess how long."""
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        response.headers.setdefault("Cache-Control", "no-cache")
    return response
