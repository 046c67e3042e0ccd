"""What is wrong with what another tool made: answers in a table, and imported explanations."""

import re
from collections.abc import Iterator
from typing import Any

from studyapp.models import IMPORTED
from studyapp.paradigms import WITHOUT_MAP
from studyapp.sections.design import ConditionSection
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.shelf.likely_names import unknown

from .rules import Complaint
from .study import Definition
from .toml_lines import Path as KeyPath

# What says which part of a photo the network was given, and the least of each
CROP = {"size": 1, "resize": 1, "squash": 0}
# Of maps that another tool made: with values below 0; of the square that people see, or the photo
SETTINGS: dict[str, tuple[Any, ...]] = {"signed": (True, False), "covers": ("crop", "photo")}
# Of texts: which language they are in, and how it is written, where its tag doesn't say so
OF_TEXTS = ("language", "direction")
DIRECTIONS = ("ltr", "rtl")
TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
OF_LOADED = ("builder", "weights", "layer", "grid", "target")


def table_complaints(name: str, network: NetworkSection) -> Iterator[Complaint]:
    """What a network whose answers are in a table can't have beside it."""
    path = ("networks", name)
    for key in OF_LOADED:
        if getattr(network, key):
            yield (
                (*path, key),
                f"`networks.{name}.{key}` is for a network that is loaded, and "
                f"`networks.{name}.predictions` loads none; remove one of the two",
            )
    for option, value in network.options.items():
        kind = bool if option == "squash" else int
        if option not in CROP:
            yield (
                (*path, "options"),
                f"`networks.{name}.options.{option}`: beside `predictions` only size, resize and "
                "squash have a meaning; remove it",
            )
        elif type(value) is not kind or value < CROP[option]:
            wanted = "true or false" if kind is bool else "a whole number of pixels above 0"
            yield (
                (*path, "options"),
                f"`networks.{name}.options.{option} = {value!r}`: use {wanted}",
            )
    yield from _crop_complaints(name, network)


def _crop_complaints(name: str, network: NetworkSection) -> Iterator[Complaint]:
    size, resize = network.options.get("size"), network.options.get("resize")
    if isinstance(resize, int) and (not isinstance(size, int) or size > resize):
        yield (
            ("networks", name, "options"),
            f"`networks.{name}.options.resize = {resize}` needs `size`, the side of the square "
            "that is cut out of it, and at most as large; add it as the network was given it",
        )


def photo_complaints(definition: Definition) -> Iterator[Complaint]:
    """Photos that no table can name, or that nobody would know how to show."""
    for name, network in definition.networks.items():
        if network.is_table and definition.images.compose == "pair":
            yield (
                ("images", "compose"),
                f"`networks.{name}.predictions` names single photos, and `images.compose` puts two "
                "together; remove one of the two",
            )
        if network.is_table and definition.images.channels is not None:
            yield (
                ("images", "channels"),
                f"`networks.{name}.predictions` loads no network, and only a network says what "
                "people see of files with channels of their own; give pictures instead, or name "
                "a function of yours as the network's builder",
            )


def label_complaints(definition: Definition) -> Iterator[Complaint]:
    """Two networks of a pair, or of pairs asked about together, whose answers could have other
    numbers in each."""
    yield from _labels_of_pairs(definition)
    for name, pair in definition.pairs.items():
        two = [definition.networks.get(one) for one in (pair.stronger, pair.weaker or "")]
        stronger, weaker = two
        if stronger is None or weaker is None or not (stronger.is_table or weaker.is_table):
            continue
        are_read_together = stronger.is_table and weaker.is_table
        if stronger.labels != weaker.labels or (stronger.labels is None and not are_read_together):
            yield (
                ("pairs", name),
                f"`pairs.{name}`: {pair.stronger} and {pair.weaker} could list their answers in "
                "different orders; give both the same file of class names as `labels`",
            )


def _labels_of_pairs(definition: Definition) -> Iterator[Complaint]:
    """Tables of several pairs that one paradigm asks about, by the numbers of their answers."""
    for paradigm in definition.paradigms():
        conditions = definition.conditions_of(paradigm) if definition.pairs else []
        tables = list(dict.fromkeys(n for one in conditions for n in _tables_of(definition, one)))
        labels = {definition.networks[name].labels for name in tables}
        if len(labels) > 1 and len({definition.pair_of(one) for one in conditions}) > 1:
            yield (
                ("networks", tables[-1]),
                f"{paradigm} asks about {' and '.join(tables)} together, whose answers could be "
                "listed in different orders; give all of them the same file of class names as "
                "`labels`",
            )


def method_complaints(definition: Definition, number: int) -> Iterator[Complaint]:
    """Methods of ours for networks that nobody loads, and what belongs to imported ones alone."""
    condition = definition.conditions[number]
    path: KeyPath = ("conditions", number)
    if condition.method == IMPORTED:
        yield from _imported_complaints(definition, condition, path)
        return
    for key in ("files", "kind"):
        if getattr(condition, key) is not None:
            yield (
                (*path, key),
                f"`conditions.{key}` is for what another tool made, and {condition.name} shows "
                f'{condition.method}; remove it, or say method = "imported"',
            )
    tables = _tables_of(definition, condition)
    if tables and condition.method not in WITHOUT_MAP:
        yield (
            (*path, "method"),
            f"`conditions` {condition.name}: {condition.method} computes a map from the "
            f"network, and of {tables[0]} there are only predictions; show what another tool "
            'made (method = "imported", files = …), or name the network itself by builder and '
            "weights",
        )


def _imported_complaints(
    definition: Definition, condition: ConditionSection, path: KeyPath
) -> Iterator[Complaint]:
    given = f"`conditions` {condition.name}"
    if condition.files is None:
        yield (
            (*path, "files"),
            f"{given} shows what another tool made, and `files` is missing; name the table of its "
            "files",
        )
    if condition.versus is not None:
        yield (
            (*path, "versus"),
            f"{given} compares what another tool made with a method of ours on one page; give "
            "each a condition of its own, and remove `versus`",
        )
    yield from _presented_complaints(definition, condition, path)
    if condition.shown_kind == "text":
        yield from _text_complaints(condition, path)
        return
    for key, value in condition.settings.items():
        known = SETTINGS.get(key)
        if known is None:
            yield (*path, "settings"), unknown("conditions.settings", key, SETTINGS)
        elif value not in known or condition.shown_kind != "map":
            told = " or ".join(map(repr, known)).replace("'", '"').lower()
            yield (
                (*path, "settings"),
                f"`conditions.settings.{key}`: {condition.name} may have {told}, and only if it "
                "shows maps",
            )
    covers_photo = condition.settings.get("covers") == "photo"
    if covers_photo and len(_tables_of(definition, condition)) < len(_names(definition, condition)):
        yield (
            (*path, "settings"),
            f'{given}: covers = "photo" needs networks whose predictions are in a table, because '
            "which square another network is given is known only when it is loaded; give maps of "
            "that square",
        )


def _text_complaints(condition: ConditionSection, path: KeyPath) -> Iterator[Complaint]:
    """Screen readers need the language, and every page a direction."""
    given, settings = f"`conditions` {condition.name}", condition.settings
    for key in settings:
        if key not in OF_TEXTS:
            yield (*path, "settings"), unknown("conditions.settings", key, OF_TEXTS)
    language = settings.get("language")
    if not isinstance(language, str) or TAG.fullmatch(language) is None:
        yield (
            (*path, "settings"),
            f"{given} shows texts, and their language is "
            f"{'missing' if language is None else f'no tag such as en: {language!r}'}; say "
            'settings = { language = "en" }',
        )
    if settings.get("direction", "ltr") not in DIRECTIONS:
        yield (
            (*path, "settings"),
            f"`conditions.settings.direction = {settings['direction']!r}`: use ltr or rtl, or "
            "leave it out",
        )


def _presented_complaints(
    definition: Definition, condition: ConditionSection, path: KeyPath
) -> Iterator[Complaint]:
    """Texts are read for as long as people like, and films have their own time."""
    shown = {"text": "texts", "film": "films"}.get(condition.shown_kind)
    for block in definition.blocks if shown is not None else ():
        if block.presentation is not None and definition.shows(block, condition):
            yield (
                (*path, "kind"),
                f"`conditions` {condition.name} shows {shown}, and `blocks.presentation` of "
                f"{block.name} presents pictures alone; remove it, or ask about the {shown} in "
                "another kind of block",
            )


def _tables_of(definition: Definition, condition: ConditionSection) -> list[str]:
    """The networks of a condition of which there are only predictions."""
    return [name for name in _names(definition, condition) if definition.networks[name].is_table]


def _names(definition: Definition, condition: ConditionSection) -> list[str]:
    """The networks that a condition is about, as far as the file knows them."""
    pair = definition.pairs.get(definition.pair_of(condition)) if definition.pairs else None
    names = (pair.stronger, pair.weaker) if pair is not None else ()
    return [name for name in names if name is not None and name in definition.networks]
