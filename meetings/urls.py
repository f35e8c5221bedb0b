"""Meetings, decisions, statements, people."""

from django.urls import path

from meetings import exports, views

urlpatterns = [
    path("meetings/", views.MeetingListView.as_view(), name="meeting_list"),
    path("meetings/<slug:slug>/", views.MeetingDetailView.as_view(), name="meeting"),
    path("meetings/<slug:slug>.ics", exports.meeting_calendar, name="meeting_calendar"),
    path("decisions/", views.DecisionListView.as_view(), name="decision_list"),
    path("decisions/<slug:slug>/", views.DecisionDetailView.as_view(), name="decision"),
    path("statements/", views.StatementListView.as_view(), name="statement_list"),
    path("people/<slug:slug>/", views.PersonDetailView.as_view(), name="person"),
]
