"""Kills one kind of process at a time, with -9 or as its operator would end it."""

import http.client
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from .many import ManyStack
from .people import Seen
from .stack import ROOT, Stack, descendants, wait_for

# What the work of a worker hangs on: another study is being prepared when it is killed.
WORKED_WITH = (
    "a Celery worker", "the broker", "one process of PostgreSQL",
    "PostgreSQL with all of its processes", "the broker, restarted", "PgBouncer", "the bucket",
)  # fmt: skip
IN_TURN = "every gunicorn in turn, restarted"
UPGRADE = "an upgrade: migrate, restart each web"
# Ends the process whose id the stack has written, and waits for its end
END = "pid=$(cat {folder}/$1.pid); kill $pid; while kill -0 $pid 2>&-; do sleep 0.1; done"


@dataclass(frozen=True)
class Outage:
    """One kill: when, how long its server was away, and what /healthz said meanwhile."""

    kind: str
    at: float
    away: float
    told: str


class Killer:
    """Kills one kind of process at a time, and has it back before it returns."""

    def __init__(self, stack: Stack, seen: Seen, only: str = "") -> None:
        """only: what the names of its kinds have in them."""
        self.stack, self.seen = stack, seen
        # Studies that are prepared meanwhile, if any
        self.lines: Any = None
        kinds = self.all_kinds().items()
        self.kinds = {kind: kill for kind, kill in kinds if only in kind}

    def all_kinds(self) -> dict[str, Callable[[], str]]:
        return {
            "one web process": self._web_process,
            "a gunicorn with all of its processes": self._web,
            "a Celery worker": self._worker,
            "the broker": self._broker,
            "one process of PostgreSQL": self._database_process,
            "PostgreSQL with all of its processes": self._database,
        }

    def kill(self, kind: str) -> Outage:
        if self.lines is not None and kind in WORKED_WITH:
            self.lines.begin_next()
        at = time.monotonic()
        told = self.kinds[kind]()
        return Outage(kind, at, time.monotonic() - at, told)

    def _web_process(self) -> str:
        name = random.choice(self.stack.webs)
        victim = self.stack.kill_one(name)
        site = self.stack.process(name)
        wait_for(lambda: len(set(descendants(site)) - {victim}) == self.stack.web_workers)
        return self.wait_until_well()

    def _web(self) -> str:
        name = random.choice(self.stack.webs)
        self.stack.kill(name)
        if len(self.stack.webs) > 1:
            self._wait_for_answers()
        self.stack.start_site(name)
        return self.wait_until_well()

    def _wait_for_answers(self) -> None:
        """Until people have been told of 20 more that they were taken."""
        before = len(self.seen.acknowledged)
        wait_for(lambda: len(self.seen.acknowledged) >= before + 20 or self.seen.is_over)

    def _worker(self) -> str:
        name = random.choice(self.stack.workers)
        self.stack.kill(name)
        self.stack.start_worker(name)
        wait_for(lambda: worker_is_heard_of(self.stack.process(name)))
        return ""

    def _broker(self) -> str:
        """Left away for some answers: people are to notice nothing."""
        self.stack.kill("broker")
        told = wait_for(lambda: self._failing("broker"))
        self._wait_for_answers()
        self.stack.start_broker()
        self.wait_until_well()
        return f"broker: {told}"

    def _database_process(self) -> str:
        self.stack.kill_one("database", "postgres: discern discern 127.0.0.1")
        return self.wait_until_well()

    def _database(self) -> str:
        self.stack.kill("database")
        told = wait_for(lambda: self._failing("database"))
        self.stack.start_database()
        self.wait_until_well()
        return f"database: {told}"

    def wait_until_well(self) -> str:
        """Once every web, and the door that people come by, says that the database is there."""
        wait_for(lambda: all(health(line()).get("database") == "ok" for line in self.stack.doors()))
        return ""

    def _failing(self, part: str) -> str:
        """What a web's /healthz says of a part that is not well; nothing while it is."""
        said = health(self.stack.doors()[0]()).get(part, "ok")
        return "" if said == "ok" else str(said)


class ManyKiller(Killer):
    """Kills what the set-up of many processes has besides, and restarts what is to be restarted."""

    stack: ManyStack

    def all_kinds(self) -> dict[str, Callable[[], str]]:
        return super().all_kinds() | {
            "nginx": self._nginx,
            "PgBouncer": self._pooler,
            "the bucket": self._bucket,
            "the broker, restarted": self._broker_restarted,
            IN_TURN: self._in_turn,
            UPGRADE: self._upgrade,
        }

    def _upgrade(self) -> str:
        """As docs/operations.md says. A release that was applied before is reversed first."""
        self._migrate("release", "zero")
        self._migrate()
        return self._in_turn()

    def _migrate(self, *to: str) -> None:
        settings = {"DJANGO_SETTINGS_MODULE": "bench.faults.release.settings"}
        subprocess.run(
            [sys.executable, "manage.py", "migrate", *to, "--verbosity", "0"],
            cwd=ROOT,
            env={**os.environ, **self.stack.environment, **settings},
            check=True,
        )

    def _in_turn(self) -> str:
        """deploy/rolling-restart, beside a supervisor that starts what has ended: this process."""
        webs = {name: f"127.0.0.1:{self.stack.ports[name]}" for name in self.stack.webs}
        script, end = ROOT / "deploy" / "rolling-restart", END.format(folder=self.stack.folder)
        command = [str(script), end, *webs.values()]
        restart = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        while restart.poll() is None:
            for name in webs:
                if self.stack.children[name].process.poll() is not None:
                    self.stack.start_site(name)
            time.sleep(0.05)
        assert restart.stdout is not None
        said = restart.stdout.read().splitlines()
        if restart.returncode:
            raise RuntimeError(f"deploy/rolling-restart: {said[-1]}")
        return ""

    def _nginx(self) -> str:
        self.stack.kill("nginx")
        self.stack.start_nginx()
        return self.wait_until_well()

    def _pooler(self) -> str:
        self.stack.kill("pooler")
        told = wait_for(lambda: self._failing("database"))
        self.stack.start_pooler()
        self.wait_until_well()
        return f"database: {told}"

    def _bucket(self) -> str:
        """Its door, behind which the server keeps all in memory: people are to notice nothing."""
        self.stack.kill("bucket")
        self._wait_for_answers()
        self.stack.start_bucket()
        if self.lines is not None:
            self.lines.is_taken_up_by_hand = True
        return self.wait_until_well()

    def _broker_restarted(self) -> str:
        """As docs/operations.md says: ended by SIGTERM, and started."""
        self.stack.children["broker"].stop()
        told = wait_for(lambda: self._failing("broker"))
        self.stack.start_broker()
        self.wait_until_well()
        return f"broker: {told}"


def health(line: http.client.HTTPConnection) -> dict[str, Any]:
    """What /healthz says; nothing where nobody answers. Its status is 200 or 503."""
    try:
        with closing(line):
            line.request("GET", "/healthz", headers={"Accept": "application/json"})
            reply = line.getresponse()
            text = reply.read()
    except (OSError, http.client.HTTPException):
        return {"database": "no answer", "broker": "ok"}
    if reply.status not in (200, 503):
        raise RuntimeError(f"/healthz: {reply.status} {text[:200]!r}")
    found: dict[str, Any] = json.loads(text)
    return found


def worker_is_heard_of(process: int) -> bool:
    from django.db import close_old_connections

    from studyapp.models import Heartbeat

    close_old_connections()
    return Heartbeat.objects.filter(worker__endswith=f"/{process}").exists()
