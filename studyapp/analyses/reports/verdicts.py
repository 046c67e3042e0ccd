"""The verdicts on the hypotheses of a study, which its report and its summary tell first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from studyapp.analyses.hypotheses import incomplete, tied_hypotheses, verdicts
from studyapp.analyses.hypothesis_plan import words_of_test
from studyapp.analyses.verdict_words import TITLES
from studyapp.paradigms.tabulation import Facts

EXPLORATORY = (
    "Everything else here (every other test, contrast, model and interval) is exploratory, except "
    "planned moderators, if there are any: they form a family of their own."
)
UNTIED = "It is tied to no contrast, so no verdict is given."


@dataclass(frozen=True)
class Answer:
    """A hypothesis as its study states it, and what the results say of it.

    verdict: empty where it is tied to no contrast, or where its family is not complete.
    """

    number: int
    text: str
    sentence: str
    verdict: str = ""

    @property
    def title(self) -> str:
        """The verdict as the sentence begins with it."""
        return TITLES.get(self.verdict, "")

    @property
    def rest(self) -> str:
        """What follows it."""
        return self.sentence.removeprefix(self.title)


def answers_to_hypotheses(found: Sequence[Facts], stated: Sequence[str | Facts]) -> list[Answer]:
    """Every hypothesis that the study states, in its order; [] where none is tied."""
    if not has_family(found):
        return []
    told = {one["number"]: one for one in verdicts(found)}
    why = incomplete(found)
    return [
        Answer(number, one, UNTIED)
        if isinstance(one, str)
        else Answer(
            number,
            one["text"],
            told[number]["sentence"] if told else f"{why[0].upper()}{why[1:]}.",
            told[number]["verdict"] if told else "",
        )
        for number, one in enumerate(stated, 1)
    ]


def verdict_lines(found: Sequence[Facts]) -> Iterator[str]:
    """The verdicts in lines for a terminal; none where no hypothesis is tied."""
    if why := incomplete(found):
        yield f"note: {why}"
    for one in verdicts(found):
        yield f"hypothesis {one['number']}: {one['text']}"
        yield f"  {one['sentence']}"
    if has_family(found):
        yield EXPLORATORY


def has_family(found: Sequence[Facts]) -> bool:
    return any(one.get("hypothesis_family") for one in found)


def stated_texts(definition: Facts) -> list[str]:
    """The hypotheses in words, with what decides those that are tied."""
    tied = {one.number: one for one in tied_hypotheses(definition)}
    looks = bool(definition["analysis"].get("looks"))
    return [
        one
        if isinstance(one, str)
        else f"{one['text']} ({words_of_test(tied[number], looks=looks)})"
        for number, one in enumerate(definition["analysis"]["hypotheses"], 1)
    ]
