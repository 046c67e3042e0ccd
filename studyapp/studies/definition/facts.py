"""Where a study asks people for facts about themselves, and what the place means."""

from collections.abc import Iterator

from studyapp.paradigms import PARADIGMS

from .study import Definition

FIRST = (
    "before anything is judged: the answers can't depend on what people see, so they may be "
    "moderators, but being reminded of their group may change how people judge"
)
LAST = (
    "after everything is judged: the questions change no judgment, but what people have seen may "
    "change the answers about expertise"
)
BETWEEN = (
    "between judgments: the questions may change what is judged after them, and what was judged "
    "before may change the answers; ask first or last"
)


def fact_places(definition: Definition) -> Iterator[str]:
    """A sentence for each block with ready questions about people."""
    judges = [
        block.is_main and PARADIGMS[block.paradigm].asks_about_photos(block)
        for block in definition.blocks
    ]
    for place, block in enumerate(definition.blocks):
        if block.describing:
            before, after = any(judges[:place]), any(judges[place:])
            words = BETWEEN if before and after else LAST if before else FIRST
            yield f"{block.name} asks for facts about people {words}"
