"""A kind of question is told of in its own folder, and by name nowhere else."""

import re
from pathlib import Path

from studyapp.models import Stage
from studyapp.paradigms import PARADIGMS

ROOT = Path(__file__).resolve().parents[2] / "studyapp"
# One list says which kinds there are; migrations keep the rules of their day.
APART = ("settings.py", "migrations", "paradigms")


def test_no_module_outside_a_paradigms_folder_knows_its_name() -> None:
    # The stage “questionnaire” is called as the paradigm is
    names = set(PARADIGMS) - set(Stage.values)
    quoted = re.compile(rf"""["']({"|".join(sorted(names))})["']""")
    files = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in APART]
    files += sorted((ROOT / "paradigms").glob("*.py"))
    assert len(files) > 150
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if quoted.search(line)
    ]
    assert found == []
