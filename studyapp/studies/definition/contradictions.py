"""What is wrong between a study file's sections, each with its place and the fix."""

import re
from collections.abc import Iterator
from pathlib import Path

from studyapp.paradigms import PARADIGMS, WITHOUT_MAP
from studyapp.sections.limits import beyond_limits
from studyapp.sections.networks_and_images import NetworkSection, PairSection
from studyapp.shelf.likely_names import unknown

from .blocks import Complaint, block_complaints
from .catalogue import catalogue
from .idle_rules import idle_rules
from .study import Definition
from .toml_lines import Path as KeyPath

LOCALES = Path(__file__).parents[2] / "locale"
# A page to send people to, which their code is added to
ADDRESS = re.compile(r"https://[^\s/?#]+\S*")
# The option of every builder whose weights are drawn
DRAWN_FROM = "seed"
# What the column of a page's place holds
MOST_PAGES = 32_767
REQUIRED_TEXTS = ("consent", "instructions", "debrief")


def contradictions(definition: Definition) -> Iterator[Complaint]:
    """What is wrong with the sections and between them, the first first."""
    yield from beyond_limits(definition)
    yield from _text_complaints(definition)
    yield from _language_complaints(definition)
    yield from _network_complaints(definition)
    yield from _condition_complaints(definition)
    yield from block_complaints(definition)
    yield from _page_complaints(definition)
    yield from _panel_complaints(definition)
    yield from _pay_complaints(definition)
    redirect = definition.panel.redirect
    if redirect is not None and not ADDRESS.fullmatch(redirect):
        yield (
            ("panel", "redirect"),
            "`panel.redirect` has to be a whole address without blanks that begins with https:// "
            "and names a host; copy it from the panel's page",
        )
    if definition.ethics is None and definition.kind == "real":
        yield ("ethics",), '`ethics` is missing; add the section, or say kind = "pilot"'
    colour_map = definition.display.colour_map
    if colour_map not in catalogue()["colour_maps"]:
        key = ("display", "colour_map")
        yield key, unknown("display.colour_map", colour_map, catalogue()["colour_maps"])
    reference = definition.analysis.reference
    names = [condition.name for condition in definition.conditions]
    if reference is not None and reference not in names:
        yield ("analysis", "reference"), unknown("analysis.reference", reference, names)
    yield from idle_rules(definition)


def _language_complaints(definition: Definition) -> Iterator[Complaint]:
    """A page in English that says it is in another language is read aloud and laid out wrongly."""
    known = sorted({"en", *(path.name for path in LOCALES.iterdir() if path.is_dir())})
    base = definition.language.replace("_", "-").partition("-")[0].lower()
    if base not in known:
        yield (
            ("language",),
            f'`language = "{definition.language}"`: the pages are not translated into it; take '
            f"{' or '.join(known)}. Your own texts may be in any language",
        )


def _page_complaints(definition: Definition) -> Iterator[Complaint]:
    """More pages than the column of their place counts."""
    pages = sum(
        block.trials * PARADIGMS[block.paradigm].steps_in(block) + block.checks + block.repeats
        for block in definition.blocks
    )
    if pages > MOST_PAGES:
        yield (
            ("blocks",),
            f"`blocks`: one person would get {pages} pages and at most {MOST_PAGES} fit; "
            "ask for fewer trials",
        )


def _panel_complaints(definition: Definition) -> Iterator[Complaint]:
    if definition.panel.redirect_seconds is not None and definition.panel.redirect is None:
        key = ("panel", "redirect_seconds")
        yield key, "`panel.redirect_seconds` needs `panel.redirect`; say where people are to go"


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


def _text_complaints(definition: Definition) -> Iterator[Complaint]:
    for name in REQUIRED_TEXTS:
        if name not in definition.texts:
            yield ("texts",), f"`texts.{name}` is missing; name a Markdown file"


def _network_complaints(definition: Definition) -> Iterator[Complaint]:
    networks = catalogue()["networks"]
    for name, network in definition.networks.items():
        if network.builder not in networks:
            key = ("networks", name, "builder")
            yield key, unknown(f"networks.{name}.builder", network.builder, networks)
        else:
            known = networks[network.builder]["options"]
            yield from _option_complaints(name, network, [*known, DRAWN_FROM])
    for name, pair in definition.pairs.items():
        for role, network_name in (("stronger", pair.stronger), ("weaker", pair.weaker)):
            if network_name is not None and network_name not in definition.networks:
                key = ("pairs", name, role)
                yield key, unknown(f"pairs.{name}.{role}", network_name, definition.networks)
        yield from _same_network(definition, name, pair)


def _option_complaints(name: str, network: NetworkSection, known: list[str]) -> Iterator[Complaint]:
    """Builders take whole numbers only, by the names that the catalogue lists."""
    for option, value in network.options.items():
        path = ("networks", name, "options")
        if option not in known:
            yield path, unknown(f"networks.{name}.options", option, known)
        elif type(value) is not int or value < (option != DRAWN_FROM):
            yield (
                path,
                f"`networks.{name}.options.{option} = {value!r}`: use a whole number above 0",
            )


def _same_network(definition: Definition, name: str, pair: PairSection) -> Iterator[Complaint]:
    """A network against itself shows the same pictures on both sides and tells nothing."""
    stronger = definition.networks.get(pair.stronger)
    weaker = definition.networks.get(pair.weaker or "")
    if stronger is None or weaker is None:
        return
    if _what_computes(stronger) == _what_computes(weaker):
        given = f"`pairs.{name}`: {pair.stronger} and {pair.weaker} are"
        if pair.stronger == pair.weaker:
            given = f"`pairs.{name}`: stronger and weaker are both {pair.stronger},"
        yield (
            ("pairs", name, "weaker"),
            f"{given} one and the same network; name two that differ, or leave `weaker` out",
        )


def _what_computes(network: NetworkSection) -> tuple[object, ...]:
    return network.builder, network.weights, network.options, network.layer


def _condition_complaints(definition: Definition) -> Iterator[Complaint]:
    known = catalogue()["methods"]
    seen: set[str] = set()
    for number, condition in enumerate(definition.conditions):
        path: KeyPath = ("conditions", number)
        if condition.name in seen:
            yield (
                (*path, "name"),
                f'`conditions.name = "{condition.name}"` is used twice; choose another name',
            )
        seen.add(condition.name)
        if condition.method in WITHOUT_MAP:
            if condition.settings or condition.versus:
                yield path, f"`conditions` {condition.name} shows no map: it takes no settings"
        elif condition.method not in known:
            yield (*path, "method"), unknown("conditions.method", condition.method, known)
        elif extra := set(condition.settings) - set(known[condition.method]["settings"]):
            setting = sorted(extra)[0]
            allowed = known[condition.method]["settings"]
            yield (*path, "settings"), unknown("conditions.settings", setting, allowed)
        if condition.versus is not None and condition.versus not in known:
            yield (*path, "versus"), unknown("conditions.versus", condition.versus, known)
        if condition.pair is not None and condition.pair not in definition.pairs:
            yield (*path, "pair"), unknown("conditions.pair", condition.pair, definition.pairs)
        if condition.pair is None and len(definition.pairs) != 1:
            yield path, f"`conditions` {condition.name} names no pair; add pair = …"
