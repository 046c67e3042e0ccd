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
from studyapp.studies.retrying import retry_failed
from studyapp.studies.rights import Act


@dataclass(frozen=True)
class Verb:
    """`consequences` are said before it is done, one sentence each."""

    name: str
    title: str
    act: Act
    consequences: tuple[str, ...]
    done: str
    states: tuple[StudyState, ...]
    carry_out: Callable[[Study], object]


def _retry(study: Study) -> None:
    retry_failed(study)


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "prepare",
            "Prepare",
            Act.PREPARE,
            (
                "The workers predict every photo, select what can be asked about, make every "
                "explanation and draw every picture.",
                "A photo whose map is empty or fails is left out by name, and the next eligible "
                "one takes its place.",
                "Nobody can take part yet. Asking again takes up what is left.",
            ),
            "the workers were asked",
            (StudyState.DRAFT, StudyState.PREPARING),
            start_preparing,
        ),
        Verb(
            "retry",
            "Retry what failed",
            Act.PREPARE,
            (
                "Every failed prediction, explanation and picture of this study is tried again, "
                "with all its attempts.",
                "Solve the cause first: the reasons stand on the study's page.",
            ),
            "what failed is tried again",
            (StudyState.PREPARING,),
            _retry,
        ),
        Verb(
            "open",
            "Open",
            Act.OPEN,
            (
                "Every picture is verified, the design is drawn and stored, and the definition "
                "is frozen: what is asked and shown can't change afterwards.",
                "People can enter by the study's link from then on.",
                "Whatever is changed later is listed as a deviation in every report.",
            ),
            "it is open",
            (StudyState.PREPARING,),
            open_study,
        ),
        Verb(
            "pause",
            "Pause",
            Act.PAUSE,
            ("Nobody new gets in. Who is inside finishes.", "It can be resumed at any time."),
            "it is paused",
            (StudyState.OPEN,),
            pause_study,
        ),
        Verb(
            "resume",
            "Resume",
            Act.OPEN,
            ("People can enter again, as long as places are left.",),
            "it is open again",
            (StudyState.PAUSED,),
            resume_study,
        ),
        Verb(
            "close",
            "Close",
            Act.CLOSE,
            (
                "No further answer is taken, also not from those who are inside.",
                "A closed study stays closed. To stop new people only, pause it instead.",
                "Everything that was answered is kept.",
            ),
            "it is closed",
            (StudyState.OPEN, StudyState.PAUSED),
            close_study,
        ),
    )
}


def offered(study: Study) -> list[Verb]:
    """The verbs that fit the study's state. Opening is offered once everything is prepared."""
    fitting = [verb for verb in VERBS.values() if study.state in verb.states]
    unfit = {"retry"} if study.prepared_at is not None else {"open"}
    return [verb for verb in fitting if verb.name not in unfit]
