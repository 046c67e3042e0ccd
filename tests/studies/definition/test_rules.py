"""All mistakes of a study file are told at once, and none that only another one causes."""

from itertools import combinations

import pytest

from studyapp.studies.definition.file import (
    MOST_COMPLAINTS,
    DefinitionError,
    check_text,
    parse_definition,
)

from .test_definition import GOOD, SPOILED

# One mistake each, none of which has to do with another
ALONE = {
    **{what: spoiled[:2] for what, spoiled in SPOILED.items() if what not in (
        "no TOML",
        "an unknown key of a pair", "an unknown key of the design",  # a missing key beside each
        "an unknown reference",  # changes the same text as the keys below
    )},
    "a colour map": ("[design]", '[display]\ncolour_map = "virids"\n\n[design]'),
    "a redirect": ("[[blocks]]\nname = \"main\"", '[panel]\nredirect = "http://x.org"\n\n'
                   '[[blocks]]\nname = "main"'),
    "a value's kind": ("checks = 2", 'checks = "two"'),
    "a builder": ('builder = "alexnet"', 'builder = "alexnett"'),
    "a language": ('slug = "cats"', 'slug = "cats"\nlanguage = "xx"'),
}  # fmt: skip


def told(text: str) -> list[str]:
    """What is wrong with a file, the same for the desk and for the command line."""
    definition, listed = check_text(text)
    assert (definition is None) == bool(listed)
    said = ""
    try:
        parse_definition(text, "f")
    except DefinitionError as error:
        said = str(error)
    lines = [f"f, line {one.line}: {one.sentence}" for one in listed]
    assert sorted(said.split("\n")) == sorted(lines or [""])
    return [one.sentence for one in listed]


def test_two_mistakes_are_told_together() -> None:
    alone = {what: told(GOOD.replace(*spoiled)) for what, spoiled in ALONE.items()}
    assert {what: len(found) for what, found in alone.items()} == dict.fromkeys(ALONE, 1)
    for one, other in combinations(ALONE, 2):
        first, second = ALONE[one], ALONE[other]
        if first[0] in second[0] or second[0] in first[0]:
            continue  # both change the same words
        both = told(GOOD.replace(*first).replace(*second))
        assert sorted(both) == sorted(alone[one] + alone[other])


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        # else also: ethics is missing
        ('kind = "pilot"', 'kind = "pilots"', "'pilots' is unknown"),
        # else also: people get no attention checks
        ("checks = 2", "cheks = 2\n[exclusions]\nfailed_checks = 1", 'did you mean "checks"'),
        ("checks = 2", 'checks = "2"\n[exclusions]\nfailed_checks = 1', "write a whole number"),
        # else also: classifies the whole photo
        ('builder = "alexnet"', 'builder = "alexnett"\ntarget = "box"', "unknown; did you mean"),
        # else also: shows no map, and no settings are known
        ('method = "guided_backprop"', 'method = "guided_back"\nsettings = { a = 1 }', "unknown"),
        # else also: no block shows it, and the reference is compared with nothing
        ('name = "guided"', 'name = "plain"\nversus = "edges"', "is used twice"),
        # else also: pictures of the page are too few
        ("checks = 2",
         'checks = 2\npresentation = { exposure_ms = 3, order = "one_after_another" }',
         "less than one frame"),
        ("checks = 2",
         'checks = 2\npresentation = { exposure = 200, mask = "noise", mask_ms = 99 }',
         "unknown key"),
        # else also: more than 32767 pages, more than design.stimuli
        ("trials = 18", "trials = 200000", "use 1000 or less"),
    ],
)  # fmt: skip
def test_what_a_mistake_causes_is_no_mistake(old: str, new: str, sentence: str) -> None:
    assert GOOD.count(old) == 1
    (found,) = told(GOOD.replace(old, new))
    assert sentence in found


def test_mistakes_that_are_not_listed_are_counted() -> None:
    blocks = "".join(
        f'[[blocks]]\nname = "b{number}"\nparadigm = "trust"\ntrials = 1\npass_at = 1\n'
        for number in range(MOST_COMPLAINTS + 2)
    )
    last = check_text(GOOD + blocks)[1][-1]
    assert last == (0, "2 more mistakes are not listed; correct these first")
    with pytest.raises(DefinitionError, match="passed\\nf: 2 more mistakes are not listed"):
        parse_definition(GOOD + blocks, "f")
