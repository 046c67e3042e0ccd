"""Strata of people, by their answers to screening questions: which there are, and their places.

A stratum of several questions is told with all of them: “expertise=novice; age=older”.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod

from studyapp.sections.people import ScreeningSection

from .study import Definition


def stratifying(definition: Definition) -> list[ScreeningSection]:
    """The questions whose answers make strata, in the file's order."""
    return [one for one in definition.screening if one.strata]


def strata(definition: Definition) -> list[str]:
    """Every stratum that people can belong to, by all questions that make any."""
    return _crossed(stratifying(definition))


def stratum_of(definition: Definition, answers: Sequence[int]) -> str:
    """The stratum of a person with accepted answers, one for each screening question, counted
    from 1; empty of a study without strata."""
    return _told(
        (str(question.name), question.stratum_of(answer))
        for question, answer in zip(definition.screening, answers, strict=True)
        if question.strata
    )


def by_question(stratum: str) -> dict[str, str]:
    """The parts of a stratum by the names of their questions."""
    return dict(part.split("=", 1) for part in stratum.split("; ") if part)


def stratum_shares(definition: Definition) -> dict[str, int]:
    """Each stratum's share of the places, in no unit; none of a study without quotas.

    The quotas of several questions cross: the share is the product of those of its parts.
    """
    asked = _with_quotas(definition)
    if not asked:
        return {}
    shares = (prod(one.people or 0 for one in cell) for cell in product(*(q.strata for q in asked)))
    return dict(zip(_crossed(asked), shares, strict=True))


def questions_in_turn(definition: Definition) -> tuple[str, ...]:
    """The questions whose strata have no quotas, so that arms only take turns within them."""
    return tuple(str(one.name) for one in stratifying(definition) if not one.has_quotas)


def stratum_of_places(definition: Definition, stratum: str) -> str:
    """Which places are a person's: of their stratum the part by questions that have quotas."""
    own: Mapping[str, str] = by_question(stratum)
    named = (str(one.name) for one in _with_quotas(definition))
    return _told((name, own[name]) for name in named if own)


def evened(definition: Definition) -> list[ScreeningSection]:
    """The screening questions, with equal quotas where they have any."""
    return [
        one.model_copy(
            update={"strata": [own.model_copy(update={"people": 1}) for own in one.strata]}
        )
        if one.has_quotas
        else one
        for one in definition.screening
    ]


def _with_quotas(definition: Definition) -> list[ScreeningSection]:
    return [one for one in definition.screening if one.has_quotas]


def _crossed(questions: Sequence[ScreeningSection]) -> list[str]:
    """Every stratum that the questions make together; none without questions."""
    if not questions:
        return []
    parts = product(*([(str(own.name), one.name) for one in own.strata] for own in questions))
    return [_told(cell) for cell in parts]


def _told(parts: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{question}={name}" for question, name in parts)
