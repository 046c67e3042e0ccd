"""`make audit`: every locked package against the known advisories; a skipped package fails.

pip-audit was seen to skip packages and still say that nothing was found, so its report is judged
here: 0 all were audited and nothing is known; 1 something is known, or a package was skipped;
2 the advisory service can't be reached, so nothing was audited.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PIP_AUDIT = "pip-audit==2.10.1"
LOCKS = ("web", "worker", "demo", "dev")


def audit(lock: Path, uv: str) -> dict[str, Any] | str:
    """pip-audit's report on a lock file; its last line where it made none."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
    done = subprocess.run(
        [uv, "tool", "run", "-q", PIP_AUDIT, *options, "-r", str(lock)],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"pip-audit ended with {done.returncode}"
    return report


def verdict(report: dict[str, Any] | str) -> tuple[int, list[str]]:
    """The exit code and what to say."""
    if isinstance(report, str):
        return 2, [f"NOT AUDITED: the advisory service can't be reached ({report})"]
    packages = report.get("dependencies", [])
    skipped = [one for one in packages if one.get("skip_reason")]
    known = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in packages
        for flaw in one.get("vulns", [])
    ]
    if len(skipped) == len(packages):
        reason = skipped[0]["skip_reason"] if skipped else "no package was looked at"
        return 2, [f"NOT AUDITED: the advisory service can't be reached ({reason})"]
    lines = [f"SKIPPED {one['name']}: {one['skip_reason']}" for one in skipped] + known
    return (1, lines) if lines else (0, [f"{len(packages)} packages audited, nothing is known"])


def main(uv: str) -> int:
    worst = 0
    for name in LOCKS:
        code, lines = verdict(audit(ROOT / "requirements" / f"{name}.lock", uv))
        for line in lines:
            print(f"{name}.lock: {line}")  # noqa: T201
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
