"""What the study vqa needs, written whole or not at all."""

import csv
import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ready.errors import MakingError
from ready.measures import share
from ready.photos.coco import annotation_row
from ready.written import write_record, write_weights

from .answerer import Answerer
from .pictures import ANSWERS, Part, Question, read_part
from .training import Pace, answered, answers_of, teach

PACE = Pace()
# Of the questions that it learns from, after the first epoch of which it is right so often: halfway
# between what the questions alone tell and what it reaches. A number of epochs would be another
# network on another processor.
EARLY = 0.8
ASKED = 160  # pictures
KINDS = ("yes or no", "shape", "colour")
NETWORKS = ("late", "early", "blind")
LICENCE = {"id": 1, "name": "MIT", "url": "https://github.com/vzhou842/easy-VQA"}


def drawn(part: Part, pictures: int, seed: int) -> list[Question]:
    """Of so many pictures one question of each kind, where there is one."""
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(len(part.pixels)), pictures))
    found = []
    for number in numbers:
        for kind in KINDS:
            own = [one for one in part.questions if one.picture == number and one.kind == kind]
            found += chance.sample(own, 1) if own else []
    return found


def write_pictures(part: Part, numbers: Sequence[int], folder: Path) -> None:
    """The pictures pixel by pixel as they are, and annotations.json with the shape of each."""
    folder.mkdir()
    content: dict[str, Any] = {"licenses": [LICENCE], "images": [], "annotations": []}
    content["categories"] = [{"id": 1, "name": "shape"}]
    for number in numbers:
        pixels = part.pixels[number]
        height, width = pixels.shape[:2]
        Image.fromarray(pixels).save(folder / name_of(number))
        row = {"id": number, "file_name": name_of(number), "width": width, "height": height}
        content["images"].append({**row, "license": 1})
        row = annotation_row(part.mask(number), number, 1)
        content["annotations"].append({"id": number, **row})
    (folder / "annotations.json").write_text(json.dumps(content), "utf-8")


def name_of(picture: int) -> str:
    return f"{picture:04}.png"


def write_questions(questions: Sequence[Question], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("photo", "context", "answer"))
        rows.writerows((name_of(one.picture), one.text, one.answer) for one in questions)


def write_networks(part: Part, folder: Path, pace: Pace, early: float) -> dict[str, Answerer]:
    """Train the networks; each as it was written. MakingError where none was early: none before
    the last epoch that was right so often."""
    kept: dict[str, Answerer] = {}

    def keep_early(epoch: int, module: Answerer) -> None:
        if "early" not in kept and epoch < pace.epochs and right_of(module, part) >= early:
            kept["early"] = Answerer()
            kept["early"].load_state_dict(module.state_dict())

    kept["late"] = teach(part, pace, "Network", after=keep_early)
    if "early" not in kept:
        raise MakingError(
            f"No weaker network: before its last epoch the network was never right about "
            f"{early:.0%} of the questions that it learns from; raise the epochs of Pace in "
            "ready/vqa/training.py and make vqa again"
        )
    kept["blind"] = teach(part, pace, "Network without normalisation", normalised=False)
    kept["question-only"] = teach(part, pace, "Questions alone", sighted=False)
    for name, module in kept.items():
        write_weights(folder / f"{name}.safetensors", module.state_dict())
    return {name: module.eval() for name, module in kept.items()}


def right_of(module: Answerer, part: Part) -> float:
    """The share of the part's questions that it answers rightly."""
    return float((answered(module, part) == answers_of(part)).float().mean())


def write(
    folder: Path,
    *,
    asked: int = ASKED,
    pace: Pace = PACE,
    early: float = EARLY,
    most: int | None = None,
) -> None:
    """Write `folder` whole or not at all; nothing where it is there.

    `asked`: pictures of the study. `most`: read no more than so many pictures of each half.
    """
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    torch.set_num_threads(1)
    taught, others = read_part("train", most), read_part("test", most)
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    questions = drawn(others, asked, pace.seed)
    write_pictures(others, sorted({one.picture for one in questions}), unfinished / "pictures")
    write_questions(questions, unfinished / "questions.csv")
    scores = {}
    right = answers_of(others)
    for name, module in write_networks(taught, unfinished, pace, early).items():
        said = answered(module, others, sighted=name != "question-only")
        score = share((said == right).tolist(), others.groups)
        scores[name] = asdict(score)
        print(f"{name}: {score}")
    record = {
        "settings": {**asdict(pace), "early": early, "asked": asked, "pictures": most},
        "answers": ANSWERS,
        "files": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(unfinished.glob("*.*"))
        },
        "scores": scores,
    }
    write_record(unfinished, record)
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """Some minutes, nearly all of them training."""
    write(folder)
