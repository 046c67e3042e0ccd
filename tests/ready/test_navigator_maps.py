"""Topological maps as they were published are read, and bad ones refused in a sentence."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ready.errors import MakingError
from ready.navigator.__main__ import main
from ready.navigator.drives import WINDOW
from ready.navigator.localiser import Localiser, part
from ready.navigator.maps import BEHAVIOURS, KINDS
from ready.navigator.rays import COLUMNS
from ready.navigator.topological import read_map, summary

NAMES = ("office_1", "office_1_door", "hallway_1-1r", "lobby_1l")
EDGES = ((0, 1, "fd_l"), (1, 2, "tr"), (2, 3, "cf"), (3, 0, "s"), (3, 2, "tl"))


def drawing() -> dict[str, list[Any]]:
    ovals = [[10 * n, 0, 10 * n + 6, 6.5, {"tags": f"node_{n}"}] for n in range(4)]
    tags = [f"edge_{n} node_{a} node_{b}" for n, (a, b, _) in enumerate(EDGES)]
    lines = [[0, 0, 1, 1, {"tags": tag, "arrow": "last"}] for tag in tags]
    texts = [[0, 0, {"tags": f"node_{n}", "text": name}] for n, name in enumerate(NAMES)]
    texts += [[0, 0, {"tags": tag, "text": EDGES[n][2]}] for n, tag in enumerate(tags)]
    return {"oval": ovals, "line": lines, "text": texts}


def written(content: object, folder: Path) -> Path:
    path = folder / "area.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_a_published_map_is_read(tmp_path: Path) -> None:
    found = read_map(written(drawing(), tmp_path))
    assert [node.name for node in found.nodes] == list(NAMES)
    assert [KINDS[node.kind] for node in found.nodes] == ["room", "door", "hallway", "open space"]
    assert found.nodes[1].place == (13, 3.25)
    told = [(one.start, one.end, BEHAVIOURS[one.behaviour]) for one in found.edges]
    assert told[0] == (0, 1, "find door")
    assert [one[2] for one in told[1:]] == [
        "turn right",
        "corridor follow",
        "straight",
        "turn left",
    ]
    assert found.plan(0, 3) == [0, 1, 2]
    assert summary(found).startswith("4 nodes (room: 1; door: 1; hallway: 1; open space: 1), 5 edg")


def test_a_robot_can_be_located_on_it(tmp_path: Path) -> None:
    found = read_map(written(drawing(), tmp_path))
    scores = Localiser().eval()(torch.zeros(1, WINDOW, COLUMNS), part([(found, 2)]))
    assert len(scores) == len(found.subgraphs[2]) == 5


def change(kind: str, place: int, value: object) -> Callable[[dict[str, list[Any]]], None]:
    def changed(content: dict[str, list[Any]]) -> None:
        content[kind][place] = value

    return changed


def without(kind: str, place: int) -> Callable[[dict[str, list[Any]]], None]:
    return lambda content: content[kind].pop(place)


def twice(kind: str, place: int) -> Callable[[dict[str, list[Any]]], None]:
    return lambda content: content[kind].append(copy.deepcopy(content[kind][place]))


FAULTS = (
    (lambda content: content.pop("line"), "it has no list `line`"),
    (lambda content: content.update(oval=[]), "it has no node"),
    (change("oval", 1, [1, 2, 3]), "entry 2 of `oval` is not 4 numbers with `tags`"),
    (change("oval", 1, [0, 0, float("nan"), 1, {"tags": "node_1"}]), "entry 2 of `oval` is not"),
    (change("oval", 1, [0, 0, 1, 1, {"tags": "door"}]), "a circle is tagged 'door'"),
    (twice("oval", 1), "node_1 is drawn twice"),
    (without("oval", 1), "a text belongs to node_1, which is not drawn"),
    (without("text", 1), "node_1 has no text that says its name"),
    (without("text", -1), "edge_4 node_3 node_2 has no text that says its behaviour"),
    (twice("text", 0), "node 'node_0' needs one text"),
    (change("text", 4, [0, 0, {"tags": "edge_0 node_0 node_1", "text": "jump"}]),
     "edge_0 asks for 'jump'; behaviours are fd, cf, tl, tr, s"),
    (change("text", 0, [0, 0, {"tags": "title", "text": "Area"}]), "neither node nor edge"),
    (change("line", 0, [0, 0, 1, 1, {"tags": "edge_0 node_0 node_9", "arrow": "last"}]),
     "edge_0 names node_9, which is not drawn"),
    (change("line", 0, [0, 0, 1, 1, {"tags": "edge_0 node_0 node_1"}]), "edge_0 has no arrow"),
    (change("line", 0, [0, 0, 1, 1, {"tags": "node_0 node_1", "arrow": "last"}]),
     "a line is tagged 'node_0 node_1'"),
    (twice("line", 0), "edge_0 from node_0 to node_1 is there twice"),
)  # fmt: skip


@pytest.mark.parametrize(("spoil", "why"), FAULTS, ids=[why for _, why in FAULTS])
def test_a_map_that_contradicts_itself_is_refused(
    spoil: Callable[[dict[str, list[Any]]], None], why: str, tmp_path: Path
) -> None:
    content = drawing()
    spoil(content)
    with pytest.raises(MakingError) as error:
        read_map(written(content, tmp_path))
    assert str(error.value).startswith("area.json: ")
    assert why in str(error.value)


def test_a_node_without_an_edge_is_refused_by_its_name(tmp_path: Path) -> None:
    content = drawing()
    content["oval"].append([0, 0, 1, 1, {"tags": "node_4"}])
    content["text"].append([0, 0, {"tags": "node_4", "text": "office_9"}])
    with pytest.raises(MakingError, match="no edge begins or ends at office_9"):
        read_map(written(content, tmp_path))


def test_every_map_is_told_and_the_bad_ones_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = written(drawing(), tmp_path), tmp_path / "bad.json"
    bad.write_text("graph", "utf-8")
    assert main([str(good)]) == 0
    assert main([str(bad), str(good), str(tmp_path / "none.json")]) == 1
    told = capsys.readouterr()
    assert told.out.count("4 nodes") == 2
    assert "bad.json: it is not JSON" in told.err
    assert "none.json: it can't be read: No such file" in told.err
    assert main([]) == 1
