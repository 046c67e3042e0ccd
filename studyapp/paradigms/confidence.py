"""How methods differ in whether confidence tells right answers from wrong ones."""

from itertools import combinations
from typing import Any

import pandas as pd

from studyapp.paradigms.tabulation import Facts
from studyapp.shelf.formatting import interval, p_value, signed
from studyapp.statistics.holm import holm
from studyapp.statistics.metacognition import type2_difference


def type2_contrasts(
    rows: pd.DataFrame, methods: list[str], confidence: str
) -> list[dict[str, Any]]:
    """Type-2 AUROC of a minus that of b, of every two methods that are answered on one scale; p by
    Holm over all. rows: with participant, image, method, correct and the column `confidence`."""
    found: list[dict[str, Any]] = []
    for b, a in combinations(methods, 2):
        own = rows[rows["method"].isin([a, b])]
        if "scale" in own.columns and own["scale"].nunique() > 1:
            continue
        right, stated = own["correct"].to_list(), own[confidence].to_list()
        is_a = (own["method"] == a).to_list()
        one = type2_difference(right, stated, own["participant"], own["image"], is_a)
        found.append({"a": a, "b": b, "estimate": one.estimate, "se": one.se, "df": one.df,
                      "robust95": one.interval, "p": one.p, "note": one.note})  # fmt: skip
    for each, p in zip(found, holm([one["p"] for one in found]), strict=True):
        each["p_holm"] = p
    return found


def type2_row(one: Facts) -> list[str]:
    """A difference of two areas: its size, interval, p, p by Holm, and what is odd about it."""
    return [
        f"{one['a']} − {one['b']}", signed(one["estimate"]), interval(one["robust95"], signed),
        p_value(one["p"]), p_value(one["p_holm"]), one["note"],
    ]  # fmt: skip
