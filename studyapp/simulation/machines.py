"""Machines among simulated people: how each kind answers, and what its browser shows.

They try out the evidence that a study collects; they are three simple kinds, and no sample of what
comes to studies.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from studyapp.models import Trial
from studyapp.paradigms import PARADIGMS, Question

# How often the describer names the right class
NAMES_RIGHT = 0.95

# (question, trial, who: what tells one machine from the other, random) → one of the values
Choice = Callable[[Question, Trial, str, Random], int]


@dataclass(frozen=True)
class Machine:
    """choose: its answers; None where it answers as an able person does. pace_sd: spread of its
    log times. trace: what its browser shows, beside what the page asks for."""

    choose: Choice | None
    pace_sd: float
    trace: Mapping[str, Any]


def reads(question: Question, trial: Trial, who: str, random: Random) -> int:
    """By the words alone, without a picture: the same words always give the same answer."""
    words = {words: value for value, words in question.answers}
    asked = Random(f"{who}:{question.words}:{sorted(words)}")
    return words[asked.choice(sorted(words))]


def describes(question: Question, trial: Trial, who: str, random: Random) -> int:
    """The class that the photo shows, whatever the map says; sides look the same to it."""
    key, values = trial.keys.get("value", {}), sorted(question.values)
    right = [value for value in values if key.get(str(value)) == 1]
    is_class = question.name == "value" and PARADIGMS[trial.paradigm].outcome == "correct"
    if is_class and right:
        return right[0] if random.random() < NAMES_RIGHT else random.choice(values)
    return values[len(values) // 2]


MACHINES: Mapping[str, Machine] = {
    "perfect-clicks": Machine(
        None, 0.0, {"untrusted": 2, "webdriver": True, "pressed": "none", "places": []}
    ),
    "reader": Machine(
        reads, 0.4,
        {"untrusted": 0, "webdriver": False, "pressed": "mouse",
         "places": [[0, 100, 100, 0], [20, 200, 150, 0], [20, 300, 200, 0], [20, 400, 250, 0],
                    [20, 500, 300, 1]]},
    ),
    "describer": Machine(
        describes, 0.3, {"untrusted": 0, "webdriver": False, "pressed": "none", "places": []}
    ),
}  # fmt: skip


def machine_trace(machine: Machine, *, is_written: bool) -> str:
    """The record that the page of a question sends; what is written is pasted."""
    return _record(machine.trace, pastes=1 if is_written else None, intervals=[])


def human_trace(random: Random, *, is_written: bool) -> str:
    """A mouse on a curve; of every seventh person's pages a keyboard alone."""
    if random.random() < 1 / 7:
        told: dict[str, Any] = {"pressed": "none", "places": []}
    else:
        x, y = random.randint(100, 400), random.randint(100, 400)
        bend = random.choice([-1, 1]) * random.randint(20, 60)
        steps = [(step, bend * step * (6 - step) // 9) for step in range(7)]
        told = {
            "pressed": "mouse",
            "places": [[30, x + 60 * one, y + off, int(one == 6)] for one, off in steps],
        }
    intervals = [round(120 * random.lognormvariate(0, 0.5)) for _ in range(20)]
    return _record(
        {"untrusted": 0, "webdriver": False, **told},
        pastes=0 if is_written else None,
        intervals=intervals if is_written else [],
    )


def _record(told: Mapping[str, Any], *, pastes: int | None, intervals: list[int]) -> str:
    keys = len(intervals) + 1 if intervals else 0
    switches = None if pastes is None else 0
    return json.dumps({
        **told, "pointers": len(told["places"]), "keys": keys, "pastes": pastes,
        "switches": switches, "intervals": intervals,
    })  # fmt: skip
