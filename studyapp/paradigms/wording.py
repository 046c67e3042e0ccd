"""A study's own words in place of the built-in ones, and scales with more or fewer points.

Own words have a digest, which is stored with their block: answers to other words are never put
together with them, and a paper's numbers are not compared with them.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from studyapp.sections.base import ShownLine, ShownText
from studyapp.sections.blocks import BlockSection
from studyapp.sections.limits import Limit
from studyapp.shelf.spelling import told_alike

from .questions import Asked

MOST_POINTS = 11
# The outcome's unit: from the weaker network clearly to the stronger one clearly
REACH = 2
Answer = Annotated[ShownLine, Limit(200)]
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


class OwnQuestion(BlockSection):
    """A block whose question may be asked in the study's own words."""

    # The keys of its words, which are left out of the stored block where they are not used
    OWN: ClassVar[tuple[str, ...]] = ("question",)

    question: ShownText | None = Field(
        None, description="What is asked, in your own words; a built-in question if left out."
    )
    may_decline: bool = Field(
        False,
        description="Offers “Prefer not to say” with each question of its pages, in the study's "
        "language: stored as an answer that has no score.",
    )

    @property
    def offers_declining(self) -> bool:
        return self.may_decline

    @property
    def wording(self) -> str:
        own = {key: getattr(self, key) for key in self.OWN if getattr(self, key) is not None}
        if not own:
            return ""
        told = json.dumps({"paradigm": self.paradigm, **own}, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    @model_validator(mode="wrap")
    @classmethod
    def with_its_wording(cls, given: Any, usual: Any) -> "OwnQuestion":
        """A stored block has the digest of its words, which must be theirs."""
        told = given.get("wording") if isinstance(given, dict) else None
        if told is None:
            block: OwnQuestion = usual(given)
            return block
        block = usual({key: value for key, value in given.items() if key != "wording"})
        if told != block.wording:
            raise ValueError(
                f"wording is not the digest of the words of {block.name}; remove it, or restore "
                "the words"
            )
        return block

    def as_stored(self, found: dict[str, Any]) -> dict[str, Any]:
        """Without words that are not the study's own, so that earlier digests stay."""
        kept = super().as_stored(found)
        if not self.may_decline:
            kept = {key: value for key, value in kept.items() if key != "may_decline"}
        kept = {k: v for k, v in kept.items() if k not in self.OWN or v is not None}
        return {**kept, "wording": self.wording} if self.wording else kept


class OwnScale(OwnQuestion):
    """A block whose main question is answered on a scale of the study's own.

    BUILT_IN: how many answers the built-in words have.
    """

    OWN = ("question", "answers", "points")
    BUILT_IN: ClassVar[int]

    answers: list[Answer] | None = Field(
        None,
        min_length=2,
        max_length=MOST_POINTS,
        description="Your own answers in the order of the built-in ones: one for each point, or "
        "two for the ends of `points`; in reliance for accepting and for rejecting, in one step; "
        "in comparison for A, for both equally unless `ties` is false, and for B.",
    )
    points: int | None = Field(
        None,
        ge=2,
        le=MOST_POINTS,
        description="Of the scale; if left out as many as `answers`, and 7 for items.",
    )

    @property
    def count(self) -> int:
        """How many answers the page has."""
        return self.points or len(self.answers or ()) or self.BUILT_IN

    def words(self) -> list[str]:
        """Each own answer in order: between two worded ends stand numbers."""
        own = self.answers or []
        if len(own) == self.count:
            return list(own)
        low, high = own
        between = map(str, range(2, self.count))
        return [f"1 – {low}", *between, f"{self.count} – {high}"]


def has_own_answers(block: type[BlockSection]) -> bool:
    """Whether blocks of this kind may have answers in the study's own words."""
    return issubclass(block, OwnQuestion) and "answers" in block.OWN


def both_ways(count: int) -> tuple[int, ...]:
    """The values of a scale with two directions: around 0, which an even one does not have."""
    half = count // 2
    return tuple(value for value in range(-half, half + 1) if value or count % 2)


def step_scores(count: int) -> tuple[float, ...]:
    """What the points of a scale with two directions score: in equal steps from −2 to +2."""
    scores = (round(2 * REACH * step / (count - 1) - REACH, 6) for step in range(count))
    return tuple(int(one) if one == int(one) else one for one in scores)


def count_of(block: Mapping[str, Any], built_in: int) -> int:
    """How many answers a stored block has."""
    own = block.get("answers")
    return int(block.get("points") or len(own)) if own else built_in


def in_own_words(asked: Asked, own: str, **names: str) -> str:
    """Own words with names in place of {name} and others; a page about nothing keeps them."""
    for key, name in {"name": asked.category, **names}.items():
        own = own.replace(f"{{{key}}}", name) if name else own
    return own


def question_complaints(
    block: OwnQuestion, names: Collection[str] = (), keys: Collection[str] = ("question",)
) -> Iterator[tuple[str, str]]:
    """Names in braces that nothing would take the place of."""
    for key in keys:
        given = getattr(block, key)
        for text in [given] if isinstance(given, str) else (given or []):
            for found in PLACEHOLDER.findall(text):
                if found[1:-1] not in names:
                    known = " or ".join(f"{{{name}}}" for name in names)
                    fix = f"use {known}, or write it without braces" if known else "remove it"
                    yield (
                        key,
                        f"`blocks.{key}`: nothing takes the place of {found} in {block.name}; "
                        f"{fix}",
                    )


def scale_complaints(block: OwnScale, names: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Points and words that don't match, and answers that can't be told apart."""
    yield from question_complaints(block, names, ("question", "answers"))
    own = block.answers
    if own is None:
        if block.points is not None:
            yield (
                "points",
                f"`blocks.points = {block.points}` needs `answers`: the built-in words are those "
                f"of {block.BUILT_IN} points; give one answer for each point, or two for the ends",
            )
        return
    if block.points is not None and len(own) not in (2, block.points):
        yield (
            "answers",
            f"`blocks.answers` has {len(own)} answers, but `blocks.points = {block.points}`; give "
            f"{block.points}, or two for the ends",
        )
    yield from doubled_answers(own)
    if block.checks and any("{name}" in one for one in own):
        yield (
            "answers",
            "`blocks.answers`: an attention check is about no photo, so nothing takes the place of "
            "{name} there; remove {name} from the answers, or the checks",
        )


def doubled_answers(own: Collection[str]) -> Iterator[tuple[str, str]]:
    """Answers between which nobody can choose."""
    for why in told_alike(own):
        yield "answers", f"`blocks.answers`: {why}; word them differently"
