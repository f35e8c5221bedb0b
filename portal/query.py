"""What a visitor types, understood: words, phrases, exclusions, other names; and the same for two databases.

Both databases index words that were cut and folded here (`portal.text`), so what a
word is does not depend on them: SQLite's FTS5 and PostgreSQL's tsvector find the
same. Nothing here knows a model.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from portal.text import folded_words, normalise, words_of

# Stands between the texts of a record where words are indexed, so that no phrase runs from one into the next,
# and between the words of a whole name. A letter of no language here; taken out of questions.
BREAK = "ǁ"
MOST_TERMS = 24  # the longest title of a document has so many words
# A word of up to three letters that others follow is whole: "an" in "an toàn" is no beginning of "and".
WHOLE_UP_TO = 3
MOST_BEGUN = 8  # of more words only the last may be a beginning: who writes so many has written them out

QUOTES = str.maketrans("“”„«»″", '""""""')
RUN = re.compile(r"\d+|\D+")  # letters and figures of a word, taken apart
PIECE = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True)
class Term:
    """Words that must stand together in this order; `goes_on`: the last may be the beginning of a longer one."""

    words: tuple[str, ...]
    goes_on: bool = False

    def stands_in(self, text: str) -> bool:
        """Whether words as they are indexed hold this, with a blank before the first and after the last of them."""
        return f" {' '.join(self.words)}{'' if self.goes_on else ' '}" in text

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
class Piece:
    """One word, run of joined words or quoted phrase as it was typed; with a minus before it, it is left out."""

    raw: str
    is_phrase: bool
    is_unwanted: bool

    @property
    def typed(self) -> str:
        """As it can be asked for again."""
        return ("-" if self.is_unwanted else "") + (f'"{self.raw}"' if self.is_phrase else self.raw)

    @property
    def unquoted(self) -> str:
        """With its words wanted wherever they stand."""
        return self.typed if self.is_unwanted else self.raw

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(folded_words(self.raw))

    @property
    def words_with_marks(self) -> tuple[str, ...]:
        """Folding may cut a word otherwise than its marks do; then the folded ones stand for both."""
        marked = tuple(words_of(self.raw))
        return marked if len(marked) == len(self.words) else self.words


def pieces_of(text: str) -> list[Piece]:
    """What was typed, cut into pieces; those without any word are none."""
    pieces = []
    for found in PIECE.finditer(text.translate(QUOTES)):
        is_phrase = found["phrase"] is not None
        raw = normalise(found["phrase"] if is_phrase else found["word"]).replace(BREAK, " ")
        pieces.append(Piece(raw.strip(), is_phrase, bool(found["minus"])))
    return [piece for piece in pieces if piece.words]


def spelled_otherwise(words: tuple[str, ...]) -> tuple[Term, ...]:
    """A code with its letters and figures apart, and its last number with two figures: ADGMIN6-1 is adgmin-6-01."""
    apart = tuple(run for word in words for run in RUN.findall(word))
    spellings = [apart]
    if len(apart) > 2 and apart[-2].isdigit() and apart[-1].isdigit() and len(apart[-1]) == 1:
        spellings.append((*apart[:-1], f"0{apart[-1]}"))
    return tuple(Term(spelling) for spelling in dict.fromkeys(spellings) if spelling != words)


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

    def apart(self) -> tuple[list[Group], list[Term]]:
        """The needed groups without what stands in every one of them, and that by itself: one of it is enough."""
        groups = self.needed()
        shared = [each for each in groups[0] if len(groups) > 1 and all(each in group for group in groups)]
        return [tuple(each for each in group if each not in shared) for group in groups], shared

    def holds_in(self, text: str) -> bool:
        """Whether words as they are indexed fit; what the databases answer of an entry."""
        between = f" {text} "
        return all(any(term.stands_in(between) for term in group) for group in self.groups)

    def fts5(self) -> str:
        return self.said(Term.fts5, " AND ", " OR ")

    def tsquery(self) -> str:
        return self.said(Term.tsquery, " & ", " | ")

    def said(self, term: Callable[[Term], str], both: str, either: str) -> str:
        """In the language of a database. What stands in every group is said once: it is looked up as often as said."""
        groups, shared = self.apart()
        all_of_them = both.join(f"({either.join(map(term, group))})" for group in groups)
        return either.join([f"({all_of_them})", *map(term, shared)]) if shared else all_of_them


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
        return bool(self.wanted or self.unwanted)

    @property
    def words(self) -> tuple[str, ...]:
        """All wanted words in a row."""
        return tuple(word for term in self.wanted for word in term.words)

    @cached_property  # asked for with every text of a page of results
    def all_terms(self) -> list[Term]:
        """Everything whose occurrence in a text is worth showing."""
        return [term for group in self.everywhere().groups for term in group]

    def everywhere(self) -> Condition:
        """What a record must hold to be found at all: each term, or another name of it or of all of them."""
        whole = (*self.other_names.terms(self.words, with_line=True), *spelled_otherwise(self.words))
        if len(self.wanted) == 1 and len(self.words) > 1:  # an address is found by all of it
            whole += (Term((whole_name(self.words),)),)
        groups = [(term, *self.alternatives(term), *whole) for term in self.wanted]
        return Condition(tuple(tuple(dict.fromkeys(group)) for group in groups))

    def alternatives(self, term: Term) -> tuple[Term, ...]:
        """What may stand for a wanted term."""
        return (*self.other_names.terms(term.words), *spelled_otherwise(term.words))

    def none_of(self) -> Condition:
        return Condition((self.unwanted,))

    def whole_words(self) -> Condition | None:
        """What is wanted in whole words; None where what was found can hold nothing else."""
        groups = zip(self.wanted, self.everywhere().groups, strict=True)
        doubtful = [term for term, group in groups if term.goes_on or len(group) > 1]
        return Condition(tuple((replace(term, goes_on=False),) for term in doubtful)) if doubtful else None

    def as_named(self) -> Condition:
        """A name that is exactly this, however its letters and figures were joined."""
        return named(Term(self.words), *spelled_otherwise(self.words))

    def as_beginning(self) -> Condition:
        """A name that begins with this."""
        name = whole_name(self.words)
        return Condition(((Term((name.removesuffix(BREAK) if self.wanted[-1].goes_on else name,), goes_on=True),),))

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
    """Understand what was typed; anything may be typed, and without a word the query is false.

    "quoted words" and words joined by signs, such as adgmin-6-01, stand together; a
    minus before a word or phrase excludes it. The last word, and longer ones before
    it where they are few, may be beginnings; numbers are whole.
    """
    pieces = pieces_of(text)
    wanted = [piece for piece in pieces if not piece.is_unwanted]
    terms = {Term(piece.words, may_go_on(piece, pieces)): piece.words_with_marks for piece in wanted}
    unwanted = dict.fromkeys(Term(piece.words) for piece in pieces if piece.is_unwanted)
    return Query(tuple(terms), tuple(unwanted), tuple(terms.values()), other_names or OtherNames())


def may_go_on(piece: Piece, pieces: list[Piece]) -> bool:
    """Whether a piece may be the beginning of something longer; a letter alone or with a sign is none: C++."""
    last, is_last = piece.words[-1], piece is pieces[-1]
    if piece.is_phrase or last.isdigit():
        return False
    if len(last) == 1 and (len(pieces) == 1 or not piece.raw[-1].isalnum()):
        return False
    return is_last or (len(pieces) <= MOST_BEGUN and len(piece.words) == 1 and len(last) > WHOLE_UP_TO)


def indexed(texts: Iterable[str], *, marks: bool = False) -> str:
    """The words of several texts as both databases index them, a break around each text."""
    cut = words_of if marks else folded_words
    parts = [" ".join(words) for words in map(cut, texts) if words]
    return f"{BREAK} {f' {BREAK} '.join(parts)} {BREAK}" if parts else ""


def indexed_names(names: Iterable[str]) -> str:
    """The same for names, each also as one word by which it is found whole."""
    return " ".join([indexed(names), *map(indexed_whole, names)])


def indexed_whole(name: str) -> str:
    """A name as one word."""
    return whole_name(folded_words(name)) if folded_words(name) else ""
