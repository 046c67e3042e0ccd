"""Hypotheses that are tied to contrasts: what each paradigm says of its own, and the verdicts.

All hypotheses of a study are one family, whatever their paradigms (`statistics.hypothesis_family`).
The plan alone decides what each is tested by; where that can't be computed, the hypothesis stays
undecided, and nothing takes its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from studyapp.paradigms import PARADIGMS
from studyapp.statistics.hypothesis_family import (
    SIGNS,
    Direction,
    Measured,
    Nulls,
    adjusted,
    nulls,
)
from studyapp.statistics.narrow_sequence import Followed

from .verdict_words import (
    BELOW,
    EQUIVALENT,
    OPPOSITE,
    SUPPORTED,
    UNDECIDED,
    verdict_sentence,
)

ROBUST = "robust"
# What decides where the plan allows looking; a bundle's scripts take its p values as they are
SEQUENCE = "sequence"
LOGITS = "logits"
NO_FOLLOWED_MODEL = (
    "the plan allows looking, and a mixed model has no test that holds at every look"
)
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Tied:
    """A hypothesis as the plan ties it. b: empty where `a` is compared with chance or 0.

    margin: the smallest effect of interest, in the unit of the estimate; None where none is stated.
    """

    number: int
    text: str
    paradigm: str
    a: str
    b: str
    direction: Direction
    margin: float | None
    model: str

    @property
    def contrast(self) -> str:
        return f"{self.a} − {self.b}" if self.b else self.a


def tied_hypotheses(definition: Facts) -> list[Tied]:
    """Those of a stored definition that are tied to a contrast; [] for a table from elsewhere.

    A smallest effect that a hypothesis doesn't state is that of the whole analysis, which is in the
    outcome's unit and so means nothing to a mixed model.
    """
    plan = definition.get("analysis", {})
    return [
        Tied(
            number=number,
            text=one["text"],
            paradigm=one["paradigm"] or _only_scored(definition),
            a=one["contrast"][0],
            b="".join(one["contrast"][1:]),
            direction=one["direction"],
            margin=one["smallest_effect"]
            or (plan.get("smallest_effect") if one["model"] == ROBUST else None),
            model=one["model"],
        )
        for number, one in enumerate(plan.get("hypotheses", []), 1)
        if isinstance(one, Mapping)
    ]


def _only_scored(definition: Facts) -> str:
    asked = [str(one["paradigm"]) for one in definition["blocks"] if one["stage"] == "main"]
    return next(name for name in asked if PARADIGMS[name].is_scored)


def hypothesis_family(definition: Facts) -> dict[str, Any] | None:
    """What all hypotheses of the study share: alpha, sidedness, and their numbers by paradigm; None
    where none is tied, so that the contrasts with the reference are the planned ones."""
    tied = tied_hypotheses(definition)
    if not tied:
        return None
    plan, numbers = definition["analysis"], dict[str, list[int]]()
    for one in tied:
        numbers.setdefault(one.paradigm, []).append(one.number)
    return {
        "alpha": plan.get("alpha", 0.05),
        "sided": plan.get("sided", "two"),
        "numbers": numbers,
    }


def hypotheses(
    definition: Facts,
    paradigm: str,
    means: Mapping[str, Facts],
    found: Facts,
    followed: Mapping[int, Followed] | None = None,
) -> list[dict[str, Any]]:
    """What the paradigm's results `found` say of each of its hypotheses, before any adjustment.

    means: by the names of methods that hypotheses compare with chance or 0, their robust estimate
    with se, df, robust95, p, null and note. followed: by number what each is tested by where the
    plan allows looking; None where it doesn't.
    """
    family = hypothesis_family(definition)
    if family is None:
        return []
    own = [one for one in tied_hypotheses(definition) if one.paradigm == paradigm]
    if followed is None:
        return [_at_once(one, _measured(one, means, found), family, found) for one in own]
    nulls_of = {name: told["null"] for name, told in means.items()}
    return [
        _at_every_look(one, followed.get(one.number), nulls_of.get(one.a), family, found)
        for one in own
    ]


def _at_once(one: Tied, told: Facts, family: Facts, found: Facts) -> dict[str, Any]:
    null = told.get("null") or 0.0
    distance = None if told["estimate"] is None else told["estimate"] - null
    measured = Measured(distance, told["se"], told["df"], told["p"])
    tests = nulls(measured, one.direction, family["sided"], one.margin)
    return _raw(one, told, tests, found)


def _at_every_look(
    one: Tied, followed: Followed | None, null: float | None, family: Facts, found: Facts
) -> dict[str, Any]:
    if one.model != ROBUST:
        return _raw(one, _nothing(NO_FOLLOWED_MODEL), Nulls(None), found)
    if followed is None or not followed.looks:
        return _raw(one, _nothing(_nobody(one, found)), Nulls(None), found)
    last, value = followed.looks[-1], 0.0 if one.b else null or 0.0
    tests = followed.nulls(one.direction, family["sided"], one.margin, value)
    told = {
        "estimate": last.mean, "se": followed.se, "df": None, "robust95": [last.low, last.high],
        "null": value, "note": followed.note,
    }  # fmt: skip
    on_photos = found.get("images") is not None
    return {**_raw(one, told, tests, found), "model": SEQUENCE, "on_these_photos": on_photos}


def _measured(one: Tied, means: Mapping[str, Facts], found: Facts) -> Facts:
    """The estimate that the plan names, with se, df, interval, p, null and note."""
    if one.model != ROBUST:
        return _modelled(one, found)
    if not one.b:
        return means.get(one.a) or _nothing(f"nobody judged {one.a}")
    return _pair(one, found["contrasts"]) or _nothing(_nobody(one, found))


def _nobody(one: Tied, found: Facts) -> str:
    missing = [name for name in (one.a, one.b) if name not in found["methods"]]
    return f"nobody judged {' or '.join(missing)}"


def _pair(one: Tied, contrasts: Sequence[Facts]) -> Facts | None:
    return next((pair for pair in contrasts if (pair["a"], pair["b"]) == (one.a, one.b)), None)


def _modelled(one: Tied, found: Facts) -> Facts:
    """By the mixed model that the plan names, on the logit scale."""
    model = found.get(one.model)
    if model is None:
        return _nothing(f"{one.model} was not fitted: the answers are on several scales")
    if not model["converged"]:
        return _nothing(f"{one.model} did not converge, and the plan names nothing in its place")
    told = _pair(one, model["contrasts"]) if one.b else model["chance"].get(one.a)
    if told is None or told["estimate"] is None:
        return _nothing(f"{one.model} says nothing of {one.contrast}: {model['note']}")
    half = None if told["df"] is None else stats.t.ppf(0.975, told["df"]) * told["se"]
    ends = None if half is None else [told["estimate"] - half, told["estimate"] + half]
    return {**told, "robust95": ends, "null": 0.0, "note": told.get("note", "")}


def _nothing(why: str) -> Facts:
    return {
        "estimate": None, "se": None, "df": None, "robust95": None, "p": None, "null": None,
        "note": why,
    }  # fmt: skip


def _raw(one: Tied, told: Facts, tests: Nulls, found: Facts) -> dict[str, Any]:
    return {
        "number": one.number,
        "text": one.text,
        "paradigm": one.paradigm,
        "a": one.a,
        "b": one.b or None,
        "direction": one.direction,
        "model": one.model,
        "unit": found["outcome"] if one.model == ROBUST else LOGITS,
        "null": told.get("null") or 0.0,
        "estimate": told["estimate"],
        "se": told["se"],
        "df": told["df"],
        "interval95": told["robust95"],
        "p": tests.none,
        "margin": one.margin,
        "p_equivalence": tests.large,
        "p_at_least": tests.small,
        "note": told["note"],
    }


def incomplete(founds: Sequence[Facts]) -> str:
    """Why the results `founds` give no verdicts: a paradigm with hypotheses is not among them."""
    family = _family(founds)
    if family is None:
        return ""
    missing = sorted(set(family["numbers"]) - {one["paradigm"] for one in founds})
    if not missing:
        return ""
    return (
        f"no verdict on the hypotheses: they are one family with those about "
        f"{' and '.join(missing)}, which is not analysed here; analyse the study without --paradigm"
    )


def verdicts(founds: Sequence[Facts]) -> list[dict[str, Any]]:
    """Each tied hypothesis with its adjusted p values and its verdict, by number; [] where none is
    tied, or where `incomplete` says why there are none.

    The verdict is “supported”, “supported, but below the smallest effect”, “opposite”, “equivalent”
    or “undecided”; `note` says why nothing was tested.
    """
    family = _family(founds)
    if family is None or incomplete(founds):
        return []
    told = sorted((one for found in founds for one in found["hypotheses"]), key=_number)
    tests = adjusted(
        [Nulls(one["p"], one["p_equivalence"], one["p_at_least"]) for one in told],
        [one["margin"] is not None for one in told],
    )
    return [_decided(one, test, family["alpha"]) for one, test in zip(told, tests, strict=True)]


def _family(founds: Sequence[Facts]) -> Facts | None:
    return next((one["hypothesis_family"] for one in founds if one.get("hypothesis_family")), None)


def _number(one: Facts) -> int:
    return int(one["number"])


def _decided(one: Facts, test: Nulls, alpha: float) -> dict[str, Any]:
    found = {
        **one,
        "alpha": alpha,
        "p_adjusted": test.none,
        "p_equivalence_adjusted": test.large,
        "p_at_least_adjusted": test.small,
    }
    verdict = _verdict(found, alpha)
    return {
        **found,
        "verdict": verdict,
        "sentence": verdict_sentence({**found, "verdict": verdict}),
    }


def _verdict(one: Facts, alpha: float) -> str:
    """What the adjusted p values say of what was claimed."""
    differs, is_small, is_large = (
        one[key] is not None and one[key] < alpha
        for key in ("p_adjusted", "p_equivalence_adjusted", "p_at_least_adjusted")
    )
    if one["direction"] == "equivalent":
        return SUPPORTED if is_small else OPPOSITE if is_large else UNDECIDED
    if not differs:
        return EQUIVALENT if is_small else UNDECIDED
    sign = SIGNS.get(one["direction"])
    if sign is not None and sign * (one["estimate"] - one["null"]) < 0:
        return OPPOSITE
    return BELOW if is_small else SUPPORTED
