"""A kit of a study: whole, marked, the same from its bundle, compiled, and without inventions."""

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import docx
import pytest
from django.core.management import CommandError, call_command

from sandbox.builders import ETHICS, make_study, open_small_study
from sandbox.people import send_people
from studyapp.analyses.reports.effects import effects_part
from studyapp.analyses.results import results
from studyapp.analyses.sources import tidy_study
from studyapp.exports.bundle import write_bundle
from studyapp.models import Deviation, Exclusion, Participation, Study, StudyKind
from studyapp.papers.bibliography import works
from studyapp.papers.findings import contrast_sentence
from studyapp.papers.kit import cited_works
from studyapp.papers.markdown import write_markdown
from studyapp.papers.material import material_of_study
from studyapp.papers.paper import paper
from studyapp.paradigms import PARADIGMS
from studyapp.studies.copies import marked_copy
from tests.analyses.answered import answered_study
from tests.running import output_of, run

pytestmark = pytest.mark.django_db
TITLE = r"Trust & \input{secret} 100 % of #maps_über αβ <b>"
CLAIM = r"$grad_cam$ is better than 50 % of ~others^; Ω \write18{x}"


def trust_study(**options: Any) -> Study:
    study = open_small_study(
        title=TITLE, people=8, trials=6, stimuli=6, conditions=3, ethics=ETHICS,
        exclusions={"failed_checks": 1},
        analysis={"hypotheses": [CLAIM], "smallest_effect": 0.5}, **options,
    )  # fmt: skip
    send_people(study, 8)
    Exclusion.objects.create(participation=Participation.objects.order_by("pk")[1], rule="by hand")
    Deviation.objects.create(study=study, what="prolonged & more", detail="by 50 %")
    return study


def kit_of(source: object, folder: Path) -> tuple[Path, str]:
    """Where it was written, and what the command said."""
    return folder, output_of("paper", source, out=folder, without_screenshots=True)


def word_text(path: Path) -> str:
    word = docx.Document(str(path))
    cells = (cell.text for table in word.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(one.text for one in word.paragraphs), *cells])


def test_a_kit_tells_the_study_in_three_forms_and_invents_nothing(tmp_path: Path) -> None:
    study = trust_study(demo=True)
    kit, said = kit_of(study.slug, tmp_path / "kit")
    texts = {
        "md": (kit / "paper.md").read_text("utf-8").replace("\\", ""),
        "docx": word_text(kit / "paper.docx"),
        "tex": (kit / "paper.tex").read_text("utf-8"),
    }
    found = results(tidy_study(study, "trust"))
    estimate = f"mean score {found['methods']['grad_cam']['mean']:.2f}"
    for form, text in texts.items():
        assert "This is a demonstration, not evidence." in text, form
        assert "8 people opened the study" in text, form
        assert estimate in text, form
        assert "(protocol P-1)" in text, form
        assert text.index("Hypothesis 1") < text.index("Planned contrasts"), form
        assert "Exploratory contrasts" in text, form
        gaps = set(re.findall(r"\[\[(.+?)\]\]", text)) | set(re.findall(r"\\gap\{(.+?)\}", text))
        assert {"what participants were paid", "the licence of the photos"} <= gaps, form
    assert "“by hand”" in texts["md"]
    assert "prolonged & more (by 50 %)" in texts["md"]
    assert "A researcher left out 1 for “by hand”" in texts["docx"]
    assert "the licence of the photos" in said
    assert r"\textbackslash{}input\{secret\}" in texts["tex"]

    cited = set(re.findall(r"@([a-z]\w+)[;\]]", texts["md"]))
    listed = set(re.findall(r"@\w+\{(\w+),", (kit / "references.bib").read_text("utf-8")))
    assert cited == listed == {*cited & set(works()), "discern"}
    assert {"grad_cam", "guided_backprop", "alexnet", "cameron2011"} <= cited

    with (kit / "tables" / "numbers.csv").open(encoding="utf-8") as file:
        numbers = {row["name"]: row for row in csv.DictReader(file)}
    assert float(numbers["grad_cam"]["estimate"]) == found["methods"]["grad_cam"]["mean"]
    assert len(list((kit / "figures").glob("*.pdf"))) == len(list((kit / "figures").glob("*.png")))
    assert (kit / "figures" / "drawing" / "__main__.py").is_file()
    bundle = write_bundle(study, tmp_path / "bundle", analysis=False).path
    again, _ = kit_of(bundle, tmp_path / "again")
    for path in (*kit.rglob("*.tex"), *kit.rglob("*.md"), *kit.rglob("*.csv"), *kit.glob("*.bib")):
        assert (again / path.relative_to(kit)).read_bytes() == path.read_bytes(), path.name
    assert word_text(again / "paper.docx") == texts["docx"]
    if shutil.which("latexmk"):
        compile_paper(kit)


def compile_paper(kit: Path) -> None:
    """With every reference, and no line that stands out."""
    done = run(
        "latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "paper.tex", cwd=kit
    )
    log = (kit / "paper.log").read_text("utf-8", errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "undefined" not in log
    assert [float(width) for width in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt", log)
            if float(width) > 5] == []  # fmt: skip
    assert "Warning" not in (kit / "paper.blg").read_text("utf-8")


@pytest.mark.parametrize("paradigm", sorted(set(PARADIGMS) - {"trust"}))
def test_every_kind_of_question_gives_a_paper(paradigm: str) -> None:
    written = paper(material_of_study(answered_study(paradigm)))
    told = write_markdown(written, cited_works(written)).replace("\\", "")
    assert PARADIGMS[paradigm].title in told.partition("## Results")[2]


def test_a_study_that_was_never_open_has_no_kit(tmp_path: Path) -> None:
    study = make_study()
    with pytest.raises(CommandError, match="was never open"):
        call_command("paper", study.slug, out=tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


def test_the_p_of_a_hypothesis_contrast_is_not_said_to_be_adjusted() -> None:
    claim = {"text": "It helps.", "contrast": ["guided_grad_cam", "guided_backprop"],
             "direction": "greater"}  # fmt: skip
    study = open_small_study(people=8, trials=6, stimuli=6, analysis={"hypotheses": [claim]})
    send_people(study, 8)
    material = material_of_study(study)
    written = paper(material)
    told = write_markdown(written, cited_works(written)).replace("\\", "")
    assert "Contrasts of the hypotheses; p unadjusted, the adjusted p stands with" in told
    assert "Planned contrasts" not in told
    assert "read this first" not in told
    part = effects_part(material.founds[0])
    (label,) = [one.label for one in part.lines if "hypothesis 1" in one.label]
    assert label.endswith("hypothesis 1; p unadjusted, the adjusted p stands with the verdict")


def test_simulated_people_are_marked_in_every_file(tmp_path: Path) -> None:
    send_people(marked_copy(open_small_study(), StudyKind.SIMULATED, 1, people=4), 4)
    kit = tmp_path / "kit"
    output_of("paper", "small", out=kit, simulated=True, without_screenshots=True)
    for path in (*kit.glob("*.md"), *kit.glob("paper.tex")):
        assert "Simulated people gave these answers" in path.read_text("utf-8"), path.name
    for path in kit.glob("*.docx"):
        assert "Simulated people gave these answers" in word_text(path), path.name
    for path in (*kit.glob("tables/*.csv"), *kit.glob("tables/*.tex")):
        assert "simulated people" in path.read_text("utf-8").lower(), path.name
    drawn = [path for path in kit.glob("figures/*.*") if path.suffix in {".pdf", ".svg", ".png"}]
    assert drawn
    assert all("simulated-people" in path.name for path in drawn)


def test_a_contrast_without_a_test_claims_none() -> None:
    one = {"a": "a", "b": "b", "estimate": 0.5, "se": 0.1, "df": 3.0, "robust95": [0.3, 0.7],
           "p": None, "p_holm": None, "note": "few", "apa": "d = 0.40"}  # fmt: skip
    told = contrast_sentence(one, is_share=False)
    assert told == ("“a” − “b”: +0.50, 95% CI [+0.30, +0.70]; d = 0.40; not tested, for the "
                    "reason that the table gives.")  # fmt: skip
