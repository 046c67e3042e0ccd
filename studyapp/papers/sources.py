"""Which works a study uses: of methods, questions, networks and photos."""

from collections.abc import Mapping

from studyapp.paradigms import PARADIGMS
from studyapp.sections.blocks import BlockSection
from studyapp.studies.references import reference_table

# Of reliance's two ways of asking, which the table names together
IN_TWO_STEPS, IN_ONE_STEP = "appropriate_reliance", "accept_or_reject"
READERS: Mapping[str, str] = {
    "coco": "lin2014", "voc": "everingham2010", "imagenet": "russakovsky2015"
}  # fmt: skip


def question_sources(block: BlockSection) -> tuple[str, ...]:
    """The keys of the works that introduced the questions of a block; none for a researcher's
    own."""
    table = reference_table()
    if instrument := getattr(block, "instrument", None):
        return tuple(table["instruments"].get(str(instrument), ()))
    works = tuple(table["paradigms"].get(block.paradigm, ()))
    if {IN_TWO_STEPS, IN_ONE_STEP} <= set(works):
        return (IN_ONE_STEP if PARADIGMS[block.paradigm].in_one_step(block) else IN_TWO_STEPS,)
    return works
