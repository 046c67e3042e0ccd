"""What of a class is explained, where that isn't its score: as the explainer writes it."""

import hashlib
import json
from typing import Any

from studyapp.models import Explanation, Network

# The explainer's names, by the word of a study file
KINDS = {"region": "PredictedRegion", "box": "SurestBox"}
BOX = "Detected"  # found in a photo
WORDS = {
    "PredictedRegion": "over the region that the network gives it",
    "SurestBox": "in the box of its surest detection",
}


def target_of(network: Network, class_index: int) -> str:
    """The target in which the network's class is explained; empty where its score is."""
    if not network.target:
        return ""
    told = {"target": KINDS[network.target], "version": 1, "class_": class_index}
    return json.dumps(told, sort_keys=True)


def digest_of_target(text: str) -> str:
    """What a target is known by; empty for none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def refuse_other_text(text: str, class_index: int) -> None:
    """ValueError for a target of a bundle that isn't one as a worker would write it, or that is of
    another class than its row. Only a worker can tell whether it knows the target."""
    try:
        told = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the target {text[:60]} is not JSON") from error
    if not isinstance(told, dict) or not isinstance(told.get("target"), str):
        raise ValueError(f"the target {text[:60]} has no name")
    if json.dumps(told, sort_keys=True) != text:
        raise ValueError(f"the target {text[:60]} is not written as its digest takes it")
    if told.get("class_", class_index) != class_index:
        raise ValueError(f"the target {text[:60]} is not of its row's class {class_index}")
    if told["target"] == BOX and not _is_box(told.get("box")):
        raise ValueError(f"the target {text[:60]} has no box of four numbers")


def _is_box(told: Any) -> bool:
    sides = told if isinstance(told, list) else []
    return len(sides) == 4 and all(type(side) in (int, float) for side in sides)


def explained_in(explanation: Explanation) -> str:
    """Words for researchers, such as after the name of the class; empty where there is no target.

    They tell the box that was found, but not every pixel of a region.
    """
    if not explanation.target:
        return ""
    told = json.loads(explanation.target)
    words = WORDS.get(told["target"], f"by the target {told['target']}")
    found: list[dict[str, Any]] = [
        json.loads(text) for text in explanation.provenance.get("targets", [])
    ]
    boxes = [one["box"] for one in found if one["target"] == BOX]
    return f"{words} ({', '.join(f'{side:g}' for side in boxes[0])})" if boxes else words
