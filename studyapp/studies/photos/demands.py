"""What blocks need of another tool's explanations that they show, beside one for each page."""

from collections.abc import Callable
from dataclasses import astuple, dataclass

from studyapp.paradigms import PARADIGMS, Paradigm
from studyapp.sections.design import ConditionSection
from studyapp.studies.definition.study import Definition


@dataclass(frozen=True)
class Demands:
    """Each by the name of the first block that has it; empty where none has.

    parts_answers: every explanation is of an answer. compares_answers, compares_networks: those of
    a photo differ, because they stand on one page.
    """

    parts_answers: str
    compares_answers: str
    compares_networks: str

    @classmethod
    def of(cls, condition: ConditionSection, definition: Definition) -> "Demands":
        showing = [block for block in definition.blocks if definition.shows(block, condition)]

        def first(is_such: Callable[[Paradigm], bool]) -> str:
            found = (one.name for one in showing if is_such(PARADIGMS[one.paradigm]))
            return next(found, "")

        return cls(
            first(lambda one: one.parts_classes),
            first(lambda one: one.compares == "class"),
            first(lambda one: one.compares == "network"),
        )

    def are_met_with(self, others: "Demands") -> bool:
        """Whether whatever meets the others meets these."""
        pairs = zip(astuple(self), astuple(others), strict=True)
        return all(other or not own for own, other in pairs)
