"""How long an export takes beside a bare COPY of the same rows, and whether memory grows with them.

    python -m sandbox.scratch python bench/export.py [--judgments 72000] [--many 1000000]

Judgments are made inside PostgreSQL. Times are the best of three. Memory is the highest that a
fresh process reached while it wrote the whole bundle, without the analysis, which needs all rows
at once. Takes some five minutes on two cores; `--judgments 4000 --many 20000` half a minute.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Model  # noqa: E402

from sandbox.builders import open_small_study, take_part  # noqa: E402
from sandbox.people import answer_all, make_profile  # noqa: E402
from studyapp.analyses.tables import JUDGMENTS  # noqa: E402
from studyapp.analyses.tables.copying import snapshot, write_csv  # noqa: E402
from studyapp.exports.bundle import write_bundle  # noqa: E402
from studyapp.models import Judgment, Participation, Study, Trial  # noqa: E402

TRIALS = 36
BARE = """
    COPY (SELECT judgment.* FROM studyapp_judgment judgment
          JOIN studyapp_participation person ON person.id = judgment.participation_id
          WHERE person.study_id = {study}) TO STDOUT WITH (FORMAT csv)
"""
# Everything is copied from a few rows that were made by the site's own functions.
ROWS = """
    WITH slots AS (
        INSERT INTO studyapp_slot (study_id, position, addition, arm_id, seed, is_open)
        SELECT {study}, 1000 + n, 0, (SELECT min(id) FROM studyapp_arm WHERE study_id = {study}),
               n, false
        FROM generate_series(1, {people}) n RETURNING id, position),
    trials AS (
        INSERT INTO studyapp_trial ({trial[0]})
        SELECT {trial[1]}
        FROM slots CROSS JOIN generate_series(0, {trials} - 1) place
        JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS row FROM studyapp_trial
              WHERE slot_id IN (SELECT id FROM studyapp_slot WHERE study_id = {study})) model
             ON model.row = place % {models}
        RETURNING id, slot_id),
    participants AS (
        INSERT INTO studyapp_participant (code, source, created_at)
        SELECT '{slug}' || n, 'link', now() FROM generate_series(1, {people}) n
        RETURNING id, code),
    people AS (
        INSERT INTO studyapp_participation ({person[0]})
        SELECT {person[1]}
        FROM participants JOIN slots ON participants.code = '{slug}' || (slots.position - 1000)
        CROSS JOIN (SELECT * FROM studyapp_participation WHERE study_id = {study}) model
        RETURNING id, slot_id)
    INSERT INTO studyapp_judgment ({judgment[0]})
    SELECT {judgment[1]}
    FROM people JOIN trials ON trials.slot_id = people.slot_id
    CROSS JOIN (SELECT judgment.* FROM studyapp_judgment judgment
                JOIN studyapp_participation person ON person.id = judgment.participation_id
                WHERE person.study_id = {study} LIMIT 1) model
"""
CODE = "substr(md5(random()::text), 1, 22)"


def columns(model: type[Model], **own: str) -> tuple[str, str]:
    """The columns to fill, and where from: `own`, else the row that is copied."""
    names = [
        field.column for field in model._meta.concrete_fields if field.column not in {None, "id"}
    ]
    return ", ".join(names), ", ".join(own.get(name, f"model.{name}") for name in names)


def make_study(slug: str, judgments: int) -> Study:
    """A study with about so many judgments of finished people, 36 each."""
    study = open_small_study(slug=slug, people=4, trials=4, stimuli=4)
    answer_all(take_part(study, slug), make_profile())
    sql = ROWS.format(
        study=study.pk,
        slug=slug,
        people=-(-judgments // TRIALS),
        trials=TRIALS,
        models=study.certificate["trials"],
        trial=columns(
            Trial, slot_id="slots.id", position="place", code=CODE, may_repeat_image="true"
        ),
        person=columns(
            Participation, participant_id="participants.id", code=CODE, slot_id="slots.id"
        ),
        judgment=columns(
            Judgment,
            participation_id="people.id",
            trial_id="trials.id",
            value="floor(random() * 5)::int - 2",
            rt_ms="900 + (random() * 4000)::int",
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute("VACUUM ANALYZE")
    return study


def seconds(work: Callable[[Path], None]) -> float:
    """The best of three, each into a fresh folder."""
    times = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            work(Path(folder))
            times.append(time.perf_counter() - start)
    return min(times)


def bare_copy(study: Study, folder: Path) -> None:
    with (folder / "bare.csv").open("wb") as file, connection.cursor() as cursor:
        cursor.copy_expert(BARE.format(study=study.pk), file)


def judgments_table(study: Study, folder: Path) -> None:
    with snapshot(), (folder / "judgments.csv").open("wb") as file:
        write_csv(JUDGMENTS, study, file)


def whole_bundle(study: Study, folder: Path) -> None:
    write_bundle(study, folder / "bundle", analysis=False)


def print_times(study: Study) -> None:
    count = judgments_of(study)
    bare = seconds(lambda folder: bare_copy(study, folder))
    table = seconds(lambda folder: judgments_table(study, folder))
    bundle = seconds(lambda folder: whole_bundle(study, folder))
    print(f"{count} judgments: bare COPY {bare:.2f} s")
    print(f"  judgments table {table:.2f} s, {table / bare:.1f} times the bare COPY")
    print(f"  whole bundle (9 tables, CSV and Parquet, checked, with digests) {bundle:.2f} s, "
          f"{bundle / bare:.1f} times")  # fmt: skip


def judgments_of(study: Study) -> int:
    return Judgment.objects.filter(participation__study=study).count()


def print_memory(slugs: list[str]) -> None:
    for slug in slugs:
        done = subprocess.run(
            [sys.executable, __file__, "--measure", slug],
            capture_output=True,
            text=True,
            check=True,
        )
        print(done.stdout, end="")


def measure(slug: str) -> None:
    """Export in this process and print the highest memory that it reached."""
    study = Study.objects.get(slug=slug)
    before = highest_memory()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        whole_bundle(study, Path(folder))
        took = time.perf_counter() - start
    peak = highest_memory()
    print(f"{judgments_of(study)} judgments, whole bundle in a fresh process: {took:.1f} s, memory "
          f"{before:.0f} MB before, {peak:.0f} MB at most")  # fmt: skip


def highest_memory() -> float:
    """In megabytes; the kernel counts it afresh for every program."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=72_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    call_command("migrate", verbosity=0)
    study = make_study("bench-export", options.judgments)
    print_times(study)
    many = make_study("bench-export-many", options.many)
    print_memory([study.slug, many.slug])


if __name__ == "__main__":
    main()
