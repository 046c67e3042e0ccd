"""Two intervals, one after the other: in which of them was the map of the named category?

Forced choice with confidence. Each interval lasts `exposure_ms`; then a blank takes its place.
"""

from collections.abc import Collection, Iterator, Sequence

from django.utils.translation import gettext as _
from pydantic import Field

from studyapp.models import Stimulus
from studyapp.paradigms.base import (
    Candidate,
    Category,
    Classified,
    Paradigm,
    Places,
    Refusal,
    right_button_keys,
)
from studyapp.paradigms.predicted import choose, single_truth
from studyapp.paradigms.questions import Asked, Question, confidence, value_question
from studyapp.sections.blocks import BlockSection

ROLES = ("named", "other")
# So many frames of 60 a second are seen as one: shorter exposures can't be kept
SHORTEST_MS = 50


class TwoIntervalsBlock(BlockSection):
    exposure_ms: int = Field(800, ge=1, le=10_000, description="How long each picture is seen.")


def complaints(block: TwoIntervalsBlock, texts: Collection[str]) -> Iterator[tuple[str, str]]:
    if block.exposure_ms < SHORTEST_MS:
        yield (
            "exposure_ms",
            f"`blocks.exposure_ms = {block.exposure_ms}` is shorter than a screen can keep; "
            f"use {SHORTEST_MS} or more",
        )


def questions(asked: Asked) -> list[Question]:
    words = _("Which picture showed this: %(name)s") % {"name": asked.category}
    return [
        value_question(words, ((0, _("The earlier one")), (1, _("The later one")))),
        confidence(),
    ]


def places(asked: Asked) -> Places:
    return {f"interval_{place}": ROLES[role] for place, role in enumerate(asked.trial.option_order)}


def explained(role: str, stimulus: Stimulus) -> tuple[str, int]:
    return "stronger", int(stimulus.facts["classes"][ROLES.index(role)])


def candidates(
    categories: Sequence[Category], answers: dict[str, Classified]
) -> list[Candidate] | Refusal:
    """A photo whose truth the network names first; its second class is the other map's."""
    truth = single_truth(categories)
    if isinstance(truth, Refusal):
        return truth
    first, second = answers["stronger"].classes[:2]
    if first not in truth.accepted:
        return Refusal("the network is wrong")
    return [Candidate(truth.name, first, ROLES, {"classes": [first, second], "right": 0})]


PARADIGM = Paradigm(
    name="two_intervals",
    title="In which interval was it?",
    block=TwoIntervalsBlock,
    complaints=complaints,
    questions=questions,
    places=places,
    explained=explained,
    candidates=candidates,
    presentation="present.js",
    outcome="correct",
    keys=right_button_keys,
    simulate=choose,
    roles=ROLES,
    together=True,
    options=2,
    check_values=(0, 1),
    compares="class",
)
