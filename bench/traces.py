"""What recording how people answer costs them: the time of an answer with a trace, and without.

    python -m sandbox.scratch python bench/traces.py [--people 40]

People of one study answer in turn, one who agreed to traces and one who did not, so that whatever
else the machine does meets both alike. A trace is as large as its page ever sends. Both send it, so
that the ratio of the first quartiles is of what the site does with it.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402

from sandbox.builders import open_small_study, take_part  # noqa: E402
from sandbox.visits import TRIAL  # noqa: E402
from studyapp.models import Evidence, Participation  # noqa: E402
from studyapp.participations.traces import FIELD  # noqa: E402

TRIALS = 20
LARGEST = json.dumps(
    {
        "untrusted": 0, "pointers": 900, "keys": 301, "pastes": 1, "switches": 1,
        "webdriver": False, "pressed": "mouse",
        "places": [[50, 100 + 3 * n, 900 - 5 * n, int(n % 30 == 29)] for n in range(150)],
        "intervals": [100 + 10 * (n % 9) for n in range(300)],
    }
)  # fmt: skip


def answer_all(person: Participation) -> list[float]:
    """The milliseconds of each answer."""
    client, here, found = Client(headers={"host": "localhost"}), f"/p/{person.code}/", []
    while trial := TRIAL.search(client.get(here).content.decode()):
        given = {"trial": trial[1], "value": "1", "rt_ms": "900", FIELD: LARGEST}
        before = time.perf_counter()
        reply = client.post(f"{here}answer", given)
        found.append(1000 * (time.perf_counter() - before))
        assert reply.status_code == 303, reply.status_code
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=40)
    people = parser.parse_args().people
    call_command("migrate", verbosity=0)
    study = open_small_study(
        trials=TRIALS, stimuli=TRIALS, people=people, evidence={"traces": True}
    )
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(people):
        traces = number % 2 == 1
        found = answer_all(take_part(study, str(number), traces=traces))
        # What never changes is read with the first people's pages.
        if number > 1:
            times[traces] += found
    assert Evidence.objects.count() == people // 2 * TRIALS
    without, recorded = (statistics.quantiles(times[traces])[0] for traces in (False, True))
    print(f"{people} people, {TRIALS} answers each, a trace of {len(LARGEST):,} characters")
    print(f"an answer: {without:.2f} ms; with its trace: {recorded:.2f} ms; "
          f"{recorded - without:.2f} ms more, ratio {recorded / without:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
