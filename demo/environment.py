"""Where the demo keeps its things, and `var/env`, whose addresses and secrets manage.py reads."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ready.catalogue import ready_files, with_factories
from ready.folders import ROOT, var
from sandbox.processes import PlainError

# What `make demo` opens by itself, in the order of its landing page
STUDIES = tuple(
    ROOT / f"fixtures/studies/{name}.toml"
    for name in ("paper-pair", "demo-trust", "demo-discrimination")
)
HEAD = "# Written by `make demo` at each start; manage.py reads it, the shell's environment wins.\n"
# Secrets by their bytes of chance. They are kept from one start to the next; ports are not.
SECRETS = {"SECRET_KEY": 48, "DEMO_ADMIN_PASSWORD": 12}


def study_files(named: str) -> list[Path]:
    """The files of ready studies by their names, separated by commas; "all" is each of them."""
    known = ready_files()
    names = [name for part in named.split(",") if (name := part.strip())]
    if unknown := [name for name in names if name not in known and name != "all"]:
        raise PlainError(
            f"There is no ready study {unknown[0]}: STUDIES is all, or some of "
            f"{', '.join(known)}, with commas between them."
        )
    return [known[one] for name in names for one in (known if name == "all" else [name])]


def log_file(name: str) -> Path:
    return var() / "log" / f"{name}.log"


def read_env(path: Path) -> dict[str, str]:
    """The NAME=value lines of `path`; nothing where there is no such file."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Write `path` whole or not at all, with mode 600 from its first byte on."""
    unfinished = path.with_name(".env.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    lines = [f"{name}={value}\n" for name, value in values.items()]
    unfinished.write_text(HEAD + "".join(lines), encoding="utf-8")
    unfinished.replace(path)


def site_environment(servers: Mapping[str, str], port: int) -> dict[str, str]:
    """What the site, the workers and manage.py need beside the servers' addresses; secrets are made
    once and then kept. Ready studies' factories are allowed beside those that the shell names."""
    known = read_env(var() / "env")
    made = {
        name: known.get(name) or secrets.token_urlsafe(length) for name, length in SECRETS.items()
    }
    return {
        **made,
        **servers,
        "HTTPS": "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DISCERN_VAR": str(var()),
        "DISCERN_MEDIA": str(var() / "media"),
        "DEMO_PORT": str(port),
        "NETWORK_FACTORIES": with_factories(os.environ.get("NETWORK_FACTORIES", "")),
    }
