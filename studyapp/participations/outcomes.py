"""What became of a participation, and what its panel is told of it: one code per outcome.

Instructed checks, comprehension questions and practice that must be passed decide `failed_checks`.
Trials asked again, A = A and artefact trials never do: they are main trials.
"""

from urllib.parse import quote

from studyapp.models import LEFT, Participation, Status, StudyState
from studyapp.studies.definition.panels import CODE_PLACE
from studyapp.studies.definition.study import Definition, study_definition

from .panels import PANELS

BY_STATUS = {
    Status.ENTERED: "entered",
    Status.ACTIVE: "active",
    Status.DROPPED: "timed_out",
    Status.REFUSED: "no_consent",
    Status.SCREENED_OUT: "screened_out",
    Status.FULL: "full",
    Status.WITHDRAWN: "withdrawn",
}


def outcome(person: Participation, definition: Definition) -> str:
    """One word for what became of `person`."""
    if person.status == Status.FINISHED:
        return "failed_checks" if has_failed_checks(person, definition) else "complete"
    if person.status == Status.SCREENED_OUT and person.consented_at is not None:
        # Screening comes before consent; after it comprehension or practice was not passed.
        return "failed_checks"
    if person.status == Status.ACTIVE and person.study.state == StudyState.CLOSED:
        return "timed_out"
    return BY_STATUS[Status(person.status)]


def too_many_failed(definition: Definition) -> int | None:
    """How many failed instructed checks make a finished person fail: as many as the study's
    exclusion rule says, at least as many as its panel asks for; None without a rule."""
    limit = definition.exclusions.failed_checks
    if limit is None or definition.panel.kind not in PANELS:
        return limit
    return max(limit, PANELS[definition.panel.kind].fewest_failed_checks)


def has_failed_checks(person: Participation, definition: Definition) -> bool:
    """Whether `person` failed too many instructed checks."""
    limit = too_many_failed(definition)
    return limit is not None and person.judgments.failed_checks().count() >= limit


def panel_code(person: Participation, definition: Definition, *, seen: str | None = None) -> str:
    """The panel's code for the outcome `seen` (else for the person's own); "" if there is none.

    A person who finished keeps the code that was given then.
    """
    if person.completion_code:
        return person.completion_code
    codes, what = definition.panel.codes, seen or outcome(person, definition)
    if what == "failed_checks" and codes.failed_checks is None:
        what = "screened_out"
    return getattr(codes, what, None) or ""


def came_again(person: Participation) -> bool:
    """Whether a person who had finished came in a further session of the panel, which must not be
    paid for what they did in an earlier one."""
    end = person.finished_at
    if person.status == Status.SCREENED_OUT:
        ends = person.events.filter(kind=LEFT[Status.SCREENED_OUT])
        end = ends.values_list("at", flat=True).last()
    return end is not None and person.visits.filter(arrived_at__gt=end).exclude(session="").exists()


def way_back(definition: Definition, code: str) -> str:
    """The panel's address for a person with `code`; "" if the study has none."""
    redirect = definition.panel.redirect
    if not redirect or not code:
        return ""
    if CODE_PLACE in redirect:
        return redirect.replace(CODE_PLACE, quote(code, safe=""))
    return f"{redirect}{quote(code)}"


def code_at_the_end(person: Participation) -> str | None:
    """The panel's own code for a person who has answered everything; None: one is drawn."""
    definition = study_definition(person.study)
    codes = definition.panel.codes
    if codes.failed_checks and has_failed_checks(person, definition):
        return codes.failed_checks
    return codes.complete
