"""Two editors at one form: the second to save sees what changed meanwhile, and loses nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from meetings.models import Session
from portal.history.models import CorrectionNote, OpenForm, WaitingNote
from portal.models import Source, State, Topic
from portal.workflow.pending import pending_of, publish
from tests.factories import (
    make_decision,
    make_indicator,
    make_initiative,
    make_meeting,
    make_milestone,
    make_observation,
    make_session,
    make_source,
    make_topic,
)
from tests.html_forms import form_values
from tests.portal.test_history import address, marked

pytestmark = pytest.mark.django_db


class Editor:
    """One person with a form open."""

    def __init__(self, name: str) -> None:
        self.client = Client()
        self.user = User.objects.create(username=name, is_staff=True, is_superuser=True)
        self.client.force_login(self.user)
        self.client.cookies["django_language"] = "en"

    def open(self, row) -> None:
        self.row, self.form = row, f"{row._meta.model_name}_form"
        self.read(self.client.get(address(row, "change")))

    def read(self, answer) -> None:
        self.answer = answer
        self.values = form_values(answer.content.decode(), self.form)

    def write(self, **values) -> None:
        self.values |= {name: value if isinstance(value, list) else [value] for name, value in values.items()}

    def send(self) -> int:
        """The status of the answer; a form that came back is what the editor has before them."""
        answer = self.client.post(address(self.row, "change"), self.values)
        if answer.status_code == 200:
            self.read(answer)
        return answer.status_code

    @property
    def told(self) -> list[tuple[str, str, str | None]]:
        """(row, field, yours) of what changed meanwhile."""
        return [
            (told.title, told.theirs.label if told.theirs else told.kind, told.yours)
            for told in self.answer.context["meanwhile"]
        ]


@pytest.fixture
def lan():
    return Editor("lan")


@pytest.fixture
def minh():
    return Editor("minh")


def both_open(row, *editors: Editor) -> None:
    for editor in editors:
        editor.open(row)


def test_alone_a_form_is_saved_at_once_and_again(lan):
    topic = make_topic(state=State.DRAFT)
    for name in ("One", "Two"):
        lan.open(topic)
        lan.write(name_en=name)
        assert lan.send() == 302
    topic.refresh_from_db()
    assert topic.name_en == "Two"


def test_the_second_sees_theirs_beside_yours_keeps_their_text_and_may_save_it(lan, minh):
    topic = make_topic(name_en="Before", state=State.DRAFT)
    both_open(topic, lan, minh)
    lan.write(name_en="Lan’s")
    minh.write(name_en="Minh’s")
    assert (lan.send(), minh.send()) == (302, 200)
    topic.refresh_from_db()
    assert topic.name_en == "Lan’s"
    assert minh.told == [("", "Name", "Minh’s")]
    [told] = minh.answer.context["meanwhile"]
    assert (told.writer.user, marked(told.theirs)) == (lan.user, [("removed", "Before"), ("added", "Lan’s")])
    assert minh.values["name_en"] == ["Minh’s"]
    assert "While you wrote, the record was changed." in minh.answer.content.decode()
    assert minh.send() == 302
    topic.refresh_from_db()
    assert topic.name_en == "Minh’s"


def test_a_field_that_was_not_touched_takes_the_newer_value(lan, minh):
    topic = make_topic(name_vi="Cũ", name_en="Before", state=State.DRAFT)
    both_open(topic, lan, minh)
    lan.write(name_vi="Mới")
    minh.write(name_en="After")
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("", "Name", None)]
    assert (minh.values["name_vi"], minh.values["name_en"]) == (["Mới"], ["After"])
    assert minh.send() == 302
    topic.refresh_from_db()
    assert (topic.name_vi, topic.name_en) == ("Mới", "After")


def test_both_wrote_the_same_and_it_is_told_without_a_question(lan, minh):
    topic = make_topic(name_en="Before", state=State.DRAFT)
    both_open(topic, lan, minh)
    for editor in (lan, minh):
        editor.write(name_en="Same")
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("", "Name", None)]
    assert minh.send() == 302


def test_what_changes_again_while_the_conflict_is_read_is_shown_again(lan, minh):
    topic = make_topic(name_en="Before", state=State.DRAFT)
    both_open(topic, lan, minh)
    lan.write(name_en="One")
    minh.write(name_en="Minh’s")
    assert (lan.send(), minh.send()) == (302, 200)
    lan.open(topic)
    lan.write(name_en="Two")
    assert (lan.send(), minh.send(), minh.send()) == (302, 200, 302)
    topic.refresh_from_db()
    assert topic.name_en == "Minh’s"


@pytest.mark.databases
def test_relations_choices_and_dates_are_taken_over_as_the_form_sends_them(lan, minh):
    old, new, body = make_source(), make_source(), make_meeting().series
    meeting = make_meeting(sources=[old], start=date(2026, 1, 15), end=date(2026, 1, 16), state=State.DRAFT)
    both_open(meeting, lan, minh)
    lan.write(sources=[str(new.pk)], status="planned", start="14/1/2026", series=str(body.pk))
    minh.write(city_vi="Huế", city_en="Hue")
    assert (lan.send(), minh.send(), minh.send()) == (302, 200, 302)
    meeting.refresh_from_db()
    assert (list(meeting.sources.all()), meeting.status, meeting.series) == ([new], "planned", body)
    assert (meeting.start, meeting.city_en) == (date(2026, 1, 14), "Hue")


def test_lists_of_relations_that_both_changed_are_told_by_name(lan, minh):
    ours, theirs = make_source(title="Ours", publisher="A"), make_source(title="Theirs", publisher="B")
    topic = make_topic(state=State.DRAFT)
    both_open(topic, lan, minh)
    lan.write(sources=[str(theirs.pk)])
    minh.write(sources=[str(ours.pk)])
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("", "Sources", "Ours (A)")]
    assert minh.values["sources"] == [str(ours.pk)]


def test_a_value_that_cannot_be_understood_is_not_lost(lan, minh):
    meeting = make_meeting(state=State.DRAFT)
    both_open(meeting, lan, minh)
    lan.write(start="14/1/2026")
    minh.write(start="the day after")
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("", "First day", "the day after")]
    assert minh.values["start"] == ["the day after"]


def texts(initiative) -> list[str]:
    return list(initiative.milestones.order_by("date").values_list("text_en", flat=True))


@pytest.fixture
def initiative():
    record = make_initiative(state=State.DRAFT)
    for month in (1, 2):
        make_milestone(initiative=record, key=f"m{month}", date=date(2026, month, 1), text_en=f"Step {month}")
    return record


def test_a_row_is_merged_field_by_field(lan, minh, initiative):
    both_open(initiative, lan, minh)
    lan.write(**{"milestones-0-text_en": "Lan’s step", "milestones-1-text_en": "Lan’s other"})
    minh.write(**{"milestones-0-text_en": "Minh’s step", "milestones-0-text_vi": "Bước của Minh"})
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("Milestone: Lan’s step", "Text", "Minh’s step"), ("Milestone: Lan’s other", "Text", None)]
    assert minh.send() == 302
    assert texts(initiative) == ["Minh’s step", "Lan’s other"]
    assert initiative.milestones.get(key="m1").text_vi == "Bước của Minh"


def new_row(place: int, initiative, text: str, day: str) -> dict[str, str]:
    row = {"date": day, "precision": "day", "text_vi": text, "text_en": text, "initiative": str(initiative.pk)}
    return {f"milestones-{place}-{name}": value for name, value in row.items()} | {
        "milestones-TOTAL_FORMS": str(place + 1)
    }


@pytest.mark.databases
def test_a_row_that_the_other_added_comes_in_beside_ones_own(lan, minh, initiative):
    both_open(initiative, lan, minh)
    lan.write(**new_row(2, initiative, "Lan’s new", "1/3/2026"))
    minh.write(**new_row(2, initiative, "Minh’s new", "1/4/2026"))
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("Milestone: Lan’s new", "added", None)]
    assert (minh.values["milestones-INITIAL_FORMS"], minh.values["milestones-TOTAL_FORMS"]) == (["3"], ["4"])
    assert minh.send() == 302
    assert texts(initiative) == ["Step 1", "Step 2", "Lan’s new", "Minh’s new"]


def test_a_row_that_the_other_deleted_goes_where_it_was_not_touched(lan, minh, initiative):
    both_open(initiative, lan, minh)
    lan.write(**{"milestones-0-DELETE": "on"})
    minh.write(**{"milestones-1-text_en": "Minh’s step"})
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("Milestone: Step 1", "removed", None)]
    assert minh.send() == 302
    assert texts(initiative) == ["Minh’s step"]


def test_a_row_that_the_other_deleted_stays_as_a_new_one_where_its_text_was_changed(lan, minh, initiative):
    both_open(initiative, lan, minh)
    lan.write(**{"milestones-0-DELETE": "on"})
    minh.write(**{"milestones-0-text_en": "Minh’s step"})
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("Milestone: Step 1", "removed", "")]
    assert minh.send() == 302
    assert texts(initiative) == ["Minh’s step", "Step 2"]


def test_a_row_to_be_deleted_that_the_other_changed_is_told_first(lan, minh, initiative):
    both_open(initiative, lan, minh)
    lan.write(**{"milestones-0-text_en": "Lan’s step"})
    minh.write(**{"milestones-0-DELETE": "on"})
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.values["milestones-0-DELETE"] == ["on"]
    assert minh.send() == 302
    assert texts(initiative) == ["Step 2"]


def test_a_row_that_both_deleted_is_gone(lan, minh, initiative):
    both_open(initiative, lan, minh)
    for editor in (lan, minh):
        editor.write(**{"milestones-0-DELETE": "on"})
    assert (lan.send(), minh.send(), minh.send()) == (302, 200, 302)
    assert texts(initiative) == ["Step 2"]


@pytest.mark.databases
def test_rows_that_are_records_are_merged_too_with_what_they_point_at(lan, minh):
    meeting = make_meeting(state=State.DRAFT)
    session = make_session(meeting=meeting, order=1, name_en="Opening", state=State.DRAFT)
    make_decision(meeting=meeting, order=1, state=State.DRAFT)
    both_open(meeting, lan, minh)
    lan.write(**{"sessions-0-name_en": "Plenary", "sessions-0-start_time": "09:00"})
    minh.write(**{"decisions-0-text_en": "Agreed"})
    assert (lan.send(), minh.send(), minh.send()) == (302, 200, 302)
    session.refresh_from_db()
    assert (session.name_en, session.start_time.isoformat()) == ("Plenary", "09:00:00")
    assert meeting.decisions.get().text_en == "Agreed"


def test_a_row_edited_on_its_own_page_is_told_in_the_form_of_its_record(lan, minh, initiative):
    both_open(initiative, minh)
    lan.open(initiative.milestones.get(key="m1"))
    lan.write(text_en="Lan’s step")
    minh.write(name_en="Minh’s name")
    assert (lan.send(), minh.send()) == (302, 200)
    assert minh.told == [("Milestone: Lan’s step", "Text", None)]
    assert minh.send() == 302
    assert texts(initiative) == ["Lan’s step", "Step 2"]


def test_numbers_of_rows_are_taken_over(lan, minh):
    observation = make_observation(value="300.00", indicator=make_indicator(state=State.DRAFT))
    indicator = observation.indicator
    both_open(indicator, lan, minh)
    lan.write(**{"observations-0-value": "310.5"})
    minh.write(unit_en="US$ bn")
    assert (lan.send(), minh.send(), minh.send()) == (302, 200, 302)
    observation.refresh_from_db()
    assert str(observation.value) == "310.50"


def test_what_was_changed_past_the_editors_site_is_told_without_a_name(lan):
    topic = make_topic(name_en="Before", state=State.DRAFT)
    lan.open(topic)
    Topic.objects.update(name_en="Loaded")
    lan.write(name_vi="Của Lan")
    assert lan.send() == 200
    assert lan.answer.context["meanwhile"][0].writer is None
    assert lan.values["name_en"] == ["Loaded"]


def test_a_fault_in_the_form_is_no_conflict_and_a_conflict_waits_behind_it(lan, minh):
    topic = make_topic(name_en="Before", state=State.DRAFT)
    both_open(topic, lan, minh)
    lan.write(name_en="")
    assert (lan.send(), lan.answer.context["meanwhile"]) == (200, [])
    minh.write(name_en="Minh’s")
    assert minh.send() == 302
    lan.write(name_en="Lan’s")
    assert lan.send() == 200
    assert lan.told == [("", "Name", "Lan’s")]


@pytest.mark.parametrize("forged", ["", "nonsense", "eyJhIjoxfQ:1abc:xyz"])
def test_what_a_script_sends_without_a_version_is_saved_as_before(lan, forged):
    topic = make_topic(state=State.DRAFT)
    lan.open(topic)
    lan.write(**{"opened-version": forged, "name_en": "Sent"})
    assert lan.send() == 302
    topic.refresh_from_db()
    assert topic.name_en == "Sent"


def test_a_record_that_was_deleted_meanwhile_is_said_to_be_gone(lan, minh):
    topic = make_topic(state=State.DRAFT)
    both_open(topic, minh)
    topic_number = topic.pk
    Topic.objects.all().delete()
    topic.pk = topic_number
    assert minh.send() == 410
    assert not Topic.objects.exists()


def test_who_edits_a_pending_version_sees_what_the_other_wrote_into_it(lan, minh):
    topic = make_topic(name_en="Public")
    both_open(topic, lan, minh)
    lan.write(name_en="Lan’s")
    minh.write(name_en="Minh’s", name_vi="Của Minh")
    assert (lan.send(), minh.send()) == (302, 200)
    [told] = minh.answer.context["meanwhile"]
    assert (told.writer.user, told.yours, marked(told.theirs)) == (
        lan.user,
        "Minh’s",
        [("removed", "Public"), ("added", "Lan’s")],
    )
    assert minh.send() == 302
    topic.refresh_from_db()
    assert topic.name_en == "Public"
    publish(pending_of(topic), minh.user)
    topic.refresh_from_db()
    assert (topic.name_en, topic.name_vi) == ("Minh’s", "Của Minh")


@pytest.mark.databases
def test_a_form_of_a_pending_version_with_a_new_row_is_opened_and_saved_again(lan):
    initiative = make_initiative()
    make_milestone(initiative=initiative, key="m1", date=date(2026, 1, 1), text_en="Step 1")
    lan.open(initiative)
    lan.write(**new_row(1, initiative, "Lan’s new", "1/3/2026"))
    assert lan.send() == 302
    lan.open(initiative)
    make_milestone(key="another")  # of another record, so that the next number is another one
    lan.write(name_en="Lan’s name")
    assert lan.send() == 302
    publish(pending_of(initiative), lan.user)
    assert texts(initiative) == ["Step 1", "Lan’s new"]


# Who else has the form open


def test_the_second_to_open_a_form_is_told_of_the_first(lan, minh):
    topic = make_topic(state=State.DRAFT)
    lan.open(topic)
    assert lan.answer.context["others"] == ""
    minh.open(topic)
    assert minh.answer.context["others"].startswith("lan has had this form open since")
    assert minh.answer.context["others"] in minh.answer.content.decode()


def test_an_open_page_says_so_and_learns_who_came(lan, minh):
    topic = make_topic(state=State.DRAFT)
    both_open(topic, lan, minh)
    assert lan.client.post(address(topic, "open")).json()["others"].startswith("minh has had")
    assert lan.client.get(address(topic, "open")).status_code == 405


def test_a_page_that_falls_silent_is_forgotten_after_three_minutes(lan, minh):
    topic = make_topic(state=State.DRAFT)
    lan.open(topic)
    OpenForm.objects.update(seen=timezone.now() - timedelta(minutes=3, seconds=1))
    minh.open(topic)
    assert minh.answer.context["others"] == ""
    assert [form.user for form in OpenForm.objects.all()] == [minh.user]


def test_who_saves_and_leaves_has_the_form_open_no_more(lan, minh):
    topic = make_topic(state=State.DRAFT)
    both_open(topic, lan)
    lan.send()
    minh.open(topic)
    assert minh.answer.context["others"] == ""


def test_another_record_is_another_form(lan, minh):
    lan.open(make_topic(state=State.DRAFT))
    minh.open(make_topic(state=State.DRAFT))
    assert minh.answer.context["others"] == ""


def test_only_who_may_change_a_record_is_noted(client):
    maintainer = User.objects.create(username="maintainer", is_staff=True)
    maintainer.groups.add(Group.objects.get(name="maintainer"))
    client.force_login(maintainer)
    topic = make_topic(state=State.DRAFT)
    assert client.get(address(topic, "change")).status_code == 200
    assert client.post(address(topic, "open")).status_code == 403
    assert not OpenForm.objects.exists()


# The correction note


NOTE = {"correction-text_vi": "Đã sửa tên.", "correction-text_en": "The name was wrong."}


def test_a_note_waits_with_the_version_and_is_public_with_its_change(lan, client):
    topic = make_topic(name_en="Before", slug="ai")
    lan.open(topic)
    lan.write(name_en="After", **NOTE)
    assert lan.send() == 302
    assert not CorrectionNote.objects.exists()
    assert "The name was wrong." not in client.get("/en/topics/ai/history/").content.decode()
    lan.open(topic)
    assert lan.values["correction-text_en"] == ["The name was wrong."]
    publish(pending_of(topic), lan.user)
    note = CorrectionNote.objects.get()
    assert (note.text_vi, note.revision.user, note.object_id) == ("Đã sửa tên.", lan.user, topic.pk)
    page = client.get("/en/topics/ai/history/").content.decode()
    assert "The name was wrong." in page
    assert "<del>Before</del><ins>After</ins>" in page


def test_a_note_is_changed_emptied_and_gone_with_its_version(lan):
    topic = make_topic(name_en="Before")
    lan.open(topic)
    lan.write(name_en="After", **NOTE)
    lan.send()
    lan.open(topic)
    lan.write(**{"name_en": "After all", "correction-text_vi": "", "correction-text_en": ""})
    assert lan.send() == 302
    assert not WaitingNote.objects.exists()
    lan.open(topic)
    lan.write(**NOTE)
    assert lan.send() == 302
    assert WaitingNote.objects.get().text_vi == "Đã sửa tên."
    pending_of(topic).delete()
    assert not WaitingNote.objects.exists()


def test_half_a_note_is_refused_and_nothing_is_saved(lan):
    topic = make_topic(name_en="Before")
    lan.open(topic)
    lan.write(**{"name_en": "After", "correction-text_vi": "Đã sửa tên."})
    assert lan.send() == 200
    page = lan.answer.content.decode()
    assert "Write the note in both languages, or in none." in page
    assert lan.values["correction-text_vi"] == ["Đã sửa tên."]
    topic.refresh_from_db()
    assert topic.name_en == "Before"


def test_a_draft_takes_no_note(lan):
    topic = make_topic(state=State.DRAFT)
    lan.open(topic)
    assert "correction-text_vi" not in lan.values
    lan.write(**{"name_en": "After", "correction-text_vi": "Một", "correction-text_en": "One"})
    assert lan.send() == 302
    assert not CorrectionNote.objects.exists()


def test_the_rows_of_a_form_that_came_back_are_named_by_what_they_are(lan, minh):
    meeting = make_meeting(state=State.DRAFT)
    for order in (2, 1):
        make_session(meeting=meeting, order=order, name_en=f"Session {order}", state=State.DRAFT)
    both_open(meeting, lan, minh)
    make_session(meeting=meeting, order=0, name_en="Session 0", state=State.DRAFT)
    assert minh.send() == 200
    shown = minh.answer.context["inline_admin_formsets"][0]
    numbers = [int(minh.values[f"sessions-{place}-id"][0]) for place in range(3)]
    assert sorted(numbers) == sorted(Session.objects.values_list("pk", flat=True))
    assert numbers == [row.instance.pk for row in shown.formset.initial_forms]
    assert numbers == [row.original.pk for row in shown if row.original]


@pytest.mark.parametrize("number", ["²", "9" * 20, "9" * 5000])
def test_an_impossible_choice_gives_way_to_what_the_other_one_chose(lan, minh, number):
    topic, source = make_topic(), make_source()
    both_open(topic, lan, minh)
    lan.write(sources=[str(source.pk)])
    assert lan.send() == 302
    minh.write(sources=[number])
    assert minh.send() == 200
    assert minh.values["sources"] == [str(source.pk)]


# At the same moment


def test_an_address_that_another_takes_between_look_and_save_comes_back_with_what_was_typed(client, monkeypatch):
    editor = Editor("lan")
    make_topic(slug="ai")
    looked = []

    def see(record, exclude=None) -> None:
        """The other's record cannot be seen at the first look."""
        looked.append(record)
        if len(looked) > 1:
            Model.validate_unique(record, exclude)

    monkeypatch.setattr(Topic, "validate_unique", see)
    typed = {"slug": "ai", "name_vi": "Trí tuệ nhân tạo", "name_en": "Artificial intelligence"}
    answer = editor.client.post("/admin/portal/topic/add/", typed)
    assert (answer.status_code, len(looked), Topic.objects.count()) == (200, 2, 1)
    assert list(answer.context["errors"]) == [["Topic with this Address already exists."]]
    assert "Artificial intelligence" in answer.content.decode()


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
def test_a_choice_that_another_deletes_between_look_and_save_comes_back_with_what_was_typed(monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("on SQLite nobody deletes while another saves")
    editor, source = Editor("lan"), make_source()
    save = Topic.save

    def delete_and_save(topic, *arguments, **options) -> None:
        with ThreadPoolExecutor() as other:
            other.submit(delete_source).result()
        save(topic, *arguments, **options)

    def delete_source() -> None:
        try:
            Source.objects.filter(pk=source.pk).delete()
        finally:
            connection.close()

    monkeypatch.setattr(Topic, "save", delete_and_save)
    typed = {"name_vi": "Trí tuệ nhân tạo", "name_en": "Artificial intelligence", "sources": [source.pk]}
    answer = editor.client.post("/admin/portal/topic/add/", typed)
    assert (answer.status_code, Topic.objects.exists(), Source.objects.exists()) == (200, False, False)
    assert list(answer.context["adminform"].form.errors) == ["sources"]
    assert "Artificial intelligence" in answer.content.decode()
    assert not list(answer.context["messages"])
