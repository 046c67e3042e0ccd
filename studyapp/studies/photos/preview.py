"""What could be asked of photos that are in no database yet: a child process of the explainer
predicts, the paradigms' own rules decide."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from photos.class_names import class_names
from studyapp.paradigms import PARADIGMS, Candidate, Classified, Refusal
from studyapp.sections.networks_and_images import PairSection
from studyapp.studies.definition.named_files import labels_of, weights_of
from studyapp.studies.definition.study import Definition

from .answers import read_tables, tables_alone
from .eligibility import Outcome, agreed, apply_rule, category_of
from .files import photo_bytes
from .foresight import foreseen_shortages
from .readers import Photo, once_with_further
from .shortfalls import Supply


class PreviewError(Exception):
    """The networks could not answer: one sentence from the explainer."""


Answers = dict[str, list[Classified | None]]


@dataclass(frozen=True)
class EligibilityPreview:
    """What can be asked about, by paradigm, and the names of the classes, by network.

    `short`: what the choice of stimuli would lack, though enough can be asked.
    """

    supply: dict[str, Supply]
    labels: dict[str, Sequence[str]]
    short: tuple[str, ...] = ()


def preview_eligibility(
    definition: Definition, photos: Sequence[Photo], base: Path
) -> EligibilityPreview:
    """Let the networks answer; PreviewError where they can't."""
    answers, labels = _classified(definition, photos, base)
    outcomes = {
        paradigm: _outcomes(definition, paradigm, photos, answers)
        for paradigm in definition.photo_paradigms()
    }
    supply = {paradigm: _counted(photos, found) for paradigm, found in outcomes.items()}
    short = tuple(foreseen_shortages(definition, photos, outcomes))
    return EligibilityPreview(supply, labels, short)


def _outcomes(
    definition: Definition, paradigm: str, photos: Sequence[Photo], answers: Answers
) -> list[Outcome]:
    """What a paradigm can ask of each photo."""
    pairs = {definition.pair_of(one) for one in definition.conditions_of(paradigm)}
    found = []
    for place, photo in enumerate(photos):
        at = {name: of_network[place] for name, of_network in answers.items()}
        each = [_outcome(definition.pairs[name], paradigm, photo, at) for name in sorted(pairs)]
        found.append(agreed(each))
    return found


def _counted(photos: Sequence[Photo], outcomes: Sequence[Outcome]) -> Supply:
    eligible: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    by_photo: Counter[str] = Counter()
    for photo, outcome in zip(photos, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            refused[outcome.rule] += 1
        else:
            eligible[outcome[0].stratum or "photos"] += 1
            by_photo[photo.name] += 1
    return Supply(dict(eligible), dict(refused.most_common()), dict(by_photo))


def _outcome(
    pair: PairSection, paradigm: str, photo: Photo, answers: dict[str, Classified | None]
) -> list[Candidate] | Refusal:
    roles = {"stronger": pair.stronger, "weaker": pair.weaker}
    known = {
        role: answers[name]
        for role in PARADIGMS[paradigm].networks
        if (name := roles[role]) is not None
    }
    answer = answers[pair.stronger]
    names = class_names(tuple(answer.labels) if answer is not None else ())
    categories = [
        category_of(one.name, one.accepted, names, one.others) for one in photo.categories
    ]
    return apply_rule(categories, known, PARADIGMS[paradigm])


def _classified(
    definition: Definition, photos: Sequence[Photo], base: Path
) -> tuple[Answers, dict[str, Sequence[str]]]:
    """Each network's answers by its name, photo by photo, and the names of its classes."""
    tables = read_tables(definition, photos, base)
    answers: Answers = {
        name: [
            table.classified(
                (one.name, one.context),
                is_multi_label=definition.networks[name].probabilities == "sigmoid",
            )
            for one in photos
        ]
        for name, table in tables.items()
    }
    labels: dict[str, Sequence[str]] = {name: table.labels for name, table in tables.items()}
    if not tables_alone(definition):
        found = _asked_of_networks(definition, photos, base)
        for name, answer in found.items():
            labels[name] = answer["labels"]
            answers[name] = [
                None if classes is None else Classified(classes, answer["labels"], said)
                for classes, said in zip(answer["classes"], answer["said"], strict=True)
            ]
    return answers, labels


def _asked_of_networks(
    definition: Definition, photos: Sequence[Photo], base: Path
) -> dict[str, Any]:
    """What the networks that can be loaded answer, as the explainer's `predict` tells it."""
    networks = {}
    for name, section in definition.networks.items():
        if section.is_table:
            continue
        # What the explainer's `load_network` takes, and what will explain the network
        arguments = {
            "builder": section.builder,
            "weights": weights_of(section, base),
            "sha256": section.sha256,
            "labels": labels_of(section, base) or None,
            "layer": section.layer,
            "grid": section.grid,
            "probabilities": section.probabilities,
            "options": section.options,
            "methods": definition.methods_of(name),
            "channels": definition.images.channels,
            "target": section.target,
        }
        networks[name] = {key: value for key, value in arguments.items() if value is not None}
    with TemporaryDirectory() as folder:
        surround = definition.display.surround
        kept = {
            name: str(_file_of(one, Path(folder), n, surround))
            for n, (name, one) in enumerate(once_with_further(photos).items())
        }
        contexts = [json.loads(one.context) if one.context else None for one in photos]
        files = [kept[one.name] for one in photos]
        further = [[kept[beside.name] for beside in one.further] for one in photos]
        wanted = {"networks": networks, "photos": files, "contexts": contexts}
        return _ask({**wanted, "further": further} if any(further) else wanted)


def _file_of(photo: Photo, folder: Path, number: int, surround: str) -> Path:
    """The photo's own file; where a study keeps another picture, that one, in `folder`."""
    content = photo_bytes(photo, surround)
    if photo.beside is None and content == photo.path.read_bytes():
        return photo.path
    path = folder / f"{number}.png"
    path.write_bytes(content)
    return path


def _ask(wanted: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "explainer", "predict"],
        input=json.dumps(wanted),
        stdout=subprocess.PIPE,
        stderr=None if sys.stderr.isatty() else subprocess.PIPE,
        text=True,
        cwd=settings.ROOT,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr or "see above").strip().splitlines()[-1]
        raise PreviewError(f"the networks could not answer: {last}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
