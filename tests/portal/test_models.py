from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from initiatives.models import Initiative
from meetings.models import VERBS_BY_LEVEL, Decision, Level, Verb
from portal.models import State
from tests.factories import make_body, make_decision, make_initiative, make_meeting, make_person

pytestmark = pytest.mark.django_db


def test_published_means_the_state_and_the_hour():
    shown = make_initiative()
    make_initiative(published_from=timezone.now() + timedelta(hours=1))
    for state in (State.DRAFT, State.IN_REVIEW, State.WITHDRAWN):
        make_initiative(state=state)
    assert list(Initiative.objects.published()) == [shown]


def test_a_decision_is_public_only_with_its_meeting():
    decision = make_decision()
    decision.meeting.state = State.DRAFT
    decision.meeting.save()
    assert not Decision.objects.published().exists()


@pytest.mark.parametrize("typed", ["an ninh mạng", "AN NINH MANG", "mang an", "cybersec", "an ninh ma\u0323ng"])
def test_search_finds_with_or_without_marks_in_both_languages(typed):
    found = make_initiative(name_vi="An ninh mạng khu vực", name_en="Regional cybersecurity")
    make_initiative(name_vi="Cáp biển", name_en="Submarine cables")
    assert list(Initiative.objects.search(typed)) == [found]


def test_text_is_stored_composed():
    body = make_body(name_vi="Nho\u0301m công tác")
    body.refresh_from_db()
    assert body.name_vi == "Nhóm công tác"


def test_a_slug_is_made_from_the_english_name_and_never_twice():
    slugs = [make_initiative(slug="", name_en="Digital Outlook").slug for _ in range(3)]
    assert slugs == ["digital-outlook", "digital-outlook-2", "digital-outlook-3"]


def test_a_slug_from_a_vietnamese_name_keeps_the_d():
    assert make_body(slug="", name_en="", name_vi="Đội ứng cứu").slug == "doi-ung-cuu"


def test_every_verb_has_a_level_and_the_database_computes_it():
    assert {verb for verbs in VERBS_BY_LEVEL.values() for verb in verbs} == set(Verb)
    noted = make_decision(verb=Verb.NOTED)
    noted.refresh_from_db()
    assert (noted.level, noted.firmness) == (Level.TAKES_NOTE, 4)


def test_a_meeting_cannot_end_before_it_starts():
    meeting = make_meeting()
    meeting.end = meeting.start - timedelta(days=1)
    with pytest.raises(ValidationError, match=r"."):
        meeting.full_clean()
    with pytest.raises(IntegrityError):
        meeting.save()


def test_a_number_is_given_once_in_a_series():
    first = make_meeting(number=6)
    with pytest.raises(IntegrityError):
        make_meeting(series=first.series, number=6)


def test_a_person_stands_for_a_country_or_a_body_not_both():
    person = make_person()
    person.body = make_body()
    with pytest.raises(IntegrityError):
        person.save()


def test_years_lie_in_range():
    with pytest.raises(IntegrityError):
        make_initiative(start_year=1066)


def test_the_label_of_a_meeting_is_the_short_name_of_its_series_and_number():
    series = make_body(slug="adgmin", acronym="ADGMIN")
    assert make_meeting(slug="adgmin-6", series=series, number=6).label == "ADGMIN 6"
    retreat = make_meeting(slug="adgmin-retreat-7", series=series, number=7, name_en="Retreat")
    assert retreat.label == retreat.name
