"""What a researcher can do with a study in each state, and what it says before it acts."""

from collections.abc import Callable
from dataclasses import dataclass

from studyapp.models import Study, StudyState
from studyapp.studies.lifecycle import (
    close_study,
    open_study,
    pause_study,
    resume_study,
    start_preparing,
)


@dataclass(frozen=True)
class Verb:
    name: str
    title: str
    consequence: str
    done: str
    states: tuple[StudyState, ...]
    carry_out: Callable[[Study], Study]


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "prepare",
            "Prepare",
            "The workers predict every photo, select what can be asked about, make every "
            "explanation and draw every picture. Asking again takes up what is left.",
            "the workers were asked",
            (StudyState.DRAFT, StudyState.PREPARING),
            start_preparing,
        ),
        Verb(
            "open",
            "Open",
            "Every picture is verified, the design is drawn and stored, and the definition is "
            "frozen: what is asked and shown can't change afterwards. People can enter.",
            "it is open",
            (StudyState.PREPARING,),
            open_study,
        ),
        Verb(
            "pause",
            "Pause",
            "Nobody new gets in. Who is inside finishes. It can be resumed at any time.",
            "it is paused",
            (StudyState.OPEN,),
            pause_study,
        ),
        Verb(
            "resume",
            "Resume",
            "People can enter again.",
            "it is open again",
            (StudyState.PAUSED,),
            resume_study,
        ),
        Verb(
            "close",
            "Close",
            "No further answer is taken, also not from those who are inside. A closed study stays "
            "closed.",
            "it is closed",
            (StudyState.OPEN, StudyState.PAUSED),
            close_study,
        ),
    )
}


def offered(study: Study) -> list[Verb]:
    """The verbs that fit the study's state. Opening is offered once everything is prepared."""
    fitting = [verb for verb in VERBS.values() if study.state in verb.states]
    if study.prepared_at is not None:
        return [verb for verb in fitting if verb.name != "prepare"]
    return [verb for verb in fitting if verb.name != "open"]
