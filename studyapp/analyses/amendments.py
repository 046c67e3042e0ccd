"""What was changed after a study opened, as amendments to its plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studyapp.shelf.formatting import counted

from .preregistration import frozen_preregistration
from .preregistration_forms import Form, Item

UNCHANGED = "Nothing has been changed since the study opened."


@dataclass(frozen=True)
class Change:
    """A deviation: when (ISO 8601), what, in detail, and how many people had finished by then."""

    at: str
    what: str
    detail: str
    finished: int


def amendments(
    facts: Mapping[str, Any],
    definition: Mapping[str, Any],
    certificate: Mapping[str, Any],
    changes: Sequence[Change],
) -> Form:
    """The changes in their order, to be added to a registered plan; one sentence for none."""
    plan = frozen_preregistration(facts, definition, certificate)
    items = [
        Item(
            "",
            f"{one.what[:1].upper()}{one.what[1:]}, {one.at[:19].replace('T', ' ')} UTC",
            [one.detail, "", f"By then {counted(one.finished, 'person', 'people')} had finished."],
        )
        for one in changes
    ]
    return Form(
        "amendments", plan.title, plan.digest, items or [Item("", UNCHANGED, [])],
        of_plan="SHA-256 of the plan that is amended",
    )  # fmt: skip
