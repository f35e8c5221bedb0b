"""The geometry of the drawings: shares add up, lengths follow the numbers, scales start at zero."""

from decimal import Decimal

import pytest

from portal.charts import bars, columns, multiples, periods, round_values, stack


def test_the_parts_of_a_bar_add_up_and_follow_one_another():
    parts = stack([("a", 1), ("b", 0), ("c", 2)])
    assert sum(part.width for part in parts) == pytest.approx(100)
    assert [part.x for part in parts] == pytest.approx([0, 100 / 3, 100 / 3])
    assert parts[2].width == pytest.approx(2 * parts[0].width)


def test_a_bar_of_nothing_has_no_width():
    assert [part.width for part in stack([("a", 0), ("b", 0)])] == [0, 0]
    assert stack([]) == []


def test_a_single_part_fills_the_bar():
    assert [(part.x, part.width, part.middle) for part in stack([("a", 7)])] == [(0, 100, 50)]


def test_bars_are_as_long_as_their_values():
    chart = bars([("2020", Decimal("100.00")), ("2030", Decimal("2000.00"))], room=80, row=3)
    assert [row.width for row in chart.rows] == pytest.approx([4, 80])
    assert [row.y for row in chart.rows] == [0, 3]
    assert (chart.foot, chart.height) == (6, 7.8)


def test_the_axis_of_bars_starts_at_zero_and_ends_inside_the_drawing():
    chart = bars([("2024", 263), ("2030", 2000)], room=80)
    assert [tick.value for tick in chart.ticks] == [0, 500, 1000, 1500, 2000]
    assert [tick.at for tick in chart.ticks] == pytest.approx([0, 20, 40, 60, 80])


@pytest.mark.parametrize("values", [[], [("a", 0)]])
def test_no_value_draws_no_bar(values):
    chart = bars(values)
    assert [row.width for row in chart.rows] == [0] * len(values)
    assert [tick.value for tick in chart.ticks] == [0]


@pytest.mark.parametrize(
    ("largest", "values"),
    [
        (0, [0]),
        (1, [0, 0.5, 1]),
        (3, [0, 1, 2, 3]),
        (13, [0, 5, 10]),
        (50, [0, 20, 40]),
        (2000, [0, 500, 1000, 1500, 2000]),
    ],
)
def test_axis_values_are_round_and_few(largest, values):
    assert round_values(largest) == values


def test_counts_have_no_halves_on_their_axis():
    assert round_values(1, whole=True) == [0, 1]


def test_a_table_of_bars_has_one_scale_and_a_zero_line_a_column():
    counts = [("economy", [("a", 10), ("b", 5)]), ("trust", [("a", 0), ("b", 20)])]
    table = multiples(counts, first=20, last=0, label=10, head=2, row=2)
    assert table.starts == [20, 60]
    assert [[cell.width for cell in line.cells] for line in table.lines] == [[15, 7.5], [0, 30]]
    assert [(line.total, line.y) for line in table.lines] == [(15, 2), (20, 4)]
    assert table.height == 6


def test_an_empty_table_of_bars_draws_nothing():
    assert multiples([]).lines == []
    assert [cell.width for cell in multiples([("economy", [("a", 0), ("b", 0)])]).lines[0].cells] == [0, 0]


def test_years_without_a_meeting_keep_their_place():
    chart = columns([(2020, 1, 0), (2023, 4, 1)], tall=8, head=2, gap=0)
    assert [column.year for column in chart.columns] == [2020, 2021, 2022, 2023]
    assert [column.x for column in chart.columns] == [0, 25, 50, 75]
    assert [column.height + column.ahead_height for column in chart.columns] == [2, 0, 0, 8]


def test_the_table_of_columns_has_the_years_that_count_and_a_long_axis_names_every_fifth():
    chart = columns([(1995, 1, 0), (2026, 6, 0)])
    assert [column.year for column in chart.counted] == [2026, 1995]
    assert [column.year for column in chart.columns if column.is_named] == [1995, 2000, 2005, 2010, 2015, 2020, 2025]


def test_a_column_stands_on_the_base_with_what_is_ahead_on_top():
    chart = columns([(2026, 4, 1)], tall=8, head=2)
    (column,) = chart.columns
    assert (column.y, column.foot, column.foot + column.height) == (2, 4, chart.base)
    assert (chart.ticks[0].value, chart.ticks[0].at) == (0, chart.base)


def test_no_year_draws_no_column():
    assert columns([]).columns == []


def test_periods_are_drawn_to_scale_with_their_last_year_whole():
    chart = periods([("ADM 2030", 2026, 2030), ("AIM 2015", 2011, 2015)])
    assert [(span.thing, span.x, span.width) for span in chart.spans] == [("AIM 2015", 0, 25), ("ADM 2030", 75, 25)]
    assert [tick.value for tick in chart.ticks] == [2011, 2026, 2030]
    assert chart.place(2021) == 50
    assert (chart.place(2010.9), chart.place(2031)) == (None, None)


def test_periods_that_overlap_have_lanes_of_their_own():
    chart = periods([("a", 2011, 2015), ("b", 2015, 2020), ("c", 2016, 2016)], row=3, axis=1)
    assert [span.y for span in chart.spans] == [0, 3, 0]
    assert (chart.foot, chart.years, chart.height) == (6, 7, 8)


def test_one_period_fills_the_line_and_none_is_empty():
    assert [(span.x, span.width) for span in periods([("a", 2026, 2026)]).spans] == [(0, 100)]
    assert periods([]).spans == []
    assert periods([]).place(2026) is None
