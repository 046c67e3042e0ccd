"""Every address of the site."""

from django.contrib import admin
from django.urls import path, register_converter

from studyapp.models.codes import PATTERN
from studyapp.views import (
    answers,
    entry,
    failures,
    health,
    login,
    panel_events,
    participation,
    pictures,
    previews,
    replay,
    waiting,
)


class CodeConverter:
    """An unguessable code in an address; any other text is no address of this site."""

    regex = PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CodeConverter, "code")

urlpatterns = [
    path("", entry.landing, name="landing"),
    path("s/<slug:slug>/", entry.entry, name="entry"),
    path("s/<slug:slug>/come/<str:token>", entry.entry, name="come"),
    path("s/<slug:slug>/again", entry.again, name="again"),
    path("p/<code:code>/", participation.participation, name="participation"),
    path("p/<code:code>/screening", participation.screening, name="screening"),
    path("p/<code:code>/language", participation.language, name="language"),
    path("p/<code:code>/consent", participation.consent, name="consent"),
    path("p/<code:code>/refuse", participation.refuse, name="refuse"),
    path("p/<code:code>/begin", participation.begin, name="begin"),
    path("p/<code:code>/resume", participation.resume, name="resume"),
    path("p/<code:code>/answer", answers.give_answer, name="answer"),
    path("p/<code:code>/wait", waiting.wait, name="wait"),
    path("p/<code:code>/stop-waiting", waiting.stop_waiting, name="stop_waiting"),
    path("p/<code:code>/withdraw", participation.withdraw, name="withdraw"),
    path("p/<code:code>/traces", participation.stop_traces, name="stop_traces"),
    path("p/<code:code>/about", participation.about, name="about"),
    path("p/<code:code>/<code:name>.png", pictures.picture, name="picture"),
    path("preview/", previews.preview_new, name="preview_new"),
    path("preview/<int:key>/", previews.preview_file, name="preview_file"),
    path("replay/<code:code>/<int:number>", replay.replay, name="replay"),
    path("o/<code:code>.png", pictures.desk_picture, name="desk_picture"),
    path("panels/prolific/", panel_events.prolific_event, name="prolific_event"),
    path("healthz", health.healthz, name="healthz"),
    path("admin/login/", login.login),
    path("admin/", admin.site.urls),
]

handler400 = failures.bad_request
handler403 = failures.forbidden
handler404 = failures.not_found
handler500 = failures.broken
