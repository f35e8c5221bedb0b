"""Small factories with complete defaults: `make_meeting(name_vi="…")` and nothing else to say.

Every record is published, has both languages and a slug of its own. Relations to
many are given as lists: `make_initiative(decisions=[decision])`.
"""

from datetime import date
from itertools import count

from initiatives.models import (
    Discrepancy,
    Indicator,
    IndicatorKind,
    Initiative,
    InitiativeStatus,
    Milestone,
    Observation,
    ObservationKind,
    Plan,
    PlanItem,
    PlanItemKind,
    PlanKind,
    PlanStatus,
    Version,
)
from meetings.models import (
    Decision,
    Meeting,
    MeetingStatus,
    Person,
    Session,
    SessionKind,
    Statement,
    Verb,
)
from portal.models import (
    Body,
    BodyKind,
    BodyStatus,
    Country,
    Direction,
    Document,
    DocumentKind,
    Reliability,
    Source,
    State,
    Topic,
    UnverifiedItem,
    UnverifiedKind,
    UnverifiedReason,
)

numbers = count(1)


def create(model, defaults: dict, given: dict):
    """A row from the defaults and what is given; lists are set after it is saved."""
    values = defaults | given
    to_many = {name: values.pop(name) for name in list(values) if model._meta.get_field(name).many_to_many}
    row = model(**values)
    row.save()
    for name, related in to_many.items():
        getattr(row, name).set(related)
    return row


def record(kind: str) -> dict:
    return {"slug": f"{kind}-{next(numbers)}", "state": State.PUBLISHED}


def free_code() -> str:
    """Two capital letters no country has yet."""
    taken = set(Country.objects.values_list("code", flat=True))
    codes = (f"{first}{second}" for first in "QXZABCD" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return next(code for code in codes if code not in taken)


def make_source(**given) -> Source:
    number = next(numbers)
    defaults = record("source") | {
        "title": f"Joint media statement {number}",
        "publisher": "ASEAN",
        "url": f"https://example.org/source-{number}",
        "language": "en",
        "reliability": Reliability.PRIMARY,
    }
    return create(Source, defaults, given)


def make_country(**given) -> Country:
    code = given.get("code") or free_code()
    defaults = record("country") | {
        "slug": code.lower(),
        "code": code,
        "name_vi": f"Nước {code}",
        "name_en": f"Country {code}",
        "official_name_vi": f"Cộng hòa {code}",
        "official_name_en": f"Republic of {code}",
        "capital_vi": "Thủ đô",
        "capital_en": "Capital City",
        "joined_on": date(1995, 7, 28),
        "ministry_vi": "Bộ Số",
        "ministry_en": "Ministry of Digital Affairs",
    }
    return create(Country, defaults, given)


def make_body(**given) -> Body:
    number = next(numbers)
    defaults = record("body") | {
        "name_vi": f"Nhóm công tác {number}",
        "name_en": f"Working group {number}",
        "kind": BodyKind.WORKING_GROUP,
        "status": BodyStatus.ACTIVE,
        "mandate_vi": "Điều phối hợp tác số.",
        "mandate_en": "Coordinates digital cooperation.",
    }
    return create(Body, defaults, given)


def make_direction(**given) -> Direction:
    """One of eight; there is no ninth."""
    taken = set(Direction.objects.values_list("number", flat=True))
    defaults = record("direction") | {
        "number": next((n for n in range(1, 9) if n not in taken), 8),
        "name_vi": "Từ kết nối sang đồng kiến tạo",
        "name_en": "From connecting to creating together",
        "moves_from_vi": "kết nối",
        "moves_from_en": "connecting",
        "moves_to_vi": "đồng kiến tạo",
        "moves_to_en": "creating together",
        "detail_vi": "Chi tiết của định hướng.",
        "detail_en": "The direction in detail.",
    }
    return create(Direction, defaults, given)


def make_topic(**given) -> Topic:
    number = next(numbers)
    defaults = record("topic") | {"name_vi": f"An ninh mạng {number}", "name_en": f"Cybersecurity {number}"}
    return create(Topic, defaults, given)


def make_document(**given) -> Document:
    number = next(numbers)
    defaults = record("document") | {
        "title_vi": f"Tuyên bố {number}",
        "title_en": f"Declaration {number}",
        "kind": DocumentKind.DECLARATION,
    }
    return create(Document, defaults, given)


def make_unverified_item(**given) -> UnverifiedItem:
    number = next(numbers)
    defaults = {
        "slug": f"unverified-{number}",
        "kind": UnverifiedKind.INITIATIVE,
        "reason": UnverifiedReason.NAME_ONLY,
        "subject_vi": f"Điều chưa kiểm chứng {number}",
        "subject_en": f"Unverified matter {number}",
        "note": "Seen once.",
    }
    return create(UnverifiedItem, defaults, given)


def make_person(**given) -> Person:
    number = next(numbers)
    defaults = record("person") | {
        "name": f"Nguyễn Văn {number}",
        "role_vi": "Bộ trưởng",
        "role_en": "Minister",
    }
    if "country" not in given and "body" not in given:
        defaults["country"] = make_country()
    return create(Person, defaults, given)


def make_meeting(**given) -> Meeting:
    number = next(numbers)
    defaults = record("meeting") | {
        "name_vi": f"Hội nghị Bộ trưởng Số ASEAN lần thứ {number}",
        "name_en": f"ASEAN Digital Ministers’ Meeting {number}",
        "start": date(2026, 1, 15),
        "end": date(2026, 1, 16),
        "timezone": "Asia/Ho_Chi_Minh",
        "status": MeetingStatus.HELD,
        "summary_vi": "Các bộ trưởng đã họp.",
        "summary_en": "The ministers met.",
    }
    if "series" not in given:
        defaults["series"] = make_body(kind=BodyKind.MINISTERIAL)
    return create(Meeting, defaults, given)


def make_session(**given) -> Session:
    number = next(numbers)
    defaults = record("session") | {
        "kind": SessionKind.PLENARY,
        "name_vi": f"Phiên toàn thể {number}",
        "name_en": f"Plenary {number}",
        "date": date(2026, 1, 15),
        "summary_vi": "Phiên họp.",
        "summary_en": "The session.",
    }
    if "meeting" not in given:
        defaults["meeting"] = make_meeting()
    return create(Session, defaults, given)


def make_statement(**given) -> Statement:
    number = next(numbers)
    defaults = record("statement") | {
        "order": number,
        "text_vi": f"Phát biểu {number}: cần hợp tác.",
        "text_en": f"Statement {number}: cooperation is needed.",
    }
    if "meeting" not in given:
        defaults["meeting"] = make_meeting()
    if "person" not in given:
        defaults["person"] = make_person()
    return create(Statement, defaults, given)


def make_decision(**given) -> Decision:
    number = next(numbers)
    defaults = record("decision") | {
        "order": number,
        "verb": Verb.ADOPTED,
        "text_vi": f"Thông qua kế hoạch {number}.",
        "text_en": f"Adopted plan {number}.",
    }
    if "meeting" not in given:
        defaults["meeting"] = make_meeting()
    return create(Decision, defaults, given)


def make_plan(**given) -> Plan:
    number = next(numbers)
    defaults = record("plan") | {
        "name_vi": f"Kế hoạch tổng thể {number}",
        "name_en": f"Master plan {number}",
        "kind": PlanKind.MASTERPLAN,
        "status": PlanStatus.IN_FORCE,
        "start_year": 2026,
        "end_year": 2030,
        "summary_vi": "Tóm tắt kế hoạch.",
        "summary_en": "What the plan says.",
    }
    return create(Plan, defaults, given)


def make_plan_item(**given) -> PlanItem:
    number = next(numbers)
    defaults = {
        "code": f"DO{number}",
        "kind": PlanItemKind.OUTCOME,
        "order": number,
        "name_vi": f"Kết quả mong muốn {number}",
        "name_en": f"Desired outcome {number}",
    }
    if "plan" not in given:
        defaults["plan"] = make_plan()
    return create(PlanItem, defaults, given)


def make_initiative(**given) -> Initiative:
    number = next(numbers)
    defaults = record("initiative") | {
        "name_vi": f"Sáng kiến {number}",
        "name_en": f"Initiative {number}",
        "summary_vi": "Tóm tắt sáng kiến.",
        "summary_en": "What the initiative does.",
        "status": InitiativeStatus.ONGOING,
    }
    return create(Initiative, defaults, given)


def make_milestone(**given) -> Milestone:
    defaults = {
        "date": date(2026, 1, 16),
        "text_vi": "Đã thông qua.",
        "text_en": "Adopted.",
    }
    if "initiative" not in given:
        defaults["initiative"] = make_initiative()
    return create(Milestone, defaults, given)


def make_indicator(**given) -> Indicator:
    number = next(numbers)
    defaults = record("indicator") | {
        "name_vi": f"Kinh tế số {number}",
        "name_en": f"Digital economy {number}",
        "unit_vi": "tỷ đô la Mỹ",
        "unit_en": "US$ billion",
        "kind": IndicatorKind.CURRENCY,
    }
    return create(Indicator, defaults, given)


def make_observation(**given) -> Observation:
    defaults = {"year": 2025, "value": 300, "kind": ObservationKind.PROJECTED}
    if "indicator" not in given:
        defaults["indicator"] = make_indicator()
    return create(Observation, defaults, given)


def make_discrepancy(**given) -> Discrepancy:
    number = next(numbers)
    defaults = record("discrepancy") | {
        "subject_vi": f"Ngày họp {number}",
        "subject_en": f"Date of the meeting {number}",
        "choice_vi": "Theo nguồn chính thức.",
        "choice_en": "The official source is followed.",
    }
    return create(Discrepancy, defaults, given)


def make_version(**given) -> Version:
    number = next(numbers)
    defaults = {"order": number, "text_vi": "Một nguồn nói thế này.", "text_en": "One source says this."}
    if "discrepancy" not in given:
        defaults["discrepancy"] = make_discrepancy()
    return create(Version, defaults, given)
