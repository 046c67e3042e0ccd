"""What was asked again, the other way round: whether people say the same of the same."""

from typing import Any

import pandas as pd

REPEATED = "repeat"
SAME = ["participant_id", "block", "stimulus_id", "condition"]


def repeated_pairs(judgments: pd.DataFrame) -> pd.DataFrame:
    """A row a trial that was asked again: method, and the outcome at first and again.

    judgments: rows of the judgments table, of all stages. The outcome is the score, or whether the
    answer is right, so that swapped sides and buttons make no difference.
    """
    outcome = judgments["score"].fillna(judgments["correct"])
    rows = judgments[[*SAME, "stage"]].assign(outcome=outcome)[outcome.notna()]
    again = rows[rows["stage"] == REPEATED]
    both = rows[rows["stage"] == "main"].merge(again, on=SAME, suffixes=("_first", "_again"))
    return pd.DataFrame(
        {
            "method": both["condition"],
            "first": both["outcome_first"].astype(float),
            "again": both["outcome_again"].astype(float),
        }
    )


def repeats(pairs: pd.DataFrame) -> dict[str, Any] | None:
    """How often the outcome was the same again, by method; None where nothing was asked again."""
    if pairs.empty:
        return None
    methods = {str(name): _counted(rows) for name, rows in pairs.groupby("method", sort=True)}
    return {**_counted(pairs), "methods": methods}


def _counted(pairs: pd.DataFrame) -> dict[str, Any]:
    return {
        "n": len(pairs),
        "same": int((pairs["first"] == pairs["again"]).sum()),
        "mean_first": float(pairs["first"].mean()),
        "mean_again": float(pairs["again"].mean()),
    }
