"""What every template may ask for: the reader's theme and the other language."""

from django.http import HttpRequest
from django.utils.translation import get_language

THEMES = ("light", "dark", "auto")


def site(request: HttpRequest) -> dict:
    """`theme` from the visitor's cookie ("auto" unless set), and the language not in use."""
    theme = request.COOKIES.get("theme")
    return {
        "theme": theme if theme in THEMES else "auto",
        "other_language": "en" if get_language() == "vi" else "vi",
    }
