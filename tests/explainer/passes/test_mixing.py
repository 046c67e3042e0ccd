"""A network that answers an image by what comes with it is found out where batches are cut."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import METHODS, ExplainerError, Network, Preprocess, explain, explain_many
from explainer.laboratory.metrics import METRICS
from tests.explainer.coco_sets import noisy_photos
from tests.explainer.small_networks import QUICK, Convolutions, noise, seeded, small

ONE_PASS = ("grad_cam", "xgrad_cam", "layer_cam", "gradient", "hires_cam", "centre_prior")
MANY_PASSES = ("group_cam", "score_cam", "occlusion", "smooth_grad", "integrated_grad_cam")


class Answering(nn.Module):
    """Holds a question for each image of a batch, as `by` brings it to the images."""

    def __init__(self, by: Callable[[Tensor, Tensor], Tensor], questions: int = 2) -> None:
        super().__init__()
        self.network, self.by = small(), by
        self.register_buffer("questions", noise(questions, 5, seed=7))

    def forward(self, x: Tensor) -> Tensor:
        return self.by(self.network(x), self.questions)


def one_each(out: Tensor, questions: Tensor) -> Tensor:
    return out * questions


def by_place(out: Tensor, questions: Tensor) -> Tensor:
    return out * questions[torch.arange(len(out)) % len(questions)]


def by_the_others(out: Tensor, questions: Tensor) -> Tensor:
    return out - out.mean(0, keepdim=True) * questions[0]


MIXED = (one_each, by_place, by_the_others)


@pytest.mark.parametrize("by", MIXED)
def test_methods_of_one_pass_explain_what_was_asked_of_the_batch(by: Any) -> None:
    network, images = Network(Answering(by).eval(), "network.second"), noise(2, 3, 9, 9)
    found = explain(network, images, [1, 2], ONE_PASS)
    plain = explain(Network(network.module.network, "second"), images, [1, 2], ["grad_cam"])
    scaled = plain["grad_cam"] * network.module.questions[[0, 1], [1, 2]].abs()[:, None, None]
    if by is not by_the_others and bool((network.module.questions[[0, 1], [1, 2]] > 0).all()):
        torch.testing.assert_close(found["grad_cam"], scaled, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", MANY_PASSES)
@pytest.mark.parametrize("by", MIXED)
def test_methods_of_several_passes_refuse_it(by: Any, method: str) -> None:
    network, images = Network(Answering(by).eval(), "network.second"), noise(2, 3, 9, 9)
    with pytest.raises(ExplainerError, match="ask for methods of one pass"):
        explain(network, images, [1, 2], [method], settings=QUICK)


@pytest.mark.parametrize("by", MIXED)
def test_a_budget_that_would_cut_the_batch_refuses_it(by: Any) -> None:
    network, images = Network(Answering(by).eval(), "network.second"), noise(2, 3, 9, 9)
    with pytest.raises(ExplainerError, match="memory for the whole batch"):
        explain(network, images, [1, 2], ["gradient"], memory=1)


@pytest.mark.parametrize("by", MIXED)
@pytest.mark.parametrize("metric", [m.name for m in METRICS.values() if m.needs == "network"])
def test_metrics_refuse_it(by: Any, metric: str) -> None:
    network, images = Network(Answering(by).eval(), "network.second"), noise(2, 3, 9, 9)
    with pytest.raises(ExplainerError, match="ask for methods of one pass"):
        METRICS[metric].compute(network, images, torch.rand(2, 9, 9), [1, 2])


@pytest.mark.parametrize("memory", [1, 2**40])
def test_statistics_of_the_batch_are_refused_by_the_module_that_takes_them(memory: int) -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3),
        nn.BatchNorm2d(6, track_running_stats=False),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ).eval()
    with pytest.raises(ExplainerError, match='"1" normalises by the statistics of each batch'):
        explain(Network(module), noise(4, 3, 9, 9), [0] * 4, ["score_cam"], memory=memory)
    with pytest.raises(ExplainerError, match="give it running statistics"):
        Network(module).predict(noise(4, 3, 9, 9))


def test_an_answer_that_changes_from_pass_to_pass_is_refused() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = small()

        def forward(self, x: Tensor) -> Tensor:
            return functional.dropout(self.network(x), training=True)

    with pytest.raises(ExplainerError, match="differently alone than among others"):
        explain(Network(Noisy().eval()), noise(2, 3, 9, 9), [1, 2], ["score_cam"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_rounding_is_no_mixing(dtype: torch.dtype) -> None:
    module = small().to(dtype)
    for seed in range(5):
        images = noise(2, 3, 9, 9, seed=seed).to(dtype)
        assert Network(module, "second").footprint(images).largest > 0


def test_a_network_is_asked_once_for_a_size_of_images() -> None:
    network = Network(small(), "second")
    sizes: list[int] = []
    network.module.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    for _ in range(3):
        network.footprint(noise(2, 3, 9, 9))
    assert sizes == [1, 1, 3]
    assert all(METHODS[name] for name in ONE_PASS)


def test_a_stream_of_photos_refuses_it_for_methods_of_one_pass_too(tmp_path: Path) -> None:
    small = Preprocess(size=9, resize=9)
    network = Network(Answering(by_place).eval(), "network.second", preprocess=small)
    photos = noisy_photos(tmp_path, 3, (9, 9))
    saved = explain_many(network, photos, tmp_path / "out", progress=False)
    assert saved.made == {}
    assert all("differently alone than among others" in told for told in saved.failed.values())
    assert len(saved.failed) == 3


@pytest.mark.parametrize(
    "taken",
    [
        lambda x: x.mean((0, 2, 3), keepdim=True),
        lambda x: x.amin((0, 2, 3), keepdim=True),
        lambda x: x.amax((0, 2, 3), keepdim=True),
        lambda x: x.std((0, 2, 3), keepdim=True),
        lambda x: x[:1],
        lambda x: x[len(x) // 2][None],
        lambda x: x[-1:],
        lambda x: x.flip(0) / 2,
        lambda x: x.roll(1, 0) / 2,
    ],
    ids=[
        *("mean", "least", "largest", "spread"),
        *("first", "middle", "last", "the other end", "neighbour"),
    ],
)
def test_whatever_is_taken_of_the_batch_is_found_out_for_photos_of_middle_brightness(
    taken: Callable[[Tensor], Tensor],
) -> None:
    class Centred(Convolutions):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x - taken(x))

    images = noise(2, 3, 9, 9) / 20
    images = images - images.mean((2, 3), keepdim=True) + 0.5
    with pytest.raises(ExplainerError, match="answers an image differently alone"):
        explain(Network(seeded(Centred, functional.relu)), images, [1, 2], ["score_cam"])


class Pairs(Convolutions):
    """As CLIP: what each image answers beside a table of another form, which mixes the images."""

    def forward(self, x: Tensor) -> Any:
        found = super().forward(x)
        return SimpleNamespace(per_image=found, per_text=found.T.softmax(1))


class PairsByName(Pairs):
    def forward(self, x: Tensor) -> Any:
        return vars(super().forward(x))


@pytest.mark.parametrize("kind", [Pairs, PairsByName])
def test_what_nobody_reads_of_an_output_may_have_another_form(kind: Any) -> None:
    def per_image(output: Any) -> Tensor:
        return output.per_image if kind is Pairs else output["per_image"]

    network = Network(seeded(kind, functional.relu), "second", scores=per_image)
    plain, images = Network(small(), "second"), noise(3, 3, 9, 9)
    methods = ["grad_cam", "score_cam", "occlusion"]
    for memory in (None, 1):
        found = explain(network, images, [1, 2, 0], methods, settings=QUICK, memory=memory)
        same = explain(plain, images, [1, 2, 0], methods, settings=QUICK, memory=memory)
        for method in methods:
            torch.testing.assert_close(found[method], same[method])
    measure = METRICS["average_drop"].compute
    maps = torch.rand(3, 9, 9)
    torch.testing.assert_close(
        measure(network, images, maps, [1, 2, 0]), measure(plain, images, maps, [1, 2, 0])
    )


def test_a_callable_target_may_read_the_whole_output_so_all_of_it_is_compared() -> None:
    network = Network(
        seeded(PairsByName, functional.relu), "second", scores=lambda output: output["per_image"]
    )
    network.footprint(noise(2, 3, 9, 9))
    with pytest.raises(ExplainerError, match="not a row for each image"):
        explain(
            network,
            noise(2, 3, 9, 9),
            lambda output: output["per_text"][1],
            ["score_cam"],
        )
