"""What was asked again, the other way round: whether people say the same of the same."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

REPEATED = "repeat"
SAME = ["participant_id", "block", "stimulus_id", "condition"]


def repeated_pairs(judgments: pd.DataFrame, wordings: Mapping[str, str]) -> pd.DataFrame:
    """A row a trial that was asked again: method, words, and the outcome at first and again.

    judgments: rows of the judgments table, of all stages. The outcome is the score, or whether the
    answer is right, so that swapped sides and buttons make no difference. wordings: the label of
    each block's words, where they differ.
    """
    outcome = judgments["score"].fillna(judgments["correct"].astype("Float64"))
    rows = judgments[[*SAME, "stage"]].assign(outcome=outcome)[outcome.notna()]
    again = rows[rows["stage"] == REPEATED]
    both = rows[rows["stage"] == "main"].merge(again, on=SAME, suffixes=("_first", "_again"))
    return pd.DataFrame(
        {
            "method": both["condition"] + both["block"].map(lambda block: _words(wordings, block)),
            "words": both["block"].map(lambda block: wordings.get(block, "")),
            "first": both["outcome_first"].astype(float),
            "again": both["outcome_again"].astype(float),
        }
    )


def _words(wordings: Mapping[str, str], block: str) -> str:
    return f", {wordings[block]}" if block in wordings else ""


def repeats(pairs: pd.DataFrame) -> dict[str, Any] | None:
    """How often the outcome was the same again, by method; None where nothing was asked again.

    Answers to several wordings have no common mean.
    """
    if pairs.empty:
        return None
    methods = {str(name): _counted(rows) for name, rows in pairs.groupby("method", sort=True)}
    over_all = _counted(pairs)
    if pairs["words"].nunique() > 1:
        over_all = {key: over_all[key] for key in ("n", "same")}
    return {**over_all, "methods": methods}


def _counted(pairs: pd.DataFrame) -> dict[str, Any]:
    return {
        "n": len(pairs),
        "same": int((pairs["first"] == pairs["again"]).sum()),
        "mean_first": float(pairs["first"].mean()),
        "mean_again": float(pairs["again"].mean()),
    }
