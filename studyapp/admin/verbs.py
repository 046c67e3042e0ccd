"""What a researcher can do with a study in each state, and what is said before it is done."""

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
                "The workers run the networks on every photo, select the photos that can be asked "
                "about, compute every explanation and draw every picture.",
                "A photo whose map is empty or can't be computed is left out by name, and the "
                "next eligible photo takes its place.",
                "Nobody can take part yet. Preparing again only does what is still missing.",
            ),
            "the workers are preparing it",
            (StudyState.DRAFT, StudyState.PREPARING),
            start_preparing,
        ),
        Verb(
            "retry",
            "Retry what failed",
            Act.PREPARE,
            (
                "Every failed prediction, explanation and picture of this study is tried again, "
                "with its full number of attempts.",
                "Fix the cause first: the study's overview lists the reasons.",
            ),
            "what failed is being tried again",
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
                "From then on, people can enter through the study's link.",
                "Every later change is listed as a deviation in every report.",
            ),
            "it is open",
            (StudyState.PREPARING,),
            open_study,
        ),
        Verb(
            "pause",
            "Pause",
            Act.PAUSE,
            (
                "Nobody new is let in. People who are already taking part can finish.",
                "You can resume the study at any time.",
            ),
            "it is paused",
            (StudyState.OPEN,),
            pause_study,
        ),
        Verb(
            "resume",
            "Resume",
            Act.OPEN,
            ("People can enter again as long as places are left.",),
            "it is open again",
            (StudyState.PAUSED,),
            resume_study,
        ),
        Verb(
            "close",
            "Close",
            Act.CLOSE,
            (
                "No more answers are accepted, not even from people who are taking part right now.",
                "A closed study can't be reopened. To stop only new people, pause it instead.",
                "All answers given so far are kept.",
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
