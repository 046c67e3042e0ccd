"""How often the networks are right beside what sees no photo, and where they look."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from explainer import Network, load_weights
from explainer.training.scores import Score
from ready.maps_and_masks import RANDOM
from ready.measures import APART, Measured, difference, share

from .answerer import Answerer, Reader, network, seen
from .looking import METHODS, Looked, looked, map_rows
from .photographed import Photographed, few, read
from .questions import ANSWERS, KINDS, Question
from .training import PLACES, drawn_from, nothing, rows_of, said_by, teach

NETWORKS = ("stronger", "weaker")
# Known things first
SETS = {"known": "known things, new photos", "held-out": "new things and backgrounds"}
MAPPED = 2  # photos of each pair whose maps are drawn
STEPS = 400  # of what learns from maps alone
Controls = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Answered:
    """What was said to each question of a set: by the networks, and by what sees no photo."""

    of: Photographed
    said: Mapping[str, Tensor]
    controls: Mapping[str, Controls]


def check(folder: Path) -> list[Measured]:
    torch.set_num_threads(1)
    networks = {name: network(str(folder / f"{name}.safetensors")) for name in NETWORKS}
    sets = {use: read(folder / use, networks["stronger"]) for use in SETS}
    answered = {use: answers(folder, networks, of, sets["known"]) for use, of in sets.items()}
    found = [row for use, what in SETS.items() for row in of_answers(answered[use], what)]
    asked = {use: few(of, MAPPED) for use, of in sets.items()}
    for name, one in networks.items():
        maps = {
            "known": looked(one, asked["known"], ["grad_cam"]),
            "held-out": looked(one, asked["held-out"], [*METHODS, RANDOM]),
        }
        found += of_maps_alone(name, maps)
        found += map_rows(name, maps["held-out"])
    return found


def answers(
    folder: Path, networks: Mapping[str, Network], of: Photographed, known: Photographed
) -> Answered:
    maps = torch.cat([seen(networks["stronger"], image[None]) for image in of.images])
    said, elsewhere = {}, {}
    for name, one in networks.items():
        assert isinstance(one.module, Answerer)
        said[name] = said_by(one.module.head, rows_of(maps, of.questions))
        others = rows_of(maps[of.others()], of.questions)
        elsewhere[name] = said_by(one.module.head, others)
    blind = blindly(folder, of) | {
        "the commonest answer": commonest(known.questions, of.questions, by="kind"),
        "the commonest answer to the question": commonest(known.questions, of.questions, by="text"),
    }
    what = "what it says of another photo"
    return Answered(of, said, {name: blind | {what: elsewhere[name]} for name in networks})


def blindly(folder: Path, of: Photographed) -> dict[str, Tensor]:
    """What those say that were trained to do without photos."""
    given = {
        "question-only": ("the question alone", nothing(len(of.of_photos))),
        "position-only": ("the question, and where things are", of.places),
    }
    found = {}
    for name, (told, known) in given.items():
        module = Reader(known.shape[1])
        load_weights(module, folder / f"{name}.safetensors")
        rows = rows_of(known.repeat_interleave(len(KINDS), 0), of.questions)
        found[told] = said_by(module.eval(), rows)
    return found


def commonest(known: Sequence[Question], asked: Sequence[Question], by: str) -> Tensor:
    """To each question the answer that was right most often to questions alike."""
    counts: dict[str, Counter[str]] = {}
    for one in known:
        counts.setdefault(getattr(one, by), Counter())[one.answer] += 1
    often = {alike: count.most_common(1)[0][0] for alike, count in counts.items()}
    return torch.tensor([ANSWERS.index(often[getattr(one, by)]) for one in asked])


def right(said: Tensor, of: Photographed) -> list[bool]:
    return [
        ANSWERS[answer] == one.answer
        for answer, one in zip(said.tolist(), of.questions, strict=True)
    ]


def of_answers(found: Answered, what: str) -> Iterator[Measured]:
    """Both networks, and the stronger one by kinds of questions, beside their controls."""
    of = found.of
    for name in NETWORKS:
        yield beside(f"{name}: right ({what})", found, name, range(len(of.questions)))
    for kind in KINDS:
        rows = [row for row, one in enumerate(of.questions) if one.kind == kind]
        yield beside(f"stronger: right about {kind} ({what})", found, "stronger", rows)
    stronger, weaker = (right(found.said[name], of) for name in NETWORKS)
    less = difference(stronger, weaker, of.groups)
    yield Measured(f"stronger minus weaker ({what})", less, APART)


def beside(what: str, found: Answered, name: str, rows: Sequence[int]) -> Measured:
    groups = [found.of.groups[row] for row in rows]

    def score(said: Tensor) -> Score:
        hits = right(said, found.of)
        return share([hits[row] for row in rows], groups)

    controls = {told: score(said) for told, said in found.controls[name].items()}
    return Measured(what, score(found.said[name]), controls)


def of_maps_alone(name: str, maps: Mapping[str, Looked], steps: int = STEPS) -> Iterator[Measured]:
    """What is right by the question and the network's own map alone, beside the network that was
    asked the same: learnt from the maps of one set, and asked about the other."""
    for learnt, use in (("held-out", "known"), ("known", "held-out")):
        given, asked = maps[learnt], maps[use]
        module = Reader(PLACES**2)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            rows = rows_of(given.coarse(), given.of.questions)
            teach(module, drawn_from(rows, 1), steps, "Maps alone")
        alone = said_by(module, rows_of(asked.coarse(), asked.of.questions))
        own, theirs = (
            share(right(said, asked.of), asked.of.groups) for said in (asked.answers, alone)
        )
        told = f"{name}: right, where maps were drawn ({SETS[use]})"
        yield Measured(told, own, {"the question and its map alone": theirs})
