"""What is wrong between a study file's sections, each with its place and the fix."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from operator import attrgetter
from typing import Any

from studyapp.models import IMPORTED
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.sections.limits import beyond_limits
from studyapp.sections.networks_and_images import NetworkSection, PairSection
from studyapp.shelf.languages import why_not_spoken
from studyapp.shelf.likely_names import unknown

from .blocks import block_rules
from .catalogue import catalogue, factories, is_factory, network_named
from .elsewhere import (
    label_complaints,
    method_complaints,
    photo_complaints,
    table_complaints,
)
from .entry import entry_rules
from .evidence import evidence_rules
from .hypotheses import hypothesis_rules
from .idle_rules import idle_rules
from .likenesses import read_alike
from .moderators import moderator_rules
from .named_files import strange_names
from .panels import panel_rules
from .photo_sets import set_complaints
from .presentations import presentation_rules
from .rules import Complaint, Rule, independent, rule
from .sites import site_rules
from .strata_rules import strata_rules
from .study import Definition
from .toml_lines import Path as KeyPath
from .translations import translation_rules

# The option of every builder whose weights are drawn
DRAWN_FROM = "seed"
# What loading a network takes beside the options of a function that makes it
OF_EVERY_NETWORK = frozenset(
    {"name", "weights", "sha256", "labels", "layer", "grid", "device", "probabilities"}
)
# What has regions, and what has boxes
MAKES = {"region": "segmenter", "box": "detector"}
# What tells which networks' answers are read together
LABELLED = "conditions.*.name conditions.*.pair pairs networks blocks.*.conditions"
# What a condition's explanations are made of and shown by
SHOWN_IN = (
    ".method .pair .kind pairs networks.*.predictions blocks.*.presentation blocks.*.conditions"
)
# What the column of a page's place holds
MOST_PAGES = 32_767


def contradictions(
    definition: Definition, wrong: Iterable[KeyPath] = (), further: Iterable[Rule] = ()
) -> Iterator[Complaint]:
    """What is wrong with the sections and between them, but for what another mistake causes.

    `wrong`: keys that are known to be wrong; `further`: what else is asked, in the same way.
    """
    return independent(chain(_rules(definition), further), wrong)


def _rules(definition: Definition) -> Iterator[Rule]:
    yield rule(beyond_limits(definition))
    yield rule(strange_names(definition))
    yield rule(_text_complaints(definition))
    yield rule(_language_complaints(definition))
    yield from _network_rules(definition)
    yield rule(_case_complaints(definition), "images networks.*.predictions")
    yield rule(_channel_complaints(definition), "images networks.*.predictions")
    yield rule(photo_complaints(definition), "images networks.*.predictions")
    yield rule(set_complaints(definition), "images.reader")
    yield rule(label_complaints(definition), LABELLED)
    for number, _ in enumerate(definition.conditions):
        item = ("conditions", number)
        yield rule(_condition_complaints(definition, number))
        yield rule(method_complaints(definition, number), SHOWN_IN, item)
    yield from block_rules(definition)
    for number, block in enumerate(definition.blocks):
        yield from presentation_rules(definition, number, block)
    yield rule(_page_complaints(definition), "blocks")
    yield rule(read_alike(definition))
    yield from panel_rules(definition)
    yield rule(_pay_complaints(definition), "pay ethics")
    yield rule(_missing_ethics(definition), "kind")
    yield rule(_plan_complaints(definition))
    yield from hypothesis_rules(definition)
    yield from moderator_rules(definition)
    yield from site_rules(definition)
    yield from translation_rules(definition)
    yield from evidence_rules(definition)
    yield from strata_rules(definition)
    yield from entry_rules(definition)
    yield from idle_rules(definition)


def _network_rules(definition: Definition) -> Iterator[Rule]:
    for name, network in definition.networks.items():
        yield rule(_network_complaints(name, network), ".predictions", ("networks", name))
    yield rule(_missing_pairs(definition))
    for name, pair in definition.pairs.items():
        yield rule(_pair_complaints(definition, name, pair))
        of_both = f"pairs.{name} networks.{pair.stronger} networks.{pair.weaker}"
        yield rule(_same_network(definition, name, pair), of_both)


def _text_complaints(definition: Definition) -> Iterator[Complaint]:
    for name in ("consent", "instructions", "debrief"):
        if name not in definition.texts:
            yield ("texts", name), f"`texts.{name}` is missing; name a Markdown file"


def _missing_ethics(definition: Definition) -> Iterator[Complaint]:
    if definition.ethics is None and definition.kind == "real":
        yield ("ethics",), '`ethics` is missing; add the section, or say kind = "pilot"'


def _plan_complaints(definition: Definition) -> Iterator[Complaint]:
    """Names that the display and the plan of the analysis refer to."""
    colour_map = definition.display.colour_map
    if colour_map not in catalogue()["colour_maps"]:
        key = ("display", "colour_map")
        yield key, unknown("display.colour_map", colour_map, catalogue()["colour_maps"])
    reference = definition.analysis.reference
    names = [condition.name for condition in definition.conditions]
    if reference is not None and reference not in names:
        yield ("analysis", "reference"), unknown("analysis.reference", reference, names)


def _channel_complaints(definition: Definition) -> Iterator[Complaint]:
    """Files with channels of their own are read one by one, by networks that declare them."""
    images = definition.images
    if images.channels is None:
        return
    path = ("images", "channels")
    if images.reader != "folder":
        yield path, '`images.channels` needs `reader = "folder"`: annotations are for photos'
    if images.compose == "pair":
        yield (
            path,
            "files with `images.channels` can't be put side by side; remove `images.compose`",
        )
    for name, section in definition.networks.items():
        if not section.is_table and not is_factory(section.builder):
            yield (
                ("networks", name, "builder"),
                f'`networks.{name}.builder = "{section.builder}"` takes photos, and '
                f"`images.channels = {images.channels}` reads other files; name a function of "
                "yours that declares its channels",
            )


def _case_complaints(definition: Definition) -> Iterator[Complaint]:
    """Contexts that no network would get, or that no photo has."""
    if definition.images.cases is None:
        return
    if definition.images.compose == "pair":
        yield (
            ("images", "cases"),
            "`images.cases` asks about single photos, and `images.compose` puts two together; "
            "remove one of the two",
        )
    for name, section in definition.networks.items():
        if not section.is_table and not is_factory(section.builder):
            yield (
                ("networks", name, "builder"),
                f'`networks.{name}.builder = "{section.builder}"` takes the photo alone, and '
                "`images.cases` gives each photo a context; name a function that returns "
                "Network(…, call=…), or remove `images.cases`",
            )


def _language_complaints(definition: Definition) -> Iterator[Complaint]:
    """Browsers read aloud and lay out an English page wrongly if it claims another language."""
    if reason := why_not_spoken(definition.language):
        yield ("language",), f'`language = "{definition.language}"`: {reason}'


def _page_complaints(definition: Definition) -> Iterator[Complaint]:
    """More pages than the column that numbers them can count."""
    pages = sum(
        block.trials * PARADIGMS[block.paradigm].steps_in(block) + block.checks + block.repeats
        for block in definition.blocks
    )
    if pages > MOST_PAGES:
        yield (
            ("blocks",),
            f"`blocks`: one person would get {pages} pages, and {MOST_PAGES} is the limit; "
            "ask for fewer trials",
        )


def _pay_complaints(definition: Definition) -> Iterator[Complaint]:
    if definition.pay is None or definition.ethics is None:
        return
    hourly = definition.pay.amount * 60 / definition.ethics.minutes
    if hourly < definition.pay.hourly_floor:
        yield (
            ("pay", "amount"),
            f"`pay.amount = {definition.pay.amount:g}` for {definition.ethics.minutes} minutes is "
            f"{hourly:.2f} an hour, below `pay.hourly_floor = {definition.pay.hourly_floor:g}`; "
            "pay more or ask less",
        )


def _network_complaints(name: str, network: NetworkSection) -> Iterator[Complaint]:
    if network.is_table:
        yield from table_complaints(name, network)
        return
    for given in ("builder", "weights"):
        if not getattr(network, given):
            yield (
                ("networks", name, given),
                f"`networks.{name}.{given}` is missing; add it, or name a table of what the "
                "network said as `predictions`",
            )
    if network.builder:
        yield from _builder_complaints(name, network)
    if network.grid is not None and (min(network.grid[:2]) < 1 or min(network.grid) < 0):
        yield (
            ("networks", name, "grid"),
            f"`networks.{name}.grid = {network.grid}`: give the rows and columns of the "
            "patches, and how many tokens come before them, such as [14, 14, 1]",
        )


def _builder_complaints(name: str, network: NetworkSection) -> Iterator[Complaint]:
    networks, known = catalogue()["networks"], network_named(network.builder)
    if known is None and is_factory(network.builder):
        near = get_close_matches(network.builder, factories(), n=1)
        instead = f"write {near[0]} if you mean that one, or " if near else ""
        yield (
            ("networks", name, "builder"),
            f"`networks.{name}.builder`: the function {network.builder} is not allowed here; "
            f"{instead}ask whoever runs this site to add it to NETWORK_FACTORIES, for the site "
            "and the workers",
        )
    elif known is None:
        key = ("networks", name, "builder")
        names = [*networks, *(f"{prefix}NAME" for prefix in catalogue()["families"])]
        yield key, unknown(f"networks.{name}.builder", network.builder, names)
    elif known["options"] is None:
        yield from _factory_complaints(name, network)
    else:
        yield from _option_complaints(name, network, known["options"])
    # Of a misspelt builder nothing is known
    if network.target is not None and known is not None and not is_factory(network.builder):
        yield (
            ("networks", name, "target"),
            f'`networks.{name}.target = "{network.target}"`: {network.builder} classifies the '
            f"whole photo; remove `target`, or name a function that makes a "
            f"{MAKES[network.target]}",
        )


def _missing_pairs(definition: Definition) -> Iterator[Complaint]:
    if not definition.pairs:
        yield (
            ("pairs",),
            "`pairs` is missing; add a section [pairs.main] that names the network whose "
            "explanations people see as `stronger`",
        )


def _pair_complaints(definition: Definition, name: str, pair: PairSection) -> Iterator[Complaint]:
    for role, network in (("stronger", pair.stronger), ("weaker", pair.weaker)):
        if network is not None and network not in definition.networks:
            key = ("pairs", name, role)
            yield key, unknown(f"pairs.{name}.{role}", network, definition.networks)


def _factory_complaints(name: str, network: NetworkSection) -> Iterator[Complaint]:
    """Only the function itself knows its options; rows can hold plain values."""
    for option, value in network.options.items():
        if option in OF_EVERY_NETWORK:
            yield (
                ("networks", name, "options"),
                f"`networks.{name}.options.{option}` can't be an option, because “{option}” is a "
                "setting of every network; set it outside the options, or rename the function's "
                "argument",
            )
        if not isinstance(value, str | int | float):
            yield (
                ("networks", name, "options"),
                f"`networks.{name}.options.{option} = {value!r}`: use a text, a number, true or "
                "false",
            )


def _option_complaints(
    name: str, network: NetworkSection, known: Mapping[str, Any]
) -> Iterator[Complaint]:
    """Builders take the options that the catalogue lists, each of its kind."""
    path, key = ("networks", name, "options"), f"networks.{name}.options"
    for option, value in network.options.items():
        kind = known.get(option, {}).get("type", "int")
        if option not in {*known, DRAWN_FROM}:
            yield path, unknown(key, option, [*known, DRAWN_FROM])
        elif not KINDS[kind](option, value):
            yield path, f"`{key}.{option} = {value!r}`: {FIXES[kind]}"


def _whole(option: str, value: Any) -> bool:
    return type(value) is int and value >= (option != DRAWN_FROM)


def _three(option: str, value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 3:
        return False
    # What is not a number is in no interval either
    numbers = all(type(one) in (int, float) and 0 <= one <= 1 for one in value)
    return numbers and (option != "std" or min(value) > 0)


KINDS: dict[str, Callable[[str, Any], bool]] = {
    "int": _whole,
    "three numbers": _three,
    "interpolation": lambda option, value: value in ("bilinear", "bicubic"),
}
FIXES = {
    "int": "use a whole number above 0",
    "three numbers": "give three numbers, of red, green and blue, from 0 to 1; std above 0. Divide "
    "numbers for bytes by 255",
    "interpolation": "use bilinear or bicubic",
}


def _same_network(definition: Definition, name: str, pair: PairSection) -> Iterator[Complaint]:
    """A network against itself shows the same pictures on both sides and tells nothing."""
    stronger = definition.networks.get(pair.stronger)
    weaker = definition.networks.get(pair.weaker or "")
    # Neither the grid nor the form makes another network: either may say what holds without it.
    computes = attrgetter("builder", "weights", "predictions", "options", "layer")
    if stronger is None or weaker is None or computes(stronger) != computes(weaker):
        return
    given = f"{pair.stronger} and {pair.weaker} are the same network"
    if pair.stronger == pair.weaker:
        given = f"stronger and weaker are both {pair.stronger}"
    key = ("pairs", name, "weaker")
    yield key, f"`pairs.{name}`: {given}; name two that differ, or leave out `weaker`"


def _condition_complaints(definition: Definition, number: int) -> Iterator[Complaint]:
    known, condition = catalogue()["methods"], definition.conditions[number]
    path: KeyPath = ("conditions", number)
    if condition.name in [one.name for one in definition.conditions[:number]]:
        key = f'`conditions.name = "{condition.name}"`'
        yield (*path, "name"), f"{key} is used twice; choose another name"
    if condition.method in WITHOUT_MAP:
        if condition.settings or condition.versus:
            key = "settings" if condition.settings else "versus"
            told = f"`conditions` {condition.name} shows no map: it takes no settings"
            yield (*path, key), told
    elif condition.method == IMPORTED:
        pass  # checked with what else another tool made
    elif condition.method not in known:
        names = [*known, IMPORTED]
        yield (*path, "method"), unknown("conditions.method", condition.method, names)
    elif extra := set(condition.settings) - set(known[condition.method]["settings"]):
        allowed = known[condition.method]["settings"]
        yield (*path, "settings"), unknown("conditions.settings", min(extra), allowed)
    if condition.versus is not None and condition.versus not in known:
        yield (*path, "versus"), unknown("conditions.versus", condition.versus, known)
    if condition.pair is not None and definition.pairs and condition.pair not in definition.pairs:
        yield (*path, "pair"), unknown("conditions.pair", condition.pair, definition.pairs)
    if condition.pair is None and len(definition.pairs) > 1:
        yield (*path, "pair"), f"`conditions` {condition.name} names no pair; add pair = …"
