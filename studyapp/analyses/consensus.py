"""What people marked, a map for each photo: the share of people whose region has each pixel."""

import csv
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studyapp.models import Exclusion, Judgment, Stage, Status, Stimulus, Study
from studyapp.paradigms.drawn_maps import SIDE
from studyapp.paradigms.marking.analysis import crops
from studyapp.paradigms.masks import mask_of
from studyapp.paradigms.questions import DECLINED
from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.study import study_definition
from studyapp.studies.photos.marked_squares import SQUARE

from .exclusions import apply_exclusions

Shares = npt.NDArray[np.float32]
TABLE = "regions.csv"


class ConsensusError(Exception):
    """No such maps: one sentence with the fix."""


@dataclass(frozen=True)
class Consensus:
    """`shares`: 224×224, from 0 to 1, of the square of the photo that people saw: the one that
    `network` was given, which `square` tells from others."""

    stimulus: Stimulus
    people: int
    shares: Shares
    network: str
    square: str

    @property
    def says_something(self) -> bool:
        """A map that is the same everywhere shows nothing, and can't be shown."""
        return bool(self.shares.min() < self.shares.max())


def marking_block(study: Study, wanted: str | None = None) -> str:
    """The name of the block in which regions are marked; ConsensusError tells those to choose."""
    asked = asked_questions(study_definition(study))
    blocks = [one.block.name for one in asked if one.question.tool and one.block.is_main]
    if not blocks:
        raise ConsensusError(f"{study.slug} asks nobody to mark a region; add a block that does")
    if wanted is None and len(blocks) == 1:
        return blocks[0]
    if wanted not in blocks:
        problem = f"no block {wanted} in which" if wanted else "several blocks in which"
        raise ConsensusError(
            f"{study.slug} has {problem} regions are marked; name one with --block: "
            f"{', '.join(blocks)}"
        )
    return wanted


def consensus_maps(study: Study, block: str, condition: str | None = None) -> list[Consensus]:
    """A map for each stimulus that anybody marked, of those people who are analysed.

    condition: on the plain photo, only of people who saw the same square of it as under this one;
    beside explanations, only of people who saw this one. ConsensusError where there are several
    and none is named.
    """
    apply_exclusions(study)
    rows = (
        Judgment.objects.of(study)
        .filter(participation__status=Status.FINISHED, trial__block=block, trial__stage=Stage.MAIN)
        .exclude(participation__exclusions__in=Exclusion.objects.of(study).standing())
        .select_related("trial__stimulus__photo__case", "trial__condition")
        .order_by("trial__stimulus__position", "pk")
    )
    marked = [one for one in rows if one.data.get("region", DECLINED) != DECLINED]
    wanted = _conditions(study, block, condition, {_condition(one) for one in marked})
    crop = {name: crops(study.definition)[name] for name in wanted}
    found: dict[int, list[Judgment]] = {}
    for row in marked:
        if _condition(row) in wanted:
            found.setdefault(int(row.trial.stimulus_id or 0), []).append(row)
    sections = study_definition(study).networks
    square = {name: sections[name].square for name in crop.values() if name in sections}
    return [
        Consensus(
            stimulus,
            len(own),
            _counted([one.data["region"] for one in own]),
            network,
            square.get(network, ""),
        )
        for own in found.values()
        if (stimulus := own[0].trial.stimulus) and (network := crop[_condition(own[0])])
    ]


def _condition(judgment: Judgment) -> str:
    return str(judgment.trial.condition)


def _conditions(study: Study, block: str, named: str | None, there: Collection[str]) -> set[str]:
    """Those of the conditions `there` whose regions may be added up, told by the one `named`."""
    beside = getattr(study_definition(study).block(block), "with_explanation", False)
    squares = crops(study.definition)
    group = {name: name if beside else squares[name] for name in squares}
    if named is not None and named not in group:
        raise ConsensusError(
            f"{study.slug} has no condition {named}; name one with --condition: {', '.join(group)}"
        )
    if named is None and len({group[name] for name in there}) > 1:
        what = "beside several explanations" if beside else "on different squares of the photos"
        firsts = {group[name]: name for name in reversed(group) if name in there}
        raise ConsensusError(
            f"people marked {what} in {block}, which can't be added up; name one with --condition: "
            f"{', '.join(sorted(firsts.values()))}"
        )
    return {name for name in there if named is None or group[name] == group[named]}


def _counted(regions: Sequence[dict[str, Any]]) -> Shares:
    counts = np.zeros((SIDE, SIDE))
    for one in regions:
        counts += mask_of(one)
    return (counts / len(regions)).astype(np.float32)


def write_regions(
    maps: Sequence[Consensus], folder: Path, network: str | None = None
) -> list[Consensus]:
    """Write `maps` as NumPy arrays into a new folder, with the table that a condition with
    `method = "imported"` names; gives those that were left out because they say nothing.

    network: the name that networks of that study file have; the table then says of which answer.
    ConsensusError if the folder has anything in it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConsensusError(f"{folder} is there already; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    kept = [one for one in maps if one.says_something]
    with_context = any(one.stimulus.photo.case.context for one in kept)
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    about = ["network", "answer"] if network else []
    context_columns = ["context_json"] if with_context else []
    writer.writerow(["photo", *context_columns, *about, "file", SQUARE])
    for number, one in enumerate(kept, 1):
        name = f"{number:04}.npy"
        np.save(folder / name, one.shares, allow_pickle=False)
        photo = one.stimulus.photo
        context = [photo.case.context or json.dumps(None)] if with_context else []
        answer = [network, one.stimulus.category] if network else []
        writer.writerow([photo.name, *context, *answer, name, one.square])
    (folder / TABLE).write_text(lines.getvalue(), encoding="utf-8")
    return [one for one in maps if not one.says_something]
