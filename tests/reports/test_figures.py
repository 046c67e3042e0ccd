"""Figures for the page and for the paper: one drawing, its numbers, and the code that draws it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from matplotlib.colors import to_hex

from studyapp.analyses.figures import Figure, drawing
from studyapp.analyses.figures.drawing import sheet
from studyapp.analyses.figures.drawing.raw_data import swarm
from studyapp.analyses.figures.files import write_figures
from studyapp.analyses.figures.flow import flow_figure
from studyapp.analyses.reports import report_figures, report_html
from studyapp.analyses.results import results
from tests.analyses.tidy_tables import crossed, make_tidy


def make_figures() -> list[Figure]:
    found = [
        results(make_tidy("score", crossed("ab", "2011200"))),
        results(make_tidy("correct", crossed("ab", "1101101"))),
    ]
    return report_figures(found, None)


def test_the_report_shows_the_figures_that_are_written_as_files() -> None:
    found = [results(make_tidy("score", crossed("ab", "2011200")))]
    page = report_html(found, None, title="any")
    figures = report_figures(found, None)
    assert [one.title for one in figures] == re.findall(r"<figcaption>(.*?)</figcaption>", page)


def test_figures_have_the_pages_own_colours_and_letters_and_no_names() -> None:
    for figure in make_figures():
        svg = figure.svg
        assert re.search(r"var\(--ink\)", svg)
        assert [colour for colour in (sheet.INK, sheet.MARK, sheet.GROUND) if colour in svg] == []
        assert "DejaVu" not in svg
        assert "<style" not in svg
        assert "<g id=" not in svg


def test_words_of_a_study_can_not_become_markup_in_a_figure() -> None:
    figure = make_figures()[0]
    data = {**figure.data, "counts": {"<script>": figure.data["counts"]["a"]}}
    shown = Figure('"><script>', '"><script>', data, [], []).svg
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_long_name_never_lies_over_its_number() -> None:
    name = "guided_grad_cam − guided_backprop"
    row = {"label": name, "words": "−0.15, exploratory", "value": -0.15, "interval": [-0.6, 0.3],
           "other": None, "other_interval": None, "paper": None}  # fmt: skip
    data = {"kind": "intervals", "rows": [row, {**row, "label": "a − b"}], "low": -1, "high": 1,
            "null": 0, "null_words": "none", "ticks": "plain", "axis": ""}  # fmt: skip
    drawn = drawing.drawn(data)
    texts = {one.get_text(): one.get_window_extent() for one in drawn.axes[0].texts[:2]}
    assert texts[name].x1 < texts[row["words"]].x0
    assert drawn.axes[0].texts[2].get_fontsize() == sheet.STYLE["font.size"]


@pytest.mark.parametrize("name", ["a$b$c", "方法", sheet.INK, "'DejaVu Sans'", "100 %", "\\frac"])
def test_a_name_is_written_as_it_is(name: str) -> None:
    figure = make_figures()[0]
    data = {**figure.data, "counts": {name: figure.data["counts"]["a"]}}
    assert f">{name}</text>" in Figure("any", "any", data, [], []).svg


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_the_same_numbers_give_the_same_file(tmp_path: Path, form: str) -> None:
    figures = make_figures()[:1]
    files = []
    for name in ("one", "other"):
        write_figures(figures, tmp_path / name, [form])
        files += [path.read_bytes() for path in (tmp_path / name).glob(f"*.{form}")]
    assert len(files) == 2
    assert files[0] == files[1]


def test_a_stranger_draws_the_figures_anew_with_matplotlib_alone(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    figures = make_figures()
    write_figures(figures, folder, [])
    told = json.loads((folder / "figures.json").read_text("utf-8"))
    assert [one["title"] for one in told] == [one.title for one in figures]
    code = (
        f"import runpy, sys; sys.argv[1:] = ['png']; sys.path.insert(0, {str(folder)!r}); "
        "runpy.run_module('drawing', run_name='__main__', alter_sys=True); "
        "assert 'django' not in sys.modules"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    drawn = sorted(folder.glob("*.png"))
    assert len(drawn) == len(figures)
    assert {path.read_bytes()[:4] for path in drawn} == {b"\x89PNG"}


def test_a_table_from_elsewhere_gives_figures_for_a_paper(tmp_path: Path) -> None:
    lines = ["participant,image,method,correct"]
    lines += [",".join(map(str, row)) for row in crossed("ab", "1101101")]
    (tmp_path / "d.csv").write_text("\n".join(lines))
    call_command("analyse", str(tmp_path / "d.csv"), figures=tmp_path / "figures", verbosity=0)
    names = {path.suffix for path in (tmp_path / "figures").iterdir()}
    assert names == {".pdf", ".svg", ".png", ".json", ""}


def test_answers_are_told_apart_in_grey() -> None:
    """Relative luminance, the darkest ends apart by the side of the middle that they are on."""
    greys = [_luminance(fill) for fill, _ in sheet.LEVELS.values()]
    assert greys[0] < greys[1] < greys[2]
    assert greys[4] < greys[3] < greys[2]
    for fill, ink in sheet.LEVELS.values():
        light, dark = sorted((_luminance(fill), _luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    parts = [int(to_hex(colour)[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_person_and_photo_stands_beside_the_estimate() -> None:
    found = results(make_tidy("correct", crossed("ab", "1101101", people=5)))
    clouds = found["methods"]["a"]["clusters"]
    assert {kind: len(means) for kind, means in clouds.items()} == {"people": 5, "photos": 7}
    assert clouds["people"] == sorted(clouds["people"])
    [figure] = [one for one in report_figures([found], None) if one.data["kind"] == "raw_data"]
    assert "5 people, 7 photos" in [row["words"] for row in figure.data["rows"]]
    drawn = drawing.drawn(figure.data).axes[0]
    dots = [line.get_xdata().tolist() for line in drawn.lines if line.get_alpha() is not None]
    assert dots[:2] == [clouds["people"], clouds["photos"]]


def test_many_equal_means_stay_within_their_row() -> None:
    heights = swarm([0.5] * 900 + [0.7], (0, 1), 0.17)
    assert max(map(abs, heights)) <= 0.171
    assert len(set(heights[:900])) == 900
    assert heights[-1] == 0


def test_every_axis_has_a_title() -> None:
    for figure in make_figures():
        if figure.data["kind"] in {"intervals", "raw_data"}:
            assert all(one.get_xlabel() for one in drawing.drawn(figure.data).axes), figure.title


FLOW: dict[str, Any] = {
    "entered": 9, "consented": 8, "finished": 6, "analysed": 5, "judgments": 20,
    "by_status": {"refused": 1, "dropped": 2, "finished": 6},
    "by_arm": {
        "explained": {"placed": 5, "finished": 4, "analysed": 3, "judgments": 12,
                      "by_status": {"dropped": 1, "finished": 4}, "excluded": {"failed_checks": 1}},
        "baseline": {"placed": 3, "finished": 2, "analysed": 2, "judgments": 8,
                     "by_status": {"dropped": 1, "finished": 2}, "excluded": {}},
    },
}  # fmt: skip


def test_people_are_followed_arm_by_arm() -> None:
    figure = flow_figure(FLOW, {"failed_checks": 1})
    assert figure.data["steps"] == [["9 entered", ["1 did not consent"]], ["8 took a place", []]]
    [explained, baseline] = figure.data["arms"]
    assert explained == ["explained", [
        ["5 took a place", ["1 left before the end"]],
        ["4 finished", ["1 left out: failed attention checks"]],
        ["3 analysed", ["with 12 answers"]],
    ]]  # fmt: skip
    assert baseline[1][1] == ["2 finished", []]
    assert figure.data["notes"] == ["5 analysed in all, with 20 answers"]
    texts = [one.get_text() for one in drawing.drawn(figure.data).axes[0].texts]
    assert {"explained", "baseline", "4 finished", "with 8 answers"} <= set(texts)


def test_one_arm_goes_straight_down_and_nothing_lies_outside_the_sheet() -> None:
    declined = {**FLOW, "declined": 3, "by_arm": {"only": FLOW["by_arm"]["explained"]}}
    figure = flow_figure(declined, {"failed_checks": 1})
    assert [words for words, _ in figure.data["steps"]] == [
        "9 entered", "8 took a place", "6 finished", "5 analysed",
    ]  # fmt: skip
    for data in (figure.data, flow_figure(FLOW, {}).data):
        drawn = drawing.drawn(data)
        low, high = sorted(drawn.axes[0].get_ylim())
        assert all(low < one.get_position()[1] < high for one in drawn.axes[0].texts)
