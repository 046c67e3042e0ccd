"""The analysis that goes with a bundle: worked out from its own tables, with scripts to redo it."""

from pathlib import Path
from typing import Any

from studyapp.analyses.reports import folder_material, report_html
from studyapp.analyses.results import results, results_json
from studyapp.analyses.sources import tidy_folder
from studyapp.analyses.tidy import asked_paradigms

SCRIPTS = Path(__file__).with_name("scripts")
FOLDER = "analysis"


def write_analysis(bundle: Path) -> None:
    """Write results, report and scripts into the bundle's folder, whose tables are there already.

    One results file a paradigm: results.json where there is one, else results-PARADIGM.json.
    """
    folder = bundle / FOLDER
    folder.mkdir()
    material = folder_material(bundle)
    found = [results(tidy_folder(bundle, name)) for name in asked_paradigms(material.definition)]
    for one in found:
        name = "results" if len(found) == 1 else f"results-{one['paradigm']}"
        (folder / f"{name}.json").write_text(results_json(one), encoding="utf-8")
    report = report_html(found, material, title=material.facts["title"])
    (folder / "report.html").write_text(report, encoding="utf-8")
    _write_scripts(folder, found[0])


def _write_scripts(folder: Path, found: dict[str, Any]) -> None:
    reference = str(found["reference"] or next(iter(found["methods"]), ""))
    for script in (SCRIPTS / "reanalyse.py", SCRIPTS / "reanalyse.R"):
        text = script.read_text(encoding="utf-8").replace("@REFERENCE@", reference)
        (folder / script.name).write_text(text, encoding="utf-8")
