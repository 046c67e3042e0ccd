"""What the table of evidence tells of simulated people and of three kinds of simulated machines.

    python -m sandbox.scratch python bench/machines.py [--people N] [--seed S]

Sends N of each kind through real pages of one study and prints a row for each kind. They are no
detection rates: the machines are three simple kinds of our own, and the people are simulated, too.
Takes a minute with 8 of each.
"""

import argparse
import os
import sys
from itertools import cycle
from pathlib import Path
from random import Random
from statistics import fmean, pstdev

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from sandbox.builders import make_study  # noqa: E402
from studyapp.analyses.frames import study_frame  # noqa: E402
from studyapp.analyses.tables import EVIDENCE  # noqa: E402
from studyapp.analyses.tables.columns import participant_id  # noqa: E402
from studyapp.models import Participation, StudyKind  # noqa: E402
from studyapp.simulation.crowd import send_crowd  # noqa: E402
from studyapp.simulation.machines import MACHINES  # noqa: E402
from studyapp.simulation.profiles import Population, Profile, able, as_machine  # noqa: E402
from studyapp.simulation.server import own_site  # noqa: E402
from studyapp.studies.copies import marked_copy  # noqa: E402
from studyapp.studies.lifecycle import open_study  # noqa: E402

CONDITIONS = [
    {"name": "looks", "method": "guided_backprop"},
    {"name": "same", "method": "grad_cam", "versus": "grad_cam"},
]
BLOCKS = [
    {"name": "main", "paradigm": "trust", "trials": 30, "repeats": 6},
    *(
        {"name": f"{one}_{control}".lower(), "paradigm": "sight", "trials": 1, "illusion": one,
         "control": control}
        for one in ("contrast", "lines", "discs", "grid")
        for control in (False, True)
    ),
]  # fmt: skip
COLUMNS = (
    "flagged", "untrusted_share", "rt_variation", "rt_lag1", "repeats_same", "same_sides_equal",
    "seen_as_usual",
)  # fmt: skip


class EachKind(Population):
    """A person, and then a machine of each kind, over and over."""

    def person(self, paradigm: str, random: Random, *, photo_seed: int) -> Profile:
        person = super().person(paradigm, random, photo_seed=photo_seed)
        kind = next(KINDS)
        return as_machine(person, kind) if kind else person


KINDS = cycle(["", *MACHINES])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=8, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    people = options.people * (1 + len(MACHINES))
    rule = {"webdriver": True, "untrusted_share": 0.5}
    study = open_study(
        make_study(people=people, stimuli=30, conditions=CONDITIONS, blocks=BLOCKS,
                   evidence={"traces": True, "rule": rule})
    )  # fmt: skip
    copy = marked_copy(study, StudyKind.SIMULATED, seed=options.seed, people=people)
    population = EachKind("each kind", able, memory=0.3)
    with own_site() as address:
        crowd = send_crowd(copy, address, population, people=people, seed=options.seed, at_once=4)
    if not crowd.is_sound:
        raise SystemExit("\n".join(crowd.errors))
    told = Participation.objects.filter(study=copy).values_list(
        participant_id(), "profile__machine"
    )
    kinds = dict(told)
    rows = study_frame(EVIDENCE, copy).assign(
        kind=lambda frame: frame["participant_id"].map(kinds).replace("", "person")
    )
    print("| | " + " | ".join(COLUMNS) + " |")
    for kind in ("person", *MACHINES):
        own = rows[rows["kind"] == kind]
        print(f"| {kind} | " + " | ".join(_told(own[name]) for name in COLUMNS) + " |")


def _told(column) -> str:  # type: ignore[no-untyped-def]
    """The mean with the SD of people; missing where nothing is known."""
    known = [float(one) for one in column.dropna()]
    return f"{fmean(known):.2f} ({pstdev(known):.2f})" if known else "–"


if __name__ == "__main__":
    main()
