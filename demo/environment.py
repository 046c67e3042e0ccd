"""Where the demo keeps its things, and `var/env`, whose addresses and secrets manage.py reads."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUDIES = tuple(ROOT / f"fixtures/studies/demo-{name}.toml" for name in ("trust", "discrimination"))
HEAD = "# Written by `make demo` at each start; manage.py reads it, the shell's environment wins.\n"
# Secrets by their bytes of chance. They are kept from one start to the next; ports are not.
SECRETS = {"SECRET_KEY": 48, "DEMO_ADMIN_PASSWORD": 12}


def var() -> Path:
    """The one folder that everything is written to."""
    return Path(os.environ.get("DISCERN_VAR", str(ROOT / "var"))).absolute()


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
    once and then kept."""
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
    }
