"""The NeurIPS paper checklist, in the sixteen questions of 2025.

Source: neurips.cc/public/guides/PaperChecklist.
"""

from studyapp.papers.document import Gap, Runs, joined, prose
from studyapp.papers.material import Material

from . import items
from .items import Checklist, Item, gap

COMPUTE = "which processors computed the explanations, and for how long"
PUBLIC = "the address of the public bundle (made by “manage.py export SLUG --public”)"


def _yes(answer: items.Answer) -> items.Answer:
    return lambda material: joined([("Yes.",), answer(material)])


def _reproducible(material: Material) -> Runs:
    return joined([
        ("Yes. The frozen study file, the seed and the digests determine the design; a bundle "
         "holds every table, the maps, and scripts that compute the results again.",),
        items.allocation(material),
    ])  # fmt: skip


def _significance(material: Material) -> Runs:
    return (
        "Yes. Every estimate has a 95 % interval that allows for people and photos as clusters, "
        "and p values are adjusted by Holm; Methods, Analysis plan.",
    )


def _crowd(material: Material) -> Runs:
    instructions = prose(
        "Instructions are among the materials of a bundle, screenshots in the appendix: {gap}.",
        gap=Gap("whether the appendix holds every page"),
    )
    return joined([instructions, items.pay(material)])


def _board(material: Material) -> Runs:
    board = material.definition.ethics
    if board is None:
        return (Gap("whether an ethics board approved the study, and what the risks were"),)
    return joined([("Yes.",), items.ethics(material), (f"Risks: {board.risks}.",)])


NEURIPS = Checklist(
    stem="neurips",
    name="NeurIPS paper checklist",
    source="",
    items=(
        Item("1", "Claims: abstract and introduction say what the paper shows",
             gap("whether abstract and introduction say no more than the results")),
        Item("2", "Limitations", gap("the limitations, beginning with the notes in the results")),
        Item("3", "Theory: assumptions and proofs", gap("whether the paper has theory")),
        Item("4", "Reproducibility of the results", _reproducible),
        Item("5", "Open access to data and code", gap(PUBLIC)),
        Item("6", "Experimental setting and details", _yes(items.conditions)),
        Item("7", "Statistical significance", _significance),
        Item("8", "Compute resources", gap(COMPUTE)),
        Item("9", "Code of ethics", gap("whether the research keeps to NeurIPS’s code")),
        Item("10", "Broader impacts", gap("positive and negative impacts on society")),
        Item("11", "Safeguards", gap("whether anything that is released could be misused")),
        Item("12", "Licences of existing assets",
             gap("the licences of photos, weights and code that were used")),
        Item("13", "New assets", gap("whether data or code are released, and how documented")),
        Item("14", "Research with human subjects: instructions and pay", _crowd),
        Item("15", "Approval by an ethics board, and risks", _board),
        Item("16", "Use of large language models", gap("whether and how they were used")),
    ),
)  # fmt: skip
