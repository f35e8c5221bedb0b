"""What editors see of the links: a column, a line in the form. The filter is in `portal.list_filters`."""

from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.links.models import Outcome, SourceCheck


class LinkMixin:
    """Of records with a web address: whether it answered when it was last asked (`check_links`)."""

    def get_queryset(self, request):
        checks = SourceCheck.objects.filter(url=OuterRef("url"))
        return super().get_queryset(request).annotate(link_outcome=Subquery(checks.values("outcome")[:1]))

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "link_check"]

    @admin.display(description=_("link"), ordering="link_outcome")
    def link(self, record) -> str | None:
        return Outcome(record.link_outcome).label if record.link_outcome else None

    @admin.display(description=_("last check of the address"))
    def link_check(self, record) -> str:
        check = SourceCheck.objects.filter(url=record.url).first() if record.url else None
        if check is None:
            return gettext("not asked yet")
        dates = [date_format(localtime(moment), "SHORT_DATE_FORMAT") for moment in (check.checked, check.since)]
        words = {"outcome": check.get_outcome_display(), "what": check.what, "checked": dates[0], "since": dates[1]}
        line = gettext("%(checked)s: %(outcome)s (%(what)s), so since %(since)s") % words
        leads = gettext("It leads to %(address)s.") % {"address": check.redirect} if check.redirect else ""
        return f"{line}. {leads}".strip()
