"""A form that cannot be taken any more: its editor gets back what was typed, and nothing is written."""

from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.http import Http404
from django.test import Client
from django.urls import reverse

from initiatives.models import Initiative
from meetings.models import Meeting
from portal.models import PendingVersion, State, Topic
from portal.reports.models import ErrorReport, ReportState
from portal.translations.texts import desk_address
from portal.workflow.pending import locked
from tests.editors import fields_of, form_of, make_member, step_address
from tests.factories import (
    make_country,
    make_initiative,
    make_meeting,
    make_milestone,
    make_session,
    make_topic,
)
from tests.html_forms import form_values

pytestmark = pytest.mark.django_db


def page_of(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html5lib")


def typed(answer) -> dict[str, str]:
    """What the page says was typed, by the name of its field."""
    rows = page_of(answer).select("#content-main tbody tr")
    return {row.th.get_text(): row.td.get_text() for row in rows}


def notice(answer) -> str:
    return " ".join(page_of(answer).select_one(".workflow-notice").get_text().split())


def sent_again(answer) -> dict[str, list[str]]:
    return form_values(answer.content.decode(), "given_back")


def delete_as(user, record) -> None:
    other = Client()
    other.force_login(user)
    address = form_of(record).replace("/change/", "/delete/")
    assert other.post(address, {"post": "yes"}).status_code == 302


# The record is gone


@pytest.mark.parametrize(
    ("language", "heading", "told"),
    [
        (
            "en",
            "Nothing was saved",
            "The record is not there any more. It was deleted by reviewer on {}. What you wrote stands below. Recover "
            "the record, in a new tab, then come back to this page and send once more what you wrote. "
            "Look and recover (in a new tab)",
        ),
        (
            "vi",
            "Chưa lưu gì cả",
            "Hồ sơ không còn nữa. Người xóa: reviewer, {}. Những gì bạn đã viết vẫn còn ở bên dưới. Hãy khôi phục "
            "hồ sơ trong thẻ mới, rồi quay lại trang này và gửi lại những gì bạn đã viết. "
            "Xem và khôi phục (trong thẻ mới)",
        ),
    ],
)
def test_the_form_of_a_record_that_was_deleted_meanwhile_is_given_back(client, members, language, heading, told):
    topic = make_topic(state=State.DRAFT)
    client.force_login(members["editor"])
    client.cookies["django_language"] = language
    opened = fields_of(client, topic)
    delete_as(members["reviewer"], topic)
    answer = client.post(form_of(topic), opened | {"name_en": ["Typed <b>text</b>"]})
    assert (answer.status_code, Topic.objects.count()) == (410, 0)
    assert page_of(answer).h1.get_text() == heading
    before, after = told.split("{}")
    assert notice(answer).startswith(before) and notice(answer).endswith(after)
    assert typed(answer)[{"en": "Name [en]", "vi": "Tên [en]"}[language]] == "Typed <b>text</b>"
    assert sent_again(answer)["name_en"] == ["Typed <b>text</b>"]


def recover(client, answer) -> str:
    """Recover what the page that gave a form back leads to; the address of that."""
    address = page_of(answer).select_one(".workflow-notice a")["href"]
    assert client.post(address, {"seal": client.get(address).context["asked"].seal}).status_code == 302
    return address


def test_a_row_whose_record_was_deleted_leads_to_that_record(client, members):
    initiative = make_initiative(state=State.DRAFT)
    milestone = make_milestone(initiative=initiative)
    client.force_login(members["editor"])
    opened = fields_of(client, milestone)
    delete_as(members["reviewer"], initiative)
    answer = client.post(form_of(milestone), opened | {"text_en": ["Typed row"]})
    assert answer.status_code == 410
    assert recover(client, answer) == f"/admin/initiatives/initiative/deleted/{initiative.pk}/"
    assert client.post(form_of(milestone), sent_again(answer)).status_code == 302
    assert Initiative.objects.get().milestones.get().text_en == "Typed row"


def test_the_reasons_for_a_step_that_another_took_meanwhile_are_given_back(client, members):
    topic = make_topic(state=State.PUBLISHED)
    client.force_login(members["reviewer"])
    client.cookies["django_language"] = "en"
    address = f"/admin/workflow/portal.topic/{topic.pk}/withdraw/"
    seen = client.get(address).context["form"]["seen"].value()
    reasons = {"reason_vi": "Trùng", "reason_en": "Double"}
    assert client.post(address, {"seen": seen, **reasons}).status_code == 302
    answer = client.post(address, {"seen": seen, "reason_vi": "Sai nguồn", "reason_en": "Wrong source"})
    assert answer.status_code == 410
    assert notice(answer).startswith("This step cannot be taken: the record stands elsewhere by now.")
    assert {"Sai nguồn", "Wrong source"} <= set(typed(answer).values())
    assert client.post(address, {"seen": seen}).status_code == 302  # nothing was typed


def test_what_was_given_back_is_saved_once_the_record_is_recovered(client, members):
    initiative = make_initiative(state=State.DRAFT)
    milestone = make_milestone(initiative=initiative)
    client.force_login(members["editor"])
    opened = fields_of(client, initiative)
    delete_as(members["reviewer"], initiative)
    given = {"name_en": ["Typed"], "milestones-0-text_en": ["Typed row"]}
    answer = client.post(form_of(initiative), opened | given)
    recover(client, answer)
    assert client.post(form_of(initiative), sent_again(answer)).status_code == 302
    back = Initiative.objects.get()
    assert (back.pk, back.name_en, back.milestones.get().text_en) == (initiative.pk, "Typed", "Typed row")
    assert back.milestones.get().key == milestone.key


def test_rows_choices_and_relations_are_given_back_in_words(client, members):
    meeting = make_meeting(state=State.DRAFT, country=make_country(name_en="Viet Nam", name_vi="Việt Nam"))
    make_session(meeting=meeting, state=State.DRAFT, name_en="Opening")
    client.force_login(members["editor"])
    client.cookies["django_language"] = "en"
    opened = fields_of(client, meeting)
    delete_as(members["reviewer"], meeting)
    said = typed(client.post(form_of(meeting), opened))
    assert said["Host country"] == "Viet Nam"
    assert said["Status"] == meeting.get_status_display()
    assert said["Session 1: name [en]"] == "Opening"
    assert not [label for label in said if "__prefix__" in label or "csrf" in label]


def test_where_nothing_is_kept_of_a_record_its_text_is_there_to_be_copied(client, members):
    topic = make_topic(state=State.DRAFT)
    client.force_login(members["editor"])
    client.cookies["django_language"] = "en"
    opened = fields_of(client, topic)
    Topic.objects.all().delete()
    answer = client.post(reverse("admin:portal_topic_change", args=[topic.pk or 1]), opened | {"name_en": ["Typed"]})
    assert answer.status_code == 410
    assert notice(answer).endswith("Copy what you need. A record that is still wanted is added anew.")
    assert typed(answer)["Name [en]"] == "Typed"


def test_the_desk_of_a_record_that_was_deleted_meanwhile_is_given_back(client, members):
    topic = make_topic(state=State.DRAFT, name_en="Old")
    client.force_login(members["editor"])
    client.cookies["django_language"] = "en"
    address, name = desk_address(topic), f"portal-topic-{topic.pk}-name_en"
    opened = form_values(client.get(address).content.decode(), "translation_desk")
    delete_as(members["reviewer"], topic)
    answer = client.post(address, opened | {name: ["Typed"]})
    assert (answer.status_code, list(typed(answer).values())) == (410, ["Typed"])
    assert "It was deleted by reviewer on" in notice(answer)


def test_a_record_that_goes_at_the_very_moment_is_not_found(members):
    topic = make_topic()
    Topic.objects.filter(pk=topic.pk).delete()
    with pytest.raises(Http404):
        locked(topic)


@pytest.mark.parametrize("address", ["/admin/portal/topic/nonsense/change/", "/admin/translations/a.b/1/"])
def test_a_form_of_what_never_was_is_an_error(client, members, address):
    client.force_login(members["editor"])
    assert client.post(address, {"name_en": "x", "a-b-1-c": "y", "a-b-1-c-seen": ""}).status_code == 410
    assert not Topic.objects.exists()


# The editor is signed out


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            "You are signed out by now. What you wrote stands below. Sign in, in a new tab, then come back to this "
            "page and send once more what you wrote. Sign in (in a new tab)",
        ),
        (
            "vi",
            "Phiên đăng nhập của bạn đã kết thúc. Những gì bạn đã viết vẫn còn ở bên dưới. Hãy đăng nhập trong thẻ "
            "mới, rồi quay lại trang này và gửi lại những gì bạn đã viết. Đăng nhập (trong thẻ mới)",
        ),
    ],
)
def test_a_form_sent_after_the_session_ended_is_given_back_and_saved_after_signing_in(client, members, language, told):
    topic = make_topic(state=State.DRAFT, name_en="Old")
    client.force_login(members["editor"])
    opened = fields_of(client, topic)
    client.logout()
    client.cookies["django_language"] = language
    answer = client.post(form_of(topic), opened | {"name_en": ["Typed"]})
    topic.refresh_from_db()
    assert (answer.status_code, topic.name_en, notice(answer)) == (403, "Old", told)
    assert "Typed" in typed(answer).values()
    assert "no-store" in answer["Cache-Control"]
    client.force_login(members["editor"])
    assert client.post(form_of(topic), sent_again(answer)).status_code == 302
    topic.refresh_from_db()
    assert topic.name_en == "Typed"


def test_whatever_else_is_typed_is_given_back_too(client, members):
    topic = make_topic(name_en="Old")
    name = f"portal-topic-{topic.pk}-name_en"
    client.cookies["django_language"] = "en"
    forms = {
        reverse("admin:portal_topic_add"): ({"name_en": "Typed"}, {"Name [en]": "Typed"}),
        desk_address(topic): ({name: "Typed", f"{name}-seen": "Old"}, {"topic: name": "Typed"}),
        step_address(topic, "withdraw"): ({"reason_en": "Typed"}, {"Reason, in English": "Typed"}),
        reverse("admin:sync_settle", args=[1]): ({"other": "Typed"}, {"Another value": "Typed"}),
        reverse("admin:portal_topic_changelist"): ({"addresses": "Typed"}, {"Or web addresses, one a line": "Typed"}),
    }
    for address, (sent, said) in forms.items():
        answer = client.post(address, sent)
        assert (answer.status_code, typed(answer)) == (403, said)
        assert sent_again(answer) | {name: [value] for name, value in sent.items()} == sent_again(answer)


def test_no_stranger_learns_the_name_of_a_record_from_its_number(client):
    country = make_country(state=State.DRAFT)
    answer = client.post(reverse("admin:meetings_meeting_add"), {"city_en": "Typed", "country": str(country.pk)})
    assert list(typed(answer).values()) == ["Typed"]
    assert country.name_vi not in answer.content.decode()


def test_a_forged_number_of_a_row_or_a_record_is_no_fault_of_ours(client):
    sent = {"city_en": "Typed", f"sessions-{'9' * 5000}-name_en": "x", "sessions-1-sources": "\0", "country": "9" * 40}
    plain = {"data": urlencode(sent), "content_type": "application/x-www-form-urlencoded"}
    assert list(typed(client.post(reverse("admin:meetings_meeting_add"), **plain)).values()) == ["Typed"]
    client.force_login(make_member("editor"))
    answer = client.post(reverse("admin:meetings_meeting_change", args=[1]), **plain)
    assert (answer.status_code, list(typed(answer).values())) == (410, ["Typed"])


def test_an_address_without_a_name_gives_nothing_back(client):
    topic = make_topic()
    answer = client.post(form_of(topic).replace("/change/", "/"), {"name_en": "Typed"})
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("admin:login"))


def test_no_password_is_given_back(client, members):
    address = reverse("admin:auth_user_password_change", args=[members["editor"].pk])
    for path in (address, reverse("admin:auth_user_add"), reverse("admin:password_change")):
        answer = client.post(path, {"username": "lan", "password1": "a secret", "password2": "a secret"})
        assert (answer.status_code, b"a secret" in answer.content) == (302, False)


# The token is an old one


def token_of(strict: Client, address: str, form: str) -> str:
    return form_values(strict.get(address).content.decode(), form)["csrfmiddlewaretoken"][0]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "The form was opened before you signed in, or cookies were deleted since."),
        ("vi", "Biểu mẫu được mở trước lần đăng nhập này, hoặc cookie đã bị xóa từ lúc đó."),
    ],
)
def test_a_form_that_is_older_than_the_sign_in_is_given_back_and_then_saved(members, language, told):
    topic, strict = make_topic(state=State.DRAFT, name_en="Old"), Client(enforce_csrf_checks=True)
    strict.force_login(members["editor"])
    strict.cookies["django_language"] = language
    opened = fields_of(strict, topic)
    strict.cookies["csrftoken"] = "x" * 32  # as signing in anew changes it
    origin = {"origin": "http://testserver"}
    answer = strict.post(form_of(topic), opened | {"name_en": ["Typed"]}, headers=origin)
    topic.refresh_from_db()
    assert (answer.status_code, topic.name_en) == (403, "Old")
    assert notice(answer).startswith(told)
    assert strict.post(form_of(topic), sent_again(answer), headers=origin).status_code == 302
    topic.refresh_from_db()
    assert topic.name_en == "Typed"


def test_who_deleted_all_cookies_is_told_to_sign_in(members):
    topic, strict = make_topic(state=State.DRAFT, name_en="Old"), Client(enforce_csrf_checks=True)
    strict.force_login(members["editor"])
    opened = fields_of(strict, topic)
    strict.cookies.clear()
    strict.cookies["django_language"] = "en"
    answer = strict.post(form_of(topic), opened | {"name_en": ["Typed"]}, headers={"origin": "http://testserver"})
    assert answer.status_code == 403
    assert notice(answer).startswith("You are signed out by now. What you wrote stands below. Sign in, in a new tab,")
    assert "Typed" in answer.content.decode()


@pytest.mark.parametrize("headers", [{}, {"origin": "https://elsewhere.example"}, {"origin": "null"}])
def test_what_another_site_sends_is_not_offered_to_be_sent_once_more(members, headers):
    topic, strict = make_topic(state=State.DRAFT), Client(enforce_csrf_checks=True)
    strict.force_login(members["editor"])
    answer = strict.post(form_of(topic), {"name_en": "Typed"}, headers=headers)
    assert (answer.status_code, b"Typed" in answer.content) == (403, False)


# The editor may not, or not any more


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "You may not change this, or not any more. What you wrote stands below. Copy what you need,"),
        ("vi", "Bạn không được sửa nội dung này, hoặc không còn được sửa. Những gì bạn đã viết vẫn còn ở bên dưới."),
    ],
)
def test_who_lost_the_right_to_edit_meanwhile_gets_back_what_was_typed(client, language, told):
    topic, editor = make_topic(state=State.DRAFT, name_en="Old"), make_member("editor")
    client.force_login(editor)
    client.cookies["django_language"] = language
    opened = fields_of(client, topic)
    editor.groups.set(make_member("maintainer").groups.all())
    answer = client.post(form_of(topic), opened | {"name_en": ["Typed"]})
    topic.refresh_from_db()
    assert (answer.status_code, topic.name_en) == (403, "Old")
    assert notice(answer).startswith(told)
    assert "Typed" in typed(answer).values()
    assert not PendingVersion.objects.exists()


def test_the_outcome_of_a_report_that_another_closed_meanwhile_is_given_back(client, members):
    report = ErrorReport.objects.create(record=make_topic(), language="vi", text="Sai ngày")
    client.force_login(members["editor"])
    client.cookies["django_language"] = "en"
    opened = fields_of(client, report)
    type(report).objects.update(state=ReportState.REJECTED)
    answer = client.post(form_of(report), opened | {"outcome_en": ["Typed"]})
    report.refresh_from_db()
    assert (answer.status_code, report.outcome_en) == (403, "")
    assert "Typed" in typed(answer).values()


def test_a_deletion_or_a_list_that_is_refused_has_nothing_to_give_back(client, members):
    topic = make_topic(state=State.DRAFT)
    client.force_login(members["maintainer"])
    for page in ("delete", "history"):
        answer = client.post(form_of(topic).replace("/change/", f"/{page}/"), {"post": "yes"})
        assert b"given_back" not in answer.content
    assert Meeting.objects.count() == 0
