"""Coded open answers, for the report: shares of codes, their contrasts, and how coders agree."""

from collections.abc import Iterator

from studyapp.analyses.answers import EVERYTHING
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, number, p_value, percent, points

SOURCES = {
    "one coder": "read by one coder", "agreed": "agreed", "adjudicated": "adjudicated",
    "open": "not adjudicated yet", "running": "in a round that runs",
}  # fmt: skip


def coded_tables(found: Facts) -> Iterator[Table]:
    """Of each question that was coded: shares, exploratory contrasts, agreement."""
    for one in found.get("coded", []):
        title = coded_title(one)
        if one["methods"]:
            yield Table(f"Codes of {title}: {coded_sources(one)}", *_shares(one))
        if one["contrasts"]:
            yield Table(
                f"Differences in the share of codes of {title}, exploratory", *_contrasts(one)
            )
        yield agreement_table(one["coder_agreement"], f"Agreement of coders of {title}")


def coded_notes(found: Facts) -> Iterator[str]:
    """Why a question that was coded has no shares."""
    for one in found.get("coded", []):
        if one["note"]:
            yield f"codes of {coded_title(one)}: {one['note']}"


def coded_title(one: Facts) -> str:
    words = f"“{one['words']}”" if one["words"] else one["question"]
    return f"{one['block']}/{words} (coding scheme, version {one['version']})"


def coded_sources(one: Facts) -> str:
    """Where the final codes come from."""
    return ", ".join(
        f"{one['sources'][key]} {SOURCES[key]}" for key in SOURCES if key in one["sources"]
    )


def _shares(one: Facts) -> tuple[list[str], list[list[str]]]:
    is_overall = list(one["methods"]) == [EVERYTHING]
    rows = [
        [
            code,
            *([] if is_overall else [method]),
            f"{told['count']} of {own['n']}",
            percent(told["share"]),
            interval(told["robust95"], percent),
            told["note"],
        ]
        for code in one["definitions"]
        for method, own in one["methods"].items()
        for told in [own["codes"][code]]
    ]
    header = ["code", "method", "answers", "share", "95 % interval", ""]
    return [name for name in header if not (is_overall and name == "method")], rows


def _contrasts(one: Facts) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            told["code"],
            f"{told['a']} − {told['b']}",
            points(told["estimate"]),
            interval(told["robust95"], points),
            p_value(told["p"]),
            p_value(told["p_holm"]),
            told["note"],
        ]
        for told in one["contrasts"]
    ]
    return ["code", "contrast", "difference", "95 % interval", "p", "p by Holm", ""], rows


def agreement_table(told: Facts, caption: str = "Agreement of coders") -> Table:
    """α first, then κ of each two coders: of all codes together, and of each."""
    level = "nominal" if told["distance"] == "nominal" else "distances by MASI"
    rows = [_line("all codes", f"Krippendorff’s α, {level}", told["answers"], told["alpha"])]
    names = ["Cohen’s κ, coders {} and {}".format(*pair["coders"]) for pair in told["pairs"]]
    counts = [pair["answers"] for pair in told["pairs"]]
    for name, count, pair in zip(names, counts, told["pairs"], strict=True):
        if pair["kappa"] is not None:
            rows.append(_line("all codes", name, count, pair["kappa"]))
    for code, own in told["codes"].items():
        rows.append(_line(code, "Krippendorff’s α", told["answers"], own["alpha"]))
        rows += [_line(code, *one) for one in zip(names, counts, own["kappa"], strict=True)]
    return Table(caption, ["code", "coefficient", "answers", "value", "95 % interval", ""], rows)


def _line(code: str, what: str, answers: int, told: Facts) -> list[str]:
    low, high = told["low"], told["high"]
    pair = None if low is None or high is None else [low, high]
    return [code, what, str(answers), number(told["value"]), interval(pair), told["note"]]
