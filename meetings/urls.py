"""Meetings, decisions, statements, people."""

from django.urls import path

from meetings import exports, views
from portal.exports import formats_of
from portal.tables import TABLES

urlpatterns = [
    *formats_of(TABLES["meetings"]),
    path("meetings.ics", exports.MeetingCalendar.as_view(), name="meetings_ics"),
    path("meetings/", views.MeetingListView.as_view(), name="meeting_list"),
    path("meetings/<slug:slug>/", views.MeetingDetailView.as_view(), name="meeting"),
    path("meetings/<slug:slug>.ics", exports.meeting_calendar, name="meeting_calendar"),
    path("bodies/<slug:slug>.ics", exports.body_calendar, name="body_calendar"),
    *formats_of(TABLES["decisions"]),
    path("decisions/", views.DecisionListView.as_view(), name="decision_list"),
    path("decisions/<slug:slug>/", views.DecisionDetailView.as_view(), name="decision"),
    *formats_of(TABLES["statements"]),
    path("statements/", views.StatementListView.as_view(), name="statement_list"),
    path("people/<slug:slug>/", views.PersonDetailView.as_view(), name="person"),
]
