"""A draft's study file, edited at the desk: checked as it is sent, with each mistake's line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from studyapp.admin.workspace import text_names
from studyapp.models import StimulusRole, Study
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.definition.file import Told, json_schema
from studyapp.studies.definition.study import digest_of
from studyapp.studies.editing import (
    EditedMeanwhile,
    Version,
    changes,
    check_version,
    hindrance,
    people_of_pilots,
    save_version,
    stored_version,
)
from studyapp.studies.lifecycle import LifecycleError
from studyapp.studies.loading import LoadingError
from studyapp.studies.rights import Act

from .frame import confirm, maker, page_of, record, show, study_page

# Lines shown before and after one that is complained of
AROUND = 2


@dataclass(frozen=True)
class Complaint:
    """What is wrong at a line, with the lines around it: number, words, whether it is the one."""

    line: int
    sentence: str
    lines: tuple[tuple[int, str, bool], ...]


@study_page(Act.EDIT)
def study_file(request: HttpRequest, study: Study) -> HttpResponse:
    """The file and its texts (GET); checked or saved (POST), and shown again where that fails."""
    if why := hindrance(study):
        return show(request, study, "file", {"hindrance": why})
    if request.method != "POST":
        stored = stored_version(study)
        return _shown(request, study, stored, before=stored.digest())
    version, before = Version.of_form(request.POST), request.POST.get("before", "")
    do = request.POST.get("do")
    if do == "edit":  # instead of saving what would delete answers
        return _shown(request, study, version, before=before)
    definition, told = check_version(study, version)
    if definition is None:
        return _shown(request, study, version, before=before, told=told)
    if do != "save":
        messages.success(request, "The study file is well formed.")
        return _shown(request, study, version, before=before)
    people = people_of_pilots(study)
    if people and changes(study, definition) and request.POST.get("people") != str(people):
        return _confirm(request, study, version, before=before, people=people)
    return _saved(request, study, version, before)


@study_page(Act.EDIT)
def file_check(request: HttpRequest, study: Study) -> JsonResponse:
    """What is wrong with the file that the editor holds (POST), or with the stored one."""
    version = Version.of_form(request.POST) if request.method == "POST" else stored_version(study)
    return complaints_as_json(check_version(study, version)[1])


def complaints_as_json(told: list[Told]) -> JsonResponse:
    return JsonResponse({"complaints": [one._asdict() for one in told]})


def file_words(request: HttpRequest) -> JsonResponse:
    """What the editor completes and explains: the schema, and the catalogue's methods and
    networks. Nothing of it belongs to a study."""
    methods = {
        name: {key: one[key] for key in ("formula", "paper", "cost", "settings")}
        for name, one in catalogue()["methods"].items()
    }
    networks = {
        name: {key: one[key] for key in ("weights", "options")}
        for name, one in catalogue()["networks"].items()
    }
    return JsonResponse({"schema": json_schema(), "methods": methods, "networks": networks})


def _confirm(
    request: HttpRequest, study: Study, version: Version, *, before: str, people: int
) -> HttpResponse:
    """Ask before the answers of so many people of pilots are deleted; the version goes along."""
    who = "1 person" if people == 1 else f"{people} people"
    hidden = [
        ("toml", version.toml),
        *((f"text-{name}", words) for name, words in version.texts.items()),
        ("before", before),
        ("people", people),
        # The button that goes back stands after it, so that its value is the one that counts.
        ("do", "save"),
    ]
    return confirm(
        request,
        study,
        f"{study.slug}: save the changed file?",
        f"{who} took part in a pilot of the study as it was. All pilots are deleted, with every "
        "answer given in them. This cannot be undone: to keep them, go back, and export them "
        "first.",
        "The study is a draft again and has to be prepared again.",
        button="Save, and delete the pilots",
        hidden=hidden,
        back="",
    )


def _saved(request: HttpRequest, study: Study, version: Version, before: str) -> HttpResponse:
    old = digest_of(study.definition)
    try:
        study = save_version(study, version, before=before, by=maker(request))
    except EditedMeanwhile:
        theirs = stored_version(study)
        return _shown(request, study, version, before=theirs.digest(), theirs=theirs)
    except (LifecycleError, LoadingError) as error:
        return _shown(request, study, version, before=before, told=[Told(0, str(error))])
    new = digest_of(study.definition)
    what = "the definition is the same" if old == new else f"definition {old[:12]} → {new[:12]}"
    record(request, study, f"study file edited: {what}")
    done = f"The study file was saved{'' if old == new else '. Next: prepare the study'}."
    messages.success(request, done)
    return HttpResponseRedirect(page_of(study, "study_file"))


def _shown(
    request: HttpRequest,
    study: Study,
    version: Version,
    *,
    before: str,
    told: list[Told] | None = None,
    theirs: Version | None = None,
) -> HttpResponse:
    """`theirs`: what somebody else has saved since this version was begun."""
    names = [*text_names(version.toml), *version.texts]
    context: dict[str, Any] = {
        "version": version,
        "before": before,
        "texts": [(name, version.texts.get(name, "")) for name in dict.fromkeys(names)],
        "complaints": list(_complaints(version.toml, told or [])),
        "theirs": theirs,
        "their_texts": _other_texts(version, theirs) if theirs else [],
        "is_preparing": study.preparing_since is not None,
        "copies": study.copies.count(),
        "pilot_people": people_of_pilots(study),
        "dropped": study.stimuli.filter(role=StimulusRole.DROPPED).count(),
    }
    return show(request, study, "file", context, status=409 if theirs else 400 if told else 200)


def _complaints(toml: str, told: list[Told]) -> Iterator[Complaint]:
    lines = toml.split("\n")
    for line, sentence in told:
        shown = range(max(line - AROUND, 1), min(line + AROUND, len(lines)) + 1) if line else ()
        yield Complaint(line, sentence, tuple((n, lines[n - 1], n == line) for n in shown))


def _other_texts(version: Version, theirs: Version) -> list[tuple[str, str]]:
    return [(name, words) for name, words in theirs.texts.items()
            if version.texts.get(name) != words]  # fmt: skip
