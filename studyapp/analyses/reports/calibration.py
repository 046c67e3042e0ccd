"""Calibration curves: of a paradigm's own probabilities, and of confidence beside right answers."""

from collections.abc import Iterator

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.calibration import calibration_figure
from studyapp.paradigms.confidence import type2_row
from studyapp.paradigms.tabulation import Facts, Table

CONFIDENCE = ("confidence, from 1 to the highest step", "right answers")


def calibration_figures(found: Facts) -> Iterator[Figure]:
    """None where nobody said how sure they are."""
    own = (found.get(found["paradigm"]) or {}).get("calibration")
    if own:
        axes = own["stated"], own["share"]
        yield calibration_figure("Calibration", own["methods"], axes, diagonal=True)
    for one in found.get("answers", []):
        steps = {
            name: told["calibration"]
            for name, told in one["methods"].items()
            if told.get("calibration")
        }
        if steps:
            title = f"Right answers by confidence, {one['block']}"
            yield calibration_figure(title, steps, CONFIDENCE, diagonal=False)


def confidence_tables(found: Facts) -> Iterator[Table]:
    """How methods differ in whether confidence tells right answers from wrong ones."""
    for one in found.get("answers", []):
        if one.get("type2_contrasts"):
            yield Table(
                f"Differences in what confidence tells, {one['block']} (type-2 AUROC)",
                ["", "difference", "95 % interval", "p", "p by Holm", ""],
                [type2_row(pair) for pair in one["type2_contrasts"]],
            )
