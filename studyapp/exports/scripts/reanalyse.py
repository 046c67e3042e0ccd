"""Works out the results of this bundle again, from its tables and with pandas alone.

    python analysis/reanalyse.py

It says what differs from results*.json, and ends with status 1 if anything does. Intervals there
take their quantile from Student's t with min(people, photos) − 1 degrees; here the standard errors
of the contrasts are compared.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

BUNDLE = Path(__file__).resolve().parent.parent
CLOSE = 1e-9


def main() -> int:
    table = next((BUNDLE / "data").glob("*_description-judgments_data.csv"))
    judgments = pd.read_csv(table, dtype={"participant_id": str, "image_group": str})
    rows = judgments[(judgments.stage == "main") & (judgments.status == "finished")]
    rows = rows[~rows.excluded]
    differences = []
    for file in sorted((BUNDLE / "analysis").glob("results*.json")):
        found = json.loads(file.read_text(encoding="utf-8"))
        asked = rows[(rows.paradigm == found["paradigm"]) & rows[found["outcome"]].notna()]
        differences += [f"{file.name}: {one}" for one in compare(found, asked)]
    for line in differences or ["everything is as in the results"]:
        sys.stdout.write(line + "\n")
    return 1 if differences else 0


def compare(found: dict[str, Any], rows: pd.DataFrame) -> list[str]:
    """What differs between the results and the rows, a sentence each."""
    outcome = found["outcome"]
    pairs: list[tuple[str, Any, Any]] = [("judgments", found["n"], len(rows))]
    for name, method in found["methods"].items():
        values = rows.loc[rows.condition == name, outcome]
        told = method["accuracy"] if outcome == "correct" else method["mean"]
        pairs += [(f"{name}, n", method["n"], len(values)), (name, told, values.mean())]
        for level, count in method.get("counts", {}).items():
            pairs.append((f"{name}, answers {level}", count, int((values == int(level)).sum())))
    for one in found["contrasts"]:
        label = f"{one['a']} - {one['b']}"
        estimate, se = contrast(rows, outcome, one["b"], one["a"])
        pairs.append((label, one["estimate"], estimate))
        if one["se"] is not None:
            pairs.append((f"{label}, standard error", one["se"], se))
    for label, told, again in pairs:
        sys.stdout.write(f"{found['paradigm']}  {label}: {told} / {again}\n")
    return [f"{label}: {told} there, {again} here" for label, told, again in pairs
            if told is not None and not abs(told - again) <= CLOSE]  # fmt: skip


def contrast(rows: pd.DataFrame, outcome: str, a: str, b: str) -> tuple[float, float]:
    """The mean under `b` minus that under `a`, and its two-way cluster-robust standard error.

    Cameron, Gelbach and Miller, Journal of Business and Economic Statistics 29 (2011).
    """
    both = rows[rows.condition.isin([a, b])]
    means = both.groupby("condition")[outcome].mean()
    sizes = both.groupby("condition")[outcome].count()
    if len(means) < 2:
        return float("nan"), float("nan")
    sign = both.condition.map({a: -1.0, b: 1.0})
    share = sign * (both[outcome] - both.condition.map(means)) / both.condition.map(sizes)
    people = one_way(share, [both.participant_id])
    images = one_way(share, [both.image_group])
    variance = people + images - one_way(share, [both.participant_id, both.image_group])
    if variance <= 1e-14:
        variance = max(people, images)
    return float(means[b] - means[a]), float(variance**0.5)


def one_way(share: Any, groups: list[Any]) -> float:
    """The variance of the contrast with one kind of cluster, corrected for their number."""
    sums = share.groupby(groups).sum()
    clusters, n = len(sums), len(share)
    if clusters < 2:
        return float("nan")
    return clusters / (clusters - 1) * (n - 1) / (n - 2) * float((sums**2).sum())


if __name__ == "__main__":
    sys.exit(main())
