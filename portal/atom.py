"""Feeds after RFC 4287, built on Django's generator and mended where it guesses."""

import re
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from django.utils import feedgenerator

# Characters that XML cannot hold in any way.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
# A feed without entries has to say some moment, and none is known.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def stable_id(*parts: str) -> str:
    """The same parts give the same id, on whatever host the register runs."""
    return uuid5(NAMESPACE_URL, "/".join(["asean-digital-register", *parts])).urn


def clean(text: str) -> str:
    """The text without what XML cannot hold."""
    return NOT_XML.sub("", text)


class Feed(feedgenerator.Atom1Feed):
    """An Atom feed that says how many entries its list has and when the latest was saved.

    Besides what Django's takes: `updated`, the moment or None; `total`; `following` and
    `previous`, the addresses of other parts of a long list (RFC 5005).
    """

    content_type = "application/atom+xml; charset=utf-8"

    def root_attributes(self) -> dict:
        return super().root_attributes() | {"xmlns:opensearch": OPENSEARCH}

    def latest_post_date(self) -> datetime:
        return self.feed["updated"] or NEVER

    def add_root_elements(self, handler) -> None:
        super().add_root_elements(handler)
        handler.addQuickElement("opensearch:totalResults", str(self.feed["total"]))
        for relation, name in (("next", "following"), ("previous", "previous")):
            if address := self.feed.get(name):
                handler.addQuickElement("link", "", {"rel": relation, "href": address})
