"""What each role may do and may not, asked by address: a button that is not there protects nothing."""

import io

import openpyxl
import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from meetings.models import Statement
from portal.accounts.roles import ROLES, rights_of
from portal.models import Conflict, PendingVersion, State, Topic
from tests.editors import make_member
from tests.factories import make_initiative, make_meeting, make_milestone, make_statement, make_topic
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


@pytest.fixture
def sign_in(client):
    def as_(role: str):
        client.force_login(make_member(role))
        return client

    return as_


def address(name: str, *arguments) -> str:
    return reverse(f"admin:{name}", args=arguments)


def send(client, row, **given):
    """Fill in the form of a row and send it; 403 where there is no form to be had."""
    page = address(f"{row._meta.app_label}_{row._meta.model_name}_change", row.pk)
    if "_save" not in client.get(page).content.decode():
        return client.post(page, given)
    values = form_values(client.get(page).content.decode(), f"{row._meta.model_name}_form")
    return client.post(page, values | given)


@pytest.mark.databases
def test_every_role_has_exactly_its_rights_after_every_migration():
    Group.objects.get(name="editor").permissions.clear()
    Group.objects.get(name="reviewer").delete()
    call_command("migrate", verbosity=0)
    for role in ROLES:
        permissions = Group.objects.get(name=role).permissions.select_related("content_type")
        assert {f"{one.content_type.app_label}.{one.codename}" for one in permissions} == rights_of(role)


# Content

DRAFT, IN_REVIEW, PUBLISHED, WITHDRAWN = State.DRAFT, State.IN_REVIEW, State.PUBLISHED, State.WITHDRAWN
WAITING = "what is published, as a pending version"
MAY_EDIT = {"editor": {DRAFT, WAITING}, "reviewer": {DRAFT, IN_REVIEW, WITHDRAWN, WAITING}, "maintainer": set()}
MAY_DELETE = {"editor": {DRAFT}, "reviewer": set(State), "maintainer": set()}


def topics_in_every_state() -> dict[str, Topic]:
    reasons = {"withdrawn_reason_vi": "Trùng", "withdrawn_reason_en": "Double"}
    return {state: make_topic(state=state, **(reasons if state == WITHDRAWN else {})) for state in State}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_edits_only_its_records_and_what_is_published_beside_itself(sign_in, role):
    client = sign_in(role)
    answers = {state: send(client, row, note="Đã sửa").status_code for state, row in topics_in_every_state().items()}
    may = {PUBLISHED if state == WAITING else state for state in MAY_EDIT[role]}
    refused = 403 if role == "maintainer" else 200  # who edits gets back what was typed
    assert answers == {state: 302 if state in may else refused for state in State}
    edited = set(Topic.objects.filter(note="Đã sửa").values_list("state", flat=True))
    assert edited | {WAITING for _pending in PendingVersion.objects.all()} == MAY_EDIT[role]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_deletes_only_its_records(sign_in, role):
    client, rows = sign_in(role), topics_in_every_state()
    for row in rows.values():
        client.post(address("portal_topic_delete", row.pk), {"post": "yes"})
    everything = {"action": "delete_selected", "_selected_action": [row.pk for row in rows.values()], "post": "yes"}
    client.post(address("portal_topic_changelist"), everything)
    assert set(Topic.objects.values_list("state", flat=True)) == set(State) - MAY_DELETE[role]


@pytest.mark.parametrize("role", ROLES)
def test_every_role_reads_what_is_published(sign_in, role):
    assert sign_in(role).get(address("portal_topic_change", make_topic().pk)).status_code == 200


def test_an_editor_cannot_reach_a_public_text_by_its_parts(sign_in):
    client = sign_in("editor")
    public, draft = make_initiative(), make_initiative(state=DRAFT)
    milestone = make_milestone(initiative=draft, text_vi="Mốc")
    assert client.get(address("initiatives_milestone_change", milestone.pk)).status_code == 200
    assert send(client, milestone, initiative=str(public.pk)).status_code == 200
    assert send(client, make_milestone(initiative=public), text_vi="Mới").status_code == 200
    assert not public.milestones.filter(text_vi="Mới")
    milestone.refresh_from_db()
    assert (milestone.initiative, milestone.text_vi) == (draft, "Mốc")


def test_an_editor_is_told_that_a_submitted_record_takes_no_row_from_them(sign_in):
    client, waiting = sign_in("editor"), make_initiative(state=State.IN_REVIEW)
    page = send(client, make_milestone(initiative=make_initiative(state=DRAFT)), initiative=str(waiting.pk))
    assert page.context["errors"] == [["Chỉ người duyệt được sửa hồ sơ đã gửi duyệt hoặc đã thu hồi."]]
    assert not waiting.milestones.exists()
    reviewed = sign_in("reviewer")
    add = address("initiatives_milestone_add")
    data = form_values(reviewed.get(add).content.decode(), "milestone_form")
    given = {"initiative": str(waiting.pk), "date": "2026-02-01", "text_vi": "Mới", "text_en": "New"}
    assert reviewed.post(add, data | given).status_code == 302
    assert waiting.milestones.get().text_en == "New"


WHY_ROW = {
    "en": {
        PUBLISHED: "This row is published. It is changed in its own form, as a pending version.",
        State.IN_REVIEW: "This row was submitted for review. Only a reviewer changes it now.",
        State.WITHDRAWN: "This row was withdrawn. Only a reviewer changes it now.",
    },
    "vi": {
        PUBLISHED: "Dòng này đã được công bố, được sửa trong biểu mẫu riêng, thành bản chờ duyệt.",
        State.IN_REVIEW: "Dòng này đã được trình duyệt. Hiện chỉ người duyệt sửa được.",
        State.WITHDRAWN: "Dòng này đã được rút. Hiện chỉ người duyệt sửa được.",
    },
}
WHAT_TO_DO = {
    "en": "Nothing was saved. What you wrote still stands in the rows marked below. Copy it from there, "
    "put back what the row says, and save the rest.",
    "vi": "Chưa lưu gì cả. Những gì bạn đã viết vẫn còn trong các dòng được đánh dấu bên dưới. "
    "Hãy sao chép từ đó, điền lại nội dung hiện có của dòng, rồi lưu phần còn lại.",
}


@pytest.mark.parametrize("state", [PUBLISHED, State.IN_REVIEW, State.WITHDRAWN])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_row_that_went_elsewhere_while_the_draft_was_written_comes_back_with_what_was_typed(sign_in, language, state):
    statement = make_statement(meeting=make_meeting(state=DRAFT), state=DRAFT, text_vi="Cũ", text_en="Old")
    client, page = sign_in("editor"), address("meetings_meeting_change", statement.meeting_id)
    client.cookies["django_language"] = language
    opened = form_values(client.get(page).content.decode(), "meeting_form")
    reasons = {"withdrawn_reason_vi": "Sai", "withdrawn_reason_en": "Wrong"}
    Statement.objects.filter(pk=statement.pk).update(state=state, **reasons)
    typed = {"statements-0-text_vi": ["Khác"], "name_en": ["Another"]}
    answer = client.post(page, opened | typed)
    assert answer.status_code == 200
    assert list(answer.context["errors"])[-2:] == [WHAT_TO_DO[language], [WHY_ROW[language][state]]]
    content = answer.content.decode()
    assert '<dd lang="vi">Cũ</dd>' in content  # what the row says, to be put back
    sent_back = form_values(content, "meeting_form")
    assert {name: sent_back[name] for name in typed} == typed
    rest = client.post(page, sent_back | {"statements-0-text_vi": ["Cũ"]})
    statement.refresh_from_db()
    statement.meeting.refresh_from_db()
    assert (rest.status_code, statement.text_vi, statement.meeting.name_en) == (302, "Cũ", "Another")


def test_an_editor_cannot_delete_a_public_row_through_the_form_of_a_draft(sign_in):
    statement = make_statement(meeting=make_meeting(state=DRAFT))
    client, page = sign_in("editor"), address("meetings_meeting_change", statement.meeting_id)
    client.cookies["django_language"] = "en"
    values = form_values(client.get(page).content.decode(), "meeting_form")
    answer = client.post(page, values | {"statements-0-DELETE": ["on"]})
    assert answer.context["errors"][0] == WHAT_TO_DO["en"]
    assert WHY_ROW["en"][PUBLISHED] in answer.content.decode()
    assert Statement.objects.filter(pk=statement.pk).exists()


def test_a_stranger_and_an_account_without_a_role_get_nowhere(client):
    page = address("portal_topic_changelist")
    assert client.get(page).status_code == 302
    client.force_login(User.objects.create_user("visitor"))
    assert client.get(page).status_code == 302
    client.force_login(User.objects.create_user("new", is_staff=True))
    assert client.get(page).status_code == 403


# Content updates


def preview_of(client, row, **changes):
    """A list downloaded as a spreadsheet, changed in its first row and uploaded."""
    sheet = client.get(address("sync_sheet", row._meta.label_lower))
    book = openpyxl.load_workbook(io.BytesIO(sheet.content))
    names = [cell.value for cell in book.worksheets[0][2]]
    for name, value in changes.items():
        book.worksheets[0].cell(3, names.index(name) + 1, value)
    stream = io.BytesIO()
    book.save(stream)
    file = SimpleUploadedFile("topics.xlsx", stream.getvalue())
    return client.post(address("sync_upload"), {"file": file}, follow=True)


def apply_upload(client, row, **changes) -> None:
    page = preview_of(client, row, **changes).redirect_chain[-1][0]
    client.post(page, {"action": "apply"})
    client.post(page, {"action": "apply"})
    row.refresh_from_db()


@pytest.mark.parametrize(
    ("role", "states"), [("editor", {DRAFT}), ("reviewer", set(State)), ("maintainer", set(State))]
)
def test_an_uploaded_spreadsheet_changes_only_what_its_role_may_change(sign_in, role, states):
    client = sign_in(role)
    for state in (DRAFT, IN_REVIEW, PUBLISHED):
        topic = make_topic(state=state)
        apply_upload(client, topic, name_en="From a sheet")
        assert (topic.name_en == "From a sheet") is (state in states)
        Topic.objects.all().delete()


def test_an_editor_publishes_nothing_by_a_spreadsheet(sign_in):
    topic = make_topic(state=DRAFT)
    apply_upload(sign_in("editor"), topic, state="published")
    assert topic.state == DRAFT


FIXTURE = "- model: portal.topic\n  fields: {slug: ai, name_vi: TTNT, name_en: AI, state: %s}\n"


@pytest.mark.parametrize(
    ("role", "state", "loaded"),
    [("editor", "published", 0), ("editor", "draft", 1), ("maintainer", "published", 1)],
)
def test_new_records_of_a_file_are_public_only_by_who_may_publish(sign_in, role, state, loaded):
    client = sign_in(role)
    file = SimpleUploadedFile("topics.yaml", (FIXTURE % state).encode())
    page = client.post(address("sync_upload"), {"file": file}, follow=True).redirect_chain[-1][0]
    client.post(page, {"action": "apply"})
    assert Topic.objects.count() == loaded


@pytest.mark.parametrize(("role", "answer"), [("editor", 403), ("reviewer", 302), ("maintainer", 302)])
def test_a_conflict_over_a_public_text_is_settled_by_who_may_change_it(sign_in, role, answer):
    make_topic(slug="ai")
    conflict = Conflict.objects.create(kind="portal.topic", key="ai", field="name_en", origin="command", database="AI")
    sent = sign_in(role).post(address("sync_settle", conflict.pk), {"choice": "database"})
    assert sent.status_code in {answer, 200 if answer == 302 else answer}


# Accounts


@pytest.mark.parametrize(("role", "answer"), [("editor", 403), ("reviewer", 403), ("maintainer", 200)])
def test_accounts_and_their_log_are_the_maintainers(sign_in, role, answer):
    client = sign_in(role)
    other = make_member("editor", "other")
    pages = [
        address("auth_user_changelist"),
        address("auth_user_add"),
        address("auth_user_change", other.pk),
        address("auth_user_password_change", other.pk),
        address("account_of", other.pk),
        address("account_log"),
    ]
    assert {client.get(page).status_code for page in pages} == {answer}
    actions = [address(f"account_{name}", other.pk) for name in ("reset", "unlock", "end_of")]
    assert {client.post(page).status_code for page in actions} == {302 if answer == 200 else 403}


def test_a_maintainer_gives_roles_but_cannot_rise_above_the_roles(sign_in):
    client = sign_in("maintainer")
    other, chief = make_member("editor", "other"), User.objects.create_superuser("chief")
    send(client, other, groups=[str(Group.objects.get(name="reviewer").pk)], is_superuser="on", user_permissions=["1"])
    other.refresh_from_db()
    assert [group.name for group in other.groups.all()] == ["reviewer"]
    assert not other.is_superuser and not other.user_permissions.exists()
    pages = [address("auth_user_password_change", chief.pk), address("account_reset", chief.pk)]
    assert {client.post(page, {"password1": "x", "password2": "x"}).status_code for page in pages} == {403}
    assert send(client, chief, username="mine").status_code == 403
    assert client.post(address("auth_user_delete", other.pk), {"post": "yes"}).status_code == 403
