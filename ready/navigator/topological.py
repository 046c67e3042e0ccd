"""Topological maps as the paper's authors published them (github.com/kchen92/graphnav): JSON that a
drawing tool wrote, with circles for nodes, arrows for edges, and texts that name both.

`{"oval": [[left, top, right, bottom, {"tags": "node_3"}], …], "line": [[x, y, x, y, {"tags":
"edge_6 node_3 node_4", "arrow": "last"}], …], "text": [[x, y, {"tags": …, "text": …}], …]}`
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ready.errors import MakingError
from ready.navigator.maps import BEHAVIOURS, KINDS, Edge, Map, Node, Point

# Of rooms with two doors the authors tell the left from the right one: fd_l, s_r
CODES = dict(zip(("fd", "cf", "tl", "tr", "s"), range(len(BEHAVIOURS)), strict=True))
CODE = re.compile(r"(fd|cf|tl|tr|s)(_[lr])?")
OPEN_SPACES = ("lobby", "lounge", "openspace")
NODE, EDGE = re.compile(r"node_\d+"), re.compile(r"(edge_\d+) (node_\d+) (node_\d+)")
Row = tuple[list[float], Mapping[str, Any]]


def read_map(path: Path) -> Map:
    """A map with its edges as straight lines, in the drawing's unit; MakingError where the file
    holds none, or one that contradicts itself."""
    drawing = _Drawing(path)
    names = drawing.texts(NODE, "node")
    places = drawing.nodes()
    drawing.refuse_unpaired("node", set(places), set(names))
    order = {tag: number for number, tag in enumerate(places)}
    nodes = [Node(names[tag], kind_of(names[tag]), place) for tag, place in places.items()]
    arrows, codes = drawing.arrows(order), drawing.texts(EDGE, "edge")
    drawing.refuse_unpaired("edge", set(arrows), set(codes))
    edges = [
        Edge(
            *ends, drawing.behaviour(tag, codes[tag]), (nodes[ends[0]].place, nodes[ends[1]].place)
        )
        for tag, ends in arrows.items()
    ]
    alone = sorted(set(range(len(nodes))) - {end for ends in arrows.values() for end in ends})
    if alone:
        drawing.refuse(f"no edge begins or ends at {nodes[alone[0]].name}; draw one or remove it")
    return Map(nodes, edges)


def kind_of(name: str) -> int:
    """By how its authors call it: office_3, office_3_door, hallway_1-2u, lobby_1l."""
    first = name.split("_")[0].lower()
    if "door" in name:
        return KINDS.index("door")
    if first in OPEN_SPACES:
        return KINDS.index("open space")
    return KINDS.index("hallway" if first == "hallway" else "room")


class _Drawing:
    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = json.loads(path.read_text("utf-8"))
        except OSError as error:
            self.refuse(f"it can't be read: {error.strerror}")
        except ValueError:
            self.refuse("it is not JSON; name a topological map's file")
        missing = [one for one in ("oval", "line", "text") if not isinstance(content, dict)
                   or not isinstance(content.get(one), list)]  # fmt: skip
        if missing:
            self.refuse(f"it has no list `{missing[0]}`; a map has oval, line and text")
        self.content: Mapping[str, list[Any]] = content

    def refuse(self, why: str) -> NoReturn:
        raise MakingError(f"{self.path.name}: {why}.")

    def rows(self, kind: str, count: int) -> Iterator[Row]:
        """The numbers and the options of each entry of one list."""
        for place, row in enumerate(self.content[kind], 1):
            is_row = isinstance(row, list) and len(row) == count + 1 and isinstance(row[-1], dict)
            numbers = row[:-1] if is_row else []
            good = all(type(one) in (int, float) and math.isfinite(one) for one in numbers)
            if not is_row or not good or not isinstance(row[-1].get("tags"), str):
                self.refuse(
                    f"entry {place} of `{kind}` is not {count} numbers with `tags`; mend it"
                )
            yield numbers, row[-1]

    def nodes(self) -> dict[str, Point]:
        found: dict[str, Point] = {}
        for (left, top, right, bottom), told in self.rows("oval", 4):
            tag = told["tags"]
            if not NODE.fullmatch(tag):
                self.refuse(f"a circle is tagged {tag!r}, and nodes are tagged like node_3")
            if tag in found:
                self.refuse(f"{tag} is drawn twice; give each node a number of its own")
            found[tag] = (left + right) / 2, (top + bottom) / 2
        if not found:
            self.refuse("it has no node")
        return found

    def arrows(self, order: Mapping[str, int]) -> dict[str, tuple[int, int]]:
        """The nodes of each edge, by its tag."""
        found: dict[str, tuple[int, int]] = {}
        for _, told in self.rows("line", 4):
            match = EDGE.fullmatch(told["tags"])
            if match is None:
                self.refuse(f"a line is tagged {told['tags']!r}, not like edge_6 node_3 node_4")
            tag, *ends = match.groups()
            for end in ends:
                if end not in order:
                    self.refuse(f"{tag} names {end}, which is not drawn")
            if told.get("arrow") != "last":
                self.refuse(f"{tag} has no arrow at its end (`arrow` is not `last`)")
            pair = (order[ends[0]], order[ends[1]])
            if told["tags"] in found or pair in found.values():
                self.refuse(f"{tag} from {ends[0]} to {ends[1]} is there twice; remove one")
            found[told["tags"]] = pair
        return found

    def texts(self, pattern: re.Pattern[str], kind: str) -> dict[str, str]:
        """What stands at each node, or at each edge."""
        found: dict[str, str] = {}
        for _, told in self.rows("text", 2):
            if not NODE.fullmatch(told["tags"]) and not EDGE.fullmatch(told["tags"]):
                self.refuse(f"a text is tagged {told['tags']!r}, which is neither node nor edge")
            if pattern.fullmatch(told["tags"]):
                if told["tags"] in found or not isinstance(told.get("text"), str):
                    self.refuse(f"{kind} {told['tags']!r} needs one text")
                found[told["tags"]] = told["text"]
        return found

    def refuse_unpaired(self, kind: str, drawn: set[str], told: set[str]) -> None:
        if drawn - told:
            what = "name" if kind == "node" else "behaviour"
            self.refuse(f"{min(drawn - told)} has no text that says its {what}")
        if told - drawn:
            self.refuse(f"a text belongs to {min(told - drawn)}, which is not drawn")

    def behaviour(self, tag: str, code: str) -> int:
        match = CODE.fullmatch(code)
        if match is None:
            self.refuse(f"{tag.split()[0]} asks for {code!r}; behaviours are {', '.join(CODES)}")
        return CODES[match[1]]


def summary(found: Map) -> str:
    kinds = Counter(KINDS[node.kind] for node in found.nodes)
    behaviours = Counter(BEHAVIOURS[edge.behaviour] for edge in found.edges)
    told = ("; ".join(f"{name}: {count}" for name, count in some.items())
            for some in (kinds, behaviours))  # fmt: skip
    return f"{len(found.nodes)} nodes ({next(told)}), {len(found.edges)} edges ({next(told)})"
