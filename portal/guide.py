"""The editors' guide as pages of the editors' site: `docs/huong-dan-bien-tap.md` is its one text.

Of Markdown it uses, and this reads, headings, paragraphs, numbered steps, pictures, bold and code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

GUIDE = settings.BASE_DIR / "docs" / "huong-dan-bien-tap.md"
PICTURES = settings.BASE_DIR / "docs" / "guide"
PICTURE = re.compile(r"!\[(.+)\]\(guide/([a-z-]+\.png)\)")
Words = list[tuple[str, str]]  # (bold, code or nothing; the words)


@dataclass(frozen=True)
class Part:
    kind: str
    lines: list[Words]
    file: str = ""


def parts_of(text: str) -> Iterator[Part]:
    for block in text.strip().split("\n\n"):
        if picture := PICTURE.fullmatch(block.strip()):
            yield Part("picture", [words_of(picture[1])], picture[2])
        elif block.startswith("1. "):
            yield Part("steps", [words_of(re.sub(r"^\d+\. ", "", line)) for line in block.splitlines()])
        elif heading := re.match(r"#+ ", block):
            yield Part("title" if heading[0] == "# " else "heading", [words_of(block[heading.end() :])])
        else:
            yield Part("paragraph", [words_of(block)])


def words_of(text: str) -> Words:
    pieces = re.split(r"(\*\*.+?\*\*|`.+?`)", text)
    return [(kind_of(piece), piece.strip("*`")) for piece in pieces if piece]


def kind_of(piece: str) -> str:
    return {"*": "bold", "`": "code"}.get(piece[0], "") if len(piece) > 1 and piece[0] == piece[-1] else ""


def pages(site: Any) -> list:
    """The addresses, below those of the admin site."""

    def show(request: HttpRequest) -> HttpResponse:
        parts = [part for part in parts_of(GUIDE.read_text(encoding="utf-8")) if part.kind != "title"]
        context = {**site.each_context(request), "title": _("Editors’ guide"), "parts": parts}
        return TemplateResponse(request, "admin/guide.html", context)

    return [
        path("guide/", site.admin_view(show), name="guide"),
        path("guide/<slug:name>.png", site.admin_view(show_picture), name="guide_picture"),
    ]


def show_picture(request: HttpRequest, name: str) -> HttpResponse:
    file = PICTURES / f"{name}.png"
    if not file.is_file():
        raise Http404(name)
    return HttpResponse(file.read_bytes(), content_type="image/png")
