"""The frames that people are asked about: what robots saw while they drove themselves."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ready.errors import MakingError
from ready.navigator.behaviours import Steering
from ready.navigator.drawing import map_picture
from ready.navigator.drives import CLOSE
from ready.navigator.driving import Journeys
from ready.navigator.frames import SIDE, Levels, brightness, heights, picture
from ready.navigator.maps import BEHAVIOURS
from ready.navigator.routes import ACTIONS, Route, shares

RIGHT = 0.35  # share of an action in the teacher's turn from which it counts as right
APART = 12  # steps between two frames of one robot
TELLS = (
    "The robot is now doing this: {behaviour}. Photo 2 is its map. Blue: the way that it plans, "
    "from room to room. Orange: where it thinks that it is, and which way it goes."
)
WORDS = {
    "find door": "looking for the door of the room",
    "corridor follow": "following the corridor",
    "turn left": "taking the next way on the left",
    "turn right": "taking the next way on the right",
    "straight": "going straight on past other ways",
}


@dataclass(frozen=True)
class Frame:
    """`right`: the actions that the teacher would take or might as well; `said`: the robot's."""

    route: Route
    levels: Levels
    behaviour: str
    memory: Sequence[float]
    believed: int
    right: tuple[str, ...]
    said: str

    @property
    def context(self) -> dict[str, Any]:
        return {"behaviour": self.behaviour, "memory": list(self.memory)}


def frames(driven: Sequence[Route], journeys: Journeys, steering: Steering) -> Iterator[Frame]:
    """Of all robots in turns, APART steps from each other, where they were CLOSE to their route."""
    for step in range(0, len(journeys.moments), APART):
        one = journeys.moments[step]
        # Rounded as the context is: what the study asks is what is scored here
        memories = torch.round(one.memories, decimals=3)
        seen, asks = heights(brightness(one.levels)), torch.from_numpy(one.behaviours)
        with torch.no_grad():
            said = steering.step(seen, asks, memories)[0].argmax(1)
        for place in np.flatnonzero(one.away < CLOSE):
            told = shares(one.rates[place : place + 1])[0]
            right = tuple(ACTIONS[n] for n in np.argsort(-told) if told[n] >= RIGHT)
            yield Frame(
                driven[one.robots[place]],
                one.levels[place],
                BEHAVIOURS[one.behaviours[place]],
                [round(value, 3) for value in memories[place].tolist()],
                int(one.believed[place]),
                right,
                ACTIONS[said[place]],
            )


def chosen(found: Sequence[Frame], count: int, seed: int) -> list[Frame]:
    """Half of them where the robot was right; each half as even over actions as it goes."""
    chance = np.random.default_rng(seed)
    order = [found[n] for n in chance.permutation(len(found))]
    taken: list[Frame] = []
    for wanted in (True, False):
        kinds: dict[str, list[Frame]] = {}
        for one in order:
            if (one.said in one.right) is wanted:
                kinds.setdefault(one.said, []).append(one)
        half: list[Frame] = []
        while len(half) < count // 2 and any(kinds.values()):
            half += [kind.pop() for kind in kinds.values() if kind]
        if len(half) < count // 2:
            word = "right" if wanted else "wrong"
            raise MakingError(
                f"the robot was {word} about {len(half)} frames, and the study asks about "
                f"{count // 2}; let it drive more routes"
            )
        taken += half[: count // 2]
    return taken


def write_frames(taken: Sequence[Frame], folder: Path) -> None:
    """Views in COCO's format, the building as `group`; maps; and cases.csv, what networks get."""
    (folder / "maps").mkdir(parents=True)
    rows, images, annotations = [], [], []
    for number, one in enumerate(taken, 1):
        name = f"{number:04}.png"
        picture(one.levels).save(folder / name)
        map_picture(one.route, one.believed).save(folder / "maps" / name, optimize=True)
        told = TELLS.format(behaviour=WORDS[one.behaviour])
        context = json.dumps(one.context)
        rows.append((name, context, "|".join(one.right), f"maps/{name}", told))
        images.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE,
                       "group": one.route.building.name})  # fmt: skip
        annotations.append({"id": number, "image_id": number, "iscrowd": 0, "area": SIDE**2,
                            "category_id": 1 + ACTIONS.index(one.right[0]),
                            "bbox": [0, 0, SIDE, SIDE]})  # fmt: skip
    categories = [{"id": n, "name": name} for n, name in enumerate(ACTIONS, 1)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content), "utf-8")
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        head = ("photo", "context_json", "answer", "further", "shown")
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
