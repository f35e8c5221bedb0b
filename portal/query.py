"""What a visitor types, understood: words, phrases, exclusions, other names; and the same for two databases.

Both databases index words that were cut and folded here (`portal.text`), so what a
word is does not depend on them: SQLite's FTS5 and PostgreSQL's tsvector find the
same. Nothing here knows a model.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from portal.text import folded_words, words_of

# Stands between the texts of a record where words are indexed, so that no phrase runs from one into the next,
# and between the words of a whole name. A letter of no language here; taken out of questions.
BREAK = "ǁ"
MOST_TERMS = 20
# A word of up to three letters that others follow is whole: "an" in "an toàn" is no beginning of "and".
WHOLE_UP_TO = 3

QUOTES = str.maketrans("“”„«»″", '""""""')
PIECE = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True)
class Term:
    """Words that must stand together in this order; `goes_on`: the last may be the beginning of a longer one."""

    words: tuple[str, ...]
    goes_on: bool = False

    def fts5(self) -> str:
        return f'"{" ".join(self.words)}"' + (" *" if self.goes_on else "")

    def tsquery(self) -> str:
        quoted = [f"'{word}'" for word in self.words]
        return "(" + " <-> ".join(quoted) + (":*)" if self.goes_on else ")")


Group = tuple[Term, ...]


def follows(group: Group, other: Group) -> bool:
    """Whether wherever a term of the other group occurs, one of this does: it is one, or begins one of its words."""
    begins = tuple(term.words[0] for term in group if term.goes_on and len(term.words) == 1)
    return all(term in group or any(word.startswith(begins) for word in term.words) for term in other)


@dataclass(frozen=True)
class Condition:
    """Of every group one term at least must occur."""

    groups: tuple[Group, ...]

    def needed(self) -> list[Group]:
        """The groups without those that follow from another: a database would look up each of "hi", "hie", "hie"."""
        left = list(dict.fromkeys(tuple(dict.fromkeys(group)) for group in self.groups))
        for group in [*left]:
            if any(follows(group, other) for other in left if other is not group):
                left.remove(group)
        return left

    def fts5(self) -> str:
        return " AND ".join("(" + " OR ".join(term.fts5() for term in group) + ")" for group in self.needed())

    def tsquery(self) -> str:
        return " & ".join("(" + " | ".join(term.tsquery() for term in group) + ")" for group in self.needed())


def whole_name(words: Iterable[str]) -> str:
    """The one word that stands for a whole name where names are indexed."""
    return f"{BREAK}{BREAK.join(words)}{BREAK}"


def named(*names: Term) -> Condition:
    """A name that is one of these and nothing more."""
    return Condition((tuple(Term((whole_name(name.words),)) for name in names),))


Names = Mapping[tuple[str, ...], frozenset[tuple[str, ...]]]


@dataclass(frozen=True)
class OtherNames:
    """For a name, in folded words, the other names of the same thing, and the names of what came before or after it."""

    of_it: Names = field(default_factory=dict)
    of_its_line: Names = field(default_factory=dict)

    def terms(self, words: tuple[str, ...], *, with_line: bool = False) -> tuple[Term, ...]:
        names = self.of_it.get(words, frozenset())
        if with_line:
            names |= self.of_its_line.get(words, frozenset())
        return tuple(Term(name) for name in sorted(names))


@dataclass(frozen=True)
class Query:
    """A question: `wanted` terms must all occur, of the `unwanted` none; other names may stand for a wanted one.

    `typed` are the wanted words as typed, marks and all. What came before or after a
    thing is asked for with it only where the thing is all that is asked for: "ADGMIN 5"
    does not mean the fifth meeting of the series before.
    """

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    typed: tuple[tuple[str, ...], ...] = ()
    other_names: OtherNames = field(default_factory=OtherNames)

    def __bool__(self) -> bool:
        return bool(self.wanted)

    @property
    def words(self) -> tuple[str, ...]:
        """All wanted words in a row."""
        return tuple(word for term in self.wanted for word in term.words)

    @property
    def all_terms(self) -> list[Term]:
        """Everything whose occurrence in a text is worth showing."""
        return [term for group in self.everywhere().groups for term in group]

    def everywhere(self) -> Condition:
        """What a record must hold to be found at all: each term, or another name of it or of all of them."""
        whole = self.other_names.terms(self.words, with_line=True)
        return Condition(tuple((term, *self.other_names.terms(term.words), *whole) for term in self.wanted))

    def none_of(self) -> Condition:
        return Condition((self.unwanted,))

    def whole_words(self) -> Condition:
        return Condition(tuple((replace(term, goes_on=False),) for term in self.wanted))

    def as_named(self) -> Condition:
        """A name that is exactly this."""
        return named(Term(self.words))

    def as_otherwise_named(self) -> Condition | None:
        """A name that is exactly another name of this."""
        names = self.other_names.terms(self.words, with_line=True)
        return named(*names) if names else None

    @property
    def row(self) -> Term:
        """The wanted words one after the other, as typed."""
        return Term(self.words, self.wanted[-1].goes_on)

    def in_a_row(self) -> Condition:
        return Condition(((self.row,),))

    def with_marks(self) -> Condition:
        """The words as typed, in the texts that keep their marks."""
        return Condition(
            tuple((Term(words, term.goes_on),) for words, term in zip(self.typed, self.wanted, strict=True))
        )

    @property
    def has_marks(self) -> bool:
        return any(not word.isascii() for words in self.typed for word in words)

    @property
    def is_row(self) -> bool:
        """Whether there is more to "in a row" than the one term says by itself."""
        return len(self.wanted) > 1


def parse_query(text: str, other_names: OtherNames | None = None) -> Query:
    """Understand what was typed; anything may be typed, and without a wanted word the query is false.

    "quoted words" and words joined by signs, such as adgmin-6-01, stand together; a
    minus before a word or phrase excludes it. The last word, and longer ones before
    it, may be beginnings; numbers are whole.
    """
    wanted, typed, unwanted = [], [], []
    pieces = list(PIECE.finditer(text.translate(QUOTES)))[:MOST_TERMS]
    for number, piece in enumerate(pieces):
        raw = (piece["phrase"] if piece["phrase"] is not None else piece["word"]).replace(BREAK, " ")
        words, marked = tuple(folded_words(raw)), tuple(words_of(raw))
        if not words:
            continue
        is_last, is_phrase = number == len(pieces) - 1, piece["phrase"] is not None
        may_go_on = is_last or (len(words) == 1 and len(words[0]) > WHOLE_UP_TO)
        goes_on = may_go_on and not is_phrase and not words[-1].isdigit()
        if piece["minus"]:
            unwanted.append(Term(words))
        else:
            wanted.append(Term(words, goes_on))
            # Folding may cut a word otherwise than its marks do; then the folded ones stand for both.
            typed.append(marked if len(marked) == len(words) else words)
    return Query(tuple(wanted), tuple(unwanted), tuple(typed), other_names or OtherNames())


def indexed(texts: Iterable[str], *, marks: bool = False) -> str:
    """The words of several texts as both databases index them, a break around each text."""
    cut = words_of if marks else folded_words
    parts = [" ".join(words) for words in map(cut, texts) if words]
    return f"{BREAK} {f' {BREAK} '.join(parts)} {BREAK}" if parts else ""


def indexed_names(names: Iterable[str]) -> str:
    """The same for names, each also as one word by which it is found whole."""
    whole = [whole_name(words) for words in map(folded_words, names) if words]
    return " ".join([indexed(names), *whole])
