"""The batch script for clusters, run as Slurm runs it: by bash, with Slurm's variables."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from django.db import connection

from studyapp.models import Heartbeat
from tests.dockerfile import ROOT
from tests.running import Done, run

SLURM = ROOT / "deploy" / "slurm"
SCRIPT = SLURM / "worker.sbatch"
SCRIPTS = sorted([*SLURM.glob("*.sbatch"), *(ROOT / "deploy").rglob("*.sh")])
# Forwards what `ssh -L` would, on this machine.
SSH = """#!{python}
import socket, sys, threading

def pump(source, goal):
    while data := source.recv(65536):
        goal.sendall(data)
    goal.shutdown(socket.SHUT_WR)

def forward(listening, place):
    while True:
        one, _ = listening.accept()
        other = socket.create_connection(place)
        for pair in ((one, other), (other, one)):
            threading.Thread(target=pump, args=pair, daemon=True).start()

words = sys.argv[1:]
assert words[0] == "-N" and words[-1] == "worker@gateway.example.org", words
for word, before in zip(words[1:], words):
    if before == "-L":
        host, port, there, there_port = word.split(":")
        listening = socket.create_server((host, int(port)))
        threading.Thread(target=forward, args=(listening, (there, int(there_port)))).start()
"""


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    assert SCRIPT in SCRIPTS
    checker = Path(sys.executable).parent / "shellcheck"
    done = run(checker, "--external-sources", "--source-path", ROOT, *SCRIPTS)
    assert (done.returncode, done.stdout) == (0, "")


def given(tmp_path: Path, settings: str) -> dict[str, str]:
    """A job's environment, with a file of settings."""
    (tmp_path / "worker.env").write_text(settings, encoding="utf-8")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "ssh").write_text(SSH.format(python=sys.executable), encoding="utf-8")
    (programs / "ssh").chmod(0o755)
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "SLURM_JOB_ID": str(os.getpid()),
        "DISCERN_SETTINGS": str(tmp_path / "worker.env"),
    }


def started(environment: dict[str, str]) -> Done:
    return run("bash", SCRIPT, env=environment)


def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    environment = given(tmp_path, "DATABASE_URL=postgresql://discern@db/discern\n")
    done = started(environment)
    assert done.returncode == 1
    assert "worker.env lacks REDIS_URL" in done.stderr
    servers = "DATABASE_URL=postgresql://discern@db/discern\nREDIS_URL=redis://redis:6379/0\n"
    (tmp_path / "worker.env").write_text(servers, encoding="utf-8")
    assert "names no files" in started(environment).stderr
    more = f"{servers}DISCERN_MEDIA={tmp_path}\nQUEUES=gpu,cpu\n"
    (tmp_path / "worker.env").write_text(more, encoding="utf-8")
    assert "SECRET_KEY_FILE is needed" in started(environment).stderr
    (tmp_path / "worker.env").unlink()
    assert "copy deploy/slurm/worker.env.example" in started(environment).stderr


def test_the_example_names_what_the_script_asks_for(tmp_path: Path) -> None:
    example = (SLURM / "worker.env.example").read_text("utf-8")
    # Where the example's programs are, nothing is: all that is named before is there.
    assert "can't cd" in (said := started(given(tmp_path, example)).stderr) or "cd:" in said, said


@pytest.mark.parametrize(("cards", "device"), [("", "cpu"), ("NoDevFiles", "cpu"), ("0", "cuda")])
def test_a_worker_computes_on_what_slurm_gave_it(cards: str, device: str, tmp_path: Path) -> None:
    """In an image: what stands for apptainer prints how it was called."""
    settings = (
        "DATABASE_URL=postgresql://discern@db/discern\nREDIS_URL=redis://redis:6379/0\n"
        f"STORAGE_URL=s3://discern\nWORKER_IMAGE={tmp_path}/discern.sif\n"
    )
    environment = {**given(tmp_path, settings), "CUDA_VISIBLE_DEVICES": cards}
    program = tmp_path / "programs" / "apptainer"
    program.write_text('#!/bin/sh\necho "$WORKER_DEVICE $* ${#SECRET_KEY}" >&2\n', "utf-8")
    program.chmod(0o755)
    done = started(environment)
    assert done.returncode == 0, done.stderr
    card = " --nv" if device == "cuda" else ""
    start = f"{device} exec --pwd /app{card} {tmp_path}/discern.sif"
    assert done.stderr.splitlines() == [
        f"{start} python manage.py migrate --check 64",
        f"{start} celery -A tasks worker --pool solo -Q gpu 64",
    ]


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
@pytest.mark.django_db(transaction=True)
def test_a_job_reaches_the_site_through_its_gateway_and_ends_when_it_is_told_to(
    tmp_path: Path,
) -> None:
    database, broker = connection.settings_dict, urlsplit(os.environ["REDIS_URL"])
    (tmp_path / "passwords").mkdir()
    (tmp_path / "passwords" / "database").write_text(str(database["PASSWORD"]), "utf-8")
    (tmp_path / "passwords" / "redis").write_text(unquote(broker.password or ""), "utf-8")
    (tmp_path / "checkout").mkdir()
    for name in ("manage.py", "studyapp", "tasks", "explainer", "photos", "ready"):
        (tmp_path / "checkout" / name).symlink_to(ROOT / name)
    # All of it: Python finds its packages by the file beside `bin`.
    (tmp_path / "checkout" / ".venv").symlink_to(sys.prefix)
    settings = f"""
CHECKOUT={tmp_path}/checkout
GATEWAY=worker@gateway.example.org
DATABASE_PLACE={database["HOST"]}:{database["PORT"]}
REDIS_PLACE={broker.hostname}:{broker.port}
DATABASE_URL=postgresql://{database["USER"]}@127.0.0.1:$DATABASE_PORT/{database["NAME"]}
REDIS_URL=redis://127.0.0.1:$REDIS_PORT/0
DATABASE_PASSWORD_FILE={tmp_path}/passwords/database
REDIS_PASSWORD_FILE={tmp_path}/passwords/redis
DISCERN_MEDIA={tmp_path}/media
"""
    log = (tmp_path / "job.log").open("wb")
    job = subprocess.Popen(
        ["bash", SCRIPT], env=given(tmp_path, settings), stdout=log, stderr=subprocess.STDOUT
    )
    try:
        end = time.monotonic() + 120
        while not Heartbeat.objects.exists():
            said = (tmp_path / "job.log").read_text("utf-8")[-2000:]
            assert job.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.2)
        assert Heartbeat.objects.get().queues == "gpu"
        job.send_signal(signal.SIGTERM)
        assert job.wait(60) == 0
        assert not Heartbeat.objects.exists()
    finally:
        job.kill()
        log.close()
