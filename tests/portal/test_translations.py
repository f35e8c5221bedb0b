"""Which text is missing or was left behind, and the desk where both languages stand side by side."""

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from reversion.models import Version

from initiatives.models import Initiative
from meetings.models import Meeting, Statement
from portal.models import PendingVersion, State
from portal.translations.models import OutdatedText
from portal.translations.texts import desk_address
from portal.workflow.pending import pending_of, publish
from tests.editors import make_member
from tests.factories import (
    make_decision,
    make_initiative,
    make_meeting,
    make_milestone,
    make_session,
    make_statement,
    make_topic,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


def outdated(row) -> dict[str, str]:
    """The fields of a row left behind, with their language."""
    rows = OutdatedText.objects.filter(kind=row._meta.label_lower, record=row.pk)
    return {each.field: each.language for each in rows}


def write(row, **texts) -> None:
    """As an editor does: read the row anew, change it, save it."""
    row = type(row).objects.get(pk=row.pk)
    for column, text in texts.items():
        setattr(row, column, text)
    row.save()


# What is left behind


def test_a_new_record_is_up_to_date_in_both_languages():
    assert outdated(make_topic()) == {}


def test_a_text_is_left_behind_when_the_other_language_alone_is_changed():
    initiative = make_initiative()
    write(initiative, name_vi="Tên mới")
    write(initiative, summary_en="A new summary")
    assert outdated(initiative) == {"name": "en", "summary": "vi"}


def test_a_text_changed_in_both_languages_at_once_is_up_to_date():
    topic = make_topic()
    write(topic, name_vi="Tên mới", name_en="A new name")
    assert outdated(topic) == {}


def test_a_text_left_behind_is_up_to_date_once_it_is_changed_too():
    topic = make_topic()
    write(topic, name_vi="Tên mới")
    write(topic, name_vi="Tên mới nữa")
    assert outdated(topic) == {"name": "en"}
    write(topic, name_en="A new name")
    assert outdated(topic) == {}


def test_a_change_taken_back_leaves_nothing_behind():
    topic = make_topic(name_vi="Tên")
    write(topic, name_vi="Tên mới")
    write(topic, name_vi="Tên")
    assert outdated(topic) == {}


@pytest.mark.parametrize(("before", "after"), [("", "Tên"), ("Tên", "")])
def test_a_text_filled_in_or_emptied_is_missing_or_not_but_leaves_nothing_behind(before, after):
    topic = make_topic(name_vi=before)
    write(topic, name_vi=after)
    assert outdated(topic) == {}


def test_a_row_is_followed_as_a_record_is_and_forgotten_with_it():
    milestone = make_milestone()
    write(milestone, text_en="Changed.")
    assert outdated(milestone) == {"text": "vi"}
    milestone.initiative.delete()
    assert not OutdatedText.objects.exists()


def test_other_changes_leave_nothing_behind():
    topic = make_topic()
    write(topic, note="Xem lại.")
    topic.name_vi = "Tên mới"
    topic.save(update_fields=["note"])
    assert outdated(topic) == {}


YAML = """- model: portal.topic
  fields: {{slug: ai, state: published, updated: 2026-01-16T00:00:00Z, name_vi: {vi}, name_en: {en}}}
"""


def load(tmp_path, vi: str, en: str) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text(YAML.format(vi=vi, en=en), encoding="utf-8")
    call_command("loaddata", path, verbosity=0)


@pytest.mark.databases
def test_a_content_update_leaves_behind_what_it_changes_in_one_language(tmp_path):
    load(tmp_path, "AI", "AI")
    path = tmp_path / "topics.yaml"
    path.write_text(YAML.format(vi="Trí tuệ nhân tạo", en="AI"), encoding="utf-8")
    call_command("sync_content", path, verbosity=0)
    assert list(OutdatedText.objects.values_list("kind", "field", "language", "before")) == [
        ("portal.topic", "name", "en", "AI")
    ]


def test_what_is_loaded_is_up_to_date_in_both_languages(tmp_path):
    load(tmp_path, "AI", "AI")
    load(tmp_path, "Trí tuệ nhân tạo", "AI")
    assert not OutdatedText.objects.exists()


# Where texts wait


@pytest.fixture
def reviewer(sign_in):
    return sign_in("reviewer")


def page_of(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html5lib")


def test_the_overview_counts_each_kind_and_each_number_leads_to_a_list_of_as_many(reviewer):
    write(make_initiative(), name_vi="Tên mới")
    make_initiative(summary_en="")
    write(make_milestone(), text_en="Changed.")
    make_topic(name_vi="")
    page = page_of(reviewer.get(reverse("admin:translations")))
    links = page.select(".desk-counts td a")
    assert [cell.get_text() for cell in page.select("tfoot td")] == ["1", "1", "1", "1"]
    assert len(links) == 4
    for link in links:
        assert reviewer.get(link["href"]).context["cl"].result_count == int(link.get_text())


def test_a_list_of_what_waits_leads_to_the_desk_of_each_record(reviewer):
    topic = make_topic(name_en="")
    page = page_of(reviewer.get(reverse("admin:portal_topic_changelist"), {"translation": "missing"}))
    assert page.select_one(".field-desk_link a")["href"] == desk_address(topic)
    assert not page_of(reviewer.get(reverse("admin:portal_topic_changelist"))).select(".field-desk_link")


def test_the_form_of_a_record_leads_to_its_desk(reviewer):
    topic = make_topic()
    page = page_of(reviewer.get(reverse("admin:portal_topic_change", args=[topic.pk])))
    assert page.select_one(".object-tools a")["href"] == desk_address(topic)


# The desk of a record


def name_on_desk(row, column: str) -> str:
    return f"{row._meta.label_lower.replace('.', '-')}-{row.pk}-{column}"


def send(client, record, row=None, **texts):
    """Open the desk of a record, write texts of the record or of one of its rows, and send it."""
    values = form_values(client.get(desk_address(record)).content.decode(), "translation_desk")
    given = {name_on_desk(row or record, column): text for column, text in texts.items()}
    return client.post(desk_address(record), values | given)


def states(client, record) -> dict[str, list[str]]:
    """What the desk says of each pair: the Vietnamese, the English."""
    pairs = page_of(client.get(desk_address(record))).select(".desk-pair")
    return {pair.h3.get_text().lower(): [state.get_text() for state in pair.select(".desk-state")] for pair in pairs}


def test_the_desk_shows_both_languages_of_a_record_and_of_its_rows_with_their_state(reviewer):
    milestone = make_milestone(text_en="")
    write(milestone.initiative, name_vi="Tên mới")
    assert states(reviewer, milestone.initiative) == {
        "name": ["Up to date", "Older than the Vietnamese"],
        "summary": ["Up to date", "Up to date"],
        "text": ["Up to date", "Missing"],
    }
    page = page_of(reviewer.get(desk_address(milestone.initiative)))
    languages = {area["name"].rpartition("_")[2]: area["lang"] for area in page.select("textarea")}
    assert languages == {"vi": "vi", "en": "en"}
    assert [label["for"] for label in page.select(".desk-head label")] == [a["id"] for a in page.select("textarea")]


def test_the_desk_says_what_was_changed_in_the_other_language(reviewer):
    topic = make_topic(name_vi="An ninh mạng")
    write(topic, name_vi="An toàn mạng")
    since = page_of(reviewer.get(desk_address(topic))).select_one(".desk-since")
    assert (since.find("del").get_text(), since.find("ins").get_text()) == ("ninh", "toàn")


def test_a_record_with_all_its_rows_is_one_desk_and_a_row_leads_to_it(reviewer):
    milestone = make_milestone()
    answer = reviewer.get(desk_address(milestone))
    assert answer.url == f"{desk_address(milestone.initiative)}#initiatives-milestone-{milestone.pk}"


@pytest.mark.databases
def test_a_text_written_on_the_desk_is_saved_with_a_revision_and_is_up_to_date(reviewer):
    milestone = make_milestone(text_en="", initiative=make_initiative(state=State.DRAFT))
    initiative = milestone.initiative
    write(initiative, name_vi="Tên mới")
    assert send(reviewer, initiative, name_en="A new name").status_code == 302
    assert send(reviewer, initiative, row=milestone, text_en="Adopted.").status_code == 302
    initiative.refresh_from_db()
    milestone.refresh_from_db()
    assert (initiative.name_en, milestone.text_en, outdated(initiative)) == ("A new name", "Adopted.", {})
    kept = [Version.objects.get_for_object(row).exclude(revision__user=None) for row in (initiative, milestone)]
    assert [[(each.revision.user.username, each.revision.comment) for each in found] for found in kept] == [
        [("reviewer", "admin: changed")],
        [("reviewer", "admin: changed")],
    ]


def test_what_is_written_of_a_public_record_waits_for_approval_and_what_is_right_does_not(client):
    milestone = make_milestone(text_en="Old")
    initiative = milestone.initiative
    write(initiative, name_vi="Tên mới", name_en=initiative.name_en)
    client.force_login(make_member("editor"))
    assert send(client, initiative, **{"name-right": "1"}).status_code == 302
    assert outdated(initiative) == {}
    assert send(client, initiative, row=milestone, text_en="New").status_code == 302
    milestone.refresh_from_db()
    assert milestone.text_en == "Old"
    assert "New" in client.get(desk_address(initiative)).content.decode()
    publish(pending_of(initiative), None)
    milestone.refresh_from_db()
    assert milestone.text_en == "New"


def test_a_desk_sent_back_untouched_changes_nothing(reviewer):
    meeting = make_meeting(summary_vi="Một\nHai")
    make_session(meeting=meeting)
    send(reviewer, meeting)
    assert not Version.objects.exists()
    assert Meeting.objects.get().updated == meeting.updated


def test_what_is_still_right_is_no_longer_older(reviewer):
    topic = make_topic()
    write(topic, name_vi="Tên mới")
    send(reviewer, topic, **{"name-right": "1"})
    assert outdated(topic) == {}
    assert not Version.objects.exists()


def test_still_right_does_not_count_once_the_other_language_was_changed_again(reviewer):
    topic = make_topic()
    write(topic, name_vi="Tên mới")
    values = form_values(reviewer.get(desk_address(topic)).content.decode(), "translation_desk")
    write(topic, name_vi="Tên khác hẳn")
    reviewer.post(desk_address(topic), values | {name_on_desk(topic, "name-right"): "1"})
    assert outdated(topic) == {"name": "en"}


@pytest.mark.parametrize(("text", "says"), [("", "This field cannot be blank."), ("x" * 500, "at most")])
def test_the_desk_refuses_what_the_form_refuses_and_keeps_what_was_written(reviewer, text, says):
    initiative = make_initiative()
    page = page_of(send(reviewer, initiative, name_en=text, summary_en="A better summary"))
    assert says in page.select_one(".desk-side .errorlist").get_text()
    assert page.select_one(f"#{name_on_desk(initiative, 'summary_en')}").get_text() == "A better summary"
    initiative.refresh_from_db()
    assert initiative.summary_en == "What the initiative does."


@pytest.mark.databases
def test_what_another_changed_meanwhile_is_not_overwritten_until_it_was_seen(reviewer):
    topic = make_topic(name_en="Cyber security", state=State.DRAFT)
    values = form_values(reviewer.get(desk_address(topic)).content.decode(), "translation_desk")
    write(topic, name_en="Cybersecurity")
    mine = name_on_desk(topic, "name_en")
    page = page_of(reviewer.post(desk_address(topic), values | {mine: "Security of networks"}))
    topic.refresh_from_db()
    assert topic.name_en == "Cybersecurity"
    assert page.select_one(".desk-meanwhile ins").get_text() == "Cybersecurity"
    assert page.select_one(f"#{mine}").get_text() == "Security of networks"
    again = form_values(str(page), "translation_desk")
    assert reviewer.post(desk_address(topic), again).status_code == 302
    topic.refresh_from_db()
    assert topic.name_en == "Security of networks"


def test_a_text_that_was_not_touched_does_not_bring_back_what_it_said_before(reviewer):
    topic = make_topic(state=State.DRAFT)
    values = form_values(reviewer.get(desk_address(topic)).content.decode(), "translation_desk")
    write(topic, name_en="Changed by another")
    reviewer.post(desk_address(topic), values | {name_on_desk(topic, "name_vi"): "Tên mới"})
    topic.refresh_from_db()
    assert (topic.name_vi, topic.name_en) == ("Tên mới", "Changed by another")


@pytest.mark.parametrize(
    ("role", "state", "may"),
    [
        ("editor", "draft", True),
        ("editor", "in-review", False),
        ("reviewer", "in-review", True),
        ("maintainer", "draft", False),
    ],
)
def test_each_role_saves_only_the_texts_of_what_it_may_change(sign_in, role, state, may):
    topic = make_topic(state=state, name_en="Old")
    client = sign_in(role)
    assert bool(page_of(client.get(desk_address(topic))).select("textarea")) is may
    name = name_on_desk(topic, "name_en")
    answer = client.post(desk_address(topic), {name: "New", f"{name}-seen": "Old"})
    topic.refresh_from_db()
    refused = 403 if role == "maintainer" else 200  # who edits gets back what was typed
    assert (answer.status_code, topic.name_en) == ((302, "New") if may else (refused, "Old"))


# What came too late: nothing typed is lost

TOO_LATE = {
    "en": {
        "in-review": "While you wrote, the record was submitted for review. Only a reviewer changes it now. "
        "Nothing was saved. What you wrote stands below. Keep this page open until a reviewer has asked for a change",
        "withdrawn": "While you wrote, the record was withdrawn. Only a reviewer changes it now. "
        "Nothing was saved. What you wrote stands below. Keep this page open, ask a reviewer to make the record a",
    },
    "vi": {
        "in-review": "Hồ sơ đã được trình duyệt trong lúc bạn viết. Hiện chỉ người duyệt sửa được. "
        "Chưa lưu gì cả. Những gì bạn đã viết vẫn còn ở bên dưới. Hãy giữ trang này mở cho đến khi người duyệt",
        "withdrawn": "Hồ sơ đã được rút trong lúc bạn viết. Hiện chỉ người duyệt sửa được. "
        "Chưa lưu gì cả. Những gì bạn đã viết vẫn còn ở bên dưới. Hãy giữ trang này mở, đề nghị người duyệt",
    },
}


def opened_desk(client, record) -> dict[str, list[str]]:
    return form_values(client.get(desk_address(record)).content.decode(), "translation_desk")


@pytest.mark.parametrize("state", ["in-review", "withdrawn"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_desk_whose_record_went_elsewhere_comes_back_with_what_was_typed_and_is_saved_later(sign_in, language, state):
    initiative = make_initiative(state=State.DRAFT, name_en="Old")
    milestone = make_milestone(initiative=initiative, text_en="Old row")
    client = sign_in("editor")
    client.cookies["django_language"] = language
    typed = {name_on_desk(initiative, "name_en"): ["Typed"], name_on_desk(milestone, "text_en"): ["Typed row"]}
    opened = opened_desk(client, initiative)
    write(initiative, state=state)
    answer = client.post(desk_address(initiative), opened | typed)
    page = page_of(answer)
    assert answer.status_code == 200
    assert page.select_one(".workflow-notice").get_text().startswith(TOO_LATE[language][state])
    sent_back = form_values(str(page), "translation_desk")
    assert {name: sent_back[name] for name in typed} == typed
    initiative.refresh_from_db()
    milestone.refresh_from_db()
    assert (initiative.name_en, milestone.text_en) == ("Old", "Old row")
    write(initiative, state=State.DRAFT)
    assert client.post(desk_address(initiative), sent_back).status_code == 302
    initiative.refresh_from_db()
    milestone.refresh_from_db()
    assert (initiative.name_en, milestone.text_en) == ("Typed", "Typed row")


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("vi", "Bản chờ duyệt đã được trình duyệt trong lúc bạn viết. Hiện chỉ người duyệt sửa được."),
        ("en", "While you wrote, the pending version was submitted. Only a reviewer changes it now."),
    ],
)
def test_a_desk_whose_pending_version_was_submitted_comes_back_with_what_was_typed(sign_in, language, why):
    topic = make_topic(name_en="Old")
    client, mine = sign_in("editor"), name_on_desk(topic, "name_en")
    client.cookies["django_language"] = language
    client.post(desk_address(topic), opened_desk(client, topic) | {mine: ["Pending"]})
    opened = opened_desk(client, topic)
    PendingVersion.objects.update(state=PendingVersion.State.IN_REVIEW)
    page = page_of(client.post(desk_address(topic), opened | {mine: ["Typed"]}))
    assert page.select_one(".workflow-notice").get_text().startswith(why)
    assert form_values(str(page), "translation_desk")[mine] == ["Typed"]
    assert pending_of(topic).content["portal.topic"][topic.slug]["name_en"] == "Pending"


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("vi", "Dòng này đã được công bố, được sửa trong biểu mẫu riêng, thành bản chờ duyệt."),
        ("en", "This row is published. It is changed in its own form, as a pending version."),
    ],
)
def test_a_desk_with_one_row_that_was_published_meanwhile_saves_nothing_until_it_was_seen(sign_in, language, why):
    statement = make_statement(meeting=make_meeting(state=State.DRAFT), state=State.DRAFT, text_en="Old")
    meeting, client = statement.meeting, sign_in("editor")
    client.cookies["django_language"] = language
    opened = opened_desk(client, meeting)
    write(statement, state=State.PUBLISHED)
    typed = {name_on_desk(statement, "text_en"): ["Typed row"], name_on_desk(meeting, "name_en"): ["Typed"]}
    page = page_of(client.post(desk_address(meeting), opened | typed))
    assert [each.get_text() for each in page.select(".errorlist li")] == [why]
    sent_back = form_values(str(page), "translation_desk")
    assert {name: sent_back[name] for name in typed} == typed
    assert (Meeting.objects.get().name_en, Statement.objects.get().text_en) == (meeting.name_en, "Old")
    rest = client.post(desk_address(meeting), sent_back | {name_on_desk(statement, "text_en"): ["Old"]})
    assert (rest.status_code, Meeting.objects.get().name_en) == (302, "Typed")


@pytest.mark.parametrize(
    ("language", "heading", "label"),
    [
        ("vi", "Đã viết cho những dòng không còn ở đây", "Mốc: nội dung"),
        ("en", "Written for rows that are not here any more", "Milestone: text"),
    ],
)
def test_a_desk_gives_back_what_was_written_for_a_row_that_was_deleted_meanwhile(sign_in, language, heading, label):
    milestone = make_milestone(initiative=make_initiative(state=State.DRAFT, name_en="Old"))
    initiative, client = milestone.initiative, sign_in("editor")
    client.cookies["django_language"] = language
    opened, row = opened_desk(client, initiative), name_on_desk(milestone, "text_en")
    milestone.delete()
    typed = {row: ["Typed row"], name_on_desk(initiative, "name_en"): ["Typed"]}
    page = page_of(client.post(desk_address(initiative), opened | typed))
    assert page.select_one("#lost").get_text() == heading
    assert [each.get_text() for each in page.select(".workflow-notice dt, .workflow-notice dd")] == [label, "Typed row"]
    assert Initiative.objects.get().name_en == "Old"
    assert client.post(desk_address(initiative), form_values(str(page), "translation_desk")).status_code == 302
    assert Initiative.objects.get().name_en == "Typed"


def test_a_desk_gives_back_what_was_written_for_a_text_that_was_emptied_in_both_languages_meanwhile(reviewer):
    initiative = make_initiative(state=State.DRAFT, summary_vi="Cũ", summary_en="Old")
    opened, mine = opened_desk(reviewer, initiative), name_on_desk(initiative, "summary_en")
    write(initiative, summary_vi="", summary_en="")
    page = page_of(reviewer.post(desk_address(initiative), opened | {mine: ["Typed"]}))
    assert page.select_one(".desk-meanwhile del").get_text() == "Old"
    assert form_values(str(page), "translation_desk")[mine] == ["Typed"]


def test_a_text_that_nobody_may_change_any_more_is_not_said_to_be_still_right(sign_in):
    topic = make_topic(state=State.DRAFT)
    write(topic, name_vi="Tên mới")
    client = sign_in("editor")
    opened = opened_desk(client, topic)
    write(topic, state=State.IN_REVIEW)
    client.post(desk_address(topic), opened | {f"portal-topic-{topic.pk}-name-right": ["1"]})
    assert outdated(topic) == {"name": "en"}


def test_names_on_a_desk_that_are_no_texts_are_given_back_by_their_own_name(reviewer):
    topic = make_topic(state=State.DRAFT)
    names = ["nonsense", "portal-topic-1-sources", "portal-nothing-1-name_en", "a-b-c-d"]
    sent = {name: "Typed" for name in names} | {f"{name}-seen": "" for name in names}
    page = page_of(reviewer.post(desk_address(topic), sent))
    assert [each.get_text().lower() for each in page.select(".workflow-notice dt")] == names


def test_nobody_opens_a_desk_without_an_account(client):
    topic = make_topic()
    for address in (desk_address(topic), reverse("admin:translations")):
        assert client.get(address).url.startswith(reverse("admin:login"))


@pytest.mark.parametrize("kind", ["portal.nothing", "auth.user", "nonsense", "initiatives.observation"])
def test_there_is_no_desk_of_what_has_no_texts_in_two_languages(reviewer, kind):
    assert reviewer.get(f"/admin/translations/{kind}/1/", follow=True).status_code == 404


def test_a_desk_takes_as_many_queries_for_twenty_rows_as_for_one(reviewer):
    meeting = make_meeting()

    def add_rows() -> None:
        make_session(meeting=meeting)
        write(make_statement(meeting=meeting), text_vi="Khác.")
        make_decision(meeting=meeting)

    add_rows()
    reviewer.get(desk_address(meeting))
    with CaptureQueriesContext(connection) as one:
        reviewer.get(desk_address(meeting))
    for _ in range(19):
        add_rows()
    with CaptureQueriesContext(connection) as many:
        reviewer.get(desk_address(meeting))
    assert len(many) == len(one)
