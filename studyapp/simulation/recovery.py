"""Whether an analysis finds again what simulated people were made of."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from studyapp.models import Judgment, Stage, Status, Study

from .profiles import Profile


def known_means(study: Study, paradigm: str) -> dict[str, float]:
    """The mean outcome that the simulated people have by their profiles, by condition.

    Over the very trials they answered: it has no noise of answering, but the same people and
    photos as the estimate. Of a question asked in two steps the final answer counts.
    """
    judgments = Judgment.objects.filter(
        participation__study=study,
        participation__status=Status.FINISHED,
        trial__stage__in=(Stage.MAIN, Stage.FINAL),
        trial__paradigm=paradigm,
    ).exclude(participation__profile={})
    found: dict[str, list[float]] = {}
    for judgment in judgments.select_related(
        "participation", "trial__condition", "trial__stimulus", "trial__image"
    ).iterator(chunk_size=2000):
        condition = judgment.trial.condition
        assert condition is not None
        profile = Profile(**judgment.participation.profile)
        found.setdefault(condition.name, []).append(profile.expected(judgment.trial))
    return {name: fmean(values) for name, values in sorted(found.items())}


def recovery(known: Mapping[str, float], found: Mapping[str, Any]) -> dict[str, Any]:
    """Per method: what is known, what was estimated, and whether the interval holds it."""
    return {
        name: {
            "known": value,
            "estimate": _estimate(found["methods"][name]),
            "robust95": found["methods"][name]["robust95"],
            "recovered": _is_inside(value, found["methods"][name]["robust95"]),
        }
        for name, value in known.items()
        if name in found["methods"]
    }


def recovery_lines(rows: Mapping[str, Any]) -> list[str]:
    lines = ["known ability of the simulated people:"] if rows else []
    for name, row in rows.items():
        word = {True: "recovered", False: "NOT recovered", None: "no interval"}[row["recovered"]]
        lines.append(f"  {name}: known {row['known']:.3f}, estimated {row['estimate']:.3f}, {word}")
    return lines


def _estimate(method: Mapping[str, Any]) -> float:
    return float(method["accuracy"] if "accuracy" in method else method["mean"])


def _is_inside(value: float, interval: list[float] | None) -> bool | None:
    return None if interval is None else interval[0] <= value <= interval[1]
