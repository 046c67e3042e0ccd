"""How many people a study began with, who is left out, and who is analysed."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from .declines import declined_answers


def standing_rules(exclusions: pd.DataFrame) -> dict[str, int]:
    """How many people each rule leaves out, without exclusions that were undone."""
    undone = set(
        exclusions.loc[exclusions["undoes_made_at"].notna(), ["participant_id", "undoes_made_at"]]
        .itertuples(index=False, name=None)
    )  # fmt: skip
    rules: dict[str, set[str]] = {}
    for row in exclusions[exclusions["undoes_made_at"].isna()].itertuples(index=False):
        if (row.participant_id, row.made_at) not in undone:
            rules.setdefault(str(row.rule), set()).add(str(row.participant_id))
    return {rule: len(people) for rule, people in sorted(rules.items())}


def flow(
    participations: pd.DataFrame, judgments: pd.DataFrame, stages: Sequence[str]
) -> dict[str, Any]:
    """How many people got how far, in all and by arm (CONSORT); and how many answers of these
    stages, which are analysed, were “Prefer not to say”."""
    excluded = set(judgments.loc[judgments["excluded"].astype(bool), "participant_id"])
    analysed = participations[
        (participations["status"] == "finished") & ~participations["participant_id"].isin(excluded)
    ]
    statuses = participations["status"].value_counts().sort_index()
    return {
        "entered": len(participations),
        "consented": int(participations["consented_at"].notna().sum()),
        "finished": int((participations["status"] == "finished").sum()),
        "analysed": len(analysed),
        "by_status": {str(key): int(count) for key, count in statuses.items()},
        "by_arm": _by_arm(participations, analysed),
        **_declined(
            judgments[judgments["participant_id"].isin(analysed["participant_id"])], stages
        ),
    }


def _declined(judgments: pd.DataFrame, stages: Sequence[str]) -> dict[str, int]:
    """How many main answers were “Prefer not to say”, where there are any."""
    count = declined_answers(judgments[judgments["stage"].isin(stages)])
    return {"declined": count} if count else {}


def _by_arm(participations: pd.DataFrame, analysed: pd.DataFrame) -> dict[str, Any]:
    placed = participations[participations["arm"].notna()]
    return {
        str(arm): {
            "placed": len(rows),
            "finished": int((rows["status"] == "finished").sum()),
            "analysed": int((analysed["arm"] == arm).sum()),
        }
        for arm, rows in placed.groupby("arm")
    }
