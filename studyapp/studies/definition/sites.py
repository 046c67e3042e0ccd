"""What is wrong with the sites of a study file, and with their places in the design."""

from collections import Counter
from collections.abc import Iterator

from .rules import Complaint, Rule, rule
from .study import Definition


def site_rules(definition: Definition) -> Iterator[Rule]:
    yield rule(_site_complaints(definition), "sites design.people arms")


def _site_complaints(definition: Definition) -> Iterator[Complaint]:
    sites, people = definition.sites, definition.design.people
    if not sites:
        return
    if len(sites) == 1:
        yield ("sites",), "there is only one site; remove [[sites]], or add another site"
        return
    twice = [name for name, count in Counter(one.name for one in sites).items() if count > 1]
    if twice:
        yield ("sites",), f"two sites are called “{twice[0]}”; give each its own name"
    total = sum(one.people for one in sites)
    if total != people:
        yield (
            ("sites",),
            f"the sites have {total} places together, and design.people is {people}; make them "
            "equal",
        )
    arms = len(definition.arm_conditions())
    for number, one in enumerate(sites):
        if one.people % arms:
            low = one.people // arms * arms
            yield (
                ("sites", number, "people"),
                f"{one.people} people of {one.name} can't be shared equally by {arms} arms: use "
                f"{low or arms} or {low + arms}",
            )
