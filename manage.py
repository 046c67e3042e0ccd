#!/usr/bin/env python3
"""Django's command line, after reading `env` in the site's folder, which `make demo` writes."""

import importlib.util
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def read_environment_file(path: Path) -> None:
    """Take NAME=value lines from `path`; what the process's environment already says wins."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, found, value = line.partition("=")
        if found and not line.startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())


def site_folder() -> Path:
    """DISCERN_VAR, else var/ beside this file: the same folder that the settings take."""
    return Path(os.environ.get("DISCERN_VAR", str(ROOT / "var")))


def enter_virtual_environment() -> None:
    """Go on with the interpreter of `.venv`, where Django is, when this one has none."""
    inside = ROOT / ".venv" / "bin" / "python"
    if importlib.util.find_spec("django") is None and inside.exists():
        os.execv(inside, [str(inside), *sys.argv])


# Verbs of `study` that read a study file or nothing, and never a row
FILE_VERBS = {"check", "power", "schema"}


def is_about_a_file(arguments: list[str]) -> bool:
    """Whether the command needs no site, so no secret either: nothing is signed, no row is read.

    Besides those verbs, `analyse` and `study preregister` are about a file if one is named.
    """
    command, rest = arguments[1:2], arguments[2:]
    if command == ["study"]:
        verb, rest = rest[:1], rest[1:]
        if verb != ["preregister"]:
            return bool(FILE_VERBS.intersection(verb))
    elif command != ["analyse"]:
        return False
    return any(Path(one).exists() for one in rest)


def main() -> None:
    enter_virtual_environment()
    read_environment_file(site_folder() / "env")
    if is_about_a_file(sys.argv):
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyapp.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
