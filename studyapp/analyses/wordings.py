"""Answers to different words or on different scales are kept apart.

Blocks of one paradigm may ask in the study's own words (`paradigms.wording`). Where the analysed
ones differ in words or points, each wording is a scale of its own, as statements of a rating are.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from studyapp.paradigms.measures import Measured, Scale
from studyapp.paradigms.wording import count_of, step_scores

BUILT_IN = "built-in words"
# Of an outcome that has them for every paradigm
BOUNDS: Mapping[str, tuple[float, float]] = {"score": (-2, 2), "correct": (0, 1)}
Block = Mapping[str, Any]


def asked_blocks(definition: Mapping[str, Any], paradigm: str) -> list[Block]:
    """The analysed blocks of a paradigm, as a stored definition holds them."""
    return [
        one
        for one in definition["blocks"]
        if one["paradigm"] == paradigm and one["stage"] == "main"
    ]


def wordings(definition: Mapping[str, Any], paradigm: str) -> dict[str, str]:
    """The digest of each analysed wording by its label; of the built-in words it is empty.

    A label is the names of the blocks that ask in these words.
    """
    blocks: dict[str, list[str]] = {}
    for one in asked_blocks(definition, paradigm):
        blocks.setdefault(one.get("wording", ""), []).append(one["name"])
    return {" and ".join(names) if told else BUILT_IN: told for told, names in blocks.items()}


def own_wordings(definition: Mapping[str, Any], paradigm: str) -> dict[str, str]:
    """The digests of the study's own wordings by their labels."""
    return {label: told for label, told in wordings(definition, paradigm).items() if told}


def labels(definition: Mapping[str, Any], paradigm: str) -> dict[str, str]:
    """The label of each block's wording; empty where all ask in the same words."""
    known = wordings(definition, paradigm)
    if len(known) < 2:
        return {}
    by_digest = {told: label for label, told in known.items()}
    asked = asked_blocks(definition, paradigm)
    return {one["name"]: by_digest[one.get("wording", "")] for one in asked}


def levels(block: Block) -> tuple[float, ...]:
    """What an answer to a block can score, if it favours one of two networks."""
    return step_scores(count_of(block, 5))


def kept_apart(
    found: Measured, definition: Mapping[str, Any], paradigm: str, blocks: Any
) -> Measured:
    """The measured answers with each wording as a scale; the same where there is one wording.

    blocks: the block of each judgment, by the index of the judgments.
    """
    known = labels(definition, paradigm)
    told = own_wordings(definition, paradigm)
    notes = (own_words_note(label, digest) for label, digest in told.items())
    found = replace(found, notes=(*found.notes, *notes))
    by_name = {one["name"]: one for one in asked_blocks(definition, paradigm)}
    if found.outcome == "score":
        found = replace(found, levels={
            known.get(name, ""): levels(one) for name, one in by_name.items()
        })  # fmt: skip
    if not known:
        return found
    frame = found.frame.copy()
    label = blocks[frame.index].map(known)
    if "condition" not in frame.columns:
        frame["condition"] = frame["method"]
    frame["method"] = frame["method"] + ", " + label
    before = frame["scale"] if "scale" in frame.columns else None
    frame["scale"] = label if before is None else before + ", " + label
    null = found.chance if found.outcome == "correct" else found.null
    plain = Scale(found.bounds or BOUNDS[found.outcome], null)
    scales = {
        str(name): found.scales.get(str(former), plain)
        for former, name in zip(
            frame["scale"] if before is None else before, frame["scale"], strict=True
        )
    }
    return replace(found, frame=frame, scales=scales)


def own_words_note(label: str, digest: str) -> str:
    return (
        f"the words of {label} are the study's own (wording {digest[:12]}): numbers published for "
        "other words are not shown beside these"
    )
