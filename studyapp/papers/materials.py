"""The Methods' second part: photos, networks, and the explanations with their settings."""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from studyapp.models import Kind
from studyapp.paradigms.base import WITHOUT_MAP
from studyapp.paradigms.tabulation import Table
from studyapp.sections.design import ConditionSection
from studyapp.sections.networks_and_images import NetworkSection
from studyapp.shelf.formatting import counted
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.references import method_work, network_works

from .document import (
    Block,
    Bullets,
    Cite,
    Code,
    Gap,
    Heading,
    NamedTable,
    Run,
    Runs,
    joined,
    paragraph,
    prose,
)
from .material import Material
from .sources import READERS

LICENCE = "the licence of the photos"
SHOWN_DIGITS = 16
COMPOSED = "Two photos of different categories were put side by side."


def materials(material: Material) -> list[Block]:
    return [
        Heading(2, "Materials"),
        paragraph(*_photos(material)),
        *_networks(material),
        Bullets(tuple(_condition(material, one) for one in material.definition.conditions)),
        paragraph(*_display(material)),
    ]


def _photos(material: Material) -> Iterator[Runs]:
    images = material.definition.images
    counts = [one["images"] for one in material.founds if one["images"]]
    if counts:
        yield (f"The analysed judgments are of {max(counts)} photos.",)
    source, given = READERS.get(images.reader), material.publication.photos
    known: Run = Cite((source,)) if source else given.source or Gap("where the photos come from")
    licence: Run = f"their licence is {given.licence}" if given.licence else Gap(LICENCE)
    yield prose("Their source is {source}; {licence}.", source=known, licence=licence)
    if images.count is not None:
        chosen = {"random": "drawn at random", "balanced": "drawn so that categories were even",
                  "first": "taken by name"}  # fmt: skip
        yield (f"Of these, {images.count} were {chosen[images.select]}.",)
    if images.compose == "pair":
        yield (COMPOSED,)
    dropped = material.record.certificate.get("dropped", [])
    if dropped:
        told = "; ".join(f"{one['photo']} ({one['because']})" for one in dropped)
        yield (f"{counted(len(dropped), 'stimulus was', 'stimuli were')} dropped before the study "
               f"opened: {told}.",)  # fmt: skip


def _networks(material: Material) -> Iterator[Block]:
    networks = material.definition.networks
    if not networks:
        return
    told = [_network(name, one) for name, one in sorted(networks.items())]
    sentences = joined([("The networks were ",), joined(told, "; "), (".",)], "")
    yield paragraph(sentences, *_pairs(material))
    yield NamedTable("networks", _networks_table(material))


def _network(name: str, network: NetworkSection) -> Runs:
    """Its name in the study, what it is, and the work that introduced it."""
    if network.is_table:
        return (f"“{name}”, whose answers came in a table (", Gap(f"what network {name} is"), ")")
    sources = tuple(network_works(network.builder))
    cited: Run = Cite(sources) if sources else Gap(f"the reference of {network.builder}")
    weights = PurePath(network.weights.replace("\\", "/")).name
    return (f"“{name}” (", Code(network.builder), " ", cited, ", weights ", Code(weights), ")")


def _pairs(material: Material) -> Iterator[Runs]:
    for name, pair in sorted(material.definition.pairs.items()):
        if pair.weaker:
            yield (
                f"In the pair “{name}”, “{pair.stronger}” is the stronger network and "
                f"“{pair.weaker}” the weaker one.",
            )


def _networks_table(material: Material) -> Table:
    digests = {
        (str(row.builder), str(row.weights)): row.weights_sha256
        for row in material.frames["networks"].itertuples(index=False)
    }
    rows = []
    for name, one in sorted(material.definition.networks.items()):
        weights = PurePath((one.predictions or one.weights).replace("\\", "/")).name
        builder = "predictions" if one.is_table else one.builder
        digest = digests.get((builder, weights))
        shown = digest[:SHOWN_DIGITS] if isinstance(digest, str) else "–"
        rows.append([name, builder, weights, one.layer or "the last", shown])
    header = ["network", "builder", "weights", "layer", "SHA-256 of the weights (beginning)"]
    return Table(material.labelled("Networks"), header, rows)


def _condition(material: Material, condition: ConditionSection) -> Runs:
    """A condition: its method with version, settings and source."""
    known: Mapping[str, Any] = catalogue()["methods"]
    name = condition.method
    if name in WITHOUT_MAP:
        return (f"“{condition.name}”: {WITHOUT_MAP[name]}.",)
    if name == "imported":
        kind = Kind(condition.shown_kind).noun
        tool = Gap(f"which tool made “{condition.name}”, with version, settings and reference")
        return (f"“{condition.name}”: {kind} made by another tool (", tool, ").")
    told = known[name]
    control = ", a control that explains nothing" if told["control"] else ""
    version, cited = f" (version {told['version']}{control}) ", Cite((method_work(name),))
    parts: list[Runs] = [
        (f"“{condition.name}”: ", Code(name), version, cited),
        tuple(_settings(condition.settings, told["settings"])),
    ]
    if condition.versus:
        parts.append((f"on the other side {condition.versus} of the stronger network",))
    if len(material.definition.pairs) > 1:
        parts.append((f"pair “{material.definition.pair_of(condition)}”",))
    return (*joined(parts, ", "), ".")


def _settings(chosen: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Run]:
    """All settings, those left at their defaults too."""
    values = {name: chosen.get(name, one.get("default")) for name, one in known.items()}
    told = [
        f"{name} = {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in (values | dict(chosen)).items()
        if value not in (None, [])
    ]
    if told:
        yield f"with {', '.join(told)}"


def _display(material: Material) -> Iterator[Runs]:
    display = material.definition.display
    yield (
        f"Pictures were {display.size} pixels wide and high. Maps were drawn over the photo in the "
        f"colours of {display.colour_map}, with an opacity of {display.opacity:g}.",
    )
    if display.show_photo:
        yield ("The plain photo stood beside the map where a page shows one.",)
    yield (f"The networks were called “{display.name_a}” and “{display.name_b}”.",)
