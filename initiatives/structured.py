"""Initiatives and plans in the words of schema.org."""

from django.utils.translation import gettext as _

from initiatives.models import Initiative, InitiativeStatus, Plan
from portal.dates import iso_date
from portal.structured import Thing, body_reference, body_references, describe, references


def fact(name: str, value: str) -> Thing:
    return {"@type": "PropertyValue", "name": name, "value": value}


def project(initiative: Initiative) -> Thing:
    """schema.org has no word for how far a project is, nor for a country that leads one."""
    is_over = initiative.status == InitiativeStatus.COMPLETED
    leads = [fact(_("Lead country"), country.name) for country in initiative.lead_countries.all()]
    return describe(
        "Project",
        initiative,
        alternateName=initiative.acronym,
        description=initiative.summary,
        foundingDate=str(initiative.start_year or ""),
        dissolutionDate=str(initiative.end_year or "") if is_over else "",
        parentOrganization=body_reference(initiative.lead_body),
        member=body_references(initiative.partners.all()),
        keywords=[topic.name for topic in initiative.topics.all()],
        sameAs=initiative.website,
        subjectOf=references("CreativeWork", initiative.documents.all()),
        additionalProperty=[fact(_("Status"), initiative.get_status_display()), *leads],
    )


def years(plan: Plan) -> str:
    """The period as an ISO 8601 interval, open where an end is not known."""
    if not plan.start_year and not plan.end_year:
        return ""
    return f"{plan.start_year or '..'}/{plan.end_year or '..'}"


def work(plan: Plan) -> Thing:
    return describe(
        "CreativeWork",
        plan,
        alternateName=plan.acronym,
        description=plan.summary,
        genre=plan.get_kind_display(),
        creativeWorkStatus=plan.get_status_display(),
        datePublished=iso_date(plan.adopted_on, plan.precision or "day"),
        temporalCoverage=years(plan),
        workExample=references("CreativeWork", plan.documents.all()),
    )
