"""Methods of many passes keep to a memory budget, and chunks change no value."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import METHODS, ExplainerError, Network, explain
from explainer.networks.channels_last import laid_out
from explainer.passes.footprint import ALIVE_AT_ONCE, KEPT_BLOCK, Footprint, footprint
from tests.explainer.small_networks import noise, small

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "occlusion": {"patch": 8, "stride": 4},
    "integrated_grad_cam": {"steps": 9},
    "integrated_gradients": {"steps": 9},
    "smooth_grad": {"samples": 9},
}
CHUNKED = (*SETTINGS, "group_cam", "score_cam", "ablation_cam", "shapley_cam")
TARGETS: dict[str, Any] = {
    "classes": [1, 4, 2],
    "several classes": [[1, 0], [4, 3], [2, 2]],
    "a score": lambda out: out[torch.arange(3), torch.tensor([1, 4, 2])],  # knows its order
    "the first class": None,
}


def network() -> Network:
    return Network(small(), "second")


@pytest.mark.parametrize("targets", TARGETS)
def test_the_budget_changes_no_value(targets: str) -> None:
    subject, images = network(), noise(3, 3, 24, 24)
    each = subject.footprint(images)
    found = [
        explain(subject, images, TARGETS[targets], CHUNKED, settings=SETTINGS, memory=memory)
        for memory in (1, 7 * each.total, 2**40)
    ]
    for method in CHUNKED:
        scale = float(found[0][method].abs().max())
        assert scale > 0
        for other in found[1:]:
            torch.testing.assert_close(
                other[method], found[0][method], rtol=0, atol=1e-5 * min(1, scale)
            )


def measured(subject: Network, images: Tensor) -> Footprint:
    """The footprint; whatever is found once is found, so that only a method's passes count."""
    for graph in (False, True):
        laid_out(subject, torch.cat([images, images]), graph=graph)
    return subject.footprint(images)


def batches(module: nn.Module) -> list[int]:
    sizes: list[int] = []
    module.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    return sizes


@pytest.mark.parametrize("method", CHUNKED)
def test_no_pass_takes_more_images_than_the_budget_holds(method: str) -> None:
    subject, images = network(), noise(3, 3, 24, 24)
    each = measured(subject, images)
    sizes = batches(subject.module)
    budget = 5 * each.total
    explain(subject, images, [1, 2, 3], [method], settings=SETTINGS, memory=budget)
    graph = METHODS[method].family in ("cam", "pixels")
    most = each.images_within(budget, graph=graph)
    whole = 3 * variants(method)
    bound = min(whole, 5 if graph else most)
    assert bound / 2 < max(sizes[1:]) <= bound  # the first is the shared pass
    assert sum(sizes[1:]) == whole


VARIANTS = {
    "occlusion": 25,
    "integrated_gradients": 10,
    "group_cam": 9,
    "score_cam": 8,
    "ablation_cam": 8,
    "shapley_cam": 1,
}


def variants(method: str) -> int:
    """How many variants of a photo the method looks at: of 24 pixels, and 8 channels."""
    return VARIANTS.get(method, 9)


def test_a_score_meets_whole_batches_in_their_order() -> None:
    subject, images = network(), noise(3, 3, 24, 24)
    met: list[int] = []

    def score(out: Tensor) -> Tensor:
        met.append(len(out))
        return out[:, 0]

    explain(subject, images, score, CHUNKED, settings=SETTINGS)
    assert set(met) == {3}


def test_several_classes_share_the_variants_passes() -> None:
    subject, images = network(), noise(2, 3, 24, 24)
    measured(subject, images)
    sizes = batches(subject.module)
    for method in (*SETTINGS, "score_cam", "ablation_cam", "shapley_cam"):
        explain(subject, images, [1, 2], [method], settings=SETTINGS)
        alone = sum(sizes)
        sizes.clear()
        explain(subject, images, [[1, 2, 3], [2, 0, 1]], [method], settings=SETTINGS)
        assert sum(sizes) == alone, method
        sizes.clear()


def test_group_cam_takes_its_groups_and_two_more_passes() -> None:
    subject, images = network(), noise(1, 3, 24, 24)
    measured(subject, images)
    sizes = batches(subject.module)
    explain(subject, images, [1], ["group_cam"], settings={"group_cam": {"groups": 4}})
    assert sum(sizes) == 4 + 2


def test_a_footprint_counts_what_the_calls_of_a_pass_give() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2)).eval()
    found, _ = footprint(module, noise(1, 3, 2, 2), module)
    assert found.largest == 8 * 4 * 4
    assert found.total >= (3 * 8 * 4 + 2) * 4
    assert found.images_within(10 * ALIVE_AT_ONCE * found.largest, graph=False) == 10
    assert found.images_within(1, graph=True) == 1


def test_no_memory_is_refused() -> None:
    with pytest.raises(ExplainerError, match="above 0"):
        explain(network(), noise(1, 3, 9, 9), [0], memory=0)


def test_on_a_cpu_no_tensor_of_a_chunk_outgrows_what_the_allocator_keeps() -> None:
    each = Footprint(largest=KEPT_BLOCK // 5, total=KEPT_BLOCK)
    assert each.images_within(1 << 40, graph=False) == 5
    assert each.images_within(1 << 40, graph=True) == 5
    assert each.images_within(2 * KEPT_BLOCK, graph=True) == 2
    on_gpu = Footprint(each.largest, each.total, on_cpu=False)
    assert on_gpu.images_within(100 * KEPT_BLOCK, graph=True) == 100


SHARED = ("grad_cam", "gam", "guided_backprop", "deconvnet", "guided_grad_cam", "random_weights")


@pytest.mark.parametrize("targets", TARGETS)
def test_a_batch_explained_in_parts_gives_the_same_record(targets: str) -> None:
    subject, images = network(), noise(3, 3, 24, 24)
    each = subject.footprint(images)
    subject.stages(images)
    subject.redrawn(0)  # a copy of its own, made before the hook
    sizes = batches(subject.module)
    parts = explain(subject, images, TARGETS[targets], SHARED, memory=2 * each.total)
    assert sizes == ([3] if targets == "a score" else [2, 1])
    whole = explain(subject, images, TARGETS[targets], SHARED)
    assert sizes[-1] == 3
    for method in SHARED:
        assert float(whole[method].abs().max()) > 0
        torch.testing.assert_close(parts[method], whole[method], rtol=1e-5, atol=1e-6)
        assert torch.equal(parts.empty[method], whole.empty[method])
    torch.testing.assert_close(parts.outputs, whole.outputs, rtol=1e-5, atol=1e-6)
    assert (parts.layer, parts.manifest()["targets"]) == ("second", whole.manifest()["targets"])


def test_parts_of_a_batch_are_of_about_one_size() -> None:
    subject, images = network(), noise(5, 3, 24, 24)
    each = subject.footprint(images)
    sizes = batches(subject.module)
    explain(subject, images, None, ["gradient"], memory=4 * each.total)
    assert sizes == [3, 2]


def test_a_pass_without_a_graph_keeps_to_what_the_allocator_keeps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject, images = network(), noise(5, 3, 24, 24)
    each = subject.footprint(images)
    assert each.weights == sum(one.nbytes for one in subject.module.parameters()) <= each.total
    monkeypatch.setattr("explainer.passes.footprint.KEPT_BLOCK", 2 * each.largest)
    sizes = batches(subject.module)
    parts = explain(subject, images, None, ["grad_cam"], memory=20 << 20)
    assert sizes == [2, 2, 1]
    whole = explain(subject, images, None, ["grad_cam", "gradient"], memory=20 << 20)
    assert sizes[3:] == [5]  # with a graph the budget alone decides
    torch.testing.assert_close(parts["grad_cam"], whole["grad_cam"], rtol=1e-5, atol=1e-6)


def test_no_part_is_too_small_for_the_weights_that_it_reads() -> None:
    each = Footprint(largest=KEPT_BLOCK // 5, total=KEPT_BLOCK, weights=7 * KEPT_BLOCK - 1)
    assert each.sharing_a_pass(1 << 40, graph=False) == 7
    assert each.sharing_a_pass(4 * ALIVE_AT_ONCE * each.largest, graph=False) == 4
    assert each.sharing_a_pass(1, graph=False) == 1
    light = Footprint(each.largest, each.total, weights=1)
    assert light.sharing_a_pass(1 << 40, graph=False) == 5
    assert light.sharing_a_pass(100 * KEPT_BLOCK, graph=True) == 100
    on_card = Footprint(each.largest, each.total, on_cpu=False)
    assert on_card.sharing_a_pass(1 << 40, graph=False) > 1000


def test_a_control_that_looks_at_the_whole_batch_keeps_it_whole() -> None:
    subject, images = network(), noise(3, 3, 24, 24)
    sizes = batches(subject.module)
    found = explain(subject, images, [1, 2, 3], ["other_image", "gradient"], memory=1)
    assert sizes == [3]
    assert torch.equal(
        found["other_image"], explain(subject, images, [1, 2, 3], ["other_image"])["other_image"]
    )


@pytest.mark.parametrize("targets", [[1, 2], torch.tensor(1), [[0, 1]], [1, 2, 9]])
def test_wrong_targets_are_refused_alike_where_a_batch_is_parted(targets: Any) -> None:
    subject, images = network(), noise(3, 3, 24, 24)
    problems = []
    for memory in (1, 2**40):
        with pytest.raises(ExplainerError) as refused:
            explain(subject, images, targets, ["gradient"], memory=memory)
        problems.append(str(refused.value))
    assert problems[0] == problems[1]
