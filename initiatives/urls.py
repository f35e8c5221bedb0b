"""Initiatives, plans, figures."""

from django.urls import path

from initiatives import views
from portal.exports import formats_of
from portal.tables import TABLES

urlpatterns = [
    *formats_of(TABLES["initiatives"]),
    path("initiatives/", views.InitiativeListView.as_view(), name="initiative_list"),
    path("initiatives/<slug:slug>/", views.InitiativeDetailView.as_view(), name="initiative"),
    *formats_of(TABLES["plans"]),
    path("plans/", views.PlanListView.as_view(), name="plan_list"),
    path("plans/<slug:slug>/", views.PlanDetailView.as_view(), name="plan"),
    *formats_of(TABLES["figures"]),
    path("figures/", views.FigureListView.as_view(), name="figure_list"),
]
