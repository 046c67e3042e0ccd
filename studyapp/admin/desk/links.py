"""The links that people and panels are given, with the panel's own placeholders filled in."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from studyapp.models import Study
from studyapp.participations.panels import PANELS, Panel
from studyapp.participations.sites import PARAMETER
from studyapp.studies.definition.study import study_definition
from studyapp.studies.rights import Act

from .frame import show, study_page

# What a panel replaces by a parameter's value when it sends a person.
PLACEHOLDERS = {
    "PROLIFIC_PID": "{{%PROLIFIC_PID%}}",
    "STUDY_ID": "{{%STUDY_ID%}}",
    "SESSION_ID": "{{%SESSION_ID%}}",
    "survey_code": "%SURVEY_CODE%",
}
# They add their parameters by themselves
ADDS_ITS_OWN = ("mturk", "connect")
NAMES = {
    "prolific": "Prolific",
    "mturk": "MTurk",
    "connect": "CloudResearch Connect",
    "sona": "SONA",
    "personal": "Personal links",
}
NOTES = {
    "prolific": "Paste it on Prolific as the study's URL, and choose “I'll use URL parameters”.",
    "mturk": "Use it unchanged in an ExternalQuestion: MTurk adds its own parameters.",
    "connect": "Use it unchanged as the Project Link: Connect adds its own parameters.",
    "personal": "Signed, so they can't be made up. “study invite {slug} --site …” prints them.",
    "sona": "Paste it on SONA as the study's URL.",
}


def _address(plain: str, name: str, panel: Panel, site: str) -> str:
    """A panel's link to a study, for one site where there are several."""
    keys = () if name in ADDS_ITS_OWN else (panel.person, *panel.details)
    filled = [f"{key}={PLACEHOLDERS.get(key, '…')}" for key in keys]
    query = "&".join([*([site] if site else []), *filled])
    return f"{plain}?{query}" if query else plain


@study_page(Act.LOOK)
def links(request: HttpRequest, study: Study) -> HttpResponse:
    definition = study_definition(study)
    plain = request.build_absolute_uri(reverse("entry", args=[study.slug]))
    sites = [(one.title, f"{PARAMETER}={one.name}") for one in definition.sites] or [("", "")]
    panels = [
        (f"{NAMES[name]}, {title}" if title else NAMES[name], _address(plain, name, panel, site),
         NOTES[name].format(slug=study.slug))
        for name, panel in PANELS.items()
        if definition.panel.kind in (name, "link")
        for title, site in sites
    ]  # fmt: skip
    codes = [(name.replace("_", " "), code) for name, code in definition.panel.codes]
    links = [(title, f"{plain}?{site}" if site else plain) for title, site in sites]
    context = {"links": links, "panels": panels, "codes": codes, "panel": definition.panel}
    return show(request, study, "links", context)
