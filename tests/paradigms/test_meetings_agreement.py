"""How much people agree who compare or rank several explanations on one page."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.results import results
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import tidy_file
from studyapp.paradigms.comparison.analysis import agreement as of_comparisons
from studyapp.paradigms.comparison.analysis import mirrored
from studyapp.paradigms.ranking.analysis import agreement as of_rankings
from tests.analyses.oracles import FOLDER, oracle
from tests.analyses.tidy_tables import write_csv

ALPHA: dict[str, float] = json.loads((FOLDER / "alpha.json").read_text("utf-8"))
NAMES = "abcde"


def compared() -> pd.DataFrame:
    frame, _ = oracle("ties")
    return frame.rename(columns={"first": "method", "second": "against", "result": "value"})


def ranked(orders: pd.DataFrame, places: int = 5) -> pd.DataFrame:
    """A row of each method on each page."""
    columns = ["participant", "image", "page", "method", "place"]
    return pd.DataFrame(
        [
            (row.participant, row.image, f"{row.participant}/{row.image}",
             getattr(row, f"place_{place}"), place)
            for row in orders.itertuples(index=False)
            for place in range(1, places + 1)
        ],
        columns=columns,
    )  # fmt: skip


def value_of(found: dict[str, Any] | None) -> float:
    assert found is not None
    return float(found["value"])


def test_alpha_is_that_of_r_by_its_definition() -> None:
    comparisons = of_comparisons(mirrored(compared()))
    assert value_of(comparisons) == pytest.approx(ALPHA["ties"], rel=1e-10)
    rankings = of_rankings(ranked(oracle("rankings")[0]))
    assert value_of(rankings) == pytest.approx(ALPHA["rankings"], rel=1e-10)
    assert comparisons is not None
    assert comparisons["low"] < 0 < comparisons["high"]


def test_it_does_not_matter_which_of_two_is_named_first() -> None:
    frame = compared()
    turned = frame.rename(columns={"method": "against", "against": "method"})
    turned["value"] = 1 - turned["value"]
    assert of_comparisons(mirrored(turned)) == pytest.approx(of_comparisons(mirrored(frame)))


def test_one_photo_s_alpha_is_the_mean_rank_correlation_of_two_people() -> None:
    orders = oracle("rankings")[0]
    orders = orders[orders["image"] == orders["image"].iloc[0]]
    places = [
        [list(row).index(name) for name in NAMES]
        for row in orders[[f"place_{place}" for place in range(1, 6)]].itertuples(index=False)
    ]
    mean = np.mean([np.corrcoef(one, other)[0, 1] for one, other in combinations(places, 2)])
    n = len(places) * 5
    # Of finitely many values, those expected by chance leave out a value's pair with itself
    expected = 1 - (1 - mean) * (n - 1) / n
    assert value_of(of_rankings(ranked(orders))) == pytest.approx(expected)


def test_a_table_of_comparisons_tells_alpha_in_results_and_summary(tmp_path: Path) -> None:
    rows = [
        f"p{person},i{photo},a,b,{value}"
        for photo, values in enumerate(([1, 1, 1], [0, 0, 0], [1, 1, 0.5]))
        for person, value in enumerate(values)
    ]
    path = tmp_path / "own.csv"
    write_csv(path, "participant,image,method,against,value\n" + "\n".join(rows))
    found = results(tidy_file(path, paradigm="comparison"))
    assert found["alpha"]["level"] == "ordinal"
    assert 0.5 < found["alpha"]["value"] < 1
    assert "agreement among people: Krippendorff’s α = " in "\n".join(summary(found))
