"""Whether the formats' own validators take a bundle's metadata.

    python bench/formats.py BUNDLE…       folders that `manage.py export` wrote

Each validator is installed apart from everything else, in the versions below: CITATION.cff by
cffconvert, Croissant by mlcroissant, Data Package by frictionless (which reads every cell),
RO-Crate by roc-validator. Psych-DS's own validator is asked by npx where npm has it. Exit code 1
where a format is broken, 2 where a validator could not be asked.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CITATION, CROISSANT, PACKAGE = "CITATION.cff", "croissant.json", "datapackage.json"
UV = ROOT / ".venv" / "bin" / "uv"
# RO-Crate's context lies on the web; the package rocrate has a copy with the same terms
CRATE = """
import email.message, io, pathlib, sys, urllib.request, urllib.response
import requests, rocrate

own = (pathlib.Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
opening, sending = urllib.request.OpenerDirector.open, requests.Session.send

def opened(self, url, *rest, **named):
    address = getattr(url, "full_url", url)
    if "w3id.org/ro/crate/" not in address:
        return opening(self, url, *rest, **named)
    headers = email.message.Message()
    headers["Content-Type"] = "application/ld+json"
    return urllib.response.addinfourl(io.BytesIO(own), headers, address, 200)

def sent(self, request, **named):
    if "w3id.org/ro/crate/" not in request.url:
        return sending(self, request, **named)
    reply = requests.Response()
    reply.status_code, reply._content, reply.url = 200, own, request.url
    reply.headers["Content-Type"] = "application/ld+json"
    reply.request = request
    return reply

urllib.request.OpenerDirector.open, requests.Session.send = opened, sent
from rocrate_validator import models, services

found = services.validate(services.ValidationSettings(
    rocrate_uri=sys.argv[1], profile_identifier="ro-crate-1.2", no_cache=True,
    requirement_severity=models.Severity.REQUIRED, abort_on_first=False)).get_issues()
for one in found:
    print(one.check.identifier, one.message, one.violatingEntity or "")
sys.exit(bool(found))
"""


def tool(*packages: str) -> list[str | Path]:
    """The beginning of a command that has these packages, and nothing else."""
    wanted = [word for one in packages for word in ("--with", one)]
    return [UV, "run", "-q", "--no-project", "--isolated", *wanted]


def asked(command: list[str | Path], folder: Path) -> tuple[int, str]:
    """The exit code of a validator and what it said."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, f"{done.stdout}{done.stderr}".strip()


def psych_ds(folder: Path) -> tuple[int, str]:
    code, said = asked(["npx", "--yes", "psychds-validator", "."], folder)
    return (2, "npm has no psychds-validator here") if "E404" in said else (code, said)


def main(folders: list[Path]) -> int:
    worst = 0
    for folder in folders:
        crate = tool("roc-validator==0.13.0", "rocrate==0.15.0")
        validators: dict[str, list[str | Path]] = {
            "RO-Crate": [*crate, "python", "-c", CRATE, folder.resolve()],
            "Data Package": [*tool("frictionless==5.21.0"), "frictionless", "validate", PACKAGE],
            "Croissant": [
                *tool("mlcroissant==1.1.1"), "mlcroissant", "validate", "--jsonld", CROISSANT,
            ],
            "CFF": [*tool("cffconvert==2.0.0"), "cffconvert", "--validate", "-i", CITATION],
        }  # fmt: skip
        if not (folder / CITATION).exists():
            del validators["CFF"]
        told = {name: asked(command, folder) for name, command in validators.items()}
        told["Psych-DS"] = psych_ds(folder)
        for name, (code, said) in told.items():
            verdict = {0: "valid", 2: "NOT ASKED"}.get(code, "BROKEN")
            print(f"{folder.name}: {name}: {verdict}")
            if code or "WARNING" in said or "warning" in said:
                print(said)
            worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
