"""What the study vqa-photos needs, written whole or not at all.

`python -m ready make vqa-photos` writes var/demo/vqa-photos: `stronger` and `weaker`
(`.safetensors`, read by `network`), which are one training when it was over, and before;
`question-only` and `position-only`, two controls that learnt as long; `known` and `held-out`,
photos in COCO's format that none was trained on, with `questions.json`; `questions.csv`, what
people can be asked; and `record.json`.
"""

import csv
import json
import shutil
from collections import deque
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from explainer import Network, load_network
from ready.errors import MakingError
from ready.folders import originals
from ready.photos.coco import write_set
from ready.photos.cutouts import fetch_cutouts
from ready.written import write_record, write_weights

from .answerer import PIXELS, Answerer, Reader, network_of, seen
from .pictured import Pictured, pictured, to_ask, to_train
from .questions import KINDS, Question
from .things import KNOWN_GROUNDS, NEW_GROUNDS, Things, parted, things
from .training import PLACES, Rows, covered, drawn_from, joined, nothing, rows_of, teach

SEED = "vqa-photos/1"
# The loss over so many steps, of which the weaker network had reached the one named by the plan
LATELY = 10


@dataclass(frozen=True)
class Plan:
    """`training`: photos; `each`: of every pair of things that is asked about; `early`: the weaker
    network stops as soon as its loss is that low."""

    training: int = 400
    each: int = 10
    steps: int = 400
    early: float = 0.5


def untrained(seed: int = 1) -> Network:
    """The same at every call."""
    trunk = load_network("efficientnet_lite2", weights="package", size=PIXELS, device="cpu")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return network_of(trunk)


@dataclass(frozen=True, eq=False)
class Taught:
    """Photos to train with: 2N×C×H×(W/2) halves of maps with a noun each, and where things are."""

    halves: Tensor
    nouns: Sequence[str]
    places: Rows


def taught(network: Network, folder: Path, those: Things, count: int) -> Taught:
    """Of photos that are made for that, and not kept."""
    halves, places = list[Tensor](), list[Tensor]()
    nouns, questions = list[str](), list[Question]()
    plan = to_train(those, KNOWN_GROUNDS, count, f"{SEED}/training")
    for one in tqdm(plan, "Training photos", count, unit="photo", disable=None):
        made = pictured(folder, one)
        maps = seen(network, network.prepare([made.scene.photo]))
        halves += maps[0].half().chunk(2, 2)
        nouns += made.nouns
        places += [covered([placed.mask for placed in made.things])] * len(made.questions)
        questions += made.questions
    return Taught(torch.stack(halves), nouns, rows_of(torch.stack(places), questions))


def both(network: Network, of: Taught, plan: Plan) -> dict[str, Network]:
    """The networks that people see, of one training; its loss tells when the weaker one stops."""
    assert isinstance(network.module, Answerer)
    head, lately, kept = network.module.head, deque[float](maxlen=LATELY), dict[str, Network]()

    def keep(step: int, loss: float) -> None:
        lately.append(loss)
        if not kept and len(lately) == LATELY and sum(lately) / LATELY <= plan.early:
            print(f"The weaker network stops after {step} of {plan.steps} steps")
            kept["weaker"] = deepcopy(network)

    torch.manual_seed(1)
    teach(head, joined(of.halves, of.nouns, SEED), plan.steps, "Network", after=keep)
    if not kept:
        raise MakingError(
            f"The loss never came down to {plan.early}, where the weaker network stops: plan more "
            "steps."
        )
    return {"stronger": network, **kept}


def controls(of: Taught, plan: Plan) -> dict[str, Reader]:
    """Networks that never see a photo: one knows the question, one also where things are."""
    torch.manual_seed(1)
    found = {"question-only": Reader(1), "position-only": Reader(PLACES**2)}
    rows = {"question-only": replace(of.places, seen=nothing(len(of.places.answers)))}
    rows["position-only"] = of.places
    for name, module in found.items():
        teach(module, drawn_from(rows[name], 1), plan.steps, name)
    return found


def write_photos(folder: Path, made: Sequence[Pictured]) -> None:
    """A set with its questions, five about each photo."""
    write_set((one.scene for one in made), folder)
    rows = [
        {"photo": name_of(number), "questions": [asdict(question) for question in one.questions]}
        for number, one in enumerate(made, 1)
    ]
    (folder / "questions.json").write_text(json.dumps(rows, indent=1), "utf-8")


def name_of(number: int) -> str:
    return f"{number:04}.jpg"


def write_questions(made: Sequence[Pictured], path: Path) -> None:
    """What people can be asked: one question about each photo, each kind in its turn."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("photo", "context", "answer"))
        for number, one in enumerate(made, 1):
            question = one.questions[number % len(KINDS)]
            rows.writerow((name_of(number), question.text, question.answer))


def write(originals: Path, folder: Path, plan: Plan) -> None:
    """Write `folder` whole or not at all; nothing where it is there."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    training, held_out = parted(things(), SEED)
    network = untrained()
    learnt = taught(network, originals, training, plan.training)
    modules: dict[str, nn.Module] = dict(controls(learnt, plan))
    modules |= {name: one.module for name, one in both(network, learnt, plan).items()}
    digests = {
        name: write_weights(unfinished / f"{name}.safetensors", module.state_dict())
        for name, module in modules.items()
    }
    sets = {"known": (training, KNOWN_GROUNDS), "held-out": (held_out, NEW_GROUNDS)}
    for use, (those, grounds) in sets.items():
        drawn = list(to_ask(those, grounds, plan.each, f"{SEED}/{use}"))
        bar = tqdm(drawn, use, unit="photo", disable=None)
        made = [pictured(originals, one) for one in bar]
        write_photos(unfinished / use, made)
    write_questions(made, unfinished / "questions.csv")
    write_record(unfinished, {"seed": SEED, **asdict(plan), "weights": digests})
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """Some minutes of one core: photos, what the trunk sees of them, and training."""
    fetch_cutouts(originals())
    torch.set_num_threads(1)
    write(originals(), folder, Plan())
