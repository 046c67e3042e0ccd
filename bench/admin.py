"""How long each page of the desk takes with a million judgments.

    python -m sandbox.scratch python bench/admin.py [--studies 10] [--people 1000] [--trials 100]

Rows are made with COPY from those of a small real study. The table shows the best of three
requests, made without a browser, with the number of queries. The goal is 300 ms on two cores.
Takes some minutes on two cores; `--studies 2 --people 20 --trials 10` a quarter of one.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from sandbox.builders import open_small_study  # noqa: E402
from sandbox.people import send_people  # noqa: E402
from studyapp.models import (  # noqa: E402
    Crop,
    Explanation,
    Judgment,
    Member,
    Participation,
    Prediction,
    Role,
    Stimulus,
    Study,
)

GOAL_MS = 300
FIRST_KEY = 10_000_000
Change = dict[str, Any]


def copy(template: models.Model, changes: Iterable[Change]) -> None:
    """Rows like `template` but for `changes`, through COPY."""
    fields = type(template)._meta.concrete_fields
    places = {field.attname: number for number, field in enumerate(fields)}
    base = [_text(field.get_db_prep_save(getattr(template, field.attname), connection))
            for field in fields]  # fmt: skip
    buffer = io.StringIO()
    for change in changes:
        row = base.copy()
        for name, value in change.items():
            row[places[name]] = _text(value)
        buffer.write("\t".join(row) + "\n")
    buffer.seek(0)
    names = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {type(template)._meta.db_table} ({names}) FROM STDIN", buffer)


def code(key: int) -> str:
    """As long as the real ones, and never twice in one table."""
    return f"bench{key:017d}"


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    value = getattr(value, "adapted", value)
    if isinstance(value, list | dict):
        value = json.dumps(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def fill(study: Study, number: int, size: argparse.Namespace) -> None:
    """`size.people` more stimuli and people for `study`, each with `size.trials` judgments."""
    start = FIRST_KEY * (number + 1)
    keys = range(start, start + size.people)
    stimulus = study.stimuli.select_related("photo__case__image").earliest("pk")
    copy(stimulus.photo.image, ({"id": k, "sha256": code(k)} for k in keys))
    copy(stimulus.photo.case, ({"id": k, "image_id": k, "digest": code(k)} for k in keys))
    copy(stimulus.photo, ({"id": k, "case_id": k, "name": f"{k}.jpg"} for k in keys))
    copy(stimulus, ({"id": k, "photo_id": k, "code": code(k), "position": k} for k in keys))
    for row in Prediction.objects.filter(case=stimulus.photo.case):
        offset = start + row.network_id * size.people
        copy(row, ({"id": offset + n, "case_id": k} for n, k in enumerate(keys)))
    crop = Crop.objects.filter(image=stimulus.photo.image).earliest("pk")
    copy(crop, ({"id": k, "image_id": k, "code": code(k)} for k in keys))
    _fill_overlays(stimulus, keys)
    _fill_people(study, keys, size.trials)


def _fill_overlays(stimulus: Stimulus, keys: range) -> None:
    uses = stimulus.overlays.select_related("overlay__explanation")
    for place, use in enumerate(uses):
        first = keys[0] + place * len(keys)
        explained = use.overlay.explanation
        copy(explained, ({"id": first + n, "case_id": k} for n, k in enumerate(keys)))
        copy(use.overlay, ({"id": first + n, "explanation_id": first + n, "code": code(first + n)}
                           for n in range(len(keys))))  # fmt: skip
        copy(use, ({"id": first + n, "stimulus_id": k, "overlay_id": first + n}
                   for n, k in enumerate(keys)))  # fmt: skip


def _fill_people(study: Study, keys: range, trials: int) -> None:
    person = study.participations.select_related("participant", "slot").earliest("pk")
    start = timezone.now() - timedelta(days=7)
    step = timedelta(days=7) / len(keys)
    times = {k: (start + n * step).isoformat() for n, k in enumerate(keys)}
    assert person.slot is not None
    copy(person.slot, ({"id": k, "position": k, "is_open": False} for k in keys))
    copy(person.participant, ({"id": k, "code": code(k)} for k in keys))
    copy(person, ({"id": k, "code": code(k), "participant_id": k, "slot_id": k, "personal_code": "",
                   "last_seen_at": times[k]} for k in keys))  # fmt: skip
    copy(person.events.earliest("pk"), ({"id": k, "participation_id": k} for k in keys))
    judgment = person.judgments.select_related("trial").earliest("pk")
    conditions = list(study.conditions.values_list("pk", flat=True))

    def planned() -> Iterator[Change]:
        for n, k in enumerate(keys):
            for place in range(trials):
                about = keys[(n + place) % len(keys)]
                yield {"id": k * 100 + place, "slot_id": k, "position": place,
                       "code": code(k * 100 + place), "stimulus_id": about, "image_id": about,
                       "condition_id": conditions[(n + place) % len(conditions)]}  # fmt: skip

    def given() -> Iterator[Change]:
        for k in keys:
            for place in range(trials):
                yield {"id": k * 100 + place, "participation_id": k, "trial_id": k * 100 + place,
                       "answered_at": times[k]}  # fmt: skip

    copy(judgment.trial, planned())
    copy(judgment, given())


def pages(study: Study) -> dict[str, str]:
    """Every page, by its name."""
    desk = f"/admin/studyapp/study/{study.pk}"
    person = study.participations.latest("pk")
    tabs = ("change", "gallery", "coverage", "links", "exclusions", "payment", "results",
            "definition", "members")  # fmt: skip
    lists = ("study", "stimulus", "explanation", "participation", "judgment", "exclusion")
    return {
        "home": "/admin/",
        **{f"study: {tab}": f"{desk}/{tab}/" for tab in tabs},
        "study: gallery, last page": f"{desk}/gallery/?page=80",
        "study: gallery, below target": f"{desk}/gallery/?coverage=below",
        "study: gallery, network wrong": f"{desk}/gallery/?networks=weaker+wrong",
        "study: coverage, last page": f"{desk}/coverage/?page=15",
        "participation": f"/admin/studyapp/participation/{person.pk}/change/",
        **{f"list: {name}": f"/admin/studyapp/{name}/" for name in lists},
        "list: judgment of one study": f"/admin/studyapp/judgment/?study={study.slug}",
        "list: judgment, page 900": "/admin/studyapp/judgment/?p=900",
        "list: judgment, checks": "/admin/studyapp/judgment/?stage=check",
        "list: participation of one study": f"/admin/studyapp/participation/?study={study.slug}",
    }


def measure(client: Client, address: str) -> tuple[float, int, int]:
    """Milliseconds (the best of three), queries and status."""
    best, queries, status = float("inf"), 0, 0
    for _ in range(3):
        with CaptureQueriesContext(connection) as asked:
            before = time.perf_counter()
            reply = client.get(address, headers={"host": "localhost"})
            best = min(best, 1000 * (time.perf_counter() - before))
        queries, status = len(asked), reply.status_code
    return best, queries, status


def print_table(title: str, client: Client, study: Study) -> int:
    print(f"\n{title}\n{'page':36} {'ms':>7} {'queries':>8}")
    slow = 0
    for name, address in pages(study).items():
        milliseconds, queries, status = measure(client, address)
        note = "" if status == 200 else f"  status {status}"
        note += "  SLOW" if milliseconds > GOAL_MS else ""
        slow += milliseconds > GOAL_MS
        print(f"{name:36} {milliseconds:7.0f} {queries:8}{note}", flush=True)
    return slow


def made(size: argparse.Namespace) -> list[Study]:
    studies = []
    for number in range(size.studies):
        study = open_small_study(slug=f"bench-{number}", conditions=3, checks=1, people=4, trials=3)
        send_people(study, 1)
        fill(study, number, size)
        studies.append(study)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return studies


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=10)
    parser.add_argument("--people", type=int, default=1000, help="of each study; stimuli too")
    parser.add_argument("--trials", type=int, default=100, help="of each person")
    size = parser.parse_args()
    call_command("migrate", verbosity=0)
    before = time.perf_counter()
    studies = made(size)
    counts: dict[str, Callable[[], int]] = {
        "judgments": Judgment.objects.count,
        "participations": Participation.objects.count,
        "stimuli": Stimulus.objects.count,
        "explanations": Explanation.objects.count,
    }
    facts = ", ".join(f"{count():,} {name}" for name, count in counts.items())
    print(f"{facts}; made in {time.perf_counter() - before:.0f} s")
    admin = User.objects.create_superuser("bench")
    member = User.objects.create_user("member", is_staff=True)
    for study in studies[:3]:
        Member.objects.create(study=study, user=member, role=Role.OWNER)
    slow = print_table("as an administrator", signed_in(admin), studies[1])
    slow += print_table("as an owner of three studies", signed_in(member), studies[1])
    print(f"\n{slow} pages are slower than {GOAL_MS} ms")


if __name__ == "__main__":
    main()
