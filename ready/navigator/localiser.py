"""A graph network that says on which edge of a part of the map the robot is.

WINDOW depth frames become one feature; the kinds of nodes and edges are embedded; two blocks of a
graph network (Battaglia et al., arXiv 1806.01261) lead to one score for each edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ready.navigator.drives import WINDOW
from ready.navigator.frames import Levels, brightness, heights
from ready.navigator.maps import BEHAVIOURS, KINDS, Map
from ready.navigator.rays import COLUMNS, Floats

FEATURE = 64


@dataclass(frozen=True)
class Part:
    """Subgraphs of several maps as one graph without connections between them. `kinds`: of nodes;
    `behaviours`, `starts`, `ends`, `of`: for each edge what it asks for, its nodes, its subgraph;
    `of_node`: each node's subgraph; `edges`: for each subgraph its map's edges, in order."""

    kinds: Tensor
    of_node: Tensor
    behaviours: Tensor
    starts: Tensor
    ends: Tensor
    of: Tensor
    edges: Sequence[Sequence[int]]

    def place(self, subgraph: int, edge: int) -> int:
        """Where the score of a map's edge stands among all edges of one subgraph's graph."""
        before = sum(len(one) for one in self.edges[:subgraph])
        return before + self.edges[subgraph].index(edge)


def part(centred: Sequence[tuple[Map, int]]) -> Part:
    """The subgraphs that are centred on these edges of maps."""
    kinds: list[int] = []
    of_node: list[int] = []
    rows, edges = [], []
    for number, (whole, centre) in enumerate(centred):
        own = whole.subgraphs[centre]
        nodes = sorted(
            {end for one in own for end in (whole.edges[one].start, whole.edges[one].end)}
        )
        index = {node: len(kinds) + place for place, node in enumerate(nodes)}
        kinds += [whole.nodes[node].kind for node in nodes]
        of_node += [number] * len(nodes)
        for one in own:
            edge = whole.edges[one]
            rows.append((edge.behaviour, index[edge.start], index[edge.end], number))
        edges.append(own)
    behaviours, starts, ends, of = torch.tensor(rows).unbind(1)
    return Part(torch.tensor(kinds), torch.tensor(of_node), behaviours, starts, ends, of, edges)


class Frames(nn.Module):
    """N×WINDOW×COLUMNS heights to N×FEATURE."""

    def __init__(self) -> None:
        super().__init__()
        self.columns = nn.Sequential(
            nn.Conv1d(1, 16, 5, 2, 2),
            nn.ReLU(),
            nn.Conv1d(16, 32, 5, 2, 2),
            nn.ReLU(),
            nn.Conv1d(32, 32, 3, 2, 1),
            nn.ReLU(),
        )
        self.frame = nn.Sequential(nn.Flatten(), nn.Linear(32 * COLUMNS // 8, FEATURE), nn.ReLU())
        self.time = nn.Sequential(
            nn.Conv1d(FEATURE, FEATURE, 3, 2, 1),
            nn.ReLU(),
            nn.Conv1d(FEATURE, FEATURE, 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(FEATURE * WINDOW // 4, FEATURE),
            nn.ReLU(),
        )

    def forward(self, seen: Tensor) -> Tensor:
        each = self.frame(self.columns(seen.reshape(-1, 1, COLUMNS)))
        feature: Tensor = self.time(each.view(len(seen), WINDOW, FEATURE).transpose(1, 2))
        return feature


class Block(nn.Module):
    """Edges learn of their nodes, nodes of their edges, and the whole of both."""

    def __init__(self) -> None:
        super().__init__()
        self.edge, self.node, self.whole = (
            nn.Sequential(
                nn.Linear(count * FEATURE, FEATURE), nn.ReLU(), nn.Linear(FEATURE, FEATURE)
            )
            for count in (4, 4, 3)
        )

    def forward(
        self, edges: Tensor, nodes: Tensor, whole: Tensor, graph: Part
    ) -> tuple[Tensor, Tensor, Tensor]:
        beside = [nodes[graph.starts], nodes[graph.ends], whole[graph.of]]
        edges = edges + self.edge(torch.cat([edges, *beside], 1))
        coming, going = (means(edges, at, len(nodes)) for at in (graph.ends, graph.starts))
        nodes = nodes + self.node(torch.cat([nodes, coming, going, whole[graph.of_node]], 1))
        all_edges, all_nodes = (
            means(rows, of, len(whole)) for rows, of in ((edges, graph.of), (nodes, graph.of_node))
        )
        whole = whole + self.whole(torch.cat([whole, all_edges, all_nodes], 1))
        return edges, nodes, whole


def means(rows: Tensor, of: Tensor, count: int) -> Tensor:
    """count×K: the mean of the rows that belong to each, 0 where none does."""
    total = rows.new_zeros(count, rows.shape[1]).index_add_(0, of, rows)
    number = rows.new_zeros(count).index_add_(0, of, rows.new_ones(len(rows)))
    return total / number.clamp(min=1)[:, None]


class Localiser(nn.Module):
    """Scores of all edges of a Part. A blind one is given frames and sees none of them."""

    def __init__(self, blind: bool = False) -> None:
        super().__init__()
        self.blind = blind
        self.frames = Frames()
        self.kinds = nn.Embedding(len(KINDS), FEATURE)
        self.behaviours = nn.Embedding(len(BEHAVIOURS), FEATURE)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.score = nn.Linear(FEATURE, 1)

    def forward(self, seen: Tensor, graph: Part) -> Tensor:
        """`seen`: N×WINDOW×COLUMNS heights, one for each subgraph."""
        if self.blind:
            whole = self.frames(torch.zeros_like(seen[:1])).expand(len(seen), -1)
        else:
            whole = self.frames(seen)
        edges, nodes = self.behaviours(graph.behaviours), self.kinds(graph.kinds)
        for block in self.blocks:
            edges, nodes, whole = block(edges, nodes, whole, graph)
        scores: Tensor = self.score(edges)[:, 0]
        return scores

    @torch.no_grad()
    def shares(self, levels: Levels, centred: Sequence[tuple[Map, int]]) -> list[Floats]:
        """For each subgraph the probability of each of its edges."""
        graph = part(centred)
        scores = self(heights(brightness(levels)), graph).split([len(one) for one in graph.edges])
        return [one.softmax(0).double().numpy() for one in scores]

    def locate(self, levels: Levels, centred: Sequence[tuple[Map, int]]) -> list[int]:
        """For each subgraph the edge of its map that is likeliest."""
        told = self.shares(levels, centred)
        return [
            whole.subgraphs[centre][int(one.argmax())]
            for (whole, centre), one in zip(centred, told, strict=True)
        ]
