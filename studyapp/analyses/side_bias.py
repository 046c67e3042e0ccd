"""Whether people lean to one side of the page, whatever stands there."""

from typing import Any

from studyapp.statistics.robust import two_way_mean

from .tidy import Tidy

TOWARDS = {"A": -1, "B": 1}


def side_bias(tidy: Tidy) -> dict[str, Any] | None:
    """The mean answer as it was shown, plus for B, with its two-way robust interval against 0.

    Scores are signed by the stronger network's side; answers as shown are what is left of them
    when that sign is taken back. None where there are no sides, or several scales.
    """
    if "stronger_side" not in tidy.frame.columns or tidy.outcome != "score" or tidy.scales:
        return None
    rows = tidy.frame[tidy.frame["stronger_side"].isin(list(TOWARDS))]
    shown = rows["score"] * rows["stronger_side"].map(TOWARDS)
    people, images = rows["participant"].to_list(), rows["image"].to_list()
    found = two_way_mean([float(one) for one in shown], people, images, null=0.0)
    return {
        "estimate": found.estimate, "se": found.se, "df": found.df, "robust95": found.interval,
        "p": found.p, "note": found.note, "n": len(rows),
        "stronger_at_b": float((rows["stronger_side"] == "B").mean()) if len(rows) else None,
    }  # fmt: skip
