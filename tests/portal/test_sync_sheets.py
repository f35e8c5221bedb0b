"""A list as a spreadsheet, and the same spreadsheet back: what was not touched changes nothing."""

import io

import openpyxl
import pytest
from django.utils.translation import override

from initiatives.models import Observation
from meetings.models import Meeting
from portal.models import Conflict, LoadedState, Sync, Topic
from portal.sync.engine import Options, run
from portal.sync.merge import Outcome
from portal.sync.sheets import BASE_SHEET, HEADS, NotASheet, SheetSource, columns_of, sheet_of
from portal.sync.values import content_models
from tests.factories import (
    make_decision,
    make_indicator,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_plan_item,
    make_session,
    make_source,
    make_statement,
    make_topic,
    make_version,
)

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


def book_of(model) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(sheet_of(model, list(model.objects.values_list("pk", flat=True)))))


def cells(book: openpyxl.Workbook, number: int) -> list:
    return [cell.value for cell in book.worksheets[0][number]]


def write(book: openpyxl.Workbook, number: int, **values) -> None:
    names = cells(book, HEADS)
    for name, value in values.items():
        book.worksheets[0].cell(number, names.index(name) + 1, value)


def bring_back(book: openpyxl.Workbook, **options):
    stream = io.BytesIO()
    book.save(stream)
    return run(SheetSource("topics.xlsx", stream), Options(origin=Sync.Origin.SHEET, files="topics.xlsx", **options))


@pytest.fixture
def everything():
    make_source(published_on="2026-01-01", precision="month", note="=1+1")
    make_session(start_time="08:30", meeting=make_meeting(theme_vi="a\nb", theme_en="c"))
    item = make_plan_item()
    make_initiative(sources=[make_source()], plan_items=[item], plan=item.plan, plan_basis="stated")
    make_decision()
    make_statement(date="2026-01-16", precision="day")
    make_milestone()
    make_observation(value="301.50", indicator=make_indicator())
    make_version()


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", content_models(), ids=lambda model: model._meta.model_name)
def test_a_sheet_that_nobody_edited_changes_nothing(model):
    report = bring_back(book_of(model))
    assert (report.counts, report.problems, report.applied) == ({}, [], True)
    assert Sync.objects.count() == 0


@pytest.mark.parametrize("model", content_models(), ids=lambda model: model._meta.model_name)
def test_both_languages_of_a_text_stand_side_by_side(model):
    columns = columns_of(model)
    vietnamese = [place for place, name in enumerate(columns) if name.endswith("_vi") and name != "sort_vi"]
    assert [columns[place + 1] for place in vietnamese] == [f"{columns[place][:-3]}_en" for place in vietnamese]


def test_an_edited_cell_changes_that_field_alone():
    topic = make_topic(slug="ai", name_en="AI", sources=[make_source(slug="s1")])
    make_source(slug="s2")
    book = book_of(Topic)
    write(book, 3, name_en="Artificial intelligence", sources="s2, s1")
    report = bring_back(book)
    assert (report.counts, report.problems) == ({Outcome.UPDATED: 2}, [])
    topic.refresh_from_db()
    assert (topic.name_en, topic.sources.count()) == ("Artificial intelligence", 2)
    assert LoadedState.objects.count() == 0  # what the fixtures said is another matter


def test_what_somebody_else_changed_since_the_download_is_kept():
    make_topic(slug="ai", name_en="AI", name_vi="Trí tuệ")
    book = book_of(Topic)
    Topic.objects.update(name_vi="Sửa sau")
    write(book, 3, name_en="Artificial intelligence")
    bring_back(book)
    assert Topic.objects.values_list("name_vi", "name_en").get() == ("Sửa sau", "Artificial intelligence")


def test_the_same_cell_changed_on_both_sides_is_a_conflict():
    make_topic(slug="ai", name_en="AI")
    book = book_of(Topic)
    Topic.objects.update(name_en="By another editor")
    write(book, 3, name_en="By the sheet")
    assert bring_back(book).counts == {Outcome.CONFLICT: 1}
    conflict = Conflict.objects.get()
    assert (conflict.base, conflict.incoming, conflict.database) == ("AI", "By the sheet", "By another editor")
    assert Topic.objects.get().name_en == "By another editor"


def test_a_new_row_is_a_new_record_and_a_missing_one_is_nothing():
    make_topic(slug="ai")
    make_topic(slug="cloud")
    book = book_of(Topic)
    book.worksheets[0].delete_rows(4)
    write(book, 4, slug="new", name_vi="Mới", name_en="New", state="draft")
    assert bring_back(book).counts == {Outcome.CREATED: 1}
    assert sorted(Topic.objects.values_list("slug", flat=True)) == ["ai", "cloud", "new"]


def test_a_record_that_was_deleted_since_the_download_stays_deleted():
    make_topic(slug="ai")
    book = book_of(Topic)
    Topic.objects.all().delete()
    write(book, 3, name_en="Changed")
    assert bring_back(book).counts == {Outcome.DELETED: 1}


def test_numbers_may_come_back_as_numbers():
    make_observation(value="300.00")
    book = book_of(Observation)
    write(book, 3, value=300, year=2026)
    assert bring_back(book).counts == {Outcome.UPDATED: 1}
    assert Observation.objects.get().year == 2026


def test_what_is_wrong_is_said_with_row_record_and_field():
    make_topic(slug="ai")
    book = book_of(Topic)
    write(book, 3, state="public", sources="nowhere", name_en="")
    report = bring_back(book)
    places = [(problem.line, problem.key, problem.field) for problem in report.sorted_problems()]
    assert places == [(3, "ai", "name_en"), (3, "ai", "sources"), (3, "ai", "state")]
    with override("en"):  # keys as a cell holds them
        assert "[" not in bring_back(book).sorted_problems()[1].allowed
    assert not report.applied


def test_a_public_record_does_not_lose_one_language_by_an_emptied_cell():
    make_meeting(city_vi="Hà Nội", city_en="Hanoi", state="published")
    book = book_of(Meeting)
    write(book, 3, city_en="")
    assert [problem.field for problem in bring_back(book).problems] == ["city_en"]


def test_a_text_that_begins_like_a_formula_stays_a_text():
    make_topic(slug="ai", note="=HYPERLINK(1)")
    assert bring_back(book_of(Topic)).counts == {}
    assert Topic.objects.get().note == "=HYPERLINK(1)"


@pytest.mark.parametrize("content", [b"", b"PK", b"slug,name"])
def test_a_file_that_is_no_sheet_of_ours_is_refused(content):
    with pytest.raises(NotASheet):
        SheetSource("x.xlsx", io.BytesIO(content))


def test_a_sheet_without_its_hidden_half_is_refused():
    make_topic()
    book = book_of(Topic)
    del book[BASE_SHEET]
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(NotASheet):
        SheetSource("x.xlsx", stream)
