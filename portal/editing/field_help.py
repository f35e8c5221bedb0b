"""What is said beside a field of the editors' forms, and how long its text reads well.

Here and not in the models: a better word needs no migration. What every user of a model must know stays there.
"""

from django.db.models import Field
from django.utils.translation import gettext_lazy as _

CONFIDENCE = _(
    "High: a primary text, an official source or three secondary ones carry it. Medium: one or two secondary ones."
)
WITH_PRECISION = _("How much of the date is known: of a month or a year only that is shown, whatever day stands here.")
ITS_PLACE = _("Its place among the others; each place is taken once.")

# By model and field, or by field for every model.
HELP = {
    "acronym": _("As sources write it. Left empty where there is none."),
    "sources": _("Found by title, publisher or web address: paste the address. An unknown one can be added here."),
    "confidence": CONFIDENCE,
    "precision": WITH_PRECISION,
    "country.official_name": _("The full name of the state."),
    "country.code": _("Two capital letters of ISO 3166-1, such as VN."),
    "country.ministry": _("The ministry in charge of digital cooperation."),
    "country.joined_on": _("The day on which it became a member of ASEAN."),
    "body.kind": _("A series of meetings is a body too: meetings are filed under it."),
    "body.status": _("Proposed: somebody proposed it, no meeting has established it."),
    "body.parent": _("The body that it answers to."),
    "body.lead_country": _("Chair, host or initiator; the note says which."),
    "body.successor": _("The body that took over its work."),
    "body.mandate": _("What it does, or the part it plays."),
    "direction.moves_from": _("What is to be left behind, as the proposal says it."),
    "direction.moves_to": _("What is to come, as the proposal says it."),
    "document.url": _("Where the document itself can be read. Empty where only others report of it."),
    "source.title": _("As the page has it, in its own language; never translated."),
    "source.publisher": _("Who answers for the page, as it calls itself."),
    "source.url": _("The whole address of the page. A source is registered once."),
    "source.reliability": _(
        "Primary: official pages. Secondary: press, research, copies. Weak: pages that err elsewhere."
    ),
    "unverifieditem.reason": _("Why it is no record yet."),
    "person.name": _("As sources spell it; Vietnamese names with their marks."),
    "person.country": _("Whom the person speaks for: a country or a body, one of the two."),
    "person.body": _("Whom the person speaks for: a country or a body, one of the two."),
    "meeting.series": _("The body whose meetings these are, such as ADGMIN."),
    "meeting.number": _("Its number in the series: 6 for ADGMIN 6."),
    "meeting.name": _("The full name, with its number."),
    "meeting.theme": _("The motto as announced; empty where there is none."),
    "meeting.summary": _("Two to four sentences in our own words; every fact from a source below."),
    "meeting.start": _("In the time zone of the place."),
    "meeting.end": _("The last day included; the first day again where there is only one."),
    "meeting.status": _("Held: it has taken place. Confirmed: its date is announced. Planned: it is expected."),
    "meeting.chair": _("Co-chairs of a partner are named in the summary."),
    "meeting.part_of": _("The larger meeting in whose week it was held."),
    "meeting.documents": _("Only what was adopted or launched there; others are found by what they concern."),
    "session.summary": _("Who met about what, in one or two sentences."),
    "session.order": _("Its place in the programme of the week."),
    "statement.text": _("What the speaker said, in our own words and no stronger."),
    "statement.order": ITS_PLACE,
    "statement.session": _("Where in the meeting it was said, if that is known."),
    "decision.verb": _("The verb of the source, never a stronger one: what was noted was not adopted."),
    "decision.text": _("What the meeting did, in our own words; its verb says no more than the one above."),
    "decision.bodies": _("Bodies that the decision sets up, charges or names."),
    "plan.predecessor": _("The plan that it continues."),
    "plan.summary": _("What the plan is for, in our own words; every fact from a source below."),
    "plan.adopted_on": _("The day on which it was adopted; its precision beside it."),
    "planitem.order": ITS_PLACE,
    "initiative.name": _("As its own texts call it, without the acronym."),
    "initiative.summary": _("One to three sentences in our own words; every fact from a source below."),
    "initiative.status": _("As the last milestone leaves it. A yearly work plan is completed when its year is over."),
    "initiative.lead_body": _("Who answers for the work, as a source says."),
    "initiative.plan_basis": _("Whether a source ties it to the plan, or the editors filed it there."),
    "initiative.decisions": _("Decisions that set it up, approve it or speak of it."),
    "initiative.website": _("Its own pages; what others write of it is a source."),
    "milestone.status": _("Only where the initiative enters a new state with it."),
    "milestone.text": _("What happened, in one sentence."),
    "indicator.unit": _("What the figures count, such as million people."),
    "observation.kind": _("Actual: measured. Set: fixed by a decision. Target: aimed at. Projected: expected."),
    "observation.qualifier": _("The word before the figure in the source, such as “more than”."),
    "observation.statement": _("The statement in which somebody gave the figure."),
    "discrepancy.subject": _("What the sources disagree about, in a few words."),
    "discrepancy.choice": _("Which version the register follows, and why."),
    "version.text": _("What one of them says."),
}

# Characters up to which a text reads well where it is listed; longer ones are allowed.
READS_WELL = {
    "body.mandate": 160,
    "direction.detail": 140,
    "meeting.summary": 500,
    "session.summary": 250,
    "statement.text": 200,
    "decision.text": 220,
    "plan.summary": 350,
    "initiative.summary": 300,
    "milestone.text": 120,
    "discrepancy.choice": 140,
    "version.text": 90,
}


def name_of(field: Field) -> str:
    """`initiative.summary`, whichever of the two languages the field is of."""
    return f"{field.model._meta.model_name}.{own_name(field)}"


def own_name(field: Field) -> str:
    return getattr(field, "translated_field", field).name


def help_of(field: Field) -> str:
    """What the form says beside the field; the model's own words come first."""
    return field.help_text or HELP.get(name_of(field)) or HELP.get(own_name(field), "")


def reads_well(field: Field) -> int | None:
    return READS_WELL.get(name_of(field))
