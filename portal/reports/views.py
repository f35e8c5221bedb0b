"""The public pages: a form to report an error of a record, its thanks, and the log of corrections."""

from http import HTTPStatus

from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, ListView, TemplateView

from portal.index import content_state, kept
from portal.limits import seconds_left
from portal.reading import COME_BACK, OUTAGE, was_lost
from portal.reports.forms import AN_HOUR, ReportForm, may_report
from portal.reports.records import corrections_of, log_of_corrections, path_of, record_at
from portal.requests import is_from_own_page


@method_decorator(never_cache, name="dispatch")
class ReportView(FormView):
    """The only public page with a cookie: that of the token that guards its form."""

    template_name = "portal/report.html"
    form_class = ReportForm

    def dispatch(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        try:
            self.record = record_at(request.GET.get("record", ""))
            if self.record is None:
                raise Http404("There is no public record to report on.")
            return super().dispatch(request, *args, **kwargs)
        except OUTAGE as error:
            if request.method != "POST" or not was_lost(error):
                raise
            why = _(
                "The database that keeps reports does not answer. What you wrote stands below, "
                "and nowhere else: please send it again in a few minutes."
            )
            response = not_taken(request, HTTPStatus.SERVICE_UNAVAILABLE, why)
            response["Retry-After"] = str(COME_BACK)
            return response

    def get_form_kwargs(self) -> dict:
        return super().get_form_kwargs() | {"page": path_of(self.record)}

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(reported=self.record, **kwargs)

    def form_valid(self, form: ReportForm) -> HttpResponse:
        if not may_report(self.request):
            return self.too_many(form)
        report = form.save(commit=False)
        report.content_type = ContentType.objects.get_for_model(self.record)
        report.object_id, report.language = self.record.pk, get_language()
        report.save()
        return redirect(f"{reverse('report_thanks')}?{urlencode({'record': path_of(self.record)})}")

    def too_many(self, form: ReportForm) -> HttpResponse:
        """The form with the text as it was, to be sent again in the next hour."""
        form.add_error(None, _("Many reports came from your address. Please send this one in an hour."))
        return self.render_to_response(
            self.get_context_data(form=form), status=429, headers={"Retry-After": str(seconds_left(AN_HOUR))}
        )


def not_taken(request: HttpRequest, status: HTTPStatus, why: str) -> HttpResponse:
    """The text as it was, in a form that can be sent again; a page about the error alone would drop it."""
    typed = {name: request.POST.get(name, "") for name in ReportForm.base_fields}
    form = ReportForm(initial=typed, page=request.GET.get("record", ""))
    context = {"form": form, "status": status.value, "why": why}
    return render(request, "portal/report_not_taken.html", context, status=status)


def not_taken_without_token(request: HttpRequest) -> HttpResponse | None:
    """A report whose token is missing or too old; None for any other form, and for what another site sent."""
    if request.resolver_match.view_name != "report_error" or not is_from_own_page(request):
        return None
    why = _(
        "The cookie that guards this form is missing or was changed. What you wrote stands below: "
        "please send it again. If this page comes back, allow cookies for this site."
    )
    response = not_taken(request, HTTPStatus.FORBIDDEN, why)
    add_never_cache_headers(response)  # refused before the view, which else adds them
    return response


class ThanksView(TemplateView):
    template_name = "portal/report_thanks.html"

    def get_context_data(self, **kwargs) -> dict:
        return super().get_context_data(reported=record_at(self.request.GET.get("record", "")), **kwargs)


class CorrectionListView(ListView):
    """What was corrected in public records, the latest first."""

    template_name = "portal/corrections.html"
    paginate_by = 30

    def get_queryset(self) -> list[tuple]:
        """Its lines, kept for a state of the content: people write them one by one, and asking for them is dear."""
        return kept(content_state(), "log of corrections", lambda: list(log_of_corrections()))

    def get_context_data(self, **kwargs) -> dict:
        context = super().get_context_data(**kwargs)
        page, paginator = context["page_obj"], context["paginator"]
        return context | {
            "corrections": corrections_of(list(page.object_list)),
            "elided_pages": paginator.get_elided_page_range(page.number, on_each_side=2),
        }
