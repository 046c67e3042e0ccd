"""Named targets as text: the same again from what was written, and nothing else is read."""

import json
from typing import Any

import pytest

from explainer import ExplainerError, read_target, targets

WRITTEN: list[targets.Target] = [
    targets.Difference(1, 2),
    targets.Difference(targets.PredictedRegion(1), targets.Chosen(2)),
    targets.Neuron((1, 0, 3)),
    targets.Neuron(()),
    targets.Channel(7),
    targets.Words((4, 0)),
    targets.Words((4, 0), first=2),
    targets.Segmented.of_box(2, (16, 16), (3, 1, 9, 5)),
    targets.Detected(1, (2.5, 3.0, 13, 15.125)),
    targets.PredictedRegion(12),
    targets.SurestBox(18),
]


@pytest.mark.parametrize("target", WRITTEN, ids=lambda one: type(one).__name__)
def test_a_target_is_the_same_again_from_its_text(target: targets.Target) -> None:
    again = read_target(target.text())
    assert (again, again.text(), again.digest()) == (target, target.text(), target.digest())


def test_the_order_of_fields_and_a_default_that_is_left_out_change_nothing() -> None:
    told = '{"version": 1, "answers": [4, 0],\n "target": "Words"}'
    assert read_target(told).text() == targets.Words((4, 0)).text()


def of(**told: Any) -> str:
    return json.dumps({"version": 1, **told})


BOX = {"target": "Detected", "class_": 1, "box": [1, 2, 3, 4]}
REFUSED = {
    "no JSON": ("region:dog", 'the target region:dog is not JSON .*: write {"target"'),
    "no target": ("[1, 2]", r"\[1, 2\] names no target"),
    "another name": (of(target="Segmentd"), "no target Segmentd: did you mean Segmented"),
    "a function": (of(target="lambda"), "no target lambda"),
    "several": (targets.Each((targets.Channel(1),)).text(), "no target Each"),
    "a class by itself": (targets.Chosen(1).text(), "name the class by itself, without a target"),
    "no version": ('{"target": "Channel", "channel": 1}', "Channel of no version"),
    "another version": ('{"target": "Channel", "channel": 1, "version": 2}', "Channel of 2, and"),
    "true as version": ('{"target": "Channel", "channel": 1, "version": true}', "of true, and"),
    "another field": (of(target="Channel", chanel=1), 'no field "chanel": did you mean channel'),
    "a missing field": (of(target="Detected", class_=1), "Detected lacks box: write "),
    "a field twice": ('{"target": "Channel", "channel": 1, "channel": 2, "version": 1}', "twice"),
    "below 0": (of(target="Channel", channel=-1), r"-1 can't be Channel.channel: indices are"),
    "true": (of(target="Channel", channel=True), "true can't be Channel.channel"),
    "half": (of(target="Words", answers=[1, 0.5]), r"0.5 can't be Words.answers"),
    "a name": (of(target="PredictedRegion", class_="dog"), "dog can't be PredictedRegion.class_"),
    "three numbers": (of(**{**BOX, "box": [1, 2, 3]}), r"\[1, 2, 3\] can't be Detected.box"),
    "no number": (json.dumps({**BOX, "box": [1, 2, 3, float("nan")], "version": 1}), "NaN is not"),
    "no end": (of(**BOX).replace("4]", "1e999]"), "Infinity can't be Detected.box"),
    "an empty box": (of(**{**BOX, "box": [3, 2, 3, 4]}), "holds nothing"),
    "pixels twice": (
        of(target="Segmented", class_=1, size=[2, 2], runs=[[0, 2], [1, 1]]),
        r"run \(1, 1\) is empty or begins before 2",
    ),
    "pixels outside": (
        of(target="Segmented", class_=1, size=[2, 2], runs=[[3, 2]]),
        "runs end at 5, and there are 2×2 pixels",
    ),
    "no pixels": (of(target="Segmented", class_=1, size=[2, 2], runs=[]), "at least one run"),
    "too deep": (
        '{"target": "Difference", "version": 1, "a": 1, "b": ' * 600 + "2" + "}" * 600,
        "too many targets within each other|not JSON",
    ),
    "text in a difference": (of(target="Difference", a=1, b="x"), "x can't be Difference.b"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_another_text_is_refused_with_the_reason(name: str) -> None:
    text, said = REFUSED[name]
    with pytest.raises(ExplainerError, match=said):
        read_target(text)


def test_a_number_that_is_not_finite_is_no_target_of_python_either() -> None:
    with pytest.raises(ExplainerError, match="box holds nan: give a finite number"):
        targets.Detected(1, (float("nan"), 0.0, 1.0, 1.0))
