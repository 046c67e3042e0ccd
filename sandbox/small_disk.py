"""A command with a small disk of its own, to see what happens when it is full."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


def on_small_disk(place: Path, command: Sequence[str], *, megabytes: int) -> list[str]:
    """`command` with a disk of its own at `place`, which goes with it and nobody else sees."""
    asked = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    mount = f"mount -t tmpfs -o size={megabytes}m,mode=755 none {shlex.quote(str(place))}"
    return [*asked, "sh", "-c", f"{mount} && exec {shlex.join(command)}"]


def has_small_disks() -> bool:
    if not shutil.which("unshare"):
        return False
    command = on_small_disk(Path("/mnt"), ["true"], megabytes=1)
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
