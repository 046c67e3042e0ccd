"""Which maps a marked region is compared with, and what is told of regions and of people."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studyapp.analyses.figures.heat import heat_figure
from studyapp.analyses.results import results as all_results
from studyapp.analyses.summary import summary
from studyapp.analyses.tidy import TidyError, tidy_file
from studyapp.exports.analysis import analysed_table
from studyapp.paradigms.marking.analysis import (
    agreement,
    crops,
    heats,
    measure,
    results,
    tables,
)
from studyapp.paradigms.measures import Measured, StudyTables
from studyapp.paradigms.regions import brushed, read_region, region_of_squares

# A map whose highest value is in the left half, and one in the right half
LEFT = np.array([[4, 0], [4, 0]], dtype=np.float32)
MAPS = {"left": LEFT, "right": LEFT[:, ::-1]}
PAIRS = {"main": {"stronger": "vgg", "weaker": "alex"}, "other": {"stronger": "mixer"}}
CONDITIONS = [
    {"name": "a", "method": "grad_cam", "pair": "main"},
    {"name": "b", "method": "group_cam", "pair": "main"},
    {"name": "c", "method": "grad_cam", "pair": "other"},
]
HALF = {"version": 1, "tool": "box", "boxes": [[0, 0, 0.5, 1]]}
CORNER = {"version": 1, "tool": "box", "boxes": [[0, 0, 0.5, 0.5]]}


def judged(*rows: tuple[str, str, str, Any]) -> pd.DataFrame:
    """(person, photo, condition shown, region)"""
    return pd.DataFrame(
        [
            {"participant_id": who, "image_group": photo, "condition": shown, "block": "main",
             "stimulus_id": photo, "trial_position": 0,
             "further_answers": json.dumps({"region": region})}
            for who, photo, shown, region in rows
        ],
        index=range(10, 10 + len(rows)),
    )  # fmt: skip


def measured(main: pd.DataFrame, *, lost: str = "", **block: Any) -> Measured:
    explanations = pd.DataFrame(
        [
            {"stimulus_id": photo, "condition": name, "role": "stronger", "map_sha256": digest}
            for photo in ("p", "q")
            for name, digest in (("a", "left"), ("b", "right"), ("c", "left"))
        ]
    )
    study = StudyTables(
        frames={"explanations": explanations},
        definition={
            "pairs": PAIRS, "conditions": CONDITIONS,
            "blocks": [{"name": "main", "paradigm": "marking", **block}],
        },
        stored_map=lambda digest: None if digest == lost else MAPS[digest],
    )  # fmt: skip
    return measure(study, "marking", main)


def test_a_region_is_compared_with_every_map_of_the_same_crop_and_no_other() -> None:
    found = measured(judged(("x", "p", "a", HALF), ("x", "q", "c", HALF)))
    rows = found.frame[["image", "method"]].itertuples(index=False, name=None)
    assert sorted(rows) == [("p", "a"), ("p", "b"), ("q", "c")]
    values = found.frame.set_index("method")["value"]
    assert values["a"] == values["c"] == 1.0
    assert values["b"] == 0.0
    assert list(found.frame.index) == [10, 10, 11]
    assert "each of the 2 regions is compared" in found.notes[0]


def test_beside_an_explanation_only_the_map_that_was_shown_counts() -> None:
    main = judged(("x", "p", "b", HALF), ("y", "p", "a", HALF))
    found = measured(main, with_explanation=True)
    assert list(found.frame["method"]) == ["b", "a"]
    assert list(found.frame["value"]) == [0.0, 1.0]
    # Nobody marked the same page as another: no agreement can be told.
    assert agreement(found.frame)["note"] == "nothing was judged by two people"


def test_networks_of_one_pair_or_of_the_same_name_have_one_crop() -> None:
    pairs = {"main": {"stronger": "vgg"}, "too": {"stronger": "vgg"}, "ready": {"use": "eyes"}}
    names = ["main", "too", "ready"]
    conditions = [{"name": name, "pair": name} for name in names]
    found = crops({"pairs": pairs, "conditions": conditions})
    assert found == {"main": "vgg", "too": "vgg", "ready": "pair ready"}
    only = crops({"pairs": {"main": {"stronger": "vgg"}}, "conditions": [{"name": "a"}]})
    assert only == {"a": "vgg"}


def test_lost_maps_and_regions_that_say_little_are_told() -> None:
    whole = {"version": 1, "tool": "box", "boxes": [[0, 0, 1, 1]]}
    found = measured(judged(("x", "p", "a", HALF), ("y", "p", "a", whole)), lost="right")
    assert len(found.frame) == 2
    assert found.notes[0].startswith("2 comparisons are left out because their maps")
    assert found.notes[1].startswith("1 region covers more than half")


def test_people_are_compared_by_regions_whose_every_map_was_lost() -> None:
    main = judged(
        ("x", "p", "c", HALF), ("y", "p", "c", CORNER), ("z", "p", "b", HALF), ("x", "q", "b", HALF)
    )
    lost = measured(main, lost="left")
    assert list(lost.frame["method"]) == ["c", "c", "b", "b"]
    assert list(lost.frame["value"].isna()) == [True, True, False, False]
    assert lost.notes == (
        "4 comparisons are left out because their maps were not kept",
        "no map was kept for 2 of 4 regions; the agreement among people is that of all regions",
    )
    kept = measured(main)
    assert agreement(lost.frame) == agreement(kept.frame)
    assert agreement(kept.frame)["value"] is not None
    told = results(lost.frame, ["b"], 1)
    assert told["people"] == results(kept.frame, ["a", "b", "c"], 1)["people"]
    assert set(told["area"]) == {"b"}


def test_regions_that_answer_other_words_are_not_compared() -> None:
    main = judged(("x", "p", "a", HALF), ("y", "p", "a", HALF))
    frame = measured(main).frame
    frame["scale"] = frame.index.map({10: "main", 11: "other"})
    told = results(frame, ["a", "b"], 1)["people"]
    assert {name: one["n"] for name, one in told["photos"].items()} == {"p, main": 1, "p, other": 1}
    assert told["mean_iou"] is None


def test_a_table_keeps_regions_without_numbers_for_the_agreement_among_people(
    tmp_path: Path,
) -> None:
    table = pd.DataFrame(
        {"participant": ["w", "w", "x", "y", "z"], "image": list("pqpqp"), "method": "a",
         "iou": [0.5, 0.25, None, None, None],
         "region": [*map(json.dumps, [HALF, HALF, HALF, CORNER]), None]}
    )  # fmt: skip
    table.to_csv(tmp_path / "table.csv", index=False)
    tidy = tidy_file(tmp_path / "table.csv", paradigm="marking")
    assert list(tidy.frame["iou"]) == [0.5, 0.25]
    assert tidy.notes == (
        "3 rows have no outcome (empty or NA) and are left out; 2 of them count in the agreement "
        "among people",
    )
    found = all_results(tidy)
    assert found["n"] == 2
    assert found["methods"]["a"]["mean"] == pytest.approx(0.375)
    assert found["alpha"]["level"] == "regions"
    people = found["marking"]["people"]["photos"]
    assert {name: (one["n"], one["iou"]) for name, one in people.items()} == {
        "p": (2, 1.0), "q": (2, 0.5),
    }  # fmt: skip
    # What is written is read again, with the regions that have no numbers.
    analysed_table(tidy).to_csv(tmp_path / "again.csv", index=False)
    again = all_results(tidy_file(tmp_path / "again.csv", paradigm="marking"))
    assert again["marking"] == found["marking"]
    assert again["alpha"] == found["alpha"]


def test_a_table_without_any_number_tells_the_agreement_among_people(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"participant": list("wxwx"), "image": list("ppqq"), "method": "a", "iou": "",
         "region": [*map(json.dumps, [HALF, HALF, CORNER, CORNER])]}
    )  # fmt: skip
    table.to_csv(tmp_path / "table.csv", index=False)
    found = all_results(tidy_file(tmp_path / "table.csv", paradigm="marking"))
    assert (found["n"], found["methods"]) == (0, {})
    assert found["alpha"]["value"] == 1.0
    assert found["marking"]["people"]["mean_iou"] == 1.0
    lines = list(summary(found))
    assert lines[0] == "marking: no scored judgments"
    assert "    q: people 2, mean intersection over union of two people 1.00" in lines
    assert max(map(len, lines)) < 200


def test_people_who_marked_different_squares_of_a_photo_marked_different_things() -> None:
    right = {"version": 1, "tool": "box", "boxes": [[0.5, 0, 1, 1]]}
    main = judged(
        ("w", "p", "a", HALF), ("x", "p", "b", HALF), ("y", "p", "c", right), ("z", "p", "c", right)
    )
    people = results(measured(main).frame, ["a", "b", "c"], 1)["people"]
    assert {name: (one["n"], one["iou"]) for name, one in people["photos"].items()} == {
        "p/vgg": (2, 1.0), "p/mixer": (2, 1.0),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "nonsense", "[]", '{"version": 1, "tool": "brush", "side": 56, "runs": [[99, 0, 0]]}',
        '{"version": 1, "tool": "box", "boxes": [[0.5, 0, 0.5, 1]]}',
        '{"version": 1, "tool": "brush", "side": 1000000, "runs": [[0, 0, 0]]}',
        '{"version": 1, "tool": "heap"}',
    ],
)  # fmt: skip
def test_a_table_whose_region_is_none_is_refused_by_its_line(text: str, tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"participant": ["x", "y"], "image": "p", "method": "a", "iou": 0.5,
         "region": [json.dumps(HALF), text]}
    )  # fmt: skip
    table.to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(TidyError, match="line 3: region is not a stored region"):
        tidy_file(tmp_path / "table.csv", paradigm="marking")


def test_regions_are_read_from_a_table_however_they_were_drawn(tmp_path: Path) -> None:
    regions = [
        HALF,
        region_of_squares([0, 1], "brush", 1, 5),
        region_of_squares([99], "points", 1, 5),
        read_region(
            json.dumps({"version": 1, "tool": "brush", **brushed([(3, 4)], 56)}), "brush", 1, 1
        ),
    ]
    table = pd.DataFrame(
        {"participant": list("wxyz"), "image": "p", "method": "a", "iou": 0.5,
         "region": [json.dumps(one) for one in regions]}
    )  # fmt: skip
    table.to_csv(tmp_path / "table.csv", index=False)
    assert len(tidy_file(tmp_path / "table.csv", paradigm="marking").frame) == 4


def test_people_are_compared_once_for_each_photo_however_many_maps_there_are() -> None:
    main = judged(
        ("x", "p", "a", HALF), ("y", "p", "b", CORNER), ("x", "q", "a", CORNER),
        ("y", "q", "a", CORNER),
    )  # fmt: skip
    frame = measured(main).frame
    assert len(frame) == 8
    told = results(frame, ["a", "b"], 1)
    assert told["people"]["mean_iou"] == pytest.approx(0.75)
    photos = told["people"]["photos"]
    agreed = {name: (one["n"], one["iou"]) for name, one in photos.items()}
    assert agreed == {"p": (2, pytest.approx(0.5)), "q": (2, 1.0)}
    # Both marked the upper left quarter of p, and one of them the lower left one as well.
    rows = [[int(share) for share in line.split()] for line in photos["p"]["shares"]]
    assert (len(rows), len(rows[0])) == (28, 28)
    assert (rows[0][0], rows[27][0], rows[0][27]) == (100, 50, 0)
    # Observed: 2·½ / 4 = ¼; expected: one region is half away from the three others, which are one.
    found = agreement(frame)
    assert found["value"] == pytest.approx(1 - 0.25 / 0.25)
    assert told["area"]["a"]["mean"] == pytest.approx((0.5 + 3 * 0.25) / 4)
    captions = [table.caption for table in tables(told)]
    assert "Agreement among people, photo by photo" in captions
    assert len(captions) == 5


def test_a_table_with_numbers_alone_tells_no_agreement_of_regions() -> None:
    frame = pd.DataFrame({"participant": ["x"], "image": ["p"], "method": ["a"], "iou": [0.5]})
    assert agreement(frame) is None
    assert results(frame, ["a"], 1) == {}


def test_the_report_draws_where_people_marked_and_says_it_in_words() -> None:
    found = results(measured(judged(("x", "p", "a", HALF), ("y", "p", "a", HALF))).frame, ["a"], 1)
    figure = heat_figure(next(iter(heats(found))))
    assert "p: n = 2, 100 % of people around 23 % from the left and 48 % from the top" in figure.alt
    assert figure.svg.count("<image ") == 1
    assert "from light (nobody marked the place) to dark" in figure.svg
    assert list(heats({})) == []
