"""What became of a participation, and what its panel is told of it: one code per outcome."""

from urllib.parse import quote

from django.db.models import F

from studyapp.models import Judgment, Participation, Stage, Status, StudyState
from studyapp.studies.definition import Definition, study_definition

BY_STATUS = {
    Status.ENTERED: "entered",
    Status.ACTIVE: "active",
    Status.DROPPED: "timed_out",
    Status.REFUSED: "no_consent",
    Status.SCREENED_OUT: "screened_out",
    Status.FULL: "full",
    Status.WITHDRAWN: "withdrawn",
}
# Those of which the study file may say what the panel is to be told
WITH_CODE = ("complete", "failed_checks", "no_consent", "screened_out", "full", "timed_out")


def outcome(person: Participation, definition: Definition) -> str:
    """One word for what became of `person`."""
    if person.status == Status.FINISHED:
        return "failed_checks" if has_failed_checks(person, definition) else "complete"
    if person.status == Status.ACTIVE and person.study.state == StudyState.CLOSED:
        return "timed_out"
    return BY_STATUS[Status(person.status)]


def has_failed_checks(person: Participation, definition: Definition) -> bool:
    """Whether so many instructed checks were failed as the study's exclusion rule says."""
    limit = definition.exclusions.failed_checks
    if limit is None:
        return False
    checks = Judgment.objects.filter(participation=person, trial__stage=Stage.CHECK)
    return checks.exclude(value=F("trial__expected")).count() >= limit


def panel_code(person: Participation, definition: Definition, *, seen: str | None = None) -> str:
    """The panel's code for the outcome `seen` (else for the person's own); "" where there is none.

    Who finished has the code that was given then.
    """
    if person.completion_code:
        return person.completion_code
    code = getattr(definition.panel.codes, seen or outcome(person, definition), None)
    return code or ""


def way_back(definition: Definition, code: str) -> str:
    """The panel's address for somebody with `code`; "" where the study has none."""
    redirect = definition.panel.redirect
    return f"{redirect}{quote(code)}" if redirect and code else ""


def code_at_the_end(person: Participation) -> str | None:
    """The panel's own code for somebody who has answered everything; None: one is drawn."""
    definition = study_definition(person.study)
    codes = definition.panel.codes
    if codes.failed_checks and has_failed_checks(person, definition):
        return codes.failed_checks
    return codes.complete
