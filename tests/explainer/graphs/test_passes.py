"""The least work: counted in passes, not in seconds."""

import gc
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from explainer import Network, explain, load_network
from explainer.graphs.rectifiers import Walk
from tests.explainer.small_networks import EVERY, noise, small

FIVE = ("grad_cam", "guided_backprop", "deconvnet", "guided_grad_cam", "deconv_grad_cam")


@dataclass
class Counts:
    """Forward passes, gradients that reached the head, and gradients that reached the input."""

    forwards: list[int] = field(default_factory=list)
    walks: list[int] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    graph_before_the_layer: bool = False

    def seen(self) -> tuple[int, int, int]:
        return len(self.forwards), len(self.walks), len(self.full)


def counted(module: nn.Module) -> Counts:
    counts = Counts()

    def head(_: nn.Module, __: object, out: Tensor) -> None:
        counts.forwards.append(len(out))
        if out.requires_grad:
            out.register_hook(lambda gradient: counts.walks.append(1))

    def first(_: nn.Module, __: object, out: Tensor) -> None:
        counts.graph_before_the_layer |= out.requires_grad
        if out.requires_grad:
            out.register_hook(lambda gradient: counts.full.append(1))

    module.hidden.register_forward_hook(head)
    module.first.register_forward_hook(first)
    return counts


def test_grad_cam_takes_one_forward_and_one_walk_and_no_graph_before_the_layer() -> None:
    module = small()
    counts = counted(module)
    explain(Network(module, "second"), noise(2, 3, 9, 9), [0, 1])
    assert counts.seen() == (1, 1, 0)
    assert not counts.graph_before_the_layer


def test_the_papers_five_take_one_forward_one_walk_to_the_layer_and_two_full_ones() -> None:
    module = small()
    counts = counted(module)
    explain(Network(module, "second"), noise(2, 3, 9, 9), [0, 1], FIVE)
    assert counts.seen() == (1, 3, 2)


def test_several_classes_take_a_walk_each_and_still_one_forward() -> None:
    module = small()
    counts = counted(module)
    explain(Network(module, "second"), noise(2, 3, 9, 9), [[0, 1, 2], [3, 4, 0]], FIVE)
    assert counts.seen() == (1, 9, 6)


def test_methods_that_need_scores_only_build_no_graph() -> None:
    module = small()
    counts = counted(module)
    explain(
        Network(module, "second"),
        noise(1, 3, 9, 9),
        [0],
        ["occlusion"],
        settings={"occlusion": {"patch": 3, "stride": 3}},
    )
    # the photo, its footprint, another photo, the photo beside it, two images of grain in either
    # layout, all patches at once
    assert counts.seen() == (1 + 1 + 1 + 1 + 2 + 1, 0, 0)
    assert sum(counts.forwards) == 1 + 1 + 1 + 3 + 4 + 9


def test_no_weight_takes_a_gradient() -> None:
    network = load_network("squeezenet1_1", weights=None, num_classes=5)
    taken: list[str] = []
    for name, weights in network.module.named_parameters():
        weights.register_hook(lambda gradient, name=name: taken.append(name))
    explain(network, noise(1, 3, 64, 64), [0], FIVE)
    assert taken == []
    assert all(weights.grad is None for weights in network.module.parameters())


def test_nothing_found_keeps_the_graph_alive() -> None:
    module = small()
    found = explain(Network(module, "second"), noise(1, 3, 9, 9), [0], FIVE)
    for map in (*found.maps.values(), found.outputs, *found.empty.values()):
        assert isinstance(map, Tensor)
        assert map.grad_fn is None
        assert not map.requires_grad
    assert torch.is_grad_enabled()


def walks() -> list[Walk]:
    return [thing for thing in gc.get_objects() if type(thing) is Walk]


def test_no_graph_outlives_its_call_nor_waits_for_the_garbage_collector() -> None:
    network = Network(small(), "second")
    gc.collect()
    others = walks()  # of tests before, which a fixture or a report of a failure may hold
    gc.disable()
    try:
        for _ in range(3):
            explain(
                network,
                noise(2, 3, 9, 9),
                [0, 1],
                EVERY,
                settings={"occlusion": {"patch": 3, "stride": 3}},
            )
        kept = [walk for walk in walks() if not any(walk is other for other in others)]
    finally:
        gc.enable()
    assert kept == []  # every ReLU of a graph holds its walk
