"""Near misses: what a text could have meant, judged by the words of names.

Nothing here knows a model, nor which of the readings finds anything.
"""

import re
from collections import Counter
from collections.abc import Iterable
from heapq import nlargest

from rapidfuzz import process
from rapidfuzz.distance import OSA

from portal.query import Piece, pieces_of
from portal.text import fold, normalise, words_of

NEAR_ENOUGH = 0.66  # how like a word must be to another to be meant by it: one letter of three may be wrong, two of six
AS_TYPED = 0.6  # what an unknown word counts when it is left as it is
FEWEST_LETTERS = 3
MOST_NEAR = 8  # words tried in place of one
MOST_DOUBTFUL = 6  # words of a question
MOST_READINGS = 12

Choice = tuple[str, float]  # a word, and how well it fits


class Vocabulary:
    """Words by which a text is put right, folded, each with its commonest spelling; numbers are known without them."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        for text in texts:  # one by one: the names of a hundred thousand records take 100 MB in words
            counts.update(word for word in words_of(text) if not word.isdigit())
        self.spellings: dict[str, str] = {}
        for word, _count in counts.most_common():
            self.spellings.setdefault(fold(word), word)
        self.words = list(self.spellings)

    def knows(self, word: str) -> bool:
        """Short words and numbers are taken as they are."""
        return len(word) < FEWEST_LETTERS or word.isdigit() or word in self.spellings

    def near(self, word: str) -> list[Choice]:
        """The words most like a folded one; with the same figures, as another number is another thing."""
        if len(word) < FEWEST_LETTERS or word.isdigit():
            return []
        found = process.extract(
            word, self.words, scorer=OSA.normalized_similarity, score_cutoff=NEAR_ENOUGH, limit=MOST_NEAR
        )
        return [
            (self.spellings[near], likeness)
            for near, likeness, _place in found
            if near != word and figures(near) == figures(word)
        ]

    def choices(self, word: str, *, is_doubtful: bool) -> list[Choice]:
        own = (word, 1.0 if self.knows(word) else AS_TYPED)
        return [own, *self.near(word)] if is_doubtful else [own]


def has_marks(text: str) -> bool:
    return fold(text) != normalise(text).casefold()


def figures(word: str) -> list[str]:
    return re.findall(r"\d", word)


def readings(text: str, vocabulary: Vocabulary) -> list[str]:
    """What could have been meant, the likeliest first; quotation marks, exclusions and numbers stay as typed."""
    pieces = pieces_of(text)
    words = [word for piece in pieces if not piece.is_unwanted for word in piece.words]
    doubtful = {word for word in words if not vocabulary.knows(word)} or set(words)
    if len(doubtful) > MOST_DOUBTFUL:
        return []
    choices = {word: vocabulary.choices(word, is_doubtful=word in doubtful) for word in words}
    rows: list[tuple[tuple[str, ...], float]] = [((), 0.0)]
    for word in words:
        longer = [((*row, each), fit + more) for row, fit in rows for each, more in choices[word]]
        rows = nlargest(MOST_READINGS, longer, key=lambda row: row[1])
    spelled = str if has_marks(text) else fold  # who types without marks is read so
    return [spelled(read_as(pieces, row)) for row, _fit in rows if [fold(word) for word in row] != words]


def read_as(pieces: list[Piece], row: tuple[str, ...]) -> str:
    """The pieces with the wanted words replaced by those of a row, one after the other."""
    parts, left = [], list(row)
    for piece in pieces:
        read = [] if piece.is_unwanted else [left.pop(0) for _word in piece.words]
        is_changed = any(fold(word) != typed for word, typed in zip(read, piece.words, strict=False))
        parts.append(Piece(" ".join(read), piece.is_phrase, False).typed if is_changed else piece.typed)
    return " ".join(parts)
