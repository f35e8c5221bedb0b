"""Web addresses as people paste them: with or without scheme, www, the last slash and what counts their clicks."""

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from django.db.models import Q, QuerySet

LOOKS_LIKE_ONE = re.compile(r"(https?://|www\.)\S+|([\w-]+\.)+[a-z]{2,}([/?]\S*)?", re.IGNORECASE)
COUNTING_CLICKS = re.compile(r"utm_\w+|fbclid|gclid")


def looks_like_address(text: str) -> bool:
    return bool(LOOKS_LIKE_ONE.fullmatch(text.strip()))


def whole_address(text: str) -> str:
    """The address with its scheme, as a form would send it."""
    text = text.strip()
    return text if re.match(r"https?://", text, re.IGNORECASE) else f"https://{text}"


def essence(address: str) -> str:
    """What tells a page from every other: `asean.org/news?id=3` for `https://www.asean.org/news/?id=3&utm_source=x#top`."""
    parts = urlsplit(whole_address(address))
    query = urlencode([pair for pair in parse_qsl(parts.query, True) if not COUNTING_CLICKS.fullmatch(pair[0])])
    host = parts.netloc.lower().removeprefix("www.")
    return host + parts.path.rstrip("/") + (f"?{query}" if query else "")


def with_address(records: QuerySet, field: str, address: str) -> QuerySet:
    """The records at an address, or below it; letters may be written out or in per cent."""
    key = essence(address)
    condition = Q()
    for way in {key, unquote(key), quote(unquote(key), safe="/?&=:+,;%")}:
        path, mark, query = way.partition("?")
        condition |= Q(**{f"{field}__icontains": path}) & (Q(**{f"{field}__icontains": query}) if mark else Q())
    return records.filter(condition)


def same_page(records: QuerySet, field: str, address: str) -> list:
    """The records whose address differs only in how it is written."""
    key = unquote(essence(address))
    return [each for each in with_address(records, field, address) if unquote(essence(getattr(each, field))) == key]
