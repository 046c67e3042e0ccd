"""The site and a worker as processes of this checkout, as they are run in production."""

import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from .processes import Child, start

ROOT = Path(__file__).resolve().parent.parent


def start_site(environment: Mapping[str, str], log: Path, *, port: int, workers: int = 2) -> Child:
    """gunicorn as `gunicorn.conf.py` says, on loopback, with so many processes."""
    place = {"BIND": f"127.0.0.1:{port}", "WEB_WORKERS": str(workers)}
    command = [sys.executable, "-m", "gunicorn", "studyapp.wsgi"]
    return start("The site", command, log=log, environment={**environment, **place}, folder=ROOT)


def start_worker(environment: Mapping[str, str], log: Path, *, name: str = "worker") -> Child:
    """A worker of its own name for every queue."""
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "solo"]
    command += ["-Q", "gpu,cpu,measure", "-n", f"{name}@%h", "--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle"]
    shown = name.replace("-", " ").capitalize()
    return start(shown, command, log=log, environment=environment, folder=ROOT)


def answers(address: str) -> bool:
    """Whether a page is there; our own address on loopback, always http."""
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:  # nosec B310
            return bool(reply.status == 200)
    except OSError:
        return False
