"""Days in a study file that today decides about: an old file stays readable, and doesn't open."""

from collections.abc import Iterator

from django.utils import timezone

from .study import Definition


def erasure_has_passed(definition: Definition) -> Iterator[str]:
    """A sentence where panels' ids would be erased before anybody who comes now is paid."""
    day = definition.panel.erase_ids_on
    if day is not None and day < timezone.localdate():
        yield (
            f"`panel.erase_ids_on = {day}` has passed: the ids would be erased before people are "
            "paid; name a day after the study"
        )
