"""Photos that nothing asks about yet: practice and learning need some that no main trial shows."""

from collections import Counter
from collections.abc import Iterable, Mapping

from studyapp.models import StimulusRole

# Role and stratum
Part = tuple[str, str]


class Untouched:
    """The photos without a part among the cases still to come.

    cases: each case's photo and stratum, in the order in which they are chosen from.
    """

    def __init__(self, cases: Iterable[tuple[int, str]]) -> None:
        listed = list(cases)
        strata = sorted({stratum for _, stratum in listed})
        # Each stratum, and all: a photo with cases in two strata can serve but one of them.
        groups = {*(frozenset([one]) for one in strata), frozenset(strata)}
        self._coming = {
            group: Counter(photo for photo, stratum in listed if stratum in group)
            for group in groups
        }

    def leave_enough(self, photo: int, part: Part, left: Mapping[Part, int]) -> bool:
        """Whether practice and learning find their photos if `photo` gets `part`.

        left: how many stimuli each part still needs. Where every photo has one case and there are
        enough of them, this is always so.
        """
        role, stratum = part
        return all(
            len(coming) > _shared(left, group)
            for group, coming in self._coming.items()
            if photo in coming and (role == StimulusRole.MAIN or stratum not in group)
        )

    def has_passed(self, photo: int, stratum: str) -> None:
        """A case was looked at and stays in reserve."""
        for group, coming in self._coming.items():
            if stratum in group and photo in coming:
                coming[photo] -= 1
                if not coming[photo]:
                    del coming[photo]

    def has_part(self, photo: int) -> None:
        """The photo has a part now, in all its cases."""
        for coming in self._coming.values():
            coming.pop(photo, None)


def _shared(left: Mapping[Part, int], group: frozenset[str]) -> int:
    """How many photos practice and learning still need of a group of strata."""
    return sum(
        max(count, 0)
        for (role, stratum), count in left.items()
        if role != StimulusRole.MAIN and stratum in group
    )
