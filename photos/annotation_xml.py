"""An annotation file as VOC and ImageNet write it: one photo's boxes, in XML.

Read by expat with all that a stranger's XML can do switched off: a file with a document type is
refused at its first sight, so no entity can be declared, and nothing outside the file is read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from .errors import PhotoError
from .turning import Box, Size

MOST_BYTES = 2_000_000
MOST_OBJECTS = 10_000
DEEPEST = 20
# A box may reach this many pixels over the edge, which is cut off: some tools count from 0
OVER_THE_EDGE = 1.0
AGAIN = "export it again in VOC's format"


@dataclass(frozen=True)
class MarkedObject:
    """A thing on a photo. `box`: [left, top, width, height]; `flags`: difficult, truncated."""

    name: str
    box: Box
    flags: frozenset[str]


@dataclass(frozen=True)
class Marked:
    """What a file says. `file_name`: of its photo, `size`: width and height; None where it doesn't
    say."""

    file_name: str
    size: Size | None
    objects: tuple[MarkedObject, ...]


@dataclass
class _Node:
    tag: str
    children: list["_Node"] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def all(self, tag: str) -> list["_Node"]:
        return [child for child in self.children if child.tag == tag]

    def said(self, tag: str) -> str:
        """The text of the first child called so; empty where there is none."""
        return next(("".join(child.parts).strip() for child in self.all(tag)), "")


class _Refused(Exception):
    """Reason and fix, from inside the parser."""


def read_annotation(path: Path) -> Marked:
    """The annotation file at `path`; PhotoError says what is wrong with it."""
    root = _root(path)
    if root.tag != "annotation":
        raise PhotoError(path.name, f"its outermost element is <{root.tag[:40]}>", AGAIN)
    objects = root.all("object")
    if len(objects) > MOST_OBJECTS:
        raise PhotoError(
            path.name, f"{len(objects)} objects on one photo", f"mark at most {MOST_OBJECTS}"
        )
    size = _size(root, path.name)
    marked = tuple(_object(one, number, size, path.name) for number, one in enumerate(objects, 1))
    return Marked(root.said("filename"), size, marked)


def _root(path: Path) -> _Node:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PhotoError(path.name, f"can't be read ({error.strerror})", "check it") from error
    if len(content) > MOST_BYTES:
        raise PhotoError(path.name, f"more than {MOST_BYTES // 10**6} MB of annotations", AGAIN)
    parser, root = _parser()
    try:
        parser.Parse(content, True)
    except _Refused as refused:
        reason, fix = refused.args
        raise PhotoError(path.name, reason, fix) from refused
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise PhotoError(path.name, f"not XML ({error})", AGAIN) from error
    return root.children[0]


def _parser() -> tuple[expat.XMLParserType, _Node]:
    """A parser, and the node that its document will be in."""
    parser, root = expat.ParserCreate(), _Node("")
    open_nodes = [root]

    def begin(tag: str, _: object) -> None:
        if len(open_nodes) > DEEPEST:
            raise _Refused(f"elements within elements, {DEEPEST} deep", AGAIN)
        node = _Node(tag)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def refuse_type(*_: object) -> None:
        raise _Refused(
            "has a document type, which can declare entities", "remove its line <!DOCTYPE …>"
        )

    parser.StartDoctypeDeclHandler = refuse_type
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: open_nodes.pop()
    parser.CharacterDataHandler = lambda text: open_nodes[-1].parts.append(text)
    return parser, root


def _size(root: _Node, name: str) -> Size | None:
    """None as well for the 0 × 0 that some tools write for a photo they did not open."""
    for told in root.all("size"):
        width, height = (_number(told, key, name) for key in ("width", "height"))
        if (width, height) != (0, 0):
            return int(width), int(height)
    return None


def _object(node: _Node, number: int, size: Size | None, name: str) -> MarkedObject:
    called = node.said("name")
    if not called:
        raise PhotoError(name, f"its object {number} has no name", "name the object")
    boxes = node.all("bndbox")
    if len(boxes) != 1:
        fix = "mark each object with one box"
        raise PhotoError(name, f"its object {number} ({called[:40]}) has {len(boxes)} boxes", fix)
    edges = [_number(boxes[0], key, name) for key in ("xmin", "ymin", "xmax", "ymax")]
    flags = {flag for flag in ("difficult", "truncated") if _flag(node, flag, name)}
    return MarkedObject(called, box_of(edges, size, f"{name}: {called[:40]}"), frozenset(flags))


def box_of(edges: Sequence[float], size: Size | None, what: str) -> Box:
    """[left, top, width, height] of xmin, ymin, xmax, ymax, on a photo of this size.

    VOC counts pixels from 1, and its last ones belong to the box. PhotoError, about `what`, where
    that is no box on the photo.
    """
    left, top, right, below = edges[0] - 1, edges[1] - 1, edges[2], edges[3]
    if right <= left or below <= top:
        raise PhotoError(what, f"the box {_listed(edges)} has no area", "mark it again")
    width, height = size or (math.inf, math.inf)
    over = max(-left, -top, right - width, below - height)
    if over > OVER_THE_EDGE or left >= width or top >= height:
        frame = f" of {width} × {height} pixels" if size else ""
        reason = f"the box {_listed(edges)} lies outside the photo{frame}"
        raise PhotoError(what, reason, "mark it again, or use the photo that was annotated")
    left, top = max(left, 0.0), max(top, 0.0)
    return left, top, min(right, width) - left, min(below, height) - top


def _listed(edges: Sequence[float]) -> str:
    return ", ".join(f"{edge:g}" for edge in edges)


def _number(node: _Node, tag: str, name: str) -> float:
    said = node.said(tag)
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) > 1e9:
        raise PhotoError(name, f"<{tag}> is “{said[:20]}”, and must be a number", AGAIN)
    return number


def _flag(node: _Node, flag: str, name: str) -> bool:
    said = node.said(flag)
    if said not in ("", "0", "1"):
        raise PhotoError(name, f"<{flag}> is “{said[:20]}”", "write 0 or 1")
    return said == "1"
