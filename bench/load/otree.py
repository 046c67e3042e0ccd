"""The same study in oTree, if it is installed anywhere: the ruler that the site is held against.

Its pages have five answers, two hidden times and the very pictures that a person of the study sees
there, as many rounds as that person answers, on the same PostgreSQL, in production mode.
"""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from sandbox.deployment import answers
from sandbox.processes import Child, free_port, start, wait_until_ready

from .walker import Target

KEY = "a-key-on-loopback"
SETTINGS = """\
SESSION_CONFIGS = [dict(name="look", app_sequence=["look"], num_demo_participants=1)]
SESSION_CONFIG_DEFAULTS = dict(real_world_currency_per_point=1.00, participation_fee=0.00, doc="")
PARTICIPANT_FIELDS = []
SESSION_FIELDS = []
LANGUAGE_CODE = "en"
REAL_WORLD_CURRENCY_CODE = "USD"
USE_POINTS = False
ADMIN_USERNAME = "admin"
ADMIN_PASSWORD = "on-loopback"
DEMO_PAGE_INTRO_HTML = ""
SECRET_KEY = "on-loopback"
"""
APP = """\
from otree.api import *

class C(BaseConstants):
    NAME_IN_URL = "look"
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = {rounds}

class Subsession(BaseSubsession):
    pass

class Group(BaseGroup):
    pass

class Player(BasePlayer):
    value = models.IntegerField(
        label="Which robot is more reasonable?", widget=widgets.RadioSelect,
        choices=[[-2, "A clearly"], [-1, "A"], [0, "The same"], [1, "B"], [2, "B clearly"]])
    rt_ms = models.IntegerField(blank=True)
    confirm_ms = models.IntegerField(blank=True)

PICTURES = {pictures}

class Look(Page):
    form_model = "player"
    form_fields = ["value", "rt_ms", "confirm_ms"]

    @staticmethod
    def vars_for_template(player):
        return dict(pictures=PICTURES[player.round_number - 1])

page_sequence = [Look]
"""
PAGE = """\
{{ block title }}Round {{ player.round_number }}{{ endblock }}
{{ block content }}
{{ for name in pictures }}
<figure><img src="/static/{{ name }}" alt="What is judged" width="448" height="448"></figure>
{{ endfor }}
{{ formfield "value" }}
<input type="hidden" name="rt_ms"><input type="hidden" name="confirm_ms">
{{ next_button }}
{{ endblock }}
"""


@contextmanager
def otree_site(
    otree: Path, folder: Path, database: str, *, rounds: Sequence[Sequence[bytes]]
) -> Iterator[tuple[Child, str]]:
    """oTree's production server over an own database of the same PostgreSQL; process, address.

    rounds: the pictures of each.
    """
    project = folder / "otree"
    write_project(project, rounds)
    environment = {
        **os.environ,
        "DATABASE_URL": own_database(database),
        "OTREE_PRODUCTION": "1",
        "OTREE_REST_KEY": KEY,
        "PATH": f"{otree.parent}:{os.environ['PATH']}",
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    subprocess.run(
        [otree, "resetdb", "--noinput"],
        cwd=project,
        env=environment,
        check=True,
        capture_output=True,
    )
    port = free_port()
    child = start(
        "oTree",
        [otree, "prodserver", f"127.0.0.1:{port}"],
        log=folder / "otree.log",
        environment=environment,
        folder=project,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(child, lambda: answers(f"{address}/demo/") or answers(address))
        yield child, address
    finally:
        child.stop()


def write_project(project: Path, rounds: Sequence[Sequence[bytes]]) -> None:
    (project / "look").mkdir(parents=True)
    (project / "_static").mkdir()
    names = []
    for number, pictures in enumerate(rounds, 1):
        names.append([f"{number}-{place}.webp" for place in range(len(pictures))])
        for name, picture in zip(names[-1], pictures, strict=True):
            (project / "_static" / name).write_bytes(picture)
    app = APP.replace("{rounds}", str(len(rounds))).replace("{pictures}", repr(names))
    (project / "settings.py").write_text(SETTINGS, "utf-8")
    (project / "look/__init__.py").write_text(app, "utf-8")
    (project / "look/Look.html").write_text(PAGE, "utf-8")


def otree_target(address: str, people: int) -> Target:
    """A session for `people`, entered by the link that is the same for everybody."""
    body = json.dumps({"session_config_name": "look", "num_participants": people}).encode()
    request = urllib.request.Request(
        f"{address}/api/sessions", body, {"otree-rest-key": KEY, "Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as reply:
        link = json.load(reply)["session_wide_url"]
    door = "/" + link.split("/", 3)[3]
    return Target("oTree", address, lambda: door, lambda page: page.address.startswith("/p/"))


def own_database(url: str) -> str:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE otree")
    connection.close()
    return url.rpartition("/")[0] + "/otree"
