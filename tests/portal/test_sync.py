"""Loading content: what each side changed is merged, checked first, and written all or not at all."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection, models
from reversion.models import Version as Revision

from initiatives.models import Initiative, Milestone, PlanItem
from meetings.models import Decision, Meeting
from portal.models import Body, Conflict, Country, Direction, LoadedState, Part, Source, State, Sync, Topic
from portal.sync import engine
from portal.sync.merge import UNKNOWN, Outcome, merge_set, merge_value
from portal.sync.values import content_models, merged_fields
from tests.factories import (
    make_body,
    make_country,
    make_decision,
    make_direction,
    make_document,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_plan,
    make_plan_item,
    make_session,
    make_source,
    make_statement,
    make_topic,
    make_unverified_item,
    make_version,
)

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

LOADED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sync(tmp_path):
    """Write rows to a fixture file, sync it, and get the report as JSON."""

    def run(*rows: dict, file: str = "content.yaml", **options) -> dict:
        path = tmp_path / file
        path.write_text(yaml.safe_dump(list(rows), allow_unicode=True, sort_keys=False), encoding="utf-8")
        out = StringIO()
        try:
            call_command("sync_content", path, format="json", stdout=out, **options)
        except CommandError as error:
            assert error.returncode == 2, out.getvalue()
        return json.loads(out.getvalue())

    return run


@pytest.fixture
def text(tmp_path):
    """Sync a text as it stands; the report as a reader sees it, and the exit code."""

    def run(content: str, **options) -> tuple[str, int]:
        path = tmp_path / "content.yaml"
        path.write_text(content, encoding="utf-8")
        out = StringIO()
        try:
            call_command("sync_content", path, stdout=out, no_color=True, **options)
        except CommandError as error:
            return out.getvalue().replace(f"{path}", "content.yaml"), error.returncode
        return out.getvalue().replace(f"{path}", "content.yaml"), 0

    return run


def row(model: str, **fields) -> dict:
    return {"model": model, "fields": fields}


def topic(slug: str = "ai", **fields) -> dict:
    given = {"name_vi": "Trí tuệ nhân tạo", "name_en": "Artificial intelligence", "state": "published"}
    return row("portal.topic", slug=slug, **(given | fields))


# The merge table


@pytest.mark.parametrize(
    ("base", "incoming", "database", "outcome", "result"),
    [
        ("a", "a", "a", Outcome.SAME, "a"),
        ("a", "b", "a", Outcome.UPDATED, "b"),
        ("a", "a", "c", Outcome.KEPT, "c"),
        ("a", "b", "b", Outcome.SAME, "b"),
        ("a", "b", "c", Outcome.CONFLICT, "c"),
        (UNKNOWN, "b", "b", Outcome.SAME, "b"),
        (UNKNOWN, "b", "c", Outcome.CONFLICT, "c"),
    ],
)
def test_a_value_is_merged_as_the_table_says(base, incoming, database, outcome, result):
    assert merge_value(base, incoming, database) == (outcome, result)


@pytest.mark.parametrize(
    ("base", "incoming", "database", "outcome", "result"),
    [
        ("ab", "ab", "ab", Outcome.SAME, "ab"),
        ("ab", "abc", "ab", Outcome.UPDATED, "abc"),
        ("ab", "a", "ab", Outcome.UPDATED, "a"),
        ("ab", "ab", "abd", Outcome.KEPT, "abd"),
        ("ab", "ab", "a", Outcome.KEPT, "a"),
        ("ab", "abc", "abc", Outcome.SAME, "abc"),
        ("ab", "bc", "abd", Outcome.UPDATED, "bcd"),
        ("ab", "abc", "abd", Outcome.UPDATED, "abcd"),
        ("ab", "a", "b", Outcome.UPDATED, ""),
        (UNKNOWN, "ab", "ab", Outcome.SAME, "ab"),
        (UNKNOWN, "ab", "ac", Outcome.CONFLICT, "ac"),
    ],
)
def test_a_list_is_merged_by_element(base, incoming, database, outcome, result):
    known = base if base is UNKNOWN else list(base)
    assert merge_set(known, list(incoming), list(database)) == (outcome, list(result))


# Every cell of the table, for every kind of field, through files and database


def make_meeting_in_hanoi() -> Meeting:
    return make_meeting(city_vi="Hà Nội", city_en="Hanoi")


# what it is: how to make a record, the field, what was loaded, what the file says next, what an editor writes
FIELDS = {
    "text": (make_source, "title", "One", "Two", "Three"),
    "text that may be empty": (make_body, "acronym", "", "WG", "WGX"),
    "translated text": (make_topic, "name_en", "AI", "Machine learning", "Artificial minds"),
    "translated text that may be empty": (make_meeting_in_hanoi, "city_vi", "Hà Nội", "Huế", "Đà Nẵng"),
    "long text": (make_topic, "note", "One.", "Two.", "Three lines\n\nof it."),
    "translated long text": (make_body, "mandate_vi", "Một.", "Hai.", "Ba dòng\ncó xuống hàng."),
    "choice": (make_body, "status", "active", "closed", "proposed"),
    "choice that may be empty": (make_initiative, "confidence", "", "high", "medium"),
    "address": (make_document, "url", "", "https://a.example/", "https://b.example/"),
    "date": (make_country, "joined_on", "1995-07-28", "1995-07-29", "1996-01-01"),
    "date that may be empty": (make_session, "date", "2026-01-15", None, "2026-01-16"),
    "time": (make_session, "start_time", "08:30", "09:00", None),
    "moment": (make_topic, "published_from", None, "2026-01-01 00:00:00+00:00", "2026-02-01 07:00:00+07:00"),
    "number": (make_statement, "order", 11, 12, 13),
    "number that may be empty": (make_body, "established", 2001, 2002, None),
    "number that only one may have": (make_direction, "number", 1, 2, 3),
    "decimal": (make_observation, "value", "300.00", "301.5", "-0.25"),
    "reference": (make_session, "meeting", ["m1"], ["m2"], ["m3"]),
    "reference that may be empty": (make_body, "lead_country", ["xa"], ["xb"], None),
    "reference from empty": (make_milestone, "meeting", None, ["m1"], ["m2"]),
    "list": (make_topic, "sources", [["s1"]], [["s2"]], [["s1"], ["s3"]]),
    "list of parts": (make_initiative, "plan_items", [["p", "a"]], [["p", "b"]], []),
    "text of a part": (make_milestone, "text_en", "One.", "Two.", "Three."),
    "choice of a part": (make_observation, "kind", "actual", "target", "projected"),
    "date of a part": (make_milestone, "date", "2026-01-01", "2026-01-02", "2026-01-03"),
    "number of a part": (make_version, "order", 1, 2, 3),
    "list of a part": (make_plan_item, "sources", [["s1"]], [], [["s1"], ["s2"]]),
}


def shape(field) -> tuple:
    """What makes a field another kind: its type, whether it is chosen from, may be null, is in two languages."""
    kind = "Integer" if isinstance(field, models.IntegerField) else field.get_internal_type()
    related = field.is_relation and issubclass(field.related_model, Part)
    is_text = isinstance(field, models.CharField | models.TextField)
    return kind, is_text and bool(field.choices), field.null and not is_text, hasattr(field, "language"), related


def test_the_kinds_of_field_above_are_all_that_there_are():
    there = {shape(field) for model in content_models() for field in merged_fields(model).values()}
    tried = {shape(make.__annotations__["return"]._meta.get_field(name)) for make, name, *_values in FIELDS.values()}
    assert tried == there


@pytest.fixture
def targets():
    for code in ("XA", "XB"):
        make_country(code=code)
    for slug in ("s1", "s2", "s3"):
        make_source(slug=slug)
    for slug in ("m1", "m2", "m3"):
        make_meeting(slug=slug)
    plan = make_plan(slug="p")
    for code in ("A", "B"):
        PlanItem.objects.create(plan=plan, code=code, kind="outcome", order=1, name_vi="một", name_en="one")


def complete(record, **fields) -> dict:
    """The record as a fixture would hold it, with these fields instead."""
    out = StringIO()
    label = record._meta.label_lower
    naturally = {"use_natural_foreign_keys": True, "use_natural_primary_keys": True}
    call_command("dumpdata", label, primary_keys=str(record.pk), **naturally, stdout=out)
    [given] = json.loads(out.getvalue())
    drop = {"updated", "sort_vi", "sort_en", "level", "firmness"}
    drop |= {name for name in given["fields"] if f"{name}_vi" in given["fields"]}
    kept = {name: value for name, value in given["fields"].items() if name not in drop and value not in ("", None, [])}
    return row(label, **(kept | fields))


def edit(record, field: str, value) -> None:
    """Change a field as an editor would."""
    record = type(record).objects.get(pk=record.pk)
    described = type(record)._meta.get_field(field)
    if described.many_to_many:
        related = described.related_model.objects
        getattr(record, field).set([related.get_by_natural_key(*key) for key in value])
        return
    if described.many_to_one and value:
        value = described.related_model.objects.get_by_natural_key(*value)
    setattr(record, field, value)
    record.save()


def now(record, field: str) -> str:
    """What the database holds, comparable."""
    record = type(record).objects.get(pk=record.pk)
    if record._meta.get_field(field).many_to_many:
        return sorted(each.natural_key() for each in getattr(record, field).all())
    value = getattr(record, field)
    return value.natural_key() if hasattr(value, "natural_key") else value


def written(record, field: str, value) -> str:
    """The comparable form of a value, as it is when an editor writes it."""
    edit(record, field, value)
    return now(record, field)


@pytest.mark.usefixtures("targets")
@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("cell", ["nobody", "fixture", "editor", "alike", "differently"])
def test_every_cell_of_the_table_for_every_kind_of_field(sync, kind, cell):
    make, field, first, second, third = FIELDS[kind]
    record = make()
    forms = {id(value): written(record, field, value) for value in (second, third, first)}
    sync(complete(record, **{field: first}))
    incoming = second if cell in ("fixture", "alike", "differently") else first
    edited = {"editor": third, "alike": second, "differently": third}.get(cell, first)
    edit(record, field, edited)
    report = sync(complete(record, **{field: incoming}))
    is_list = isinstance(first, list) and first and isinstance(first[0], list)
    if is_list and cell == "differently":
        assert now(record, field) == sorted({tuple(key) for key in [*second, *third]} - {tuple(first[0])})
        assert report["counts"] == {"updated": 1}
        return
    expected = {"nobody": {}, "fixture": {"updated": 1}, "editor": {"kept": 1}, "alike": {}}
    assert report["counts"] == expected.get(cell, {"conflict": 1})
    assert now(record, field) == forms[id(second if cell == "fixture" else edited)]


# Records


@pytest.mark.usefixtures("targets")
@pytest.mark.parametrize("make", [make_topic, make_session, make_milestone, make_observation, make_unverified_item])
def test_every_cell_of_the_table_for_a_whole_record(sync, make):
    record = make(sources=Source.objects.filter(slug="s1"))
    model, given = type(record), complete(record)
    kept = make(**{name: getattr(record, name) for name in [getattr(model, "parent_field", "")] if name})
    both = [given, complete(kept)]
    sync(*both)
    record.delete()
    assert sync(*both)["counts"] == {"deleted": 1}  # nobody else's business
    assert sync(complete(kept), given | {"fields": given["fields"] | {"note": "new"}})["counts"] == {"deleted": 1}
    assert sync(complete(kept))["counts"] == {}  # gone from both sides: alike
    LoadedState.objects.all().delete()
    assert sync(*both)["counts"] == {"created": 1}  # only the file has it
    again = model.objects.exclude(pk=kept.pk).get(sources__slug="s1")
    assert sync(complete(kept))["counts"] == {"gone": 1}  # only the database has it
    has_state = hasattr(record, "state")
    withdrawn = {"withdrawn": 1, "updated": 2} if has_state else {"gone": 1}
    assert sync(complete(kept), withdraw_missing=True)["counts"] == withdrawn
    again.refresh_from_db()
    assert getattr(again, "state", State.WITHDRAWN) == State.WITHDRAWN
    assert sync(*both)["counts"] == ({"updated": 3} if has_state else {})  # and back
    assert getattr(model.objects.get(pk=again.pk), "state", "published") == "published"


def test_a_new_record_is_created_with_its_relations_and_can_be_found(sync):
    make_source(slug="s1")
    sync(topic(sources=[["s1"]], updated="2026-01-01 00:00:00+00:00"))
    record = Topic.objects.get()
    assert ([source.slug for source in record.sources.all()], record.updated) == (["s1"], LOADED)
    assert list(Topic.objects.search("tri tue")) == [record]


def test_what_an_editor_deleted_stays_deleted_and_is_said(sync):
    sync(topic())
    Topic.objects.get().delete()
    assert sync(topic(name_en="AI"))["counts"] == {"deleted": 1}
    assert not Topic.objects.exists()


def test_a_deleted_record_comes_back_when_the_fixture_is_taken(sync):
    sync(topic())
    Topic.objects.get().delete()
    sync(topic(), take=[["fixture", "topic", "ai"]])
    assert Topic.objects.get().slug == "ai"


def test_a_list_may_name_what_an_editor_deleted(sync):
    make_source(slug="s1")
    source = row("portal.source", slug="s2", title="t", publisher="p", language="en", reliability="weak")
    rows = [source, topic(sources=[["s1"], ["s2"]])]
    sync(*rows)
    Source.objects.get(slug="s2").delete()
    assert [sync(*rows)["counts"] for _time in range(2)] == [{"deleted": 1}] * 2


BODY = {"kind": "other", "status": "active", "mandate_vi": "m", "mandate_en": "m", "name_vi": "n", "name_en": "n"}


@pytest.fixture
def without_targets(sync) -> list[dict]:
    """What was loaded; an editor deleted the source, a body, the meeting with its decision, the plan with its item."""
    source = row("portal.source", slug="s1", title="t", publisher="p", language="en", reliability="weak")
    meeting, plan = make_meeting(slug="m"), make_plan(slug="p")
    decision, item = make_decision(slug="d", meeting=meeting), make_plan_item(plan=plan)
    bodies = [row("portal.body", slug=slug, **BODY) for slug in ("gone", "old")]
    rows = [source, *bodies, *map(complete, (meeting, plan, decision, item)), topic("ai")]
    sync(*rows)
    for record in (Source.objects.get(slug="s1"), Body.objects.get(slug="gone"), meeting, plan):
        record.delete()
    return rows


def test_a_new_reference_to_what_an_editor_deleted_is_a_fault_that_says_how_to_bring_it_back(text, without_targets):
    before = list(LoadedState.objects.order_by("pk").values())
    news = [
        topic("cloud", sources=[["s1"]]),
        row("portal.body", slug="new", successor=["gone"], **BODY),
        row("meetings.decision", slug="e", meeting=["m"], order=2, verb="noted", text_vi="a", text_en="b"),
        row("initiatives.planitem", plan=["p"], key="x", code="X", kind="outcome", order=9, name_vi="a", name_en="b"),
    ]
    changed = [*without_targets[:-1], topic("ai", sources=[["s1"]])]
    changed[2] = row("portal.body", slug="old", successor=["gone"], **BODY)
    report, code = text(yaml.safe_dump([*news, *changed]))
    assert code == 1
    assert sorted(line.partition(": ")[0].split(" ", 1)[1] for line in report.splitlines() if "An editor" in line) == [
        "initiatives.planitem p/x plan",
        "meetings.decision e meeting",
        "portal.body new successor",
        "portal.body old successor",
        "portal.topic ai sources",
        "portal.topic cloud sources",
    ]
    assert report.count("--take fixture portal.source s1") == 2
    assert report.count("content.yaml:") == 6
    assert list(LoadedState.objects.order_by("pk").values()) == before


def test_a_record_that_comes_back_brings_what_went_with_it(sync, without_targets):
    assert sync(*without_targets)["counts"] == {"deleted": 6}
    takes = [["fixture", "meeting", "m"], ["fixture", "plan", "p"]]
    assert sync(*without_targets, take=takes)["counts"] == {"created": 4, "deleted": 2}
    assert (Decision.objects.get().meeting.slug, PlanItem.objects.get().plan.slug) == ("m", "p")


def test_a_source_that_a_later_file_brings_is_not_taken_for_a_deleted_one(sync):
    source = row("portal.source", slug="s1", title="t", publisher="p", language="en", reliability="weak")
    sync(topic("ai", sources=[["s1"]]), source, topic("cloud", sources=[["s1"]]))
    assert Topic.objects.filter(sources__slug="s1").count() == 2


def test_what_the_files_no_longer_hold_is_said_and_kept(sync):
    sync(topic("ai"), topic("cloud"))
    assert sync(topic("ai"))["counts"] == {"gone": 1}
    assert Topic.objects.filter(state=State.PUBLISHED).count() == 2


def test_what_the_files_no_longer_hold_is_withdrawn_with_a_reason_when_asked(sync):
    sync(topic("ai"), topic("cloud"))
    report = sync(topic("ai"), withdraw_missing=True)
    assert [(entry["field"], entry["database"]) for entry in report["entries"]] == [
        ("state", "published"),
        ("withdrawn_reason_vi", ""),
        ("withdrawn_reason_en", ""),
    ]
    cloud = Topic.objects.get(slug="cloud")
    assert (cloud.state, bool(cloud.withdrawn_reason_vi and cloud.withdrawn_reason_en)) == (State.WITHDRAWN, True)
    assert sync(topic("ai"), withdraw_missing=True)["counts"] == {}


@pytest.mark.parametrize(("written", "left"), [(None, ""), ("Lý do của biên tập viên.", "Lý do của biên tập viên.")])
def test_a_withdrawn_record_that_the_files_hold_again_is_public_again_without_the_reason(sync, written, left):
    sync(topic("ai"), topic("cloud"))
    sync(topic("ai"), withdraw_missing=True)
    if written:
        Topic.objects.filter(slug="cloud").update(withdrawn_reason_vi=written, withdrawn_reason_en=written)
    assert sync(topic("ai"), topic("cloud"))["counts"]["updated"] == (1 if written else 3)
    cloud = Topic.objects.get(slug="cloud")
    assert (cloud.state, cloud.withdrawn_reason_vi or "", cloud.withdrawn_reason_en or "") == ("published", left, left)
    if not written:
        assert sync(topic("ai"), topic("cloud"))["counts"] == {}


def test_one_file_says_nothing_of_the_records_of_another(sync):
    sync(topic("ai"), file="a.yaml")
    assert sync(topic("cloud"), file="b.yaml")["counts"] == {"created": 1}


def test_a_field_that_the_file_leaves_out_is_kept_and_said(sync):
    sync(topic(note="seen once"))
    assert sync(topic())["counts"] == {"left-out": 1}
    assert Topic.objects.get().note == "seen once"
    assert sync(topic(note=""))["counts"] == {"updated": 1}
    assert Topic.objects.get().note == ""


def test_a_field_that_no_file_named_before_began_empty(sync):
    sync(topic("ai"), topic("cloud"))
    edit(Topic.objects.get(slug="cloud"), "note", "by an editor")
    assert sync(topic("ai", note="new"), topic("cloud", note="new"))["counts"] == {"updated": 1, "conflict": 1}
    assert dict(Topic.objects.values_list("slug", "note")) == {"ai": "new", "cloud": "by an editor"}


def test_children_are_told_by_their_natural_key(sync):
    make_initiative(slug="i")
    step = {"initiative": ["i"], "date": "2026-01-16", "text_vi": "một", "text_en": "one"}
    sync(row("initiatives.milestone", key="a", **step), row("initiatives.milestone", key="b", **step))
    sync(row("initiatives.milestone", key="b", **(step | {"text_en": "two"})))
    assert dict(Milestone.objects.values_list("key", "text_en")) == {"a": "one", "b": "two"}


def test_a_record_is_updated_with_its_parts_but_not_by_those_it_came_with(sync):
    initiative = row("initiatives.initiative", slug="a-network", name_vi="Mạng lưới", name_en="A network")
    initiative["fields"] |= {"summary_vi": "Tóm tắt", "summary_en": "Summary", "status": "ongoing"}
    initiative["fields"]["updated"] = "2020-01-01T00:00:00Z"
    step = row("initiatives.milestone", initiative=["a-network"], key="2026", date="2026-01-16")
    step["fields"] |= {"text_vi": "Bắt đầu", "text_en": "Begun"}
    sync(initiative, step)
    assert Initiative.objects.get().updated.year == 2020
    second = {"model": step["model"], "fields": step["fields"] | {"key": "2026-2"}}
    sync(initiative, step, second)
    assert Initiative.objects.get().updated.year > 2020


def test_records_may_point_forward_and_at_each_other(sync):
    body = {"kind": "other", "status": "active", "mandate_vi": "m", "mandate_en": "m", "name_vi": "n", "name_en": "n"}
    sync(row("portal.body", slug="a", successor=["b"], **body), row("portal.body", slug="b", successor=["a"], **body))
    assert Body.objects.get(slug="a").successor.successor.slug == "a"


def test_two_records_exchange_what_only_one_may_have(sync):
    make_meeting(slug="m")
    decision = {"meeting": ["m"], "verb": "noted", "text_vi": "một", "text_en": "one"}
    sync(
        row("meetings.decision", slug="a", order=1, **decision), row("meetings.decision", slug="b", order=2, **decision)
    )
    sync(
        row("meetings.decision", slug="a", order=2, **decision), row("meetings.decision", slug="b", order=1, **decision)
    )
    assert dict(Decision.objects.values_list("slug", "order")) == {"a": 2, "b": 1}


def direction(slug: str, number: int) -> dict:
    texts = ("name", "moves_from", "moves_to", "detail")
    return row(
        "portal.direction", slug=slug, number=number, **{f"{t}_{lang}": t for t in texts for lang in ("vi", "en")}
    )


def test_directions_exchange_their_numbers_though_none_is_free_meanwhile(sync):
    sync(*(direction(f"d-{number}", number) for number in range(1, 9)))
    before = dict(Direction.objects.values_list("slug", "pk"))
    initiative = make_initiative()
    initiative.directions.set(Direction.objects.filter(slug="d-1"))
    order = [2, 1, 4, 5, 3, 6, 7, 8]
    assert sync(*(direction(f"d-{n}", order[n - 1]) for n in range(1, 9)))["counts"] == {"updated": 5}
    assert list(Direction.objects.order_by("slug").values_list("number", flat=True)) == order
    assert dict(Direction.objects.values_list("slug", "pk")) == before
    assert initiative.directions.get().number == 2
    connection.check_constraints()


def test_a_row_that_gave_way_and_cannot_be_written_back_is_a_fault_and_not_lost(text, monkeypatch):
    rows = [direction("d-1", 1), direction("d-2", 2)]
    text(yaml.safe_dump(rows))
    monkeypatch.setattr(engine.Writer, "lift", lift_and_forget)
    rows[0]["fields"]["number"], rows[1]["fields"]["number"] = 2, 1
    report, code = text(yaml.safe_dump(rows))
    assert (code, "The record cannot be written" in report) == (1, True)
    assert list(Direction.objects.order_by("slug").values_list("number", flat=True)) == [1, 2]


def lift_and_forget(writer: engine.Writer, waiting: list, lift=engine.Writer.lift) -> bool:
    lift(writer, waiting)
    waiting.clear()
    return False


def test_a_number_that_another_record_keeps_is_refused_with_its_place(text):
    rows = [direction("d-1", 1), direction("d-2", 2)]
    text(yaml.safe_dump(rows))
    rows[0]["fields"]["number"] = 2
    report, code = text(yaml.safe_dump(rows))
    assert (code, "portal.direction d-1 number: " in report) == (1, True)
    assert list(Direction.objects.order_by("slug").values_list("number", flat=True)) == [1, 2]


# A database that was loaded otherwise


def test_what_was_there_before_is_taken_over_where_it_agrees(sync):
    make_topic(slug="ai", name_vi="Trí tuệ nhân tạo", name_en="Artificial intelligence")
    assert sync(topic())["counts"] == {}
    assert sync(topic(name_en="AI"))["counts"] == {"updated": 1}


def test_what_was_there_before_and_differs_is_a_conflict_until_it_is_settled(sync):
    make_topic(slug="ai", name_vi="Trí tuệ nhân tạo", name_en="By an editor")
    assert [sync(topic())["counts"] for _time in range(2)] == [{"conflict": 1}] * 2
    assert Topic.objects.get().name_en == "By an editor"
    assert sync(topic(), take=[["database", "portal.topic", "ai", "name_en"]])["counts"] == {"settled": 1}
    assert sync(topic())["counts"] == {"kept": 1}


# Conflicts


@pytest.fixture
def disputed(sync) -> dict:
    sync(topic())
    edit(Topic.objects.get(), "name_en", "By an editor")
    return topic(name_en="By the files")


def test_a_conflict_is_told_with_all_three_values_on_every_run(sync, disputed):
    for _time in range(2):
        [entry] = sync(disputed)["entries"]
        values = (entry["base"], entry["incoming"], entry["database"])
        assert values == ("Artificial intelligence", "By the files", "By an editor")
    assert Conflict.objects.get().field == "name_en"
    assert Topic.objects.get().name_en == "By an editor"


@pytest.mark.parametrize(("side", "name"), [("fixture", "By the files"), ("database", "By an editor")])
def test_a_conflict_is_settled_for_one_side_and_stays_settled(sync, disputed, side, name):
    sync(disputed)
    sync(disputed, take=[[side, "portal.topic", "ai"]])
    assert (Topic.objects.get().name_en, Conflict.objects.count()) == (name, 0)
    assert sync(disputed)["counts"] == ({} if side == "fixture" else {"kept": 1})


def test_taking_what_is_no_conflict_is_refused_with_what_there_is(text, disputed):
    content = yaml.safe_dump([disputed], allow_unicode=True)
    report, code = text(content, take=[["fixture", "topic", "ai", "note"]])
    assert code == 1
    assert "portal.topic ai name_en" in report


def test_conflicts_stop_everything_when_asked_and_can_then_be_settled(text, disputed):
    content = yaml.safe_dump([disputed, topic("cloud")], allow_unicode=True)
    report, code = text(content, fail_on_conflict=True)
    assert (report.splitlines()[-1], code) == ("1 conflict to be settled, 1 record created", 2)
    assert (Topic.objects.count(), Conflict.objects.count()) == (1, 1)
    assert text(content, fail_on_conflict=True, take=[["database", "topic", "ai"]])[1] == 0
    assert Topic.objects.count() == 2


def test_other_changes_are_applied_beside_a_conflict_and_the_exit_code_tells_of_it(text, disputed):
    content = yaml.safe_dump([disputed, topic("cloud")], allow_unicode=True)
    assert text(content, dry_run=True)[1] == 2
    assert (Topic.objects.count(), Conflict.objects.count()) == (1, 0)
    assert [text(content)[1] for _time in range(2)] == [2, 2]
    assert (Topic.objects.count(), Conflict.objects.count()) == (2, 1)
    assert text(content, take=[["fixture", "topic", "ai"]])[1] == 0
    assert text(content) == ("Nothing to do: everything is as the files say.\n", 0)


# What follows from a change


def test_a_change_is_a_revision_with_its_origin(sync):
    sync(topic())
    sync(topic(name_en="AI"))
    newest, first = Revision.objects.get_for_object(Topic.objects.get())
    assert (first.field_dict["name_en"], newest.field_dict["name_en"]) == ("Artificial intelligence", "AI")
    assert newest.revision.comment.startswith("command: ")
    assert newest.revision.comment.endswith("content.yaml")


def test_the_hour_of_the_last_change_moves_only_with_a_change(sync):
    sync(topic(updated="2026-01-01 00:00:00+00:00"))
    sync(topic(updated="2026-02-01 00:00:00+00:00"))
    assert Topic.objects.get().updated == LOADED
    sync(topic(name_en="AI", updated="2026-02-01 00:00:00+00:00"))
    assert Topic.objects.get().updated == datetime(2026, 2, 1, tzinfo=UTC)
    sync(topic(name_en="AI 2", updated="2026-02-01 00:00:00+00:00"))
    assert Topic.objects.get().updated > datetime(2026, 2, 2, tzinfo=UTC)


def test_a_change_can_be_found_at_once(sync):
    sync(topic())
    sync(topic(name_vi="Điện toán đám mây"))
    assert [Topic.objects.search(words).count() for words in ("dien toan", "tri tue")] == [1, 0]


def test_the_history_holds_what_was_done_and_no_empty_runs(sync):
    sync(topic())
    sync(topic())
    sync(topic(name_en="AI"))
    assert [run.counts for run in Sync.objects.order_by("pk")] == [{"created": 1}, {"updated": 1}]
    change = Sync.objects.first().changes.get()
    assert (change.field, change.database, change.result) == ("name_en", "Artificial intelligence", "AI")


# What was there from the start


def test_loaddata_before_and_after_a_sync_gives_the_same(text, tmp_path):
    make_source(slug="s1")
    path = tmp_path / "content.yaml"
    content = yaml.safe_dump([topic(sources=[["s1"]], updated="2026-01-01 00:00:00+00:00")], allow_unicode=True)
    path.write_text(content, encoding="utf-8")
    call_command("loaddata", path, verbosity=0)
    before = list(Topic.objects.values())
    assert text(content) == ("Nothing to do: everything is as the files say.\n", 0)
    call_command("loaddata", path, verbosity=0)
    assert list(Topic.objects.values()) == before


@pytest.fixture
def loaded(tmp_path) -> None:
    """Two topics that plain `loaddata` brought."""
    path = tmp_path / "content.yaml"
    moment = "2026-01-01 00:00:00+00:00"  # which loaddata does not fill in
    rows = [topic(updated=moment), topic("cloud", note="as loaded", updated=moment)]
    path.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    call_command("loaddata", path, verbosity=0)


@pytest.mark.usefixtures("loaded")
def test_a_first_sync_knows_what_loaddata_loaded_and_what_editors_did_since(sync):
    Topic.objects.get(slug="ai").delete()
    edit(Topic.objects.get(slug="cloud"), "name_en", "By an editor")
    report = sync(topic(), topic("cloud", note="news", name_vi="Mới"))
    assert report["counts"] == {"deleted": 1, "updated": 2, "kept": 1}
    assert Topic.objects.values_list("name_vi", "name_en", "note").get() == ("Mới", "By an editor", "news")


@pytest.mark.usefixtures("loaded")
def test_loading_a_dump_says_nothing_of_what_the_files_said(tmp_path):
    edit(Topic.objects.get(slug="ai"), "name_en", "By an editor")
    before = list(LoadedState.objects.order_by("pk").values())
    for form, labels in (("json", ["portal.topic"]), ("yaml", ["portal.topic", "portal.loadedstate"])):
        dump = tmp_path / f"dump.{form}"
        call_command("dumpdata", *labels, format=form, output=dump, verbosity=0)
        call_command("loaddata", dump, verbosity=0)
        assert list(LoadedState.objects.order_by("pk").values()) == before


# Everything is checked first

BROKEN = """\
- model: portal.topic
  fields:
    slug: good
    name_vi: Một
    name_en: One
- model: portal.topics
  fields: {slug: a}
- model: portal.topic
  fields:
    slug: b
    name_vi: Hai
    nme_en: Two
- model: portal.topic
  fields:
    slug: c
    name_vi: Ba
- model: portal.topic
  fields:
    slug: d
    name: Bốn
    name_vi: Bốn
    name_en: Four
    sources: [[nowhere]]
    state: public
- model: portal.topic
  fields:
    slug: good
    name_vi: Năm
    name_en: Five
- model: portal.country
  fields:
    slug: xx
    code: x1
    name_vi: X
    name_en: X
    official_name_vi: X
    official_name_en: X
    capital_vi: X
    capital_en: X
    ministry_vi: X
    ministry_en: X
    joined_on: 1999-02-30
- model: meetings.person
  fields:
    slug: nobody
    name: Nobody
    role_vi: x
    role_en: x
"""


def test_everything_that_is_wrong_is_said_in_one_run_with_its_place(text):
    report, code = text(BROKEN)
    assert code == 1
    assert [line.partition(": ")[0] for line in report.splitlines() if line.startswith("content.yaml")] == [
        "content.yaml:6 portal.topics",
        "content.yaml:8 portal.topic b name_en",
        "content.yaml:12 portal.topic b nme_en",
        "content.yaml:13 portal.topic c name_en",
        "content.yaml:20 portal.topic d name",
        "content.yaml:23 portal.topic d sources",
        "content.yaml:24 portal.topic d state",
        "content.yaml:25 portal.topic good",
        "content.yaml:33 portal.country xx code",
        "content.yaml:42 portal.country xx joined_on",
        "content.yaml:43 meetings.person nobody",
    ]
    assert (Topic.objects.count(), LoadedState.objects.count(), Country.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- model: [", "content.yaml:2: This is not valid YAML"),
        ("model: portal.topic", "A fixture file is a list of rows"),
        (
            "- model: portal.topic\n  fields: {slug: a, name_vi: b, name_en: c}\n---\n[]",
            "content.yaml:3: A file holds one",
        ),
        ("---\n...\n---\n- model: portal.topic\n  fields: {slug: a}", "content.yaml:3: A file holds one document"),
        ("[" * 5000, "content.yaml:1: The lists in this file are nested too deeply."),
        ("- model: portal.topic\n  fields: {slug: " + "[" * 5000, "content.yaml:2: The lists in this file"),
        ("- model: portal.topic\n  pk: 1\n  fields: {slug: a, name_vi: b, name_en: c}", "never by number"),
        ("- model: portal.topic\n  fields: {name_vi: b}", "A record is named by slug"),
        ("- model: portal.topic\n  fields: {slug: a, slug: b}", "“slug” is written twice in one row."),
        (
            "- model: portal.topic\n  fields: {slug: a b, name_vi: b, name_en: c}",
            "content.yaml:2 portal.topic a b slug",
        ),
        ("- model: portal.topic\n  fields: {slug: a, name_vi: [b], name_en: c}", "One value is expected, not a list."),
        ("- model: portal.topic\n  fields: {slug: a, name_vi: b, name_en: c, sources: x}", "A list of references is"),
        (
            "- model: portal.topic\n  fields: {slug: a, name_vi: b, name_en: c, withdrawn_reason_vi: d}",
            "The English text is missing.",
        ),
        (
            "- model: portal.topic\n  fields: {slug: a, name_vi: b, name_en: c, state: withdrawn}",
            "Say in both languages why the record is withdrawn.",
        ),
        (
            "- model: initiatives.milestone\n  fields: {initiative: [no], key: a}",
            "There is no “initiative” with the key",
        ),
        ("- {}", "There is no model “”."),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(text, content, said):
    report, code = text(content)
    assert code == 1
    assert said in report
    assert LoadedState.objects.count() == 0


def test_what_a_new_record_lacks_is_said_once_with_an_example_of_its_kind(text):
    content = "- model: meetings.statement\n  fields: {slug: a, meeting: [m], order: 1, text_vi: a, text_en: b}"
    make_meeting(slug="m")
    report, code = text(content)
    assert (code, report.count("meetings.statement a person: A value is missing.")) == (1, 1)
    assert (report.count("statement a person"), "[nguyen-manh-hung]" in report) == (1, True)


def test_a_public_record_keeps_both_languages_of_a_text_or_neither(text):
    given = complete(make_meeting_in_hanoi(), state="published")
    text(yaml.safe_dump([given]))
    given["fields"]["city_en"] = ""
    report, code = text(yaml.safe_dump([given]))
    assert (code, report.count(" city_en: The English text is missing.")) == (1, 1)
    given["fields"]["city_vi"] = ""
    assert text(yaml.safe_dump([given]))[1] == 0
    assert Meeting.objects.values_list("city_vi", "city_en").get() == (None, None)


def test_what_the_database_itself_refuses_is_said_of_the_record(text):
    make_meeting(slug="m")
    decision = (
        "- model: meetings.decision\n  fields: {slug: %s, meeting: [m], order: 1, verb: noted, text_vi: a, text_en: b}"
    )
    report, code = text("\n".join(decision % slug for slug in "ab"))
    assert code == 1
    assert "content.yaml:3 meetings.decision b: The meeting already has a decision in this place." in report
    assert Decision.objects.count() == 0


def test_an_empty_file_holds_nothing(text):
    assert text("# nothing yet\n") == ("Nothing to do: everything is as the files say.\n", 0)


def test_a_dry_run_says_the_same_and_writes_nothing(text):
    make_topic(slug="ai", name_vi="Trí tuệ nhân tạo", name_en="AI")
    content = yaml.safe_dump([topic(), topic("cloud")], allow_unicode=True)
    said, code = text(content, dry_run=True)
    assert (Topic.objects.count(), Conflict.objects.count(), LoadedState.objects.count()) == (1, 0, 0)
    assert Sync.objects.count() == 0
    applied, same_code = text(content)
    assert (said.replace(" (dry run: nothing was written)", ""), code) == (applied, same_code)
