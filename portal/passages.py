"""Where in a text the words of a question stand: the text with its marks kept, the words found marked.

Nothing here knows a model.
"""

import re
from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from portal.query import Query, Term
from portal.text import fold, normalise

WORD = re.compile(r"[^\W_]+")
BEFORE, LENGTH = 70, 240  # characters of a passage before its first found word, and in all

Span = tuple[int, int]


def places_of(text: str) -> list[tuple[int, int, str]]:
    """(start, end, folded word) of every word of a normalised text."""
    folded = fold(text)
    if len(folded) == len(text):  # letter for letter, as good as always
        return [(word.start(), word.end(), word[0]) for word in WORD.finditer(folded)]
    return [(word.start(), word.end(), fold(word[0])) for word in WORD.finditer(text)]


def spans_of_term(places: list[tuple[int, int, str]], term: Term) -> list[Span]:
    *first, last = term.words
    if not first:
        fits = str.startswith if term.goes_on else str.__eq__
        return [(start, end) for start, end, word in places if fits(word, last)]
    spans = []
    for number, (start, _end, word) in enumerate(places[: len(places) - len(first)]):
        if word != first[0]:
            continue
        row = [word for _start, _end, word in places[number : number + len(term.words)]]
        if row[:-1] == first and (row[-1] == last or (term.goes_on and row[-1].startswith(last))):
            spans.append((start, places[number + len(first)][1]))
    return spans


def merge(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, overlapping ones as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def mark_spans(text: str, spans: list[Span]) -> SafeString:
    """The text, escaped, with a <mark> around every span."""
    parts, at = [], 0
    for start, end in spans:
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return mark_safe("".join([*parts, escape(text[at:])]))  # noqa: S308 - every piece of the text is escaped


def spans_in(places: list[tuple[int, int, str]], query: Query) -> tuple[int, list[Span]]:
    """(how much of a question is found, where): the words in a row where they stand so, else each by itself."""
    if query.is_row and (row := spans_of_term(places, query.row)):
        return len(query.wanted) + 1, row
    found = [spans for term in query.all_terms if (spans := spans_of_term(places, term))]
    return len(found), merge(span for spans in found for span in spans)


def holds_all(texts: Iterable[str], query: Query) -> bool:
    """Whether one of the texts holds as much of a question as any text could."""
    most = len(query.wanted) + 1 if query.is_row else len(query.all_terms)
    return any(how_much(text, query) == most for text in texts)


def how_much(text: str, query: Query) -> int:
    """How much of a question a text holds, to be compared with that of other texts."""
    return spans_in(places_of(normalise(text)), query)[0]


def mark_words(text: str, query: Query) -> SafeString:
    """The whole text with what a question finds in it marked."""
    text = normalise(text)
    return mark_spans(text, spans_in(places_of(text), query)[1])


def passage(texts: Iterable[str], query: Query) -> SafeString:
    """From the text that holds most of the question the piece around its first words; empty where none holds any."""
    best, most = mark_safe(""), 0
    for text in map(normalise, texts):
        found, spans = spans_in(places_of(text), query)
        if found > most:
            best, most = cut_out(text, spans), found
    return best


def cut_out(text: str, spans: list[Span]) -> SafeString:
    """A piece of a text around the first of the spans, cut between words, with dots where something is left out."""
    first = spans[0][0]
    start = 0 if first <= BEFORE else text.rfind(" ", 0, first - BEFORE) + 1
    end = len(text) if len(text) <= start + LENGTH else max(text.rfind(" ", start, start + LENGTH), spans[0][1])
    inside = [(from_ - start, to - start) for from_, to in spans if from_ >= start and to <= end]
    marked = mark_spans(text[start:end], inside)
    return mark_safe(("… " if start else "") + marked + (" …" if end < len(text) else ""))  # noqa: S308 - `mark_spans` has escaped it
