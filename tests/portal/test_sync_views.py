"""The editors' pages of content updates: conflicts, history, uploads with a preview, spreadsheets."""

import io

import openpyxl
import pytest
import yaml
from bs4 import BeautifulSoup
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from reversion.models import Version as Revision

from meetings.models import Meeting
from portal.models import Conflict, LoadedState, Sync, Topic
from tests.factories import make_body, make_meeting, make_topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = get_user_model().objects.create_superuser("editor")
    client.force_login(user)
    return client


@pytest.fixture
def helper(client):
    """An editor with only the permissions that are named."""

    def login(*codenames: str):
        user = get_user_model().objects.create_user("helper", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return login


def fixture(**fields) -> str:
    given = {"slug": "ai", "name_vi": "Trí tuệ nhân tạo", "name_en": "Artificial intelligence"} | fields
    return yaml.safe_dump([{"model": "portal.topic", "fields": given}], allow_unicode=True)


@pytest.fixture
def load(tmp_path):
    def run(**fields) -> None:
        path = tmp_path / "05_topics.yaml"
        path.write_text(fixture(**fields), encoding="utf-8")
        call_command("sync_content", path, stdout=io.StringIO())

    return run


@pytest.fixture
def conflict(load) -> Conflict:
    load()
    Topic.objects.update(name_en="By an editor")
    with pytest.raises(CommandError, match="Conflicts wait"):
        load(name_en="By the files")
    return Conflict.objects.get()


def tree(response) -> BeautifulSoup:
    return BeautifulSoup(response.text, "html5lib")


def settle(client, conflict: Conflict, choice: str, other: str = ""):
    page = tree(client.get(reverse("admin:sync_conflicts")))
    seen = page.select_one("input[name=seen]")["value"]
    address = reverse("admin:sync_settle", args=[conflict.pk])
    return client.post(address, {"choice": choice, "other": other, "seen": seen}, follow=True)


def upload(client, content: str | bytes, name: str = "topics.yaml"):
    content = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("admin:sync_upload"), {"file": file}, follow=True)


def apply(client, shown):
    return client.post(shown.redirect_chain[-1][0], {"action": "apply"}, follow=True)


# Conflicts


def test_a_conflict_shows_its_three_values_in_both_languages(editor, conflict):
    rows = tree(editor.get(reverse("admin:sync_conflicts"))).select(".sync-conflict tbody tr")
    assert [[cell.get_text() for cell in row.select("th, td")] for row in rows] == [
        ["Tiếng Việt", *["“Trí tuệ nhân tạo”"] * 3],
        ["English", "“Artificial intelligence”", "“By the files”", "“By an editor”"],
    ]


@pytest.mark.databases
@pytest.mark.parametrize(
    ("choice", "name"), [("incoming", "By the files"), ("database", "By an editor"), ("other", "A third one")]
)
def test_an_editor_settles_a_conflict_and_it_stays_settled(editor, load, conflict, choice, name):
    settle(editor, conflict, choice, "A third one")
    assert (Topic.objects.get().name_en, Conflict.objects.count()) == (name, 0)
    load(name_en="By the files")
    assert (Topic.objects.get().name_en, Conflict.objects.count()) == (name, 0)
    settled = Sync.objects.get(origin=Sync.Origin.SETTLEMENT)
    assert (settled.user.username, settled.changes.get().field) == ("editor", "name_en")


def test_a_settled_value_is_a_revision_of_whoever_chose_it(editor, conflict):
    settle(editor, conflict, "incoming")
    newest = Revision.objects.get_for_object(Topic.objects.get())[0]
    assert (newest.revision.user.username, newest.field_dict["name_en"]) == ("editor", "By the files")


def test_a_conflict_of_another_field_waits_on(editor, load):
    load()
    Topic.objects.update(name_en="By an editor", name_vi="Do biên tập viên")
    with pytest.raises(CommandError, match="Conflicts wait"):
        load(name_en="By the files", name_vi="Theo tệp")
    settle(editor, Conflict.objects.get(field="name_vi"), "incoming")
    assert Conflict.objects.get().field == "name_en"


def test_a_value_that_the_field_cannot_hold_is_refused_beside_what_was_written(editor, conflict):
    page = tree(settle(editor, conflict, "other", "x" * 121))
    assert "121" in page.select_one(".sync-conflict .errornote").get_text()
    assert page.select_one("input[name=other]")["value"] == "x" * 121
    assert Topic.objects.get().name_en == "By an editor"


@pytest.mark.databases
def test_a_third_value_that_points_at_nothing_is_refused_in_words(editor):
    body = make_body(slug="a")
    place = {"kind": "portal.body", "key": "a", "field": "successor", "origin": "fixture"}
    conflict = Conflict.objects.create(**place, base=None, incoming="b", database=None)
    error = tree(settle(editor, conflict, "other", "nowhere")).select_one(".sync-conflict .errornote").get_text()
    assert ("nowhere" in error, "None" in error) == (True, False)
    body.refresh_from_db()
    assert body.successor is None


def test_an_empty_third_value_does_not_take_one_language_from_a_public_record(editor):
    make_meeting(slug="m", city_vi="Hà Nội", city_en="Hanoi", state="published")
    place = {"kind": "meetings.meeting", "key": "m", "field": "city_en", "origin": "fixture"}
    conflict = Conflict.objects.create(**place, base="", incoming="Ha Noi", database="Hanoi")
    assert tree(settle(editor, conflict, "other", "")).select_one(".sync-conflict .errornote")
    assert Meeting.objects.get().city_en == "Hanoi"


def test_what_changed_after_the_page_was_opened_is_not_overwritten(editor, conflict):
    page = tree(editor.get(reverse("admin:sync_conflicts")))
    seen = page.select_one("input[name=seen]")["value"]
    Topic.objects.update(name_en="Later")
    response = editor.post(reverse("admin:sync_settle", args=[conflict.pk]), {"choice": "incoming", "seen": seen})
    assert tree(response).select_one(".sync-conflict .errornote")
    assert Topic.objects.get().name_en == "Later"


def test_what_was_written_for_a_conflict_further_down_comes_back_with_its_own_page(editor):
    for number in range(21):
        make_body(slug=f"b-{number:02}")
        place = {"kind": "portal.body", "key": f"b-{number:02}", "field": "acronym", "origin": "fixture"}
        Conflict.objects.create(**place, base="", incoming="A", database="B")
    last = Conflict.objects.all()[20]
    sent = {"choice": "other", "other": "Typed", "seen": "something older"}
    page = tree(editor.post(reverse("admin:sync_settle", args=[last.pk]), sent))
    assert page.select_one(f"#other-{last.pk}")["value"] == "Typed"
    assert page.select_one(".sync-conflict .errornote")


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("vi", "Xung đột này đã được giải quyết."),
        ("en", "This conflict has been settled already."),
    ],
)
def test_what_was_written_for_a_conflict_that_another_settled_is_given_back(editor, conflict, language, why):
    editor.cookies["django_language"] = language
    address = reverse("admin:sync_settle", args=[conflict.pk])
    conflict.delete()
    answer = editor.post(address, {"choice": "other", "other": "Typed", "seen": ""})
    page = tree(answer)
    assert answer.status_code == 410
    assert page.select_one(".workflow-notice strong").get_text() == why
    assert page.select_one("#content-main td").get_text() == "Typed"
    assert page.select_one("#given_back") is None
    assert Topic.objects.get().name_en == "By an editor"


def test_a_conflict_whose_record_is_gone_goes_too(editor, conflict):
    Topic.objects.all().delete()
    editor.post(reverse("admin:sync_settle", args=[conflict.pk]), {"choice": "incoming"})
    assert Conflict.objects.count() == 0


def test_the_start_page_says_how_many_conflicts_wait(editor, conflict):
    assert tree(editor.get(reverse("admin:index"))).select_one(".sync-count").get_text() == "1"


# Uploads


@pytest.mark.databases
def test_an_upload_is_previewed_and_then_applied(editor):
    shown = upload(editor, fixture())
    assert Topic.objects.count() == 0
    assert tree(shown).select_one(".sync-record h2").get_text().endswith("ai")
    apply(editor, shown)
    assert Topic.objects.get().slug == "ai"
    run = Sync.objects.get()
    assert (run.user.username, run.origin, run.status, run.files) == ("editor", "fixture", "applied", "topics.yaml")
    assert LoadedState.objects.get().file == ""


def test_what_would_change_is_marked_word_by_word(editor, load):
    load()
    page = tree(upload(editor, fixture(name_en="Artificial minds")))
    assert (page.select_one(".sync-record del").get_text(), page.select_one(".sync-record ins").get_text()) == (
        "intelligence",
        "minds",
    )


def test_a_register_that_changed_since_the_preview_is_previewed_again(editor, load):
    load()
    shown = upload(editor, fixture(name_en="By the file"))
    Topic.objects.update(name_en="By an editor")
    page = tree(apply(editor, shown))
    assert page.select_one(".sync-conflict")
    assert Topic.objects.get().name_en == "By an editor"
    apply(editor, shown)
    assert Conflict.objects.get().incoming == "By the file"


def test_a_faulty_upload_lists_every_fault_and_cannot_be_applied(editor):
    page = tree(upload(editor, fixture(state="public", nme="x")))
    assert [row.select("td")[1].get_text() for row in page.select(".sync tbody tr")] == ["nme", "state"]
    assert not page.select("[value=apply]")


def test_an_upload_of_lists_within_lists_without_end_is_refused_in_words(editor):
    assert "quá nhiều cấp" in tree(upload(editor, "[" * 5000)).select_one(".sync tbody").get_text()


def test_an_upload_may_be_discarded(editor):
    shown = upload(editor, fixture())
    editor.post(shown.redirect_chain[-1][0], {"action": "discard"})
    assert Sync.objects.count() == 0


@pytest.mark.parametrize(("name", "content"), [("a.txt", "x"), ("a.yaml", "")])
def test_a_file_of_another_kind_or_an_empty_one_is_refused(editor, name, content):
    assert tree(upload(editor, content, name)).select_one(".errorlist")
    assert Sync.objects.count() == 0


def test_a_spreadsheet_that_is_none_of_ours_is_refused_in_words(editor):
    assert "trang tính ẩn" in tree(upload(editor, b"x", "a.xlsx")).select_one(".errornote").get_text()


def test_a_preview_belongs_to_whoever_uploaded_it(editor, helper):
    address = upload(editor, fixture()).redirect_chain[-1][0]
    assert helper("add_sync", "add_topic").get(address, follow=True).status_code == 404


# Spreadsheets


@pytest.mark.databases
def test_a_list_goes_out_is_edited_and_comes_back(editor):
    make_topic(slug="ai", name_en="AI", state="published")
    make_topic(slug="draft", state="draft")
    answer = editor.get(reverse("admin:sync_sheet", args=["portal.topic"]), {"state__exact": "published"})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    assert sheet.max_row == 3  # two heads, and only what the list showed
    sheet.cell(3, [cell.value for cell in sheet[2]].index("name_en") + 1, "Artificial intelligence")
    stream = io.BytesIO()
    book.save(stream)
    apply(editor, upload(editor, stream.getvalue(), "topic.xlsx"))
    assert Topic.objects.get(slug="ai").name_en == "Artificial intelligence"
    assert Sync.objects.get().origin == Sync.Origin.SHEET


def test_the_list_offers_its_spreadsheet_with_the_same_filter(editor):
    page = tree(editor.get(reverse("admin:portal_topic_changelist"), {"state__exact": "draft"}))
    links = [link["href"] for link in page.select(".object-tools a")]
    assert f"{reverse('admin:sync_sheet', args=['portal.topic'])}?state__exact=draft" in links


# Who may


@pytest.mark.parametrize(
    ("name", "arguments", "permission"),
    [
        ("sync_history", [], "view_sync"),
        ("sync_conflicts", [], "view_conflict"),
        ("sync_upload", [], "add_sync"),
        ("sync_sheet", ["portal.topic"], "view_topic"),
    ],
)
def test_each_page_wants_its_permission(helper, name, arguments, permission):
    address = reverse(f"admin:{name}", args=arguments)
    client = helper("view_source")
    assert client.get(address).status_code == 403
    get_user_model().objects.get().user_permissions.set(Permission.objects.filter(codename=permission))
    assert client.get(address).status_code == 200


def test_an_upload_changes_only_what_its_editor_may_change(helper):
    client = helper("add_sync", "view_sync")
    shown = upload(client, fixture())
    assert "chủ đề" in tree(shown).select_one(".errornote").get_text()
    apply(client, shown)
    assert Topic.objects.count() == 0


def test_a_stranger_is_sent_to_the_login(client):
    assert client.get(reverse("admin:sync_history")).status_code == 302


# History


def test_the_history_says_who_when_and_what(editor, load):
    apply(editor, upload(editor, fixture()))
    page = tree(editor.get(reverse("admin:sync_history")))
    [row] = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select(".sync tbody tr")]
    assert row == ["editor", "Tệp nội dung tải lên topics.yaml", "tạo mới 1 hồ sơ"]
    detail = tree(editor.get(page.select_one(".sync tbody a")["href"]))
    assert detail.select_one(".sync-record h2").get_text(strip=True) == "chủ đề:ai"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_opens_in_the_editors_language_with_one_heading(editor, conflict, language):
    editor.cookies["django_language"] = language
    detail = reverse("admin:sync_detail", args=[Sync.objects.first().pk])
    pages = [reverse(f"admin:{name}") for name in ("sync_history", "sync_conflicts", "sync_upload")]
    for address in [*pages, detail]:
        page = tree(editor.get(address))
        assert (page.html["lang"], len(page.select("h1"))) == (language, 1)
        assert not page.select("[style], script:not([src])")
