"""Initiatives, plans, figures."""

from django.urls import path

from initiatives import views

urlpatterns = [
    path("initiatives/", views.InitiativeListView.as_view(), name="initiative_list"),
    path("initiatives/<slug:slug>/", views.InitiativeDetailView.as_view(), name="initiative"),
    path("plans/", views.PlanListView.as_view(), name="plan_list"),
    path("plans/<slug:slug>/", views.PlanDetailView.as_view(), name="plan"),
    path("figures/", views.FigureListView.as_view(), name="figure_list"),
]
