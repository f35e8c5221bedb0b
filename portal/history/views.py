"""The public page of a record's history."""

from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.generic import ListView

from portal.history.public import PublicChange, public_history
from portal.models import Editorial


class RecordHistoryView(ListView):
    """The public changes of one public record, the newest first; anything else is 404."""

    template_name = "portal/record_history.html"
    context_object_name = "changes"
    paginate_by = 20
    model: type[Editorial]

    def get_queryset(self) -> list[PublicChange]:
        self.record = get_object_or_404(self.model.objects.published(), slug=self.kwargs["slug"])
        return public_history(self.record)

    def get_context_data(self, **kwargs) -> dict:
        name = getattr(self.record, "code", "") or str(self.record)  # a decision is quoted by its code
        context = super().get_context_data(record=self.record, name=name, **kwargs)
        context["elided_pages"] = context["paginator"].get_elided_page_range(context["page_obj"].number, on_each_side=2)
        return context


def history_pages(records: dict[str, type[Editorial]]) -> list[URLPattern]:
    """The history stands below the page of its record; `records` by the folder of their pages."""
    return [
        path(
            f"{folder}/<slug:slug>/history/",
            RecordHistoryView.as_view(model=model),
            name=f"{model._meta.model_name}_history",
        )
        for folder, model in records.items()
    ]
