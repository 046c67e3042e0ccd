"""Whether an analysis recovers the means that the simulated people have by their profiles."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from studyapp.analyses.wordings import labels
from studyapp.models import Judgment, Stage, Status, Study

from .profiles import Profile


def known_means(study: Study, paradigm: str) -> dict[str, float]:
    """The mean outcome that the simulated people have by their profiles, by condition, and by
    wording where blocks differ in theirs.

    Over the trials they answered and did not decline: without the noise of answering, but with the
    same people and photos as the estimate. Of a question asked in two steps, the final answer
    counts.
    """
    judgments = Judgment.objects.filter(
        participation__study=study,
        participation__status=Status.FINISHED,
        trial__stage__in=(Stage.MAIN, Stage.FINAL),
        trial__paradigm=paradigm,
        value__isnull=False,
    ).exclude(participation__profile={})
    words = labels(study.definition, paradigm)
    found: dict[str, list[float]] = {}
    for judgment in judgments.select_related(
        "participation", "trial__condition", "trial__stimulus", "trial__image"
    ).iterator(chunk_size=2000):
        condition = judgment.trial.condition
        assert condition is not None
        profile = Profile(**judgment.participation.profile)
        name = ", ".join(filter(None, [condition.name, words.get(judgment.trial.block)]))
        found.setdefault(name, []).append(profile.expected(judgment.trial))
    return {name: fmean(values) for name, values in sorted(found.items())}


def recovery(known: Mapping[str, float], found: Mapping[str, Any]) -> dict[str, Any]:
    """Per method: the known mean, the estimate, and whether its interval covers the known mean.

    The estimate is None where the analysis has no such method.
    """
    rows = {}
    for name, value in known.items():
        if (method := found["methods"].get(name)) is None:
            rows[name] = {"known": value, "estimate": None, "robust95": None, "recovered": None}
            continue
        pair = method["robust95"]
        rows[name] = {
            "known": value,
            "estimate": float(method["accuracy"] if "accuracy" in method else method["mean"]),
            "robust95": pair,
            "recovered": None if pair is None else pair[0] <= value <= pair[1],
        }
    return rows


def recovery_lines(rows: Mapping[str, Any]) -> list[str]:
    lines = ["known ability of the simulated people:"] if rows else []
    for name, row in rows.items():
        if row["estimate"] is None:
            lines.append(f"  not compared: {name} is analysed under another name, or not at all")
            continue
        word = {True: "recovered", False: "NOT recovered", None: "no interval"}[row["recovered"]]
        lines.append(f"  {name}: known {row['known']:.3f}, estimated {row['estimate']:.3f}, {word}")
    return lines
