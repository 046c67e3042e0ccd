"""Delete what the demo wrote, so that the next start begins from nothing."""

import os
import shutil

from ready.folders import var
from sandbox.postgres import remove_home

FOLDERS = ("demo", "log", "media", "static", "valkey")


def reset() -> None:
    """Remove the demo's folders and var/env; a database that was named by DATABASE_URL stays."""
    remove_home(var() / "postgres")
    for name in FOLDERS:
        shutil.rmtree(var() / name, ignore_errors=True)
    for name in ("env", "demo.pid"):
        (var() / name).unlink(missing_ok=True)
    print("The demo's data are deleted; `make demo` starts over.")
    if os.environ.get("DATABASE_URL"):
        print("The database that DATABASE_URL names was left as it is.")
