"""What a researcher can do with a study in each state, and what is said before it is done."""

from collections.abc import Callable
from dataclasses import dataclass

from studyapp.models import Study, StudyState
from studyapp.studies import lifecycle
from studyapp.studies.retrying import retry_failed
from studyapp.studies.rights import Act


@dataclass(frozen=True)
class Verb:
    """`consequences` are shown before it is done, one sentence each."""

    name: str
    title: str
    act: Act
    states: tuple[StudyState, ...]
    carry_out: Callable[[Study], object]
    done: str
    consequences: tuple[str, ...]


_VERBS = (
    Verb("prepare", "Prepare", Act.PREPARE, (StudyState.DRAFT, StudyState.PREPARING),
         lifecycle.start_preparing, "the workers are preparing it", (
        "The workers run the networks on every photo, select the photos that can be asked about, "
        "compute every explanation and draw every picture.",
        "A photo whose map is empty or can't be computed is left out by name, and the next "
        "eligible photo takes its place.",
        "Nobody can take part yet. Preparing again only does what is still missing.",
    )),
    Verb("retry", "Retry what failed", Act.PREPARE, (StudyState.PREPARING,),
         retry_failed, "what failed is being tried again", (
        "Every failed prediction, explanation and picture of this study is tried again, with its "
        "full number of attempts.",
        "Fix the cause first: the study's overview lists the reasons.",
    )),
    Verb("open", "Open", Act.OPEN, (StudyState.PREPARING,),
         lifecycle.open_study, "it is open", (
        "Every picture is verified, the design is drawn and stored, and the definition is frozen: "
        "what is asked and shown can't change afterwards.",
        "From then on, people can enter through the study's link.",
        "Every later change is listed as a deviation in every report.",
    )),
    Verb("pause", "Pause", Act.PAUSE, (StudyState.OPEN,),
         lifecycle.pause_study, "it is paused", (
        "Nobody new is let in. People who are already taking part can finish.",
        "You can resume the study at any time.",
    )),
    Verb("resume", "Resume", Act.OPEN, (StudyState.PAUSED,),
         lifecycle.resume_study, "it is open again", (
        "People can enter again as long as places are left.",
    )),
    Verb("close", "Close", Act.CLOSE, (StudyState.OPEN, StudyState.PAUSED),
         lifecycle.close_study, "it is closed", (
        "No more answers are accepted, not even from people who are taking part right now.",
        "A closed study can't be reopened. To stop only new people, pause it instead.",
        "All answers given so far are kept.",
    )),
)  # fmt: skip
VERBS = {verb.name: verb for verb in _VERBS}


def offered(study: Study) -> list[Verb]:
    """The verbs that fit the study's state. Opening is offered once everything is prepared."""
    unfit = "retry" if study.prepared_at is not None else "open"
    return [verb for verb in _VERBS if study.state in verb.states and verb.name != unfit]
