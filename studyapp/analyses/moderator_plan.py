"""What a preregistration says of the moderators that a study file names."""

from collections.abc import Iterator

from studyapp.sections.moderators import ModeratorSection
from studyapp.statistics.robust import FEWEST_EFFECTIVE
from studyapp.studies.definition.moderators import moderator_kind, moderator_paradigms
from studyapp.studies.definition.study import Definition

TESTED = (
    "The effect of a moderator is how much the difference between two conditions differs between "
    "its levels (of more than two a joint Wald test with Hotelling’s correction, then every two by "
    "Holm), or how much it rises with one SD of a number (jackknife over people and photos), "
    "two-way cluster-robust, with a variance that is at least the one with clusters of whatever "
    "has the moderator alone. Below {fewest} effective people or photos at a level it is not "
    "tested."
)


def moderator_plan(definition: Definition) -> Iterator[str]:
    """The planned ones with their family, then the others; nothing where none is named."""
    named = definition.analysis.moderators
    if not named:
        return
    for is_planned, words in (
        (
            True,
            "Planned moderators, of the planned contrasts alone, adjusted together by Holm for "
            "each kind of question",
        ),
        (False, "Exploratory moderators, adjusted over all contrasts and moderators"),
    ):
        own = [_named(definition, one) for one in named if one.planned == is_planned]
        if own:
            yield f"{words}: {'; '.join(own)}."
    yield TESTED.format(fewest=FEWEST_EFFECTIVE)


def _named(definition: Definition, one: ModeratorSection) -> str:
    kind = {"levels": "by its levels", "number": "as a number"}[moderator_kind(definition, one)]
    asked = " and ".join(moderator_paradigms(definition, one))
    return f"{one.field} of a {one.of}, {kind}, in {asked}"
