"""Every address of the site."""

from django.contrib import admin
from django.urls import path

from studyapp.views import entry, health, participation, pictures

urlpatterns = [
    path("", entry.landing, name="landing"),
    path("s/<slug:slug>/", entry.entry, name="entry"),
    path("p/<str:code>/", participation.participation, name="participation"),
    path("p/<str:code>/consent", participation.consent, name="consent"),
    path("p/<str:code>/refuse", participation.refuse, name="refuse"),
    path("p/<str:code>/begin", participation.begin, name="begin"),
    path("p/<str:code>/resume", participation.resume, name="resume"),
    path("p/<str:code>/answer", participation.give_answer, name="answer"),
    path("p/<str:code>/withdraw", participation.withdraw, name="withdraw"),
    path("p/<str:code>/about", participation.about, name="about"),
    path("o/<str:code>.png", pictures.picture, name="picture"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]

handler404 = entry.not_found
