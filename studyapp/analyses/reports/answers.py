"""The answers that the outcome leaves out, such as confidence, as one table."""

from collections.abc import Iterator

from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import interval, number

# Answers that stand apart from those of the outcome, by stage
APART = {"first": "first answer", "repeat": "asked again"}


def answers_table(found: Facts) -> Table | None:
    """Each question besides the outcome's, by method; None where nothing else was asked."""
    is_scored = bool(found["methods"])
    rows = [
        [_label(one), method, str(told["n"]), *_numbers(one, told)]
        for one in found.get("answers", [])
        if not (is_scored and _gives_the_outcome(one))
        for method, told in one["methods"].items()
    ]
    header = ["question", "method", "answers", "mean", "95 % interval", "each answer"]
    return Table("Other answers", header, rows) if rows else None


def _gives_the_outcome(one: Facts) -> bool:
    """Whether the tables above come from it: the page's main answer, and the items of a scale."""
    name = str(one["question"])
    return one["stage"] not in APART and (name == "value" or name.startswith("item_"))


def _label(one: Facts) -> str:
    words = f"{one['question']}, “{one['words']}”" if one["words"] else one["question"]
    return f"{', '.join(filter(None, [one['block'], APART.get(one['stage'])]))}: {words}"


def _numbers(one: Facts, told: Facts) -> list[str]:
    unit = "words" if one["kind"] == "text" else one.get("unit", "")
    mean = number(told.get("mean"))
    if unit and told.get("mean") is not None:
        mean += f" {unit}"
    return [mean, interval(told.get("robust95")), "; ".join(_particulars(one, told))]


def _particulars(one: Facts, told: Facts) -> Iterator[str]:
    for level, count in told.get("counts", {}).items():
        yield f"{one['levels'][level]}: {count}"
    if "declined" in told:
        yield f"{one['decline']}: {told['declined']}"
    if "not_asked" in told:
        yield f"not asked: {told['not_asked']}"
    if "by_keys" in told:
        yield f"{told['by_keys']} by keys"
    if told.get("type2_auroc") is not None:
        yield f"type-2 AUROC {number(told['type2_auroc'])} ({interval(told['type2_auroc95'])})"
