"""The chart toolbox: numbers in, shapes out.

Horizontal measures are per cent of the drawing's width and vertical ones em of
its text, so a drawing fits every width and grows with the letters. Every scale
starts at zero. Nothing here knows a model or a language.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Number = int | float | Decimal


@dataclass(frozen=True)
class Part:
    """A part of one bar: what it stands for, how many, where it starts and how wide it is (per cent)."""

    thing: Any
    count: int
    x: float
    width: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def end(self) -> float:
        return self.x + self.width


def stack(counts: Sequence[tuple[Any, int]]) -> list[Part]:
    """Counts as the parts of one full bar: widths in per cent that add up to 100, or all 0 where nothing is counted."""
    total, parts, before = sum(count for _thing, count in counts), [], 0
    for thing, count in counts:
        parts.append(Part(thing, count, 100 * before / total if total else 0.0, 100 * count / total if total else 0.0))
        before += count
    return parts


@dataclass(frozen=True)
class Tick:
    """A value on the axis and its place (per cent along a bar axis, em down a column axis)."""

    value: int | float
    at: float


def round_values(largest: Number, *, most: int = 4, whole: bool = False) -> list[int | float]:
    """From zero up to the largest at most, in `most` round steps or fewer: 1, 2 or 5 times a power of ten.

    `whole` is for counts, of which there are no halves.
    """
    if largest <= 0:
        return [0]
    rough = float(largest) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    step = max(step, 1) if whole else step
    values = [number * step for number in range(int(float(largest) / step + 1e-9) + 1)]
    return [int(value) if float(value).is_integer() else value for value in values]


@dataclass(frozen=True)
class Bar:
    """One of several bars: what it stands for, its value, its row's top (em) and its width (per cent)."""

    thing: Any
    value: Number
    y: float
    width: float


@dataclass(frozen=True)
class Bars:
    """Bars below one another on one axis from zero: their rows, the axis, where it stands and how high all is (em)."""

    rows: list[Bar]
    ticks: list[Tick]
    foot: float
    height: float


def bars(values: Sequence[tuple[Any, Number]], *, room: float = 70, row: float = 3.4, axis: float = 1.8) -> Bars:
    """Bars of these lengths; the longest takes `room` per cent, which leaves the rest for its label.

    A row is `row` em high, the name of the bar above and the bar below; the axis takes `axis` em under the last.
    """
    largest = max((value for _thing, value in values), default=0)
    scale = room / float(largest) if largest > 0 else 0.0
    rows = [Bar(thing, value, number * row, float(value) * scale) for number, (thing, value) in enumerate(values)]
    ticks = [Tick(value, value * scale) for value in round_values(largest)]
    return Bars(rows, ticks, len(rows) * row, len(rows) * row + axis)


@dataclass(frozen=True)
class Cell:
    """One bar in a table of bars: its value, where its column starts and how wide it is (per cent)."""

    thing: Any
    value: int
    x: float
    width: float

    @property
    def end(self) -> float:
        return self.x + self.width


@dataclass(frozen=True)
class Line:
    """One line of a table of bars: what it stands for, its bars, their sum, and its top (em)."""

    thing: Any
    cells: list[Cell]
    total: int
    y: float


@dataclass(frozen=True)
class Multiples:
    """A table of bars: its lines, where its columns start (per cent) and how high it is (em)."""

    lines: list[Line]
    starts: list[float]
    height: float


def multiples(
    table: Sequence[tuple[Any, Sequence[tuple[Any, int]]]],
    *,
    first: float = 28,
    last: float = 6,
    label: float = 4,
    head: float = 2.2,
    row: float = 2,
) -> Multiples:
    """A table of counts as bars on one scale, each column starting at its own zero line.

    Per cent of the width stay free for the names of the lines (`first`), their totals
    (`last`) and the number behind the longest bar (`label`). The head is `head` em
    high, a line `row` em.
    """
    number_of_columns = max((len(cells) for _thing, cells in table), default=0)
    largest = max((count for _thing, cells in table for _name, count in cells), default=0)
    column = (100 - first - last) / number_of_columns if number_of_columns else 0.0
    scale = (column - label) / largest if largest else 0.0
    starts = [first + number * column for number in range(number_of_columns)]
    lines = [
        Line(
            thing,
            [Cell(name, count, x, count * scale) for x, (name, count) in zip(starts, cells, strict=False)],
            sum(count for _name, count in cells),
            head + number * row,
        )
        for number, (thing, cells) in enumerate(table)
    ]
    return Multiples(lines, starts, head + len(lines) * row)


@dataclass(frozen=True)
class Column:
    """A year's column: how many in all, how many of them are still ahead, and whether the axis has room to name it.

    `x` and `width` are per cent; `y` (the top), `height` and `ahead_height` are em.
    What is ahead stands on top of what has been.
    """

    year: int
    count: int
    ahead: int
    x: float
    width: float
    y: float
    height: float
    ahead_height: float
    is_named: bool

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def foot(self) -> float:
        """Where the part ahead ends and the part behind begins (em)."""
        return self.y + self.ahead_height


@dataclass(frozen=True)
class Columns:
    """Columns beside one another, one a year from the first to the last year counted, empty years included."""

    columns: list[Column]
    ticks: list[Tick]
    base: float
    height: float

    @property
    def counted(self) -> list[Column]:
        """The years in which there is something, the latest first: the lines of the table."""
        return [column for column in reversed(self.columns) if column.count]


MOST_NAMED_YEARS = 12


def columns(
    counts: Sequence[tuple[int, int, int]], *, tall: float = 9, head: float = 1.6, foot: float = 1.8, gap: float = 0.3
) -> Columns:
    """(year, how many, how many of them ahead) as columns.

    The tallest is `tall` em, under `head` em for its number and over `foot` em for
    the years; `gap` is the share of a year's width left empty.
    """
    by_year = {year: (count, ahead) for year, count, ahead in counts}
    if not by_year:
        return Columns([], [], head + tall, head + tall + foot)
    years = range(min(by_year), max(by_year) + 1)
    largest = max(count for count, _ahead in by_year.values())
    scale, step, base = (tall / largest if largest else 0.0), 100 / len(years), head + tall
    shapes = []
    for number, year in enumerate(years):
        count, ahead = by_year.get(year, (0, 0))
        x, width = (number + gap / 2) * step, (1 - gap) * step
        is_named = len(years) <= MOST_NAMED_YEARS or year % 5 == 0
        top, been, to_come = base - count * scale, (count - ahead) * scale, ahead * scale
        shapes.append(Column(year, count, ahead, x, width, top, been, to_come, is_named))
    ticks = [Tick(value, base - value * scale) for value in round_values(largest, whole=True)]
    return Columns(shapes, ticks, base, base + foot)


@dataclass(frozen=True)
class Period:
    """A span of whole years: where it starts and how wide it is (per cent), and the top of its lane (em)."""

    thing: Any
    start: int
    end: int
    x: float
    width: float
    y: float


@dataclass(frozen=True)
class Periods:
    """Spans of years on one axis: where each starts and the last; the em at which lanes, years and all of it end."""

    spans: list[Period]
    ticks: list[Tick]
    foot: float
    years: float
    height: float

    def place(self, moment: float) -> float | None:
        """Where a moment stands, in per cent; 2026.5 is the middle of 2026. None outside the line."""
        first, last = (self.ticks[0].value, self.ticks[-1].value) if self.ticks else (0, -1)
        return 100 * (moment - first) / (last + 1 - first) if first <= moment < last + 1 else None


def periods(spans: Sequence[tuple[Any, int, int]], *, row: float = 3.4, axis: float = 1.5) -> Periods:
    """(thing, first year, last year) to scale, the last year whole.

    Spans that overlap get lanes of their own, each `row` em high; under them the
    years take `axis` em, and so does a line for what is marked on them.
    """
    if not spans:
        return Periods([], [], 0, 0, 0)
    first, last = min(start for _thing, start, _end in spans), max(end for _thing, _start, end in spans)
    step, free, shapes = 100 / (last + 1 - first), [], []
    for thing, start, end in sorted(spans, key=lambda span: (span[1], span[2])):
        lane = next((number for number, until in enumerate(free) if until < start), len(free))
        free[lane : lane + 1] = [end]
        shapes.append(Period(thing, start, end, (start - first) * step, (end + 1 - start) * step, lane * row))
    years = sorted({span.start for span in shapes} | {last})
    ticks, foot = [Tick(year, (year - first) * step) for year in years], len(free) * row
    return Periods(shapes, ticks, foot, foot + axis, foot + 2 * axis)
