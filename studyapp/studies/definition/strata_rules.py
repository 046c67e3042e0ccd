"""What is wrong with the strata and quotas of a study file, and with their places in the design."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import prod

from studyapp.sections.people import ScreeningSection

from .rules import Complaint, Rule, rule
from .strata import stratifying
from .study import Definition
from .toml_lines import Path as KeyPath

# What a person is told by already
TAKEN = ("arm", "device_class", "language", "site", "stratum")
# With more of them no stratum would have enough people
MOST_QUESTIONS = 3


def strata_rules(definition: Definition) -> Iterator[Rule]:
    for number, one in enumerate(definition.screening):
        yield rule(_complaints(definition, number, one), "design.people")
    yield rule(_names(definition), "screening")
    yield rule(_crossing(definition), "screening design.people arms sites")


def _complaints(definition: Definition, number: int, one: ScreeningSection) -> Iterator[Complaint]:
    path: KeyPath = ("screening", number)
    if not one.strata:
        if one.name is not None:
            yield (
                (*path, "name"),
                f"`screening` {number + 1} has a name but no strata, so nothing of it is stored; "
                "add [[screening.strata]], or remove the name",
            )
        return
    key = (*path, "strata")
    if one.name is None:
        yield (
            key,
            f'`screening` {number + 1} has strata but no name; add name = "…", which the data use',
        )
        return
    if len(one.strata) == 1:
        yield (
            key,
            f"{one.name} has only one stratum; add another one, or remove it",
        )
    twice = [name for name, count in Counter(s.name for s in one.strata).items() if count > 1]
    if twice:
        yield key, f"two strata of {one.name} are called “{twice[0]}”; give each its own name"
    yield from ((key, sentence) for sentence in _answers(one))
    if one.has_quotas:
        yield from ((key, sentence) for sentence in _quotas(definition, one))


def _answers(one: ScreeningSection) -> Iterator[str]:
    """Every accepted answer belongs to one stratum, and no other answer does."""
    counts = Counter(answer for stratum in one.strata for answer in stratum.answers)
    for answer in sorted({*counts, *one.accept}):
        if answer not in one.accept:
            yield (
                f"a stratum of {one.name} has answer {answer}, which is not accepted; add it to "
                "accept, or take it out of the stratum"
            )
        elif counts[answer] != 1:
            found = "no stratum" if not counts[answer] else f"{counts[answer]} strata"
            yield f"answer {answer} of {one.name} is in {found}; put it into one"


def _quotas(definition: Definition, one: ScreeningSection) -> Iterator[str]:
    without = [stratum.name for stratum in one.strata if stratum.people is None]
    people = definition.design.people
    total = sum(stratum.people or 0 for stratum in one.strata)
    if without:
        yield (
            f"{without[0]} of {one.name} has no quota, but others have one; add people = … to it, "
            "or remove people from all of them"
        )
    elif total != people:
        yield (
            f"the strata of {one.name} have {total} places in total, but design.people is "
            f"{people}; make them equal"
        )


def _names(definition: Definition) -> Iterator[Complaint]:
    named = [(number, one.name) for number, one in enumerate(definition.screening) if one.name]
    seen: set[str] = set()
    for number, name in named:
        key = ("screening", number, "name")
        if name in TAKEN:
            yield key, f"“{name}” is the name of another column of the data; choose another one"
        elif name in seen:
            yield key, f"two screening questions are called “{name}”; give each its own name"
        seen.add(name)


def _crossing(definition: Definition) -> Iterator[Complaint]:
    """Strata of several questions, arms and sites cross; every crossing has whole places."""
    asked, people = stratifying(definition), definition.design.people
    if len(asked) > MOST_QUESTIONS:
        yield (
            ("screening",),
            f"{len(asked)} screening questions have strata, which would all cross; "
            f"{MOST_QUESTIONS} is the limit, so remove the strata of some",
        )
        return
    arms, sites = len(definition.arm_conditions()), len(definition.sites) or 1
    cells = prod(len(one.strata) for one in asked)
    if asked and cells * arms * sites > people:
        of_sites = f" at {sites} sites" if sites > 1 else ""
        yield (
            ("screening",),
            f"{cells} strata in {arms} {'arm' if arms == 1 else 'arms'}{of_sites} need at least "
            f"{cells * arms * sites} places, but design.people is {people}; use fewer strata, or "
            "more people",
        )
        return
    yield from _uneven(definition, [one for one in asked if one.has_quotas], arms)


def _uneven(
    definition: Definition, asked: list[ScreeningSection], arms: int
) -> Iterator[Complaint]:
    """The first crossing of quotas whose places can't be shared by the arms."""
    people = definition.design.people
    sites = [(f" at {one.name}", one.people) for one in definition.sites] or [("", people)]
    for where, own in sites if asked else ():
        for cell in product(*(one.strata for one in asked)):
            places = own * prod(Fraction(one.people or 0, people) for one in cell)
            if places % arms:
                named = " and ".join(one.name for one in cell)
                count = f"{places}" if places.denominator == 1 else f"{float(places):.1f}"
                step = Fraction(arms)
                low = int(places // step * step)
                yield (
                    ("screening",),
                    f"{count} places for {named}{where} can't be shared equally by {arms} "
                    f"{'arm' if arms == 1 else 'arms'}: choose quotas that give "
                    f"{f'{low} or ' if low else ''}{low + arms}",
                )
                return
