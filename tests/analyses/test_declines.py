"""“Prefer not to say” where a page asks for several main answers: each counts by itself."""

import json
from typing import Any

import pandas as pd
import pytest

from studyapp.analyses.declines import declined_answers, is_main
from studyapp.paradigms.distinction.analysis import measure, results
from studyapp.paradigms.measures import StudyTables
from studyapp.paradigms.questions import DECLINED


@pytest.mark.parametrize(
    ("paradigm", "names", "count"),
    [
        ("distinction", ["value", "confidence", "correct", "correct_confidence"], 2),
        ("rating", ["item_1", "item_2", "confidence"], 2),
        ("marking", ["region"], 1),
        # A researcher's own fields have names of their own
        ("custom", ["value", "correct", "region", "item_1"], 1),
    ],
)
def test_each_main_answer_that_was_declined_counts(
    paradigm: str, names: list[str], count: int
) -> None:
    said = json.dumps(dict.fromkeys(names, DECLINED))
    rows = {"paradigm": [paradigm] * 3, "further_answers": [said, None, '{"item_1": 3}']}
    assert declined_answers(pd.DataFrame(rows)) == count
    assert sum(is_main(paradigm, name) for name in names) == count


def test_the_second_answer_of_distinction_counts_where_the_first_was_declined() -> None:
    known: dict[str, list[Any]] = {
        "correct": [None, 1, None, 0], "second_correct": [1, None, None, 0],
        "further_answers": [None] * 4, "stimulus_id": ["s"] * 4, "trial_position": [1, 2, 3, 4],
        "participant_id": list("abcd"), "image_group": ["i"] * 4, "condition": ["grad_cam"] * 4,
    }  # fmt: skip
    main = pd.DataFrame(known).astype({"correct": "Int64", "second_correct": "Int64"})
    stimuli = pd.DataFrame({"stimulus_id": ["s"], "facts": ['{"correct": 1, "right": 0}']})
    tables = StudyTables({"stimuli": stimuli}, {}, lambda digest: None)
    found = measure(tables, "distinction", main)
    assert found.frame["participant"].to_list() == ["a", "b", "d"]
    told = results(found.frame, ["grad_cam"], 1)
    counted = {name: told[name]["methods"]["grad_cam"] for name in ("predicted", "truth")}
    assert {name: (one["count"], one["n"]) for name, one in counted.items()} == {
        "predicted": (1, 2), "truth": (1, 2),
    }  # fmt: skip
