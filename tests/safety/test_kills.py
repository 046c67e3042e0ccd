"""Nothing acknowledged is lost, whatever is killed with -9: a short run of `bench/chaos.py`."""

import os
import re

from tests.running import python

OWN = ("DATABASE_URL", "REDIS_URL", "DISCERN_VAR", "DISCERN_MEDIA", "SECRET_KEY")


def test_what_was_acknowledged_while_everything_was_killed_is_stored_once_and_work_is_whole() -> (
    None
):
    """One kill of each kind, each but the web's in the middle of a study's preparation. The run's
    servers are its own, and so is its environment."""
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    options = ["--judgments", "240", "--at-once", "8", "--think", "0.2", "--photos", "6"]
    done = python("bench/chaos.py", *options, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "fsync on, synchronous_commit on" in done.stdout
    assert len(re.findall(r"taken: ", done.stdout)) == 6
    assert "lost 0, double 0, stored otherwise than sent 0, people twice 0" in done.stdout
    assert "stuck 0, unkind replies 0" in done.stdout
    assert re.search(
        r"studies 4, ready \d+, unfinished 0, failed 0, .* missing 0, damaged 0, orphans 0",
        done.stdout,
    )
    acknowledged = re.search(r"acknowledged (\d+)", done.stdout)
    assert int(acknowledged[1]) >= 240
