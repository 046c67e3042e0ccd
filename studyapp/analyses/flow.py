"""How many people a study began with, who is left out, and who is analysed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from scipy.stats import chi2_contingency, fisher_exact

from .declines import declined_answers


def standing_rules(exclusions: pd.DataFrame) -> dict[str, frozenset[str]]:
    """Whom each rule leaves out, without exclusions that were undone."""
    undone = set(
        exclusions.loc[exclusions["undoes_made_at"].notna(), ["participant_id", "undoes_made_at"]]
        .itertuples(index=False, name=None)
    )  # fmt: skip
    rules: dict[str, set[str]] = {}
    for row in exclusions[exclusions["undoes_made_at"].isna()].itertuples(index=False):
        if (row.participant_id, row.made_at) not in undone:
            rules.setdefault(str(row.rule), set()).add(str(row.participant_id))
    return {rule: frozenset(people) for rule, people in sorted(rules.items())}


def flow(
    participations: pd.DataFrame,
    judgments: pd.DataFrame,
    exclusions: pd.DataFrame,
    stages: Sequence[str],
) -> dict[str, Any]:
    """How many people got how far and why not farther, in all and by arm (CONSORT); and how many
    answers of these stages, which are analysed, there are, and were “Prefer not to say”."""
    excluded = set(judgments.loc[judgments["excluded"].astype(bool), "participant_id"])
    analysed = participations[
        (participations["status"] == "finished") & ~participations["participant_id"].isin(excluded)
    ]
    own = judgments[
        judgments["participant_id"].isin(analysed["participant_id"])
        & judgments["stage"].isin(stages)
    ]
    rules = standing_rules(exclusions)
    return {
        "entered": len(participations),
        "consented": int(participations["consented_at"].notna().sum()),
        "finished": int((participations["status"] == "finished").sum()),
        "analysed": len(analysed),
        "judgments": len(own),
        "by_status": _statuses(participations),
        "by_arm": {
            str(arm): _part(rows, analysed, own, rules)
            for arm, rows in participations.dropna(subset=["arm"]).groupby("arm")
        },
        "attrition": _attrition(participations),
        **_sites(participations, analysed, own, rules),
        **_strata(participations, analysed, own, rules),
        **_declined(own),
    }


def _declined(judgments: pd.DataFrame) -> dict[str, int]:
    """How many answers were “Prefer not to say”, where there are any."""
    count = declined_answers(judgments)
    return {"declined": count} if count else {}


def _attrition(participations: pd.DataFrame) -> dict[str, Any] | None:
    """The share of people with a place who did not finish, by arm, and whether arms differ in it:
    Fisher's exact test of two arms, χ² of more. People are independent, so both are right as they
    are. None for a single arm; no p where nobody, or everybody, left."""
    placed = participations[participations["arm"].notna()]
    counts = pd.crosstab(placed["arm"], placed["status"] == "finished")
    if len(counts) < 2:
        return None
    lost = {str(arm): 1 - float(share) for arm, share in _finished(placed).items()}
    if counts.shape[1] < 2:
        return {"lost": lost, "p": None}
    cells = counts.to_numpy()
    test = fisher_exact(cells) if len(cells) == 2 else chi2_contingency(cells, correction=False)
    return {"lost": lost, "p": float(test.pvalue)}


def _finished(placed: pd.DataFrame) -> "pd.Series[float]":
    """The share who finished, by arm."""
    return (placed["status"] == "finished").astype(float).groupby(placed["arm"]).mean()


def _sites(
    participations: pd.DataFrame,
    analysed: pd.DataFrame,
    judgments: pd.DataFrame,
    rules: Mapping[str, frozenset[str]],
) -> dict[str, Any]:
    """The same by site, where a study has several."""
    if participations["site"].fillna("").eq("").all():
        return {}
    placed = participations[participations["arm"].notna() & participations["site"].notna()]
    by_site = {
        str(site): _part(rows, analysed, judgments, rules) for site, rows in placed.groupby("site")
    }
    return {"by_site": by_site}


def _strata(
    participations: pd.DataFrame,
    analysed: pd.DataFrame,
    judgments: pd.DataFrame,
    rules: Mapping[str, frozenset[str]],
) -> dict[str, Any]:
    """The same by stratum and arm where a study has strata, and who came when one was full.

    Bundles of before have no such column.
    """
    if "stratum" not in participations:
        return {}
    known = participations[participations["stratum"].fillna("").ne("")]
    if known.empty:
        return {}
    return {
        "by_stratum": {
            str(stratum): {
                "full": int((people["status"] == "full").sum()),
                "by_arm": {
                    str(arm): _part(rows, analysed, judgments, rules)
                    for arm, rows in people.dropna(subset=["arm"]).groupby("arm")
                },
            }
            for stratum, people in known.groupby("stratum")
        }
    }


def _statuses(participations: pd.DataFrame) -> dict[str, int]:
    counts = participations["status"].value_counts().sort_index()
    return {str(status): int(count) for status, count in counts.items()}


def _part(
    placed: pd.DataFrame,
    analysed: pd.DataFrame,
    judgments: pd.DataFrame,
    rules: Mapping[str, frozenset[str]],
) -> dict[str, Any]:
    """How far the people got who took a place in one arm or at one site, and their judgments that
    count."""
    finished = set(placed.loc[placed["status"] == "finished", "participant_id"])
    left_out = {rule: len(people & finished) for rule, people in rules.items()}
    kept = set(placed["participant_id"]) & set(analysed["participant_id"])
    return {
        "placed": len(placed),
        "finished": len(finished),
        "analysed": len(kept),
        "judgments": int(judgments["participant_id"].isin(kept).sum()),
        "by_status": _statuses(placed),
        "excluded": {rule: count for rule, count in left_out.items() if count},
    }
