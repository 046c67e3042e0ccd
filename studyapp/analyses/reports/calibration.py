"""Calibration curves: of a paradigm's own probabilities, and of confidence beside right answers."""

from collections.abc import Iterator

from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.calibration import calibration_figure
from studyapp.paradigms.tabulation import Facts

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
