"""A draft is nowhere: not on its own page, not on any other, in neither language."""

from functools import partial

import pytest

from portal.models import PendingVersion, Source, State
from portal.sync.values import is_text
from portal.workflow.content import rows_of, said_fields
from portal.workflow.pending import change_as_pending
from tests.editors import make_member
from tests.web import API, FORMATS, LISTS, make_web, mark, own_pages, text_of

KINDS = [
    *("source", "country", "body", "direction", "topic", "document", "person", "meeting", "session", "statement"),
    *("decision", "plan", "initiative", "indicator", "discrepancy"),
]

pytestmark = pytest.mark.django_db


def public_texts(client, web) -> dict[str, str]:
    """What every public page and export says, by its address."""
    own = own_pages(web)
    calendars = [f"{own[kind].removesuffix('/')}.ics?sessions=1" for kind in ("meeting", "body")]
    histories = [f"{path}history/" for path in own.values()]
    paths = [*LISTS, *own.values(), *histories, *FORMATS, *calendars]
    answers = {f"/{language}/{path}": client.get(f"/{language}/{path}") for language in ("vi", "en") for path in paths}
    answers |= {path: client.get(path) for path in API}
    assert {answer.status_code for answer in answers.values()} <= {200, 404}
    return {path: text_of(answer) for path, answer in answers.items()}


def pages_with(client, web, word: str) -> set[str]:
    return {path for path, text in public_texts(client, web).items() if word in text}


def test_a_published_record_of_every_kind_is_shown(client):
    texts = public_texts(client, make_web()).values()
    assert [kind for kind in KINDS if not any(mark(kind) in text for text in texts)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_is_nowhere(client, kind):
    web = make_web()
    type(web[kind][0]).objects.filter(pk=web[kind][0].pk).update(state=State.DRAFT)
    assert pages_with(client, web, mark(kind)) == set()


@pytest.mark.parametrize("path", [*FORMATS, "bodies/adgmin.ics?sessions=1"])
def test_every_export_shows_what_is_public(client, path):
    web = make_web()
    shown = text_of(client.get(f"/en/{path}"))
    is_list = path != "open-data.jsonld"
    assert any(mark(kind) in shown for kind in web) is is_list


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.WITHDRAWN])
def test_only_the_published_state_has_a_page_and_a_withdrawn_one_leaves_a_notice(client, state):
    web = make_web()
    for kind, path in own_pages(web).items():
        type(web[kind][0]).objects.filter(pk=web[kind][0].pk).update(state=state)
        assert client.get(f"/vi/{path}").status_code == (410 if state == State.WITHDRAWN else 404), kind


def test_a_pending_version_is_nowhere(client):
    """Every text of every record is another in its pending version; nothing public says it."""
    web = make_web()
    author = make_member("editor")
    for kind in KINDS:
        change_as_pending(author, web[kind][0], partial(say_otherwise, web[kind][0]))
    assert PendingVersion.objects.count() == len(KINDS)
    before = public_texts(client, web)
    assert {path for path, text in before.items() if OTHERWISE in text} == set()
    assert [kind for kind in KINDS if not any(mark(kind) in text for text in before.values())] == []


OTHERWISE = "QqpendingqQ"


def say_otherwise(record) -> None:
    for row in [record, *(row for model, rows in rows_of(record) for row in rows)]:
        for name, field in said_fields(type(row)).items():
            if is_text(field) and not field.choices and field.max_length is None or field.name.startswith("name"):
                setattr(row, name, OTHERWISE)
        if isinstance(row, Source):
            row.title = OTHERWISE
        row.save()


def test_a_record_waits_for_its_hour(client, settings):
    web = make_web()
    type(web["initiative"][0]).objects.update(published_from="2999-01-01T00:00:00Z")
    assert pages_with(client, web, mark("initiative")) == set()


def test_a_draft_cannot_be_asked_for_by_a_filter(client):
    web = make_web()
    country = web["country"][0]
    type(country).objects.filter(pk=country.pk).update(state=State.DRAFT)
    answer = client.get(f"/en/initiatives/?country={country.slug}").content.decode()
    assert "Unknown value" in answer
    assert mark("country") not in answer


def test_a_search_does_not_find_a_draft(client):
    web = make_web()
    found = client.get(f"/en/initiatives/?q={mark('initiative')}").content.decode()
    assert web["initiative"][0].get_absolute_url().removeprefix("/vi") in found
    type(web["initiative"][0]).objects.update(state=State.DRAFT)
    hidden = client.get(f"/en/initiatives/?q={mark('initiative')}").content.decode()
    assert web["initiative"][0].get_absolute_url().removeprefix("/vi") not in hidden
