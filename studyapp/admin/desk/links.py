"""The links that people and panels are given, with the panel's own placeholders filled in."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from studyapp.models import Study
from studyapp.participations.panels import PANELS
from studyapp.studies.definition import study_definition
from studyapp.studies.rights import Act

from .frame import show, study_page

# What a panel puts in the place of a parameter when it sends somebody.
PLACEHOLDERS = {
    "PROLIFIC_PID": "{{%PROLIFIC_PID%}}",
    "STUDY_ID": "{{%STUDY_ID%}}",
    "SESSION_ID": "{{%SESSION_ID%}}",
    "participant": "NAME",
}
NOTES = {
    "prolific": "Paste it as the study's address on Prolific, with “I'll use URL parameters”.",
    "mturk": "Give it to an external question as it is: MTurk adds its own parameters.",
    "personal": "One link a person: write a pseudonym of your own in the place of NAME.",
}


@study_page(Act.LOOK)
def links(request: HttpRequest, study: Study) -> HttpResponse:
    definition = study_definition(study)
    plain = request.build_absolute_uri(reverse("entry", args=[study.slug]))
    panels = [
        (name, _address(plain, name, parameters), NOTES.get(name, ""))
        for name, parameters in PANELS.items()
    ]
    codes = [(name.replace("_", " "), code) for name, code in definition.panel.codes]
    context = {"plain": plain, "panels": panels, "codes": codes, "panel": definition.panel}
    return show(request, study, "links", context)


def _address(plain: str, panel: str, parameters: tuple[str, tuple[str, ...]]) -> str:
    if panel == "mturk":
        return plain
    first, others = parameters
    filled = [f"{name}={PLACEHOLDERS.get(name, 'NAME')}" for name in (first, *others)]
    return f"{plain}?{'&'.join(filled)}"
