"""The public log of corrections: of accepted reports, and the notes that editors write with a change."""

from datetime import UTC, datetime

import feedparser
import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.index import content_state
from portal.models import Correction, ErrorReport, State
from tests.factories import make_decision, make_meeting, make_topic

pytestmark = pytest.mark.django_db


def make_correction(record, day: int = 1, **texts) -> Correction:
    """A report on a record that was accepted on a day of January 2026."""
    outcome = {"outcome_vi": "Đã sửa năm.", "outcome_en": "The year was corrected."}
    report = ErrorReport(record=record, language="vi", text="Sai năm, phải là 2026.", email="dan@example.org")
    report.state, report.closed = "accepted", datetime(2026, 1, day, 20, tzinfo=UTC)
    for name, text in (outcome | texts).items():
        setattr(report, name, text)
    report.handle(User.objects.get_or_create(username="duyet")[0])
    return report.correction


def make_note(record, day: int, text: str) -> None:
    Correction._meta.apps.get_model("portal", "CorrectionNote").objects.create(
        content_type=ContentType.objects.get_for_model(record),
        object_id=record.pk,
        text_vi=text,
        text_en=text,
        date=datetime(2026, 1, day, tzinfo=UTC),
    )


def page(client, address: str = "/en/corrections/") -> BeautifulSoup:
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html5lib")


def lines(client, address: str = "/en/corrections/") -> list[str]:
    return [" ".join(line.get_text(" ").split()) for line in page(client, address).select("main ol.agenda li")]


@pytest.mark.parametrize(
    ("language", "words"), [("vi", "Chưa ghi nhận đính chính nào."), ("en", "No correction has been recorded yet.")]
)
def test_an_empty_log_says_so(client, language, words):
    assert words in page(client, f"/{language}/corrections/").main.get_text()


def test_a_line_says_when_where_and_what_in_the_readers_language_and_nothing_of_who(client):
    make_correction(make_topic(slug="ai", name_vi="Trí tuệ nhân tạo", name_en="Artificial intelligence"))
    assert lines(client) == ["2 January 2026 Topic: Artificial intelligence The year was corrected."]
    assert lines(client, "/vi/corrections/") == ["02/01/2026 Chủ đề: Trí tuệ nhân tạo Đã sửa năm."]
    text = str(page(client))
    assert 'href="/en/topics/ai/"' in text
    assert not any(word in text for word in ("dan@example.org", "duyet", "Sai năm"))


@pytest.mark.databases
def test_the_latest_comes_first_and_notes_of_editors_stand_among_the_rest(client):
    topic = make_topic(name_en="AI")
    make_correction(topic, 3, outcome_en="Third.")
    make_note(topic, 6, "Sixth.")
    make_correction(make_decision(), 9, outcome_en="Ninth.")
    assert [line.split()[-1] for line in lines(client)] == ["Ninth.", "Sixth.", "Third."]


@pytest.mark.parametrize("hidden", [{"state": State.DRAFT}, {"published_from": "2999-01-01T00:00:00Z"}])
def test_what_was_corrected_in_a_hidden_record_is_hidden_too(client, hidden):
    topic = make_topic(name_en="Zzhidden")
    make_correction(topic, 1)
    make_note(topic, 2, "Zznote")
    type(topic).objects.update(**hidden)
    assert lines(client) == []
    assert "Zz" not in str(page(client))


def test_a_part_of_a_hidden_meeting_is_hidden_too(client):
    decision = make_decision(meeting=make_meeting(state=State.DRAFT))
    make_correction(decision)
    assert lines(client) == []


def test_a_long_log_has_pages(client):
    topic = make_topic()
    for number in range(1, 32):
        make_correction(topic, number, outcome_en=f"No {number}.")
    assert len(lines(client)) == 30
    assert [line.split()[-1] for line in lines(client, "/en/corrections/?page=2")] == ["1."]
    assert client.get("/en/corrections/?page=3").status_code == 404


def test_a_correction_is_shown_at_once_and_gone_at_once_when_taken_back(client):
    before = content_state()
    correction = make_correction(make_topic())
    assert (len(lines(client)), content_state() == before) == (1, False)
    report = correction.report
    report.state = "checking"
    report.handle(report.handled_by)
    assert lines(client) == []


def test_a_report_alone_changes_nothing_that_pages_are_made_of(client):
    topic = make_topic()
    before = content_state()
    ErrorReport(record=topic, language="vi", text="Sai năm, phải là 2026.").save()
    assert content_state() == before


def test_the_log_takes_as_many_queries_for_many_lines(client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as taken:
            client.get("/en/corrections/", headers={"Cache-Control": "no-cache"})
        return len(taken)

    make_correction(make_topic())
    make_correction(make_decision())
    make_note(make_topic(), 1, "Note")
    client.get("/en/corrections/")
    make_topic()  # a change: nothing that was kept is of use
    few = queries()
    for _ in range(4):
        make_correction(make_topic())
        make_correction(make_decision())
        make_note(make_topic(), 1, "Note")
    assert queries() == few
    assert few <= 15


def test_the_feed_of_changes_tells_of_corrections(client):
    make_correction(make_topic(name_vi="Trí tuệ nhân tạo"), 3)
    make_note(make_topic(name_vi="Lượng tử"), 6, "Đã sửa tên.")
    entries = feedparser.parse(client.get("/vi/changes.atom?kind=corrected").content).entries
    assert [(entry.title, entry.summary) for entry in entries] == [
        ("Chủ đề: Lượng tử", "Đã sửa tên."),
        ("Chủ đề: Trí tuệ nhân tạo", "Đã sửa năm."),
    ]


def test_the_log_is_found_from_every_page_and_in_the_sitemap(client):
    assert page(client, "/vi/").select('footer a[href="/vi/corrections/"]')
    assert "/vi/corrections/" in client.get("/sitemap.xml").content.decode()
