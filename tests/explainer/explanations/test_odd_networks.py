"""Networks that answer in another form than a row of scores for each image, or whose layer does not
run as it should: right, or told in one sentence."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import METRICS, ExplainerError, Network, Preprocess, examine, explain
from tests.explainer.small_networks import QUICK, noise

METHODS = ["grad_cam", "gradient", "occlusion", "smooth_grad", "group_cam", "score_cam",
           "guided_backprop", "random_weights"]  # fmt: skip
MEASURED = ["deletion_auc", "average_drop", "occlusion_rank_correlation"]
SETTINGS = {key: QUICK[key] for key in ("smooth_grad", "occlusion")}


class Odd(nn.Module):
    """A small classifier; `ending(module, map, scores)` is what it gives."""

    def __init__(self, ending: Callable[..., Any], answers: int = 4) -> None:
        super().__init__()
        self.ending = ending
        self.first, self.relu = nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU()
        self.second, self.unused = nn.Conv2d(6, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1)
        self.again = nn.Conv2d(8, 8, 3, 1, 1)
        self.head = nn.Linear(8, answers) if answers else nn.Identity()
        self.answers = answers

    def map(self, images: Tensor) -> Tensor:
        return self.relu(self.second(self.relu(self.first(images))))

    def scores(self, map: Tensor) -> Tensor:
        return self.head(map.mean((2, 3)))[:, : self.answers]

    def forward(self, images: Tensor) -> Any:
        map = self.map(images)
        return self.ending(self, map, self.scores(map))


def odd(ending: Callable[..., Any], answers: int = 4, **given: Any) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        module = Odd(ending, answers).eval()
    return Network(module, preprocess=Preprocess(32, 32), **given)


def plain(module: Odd, map: Tensor, scores: Tensor) -> Tensor:
    return scores


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        (lambda m, map, y: y.mean(0, keepdim=True), r"has 1 row for 3 images: wrap|1×4 for three"),
        (lambda m, map, y: torch.cat([y, y]), r"has \d rows for \d images?: wrap|6×4 for three"),
        (lambda m, map, y: y.sum(), r"is \(\), not N×classes|one number for one image"),
        (lambda m, map, y: y[:, 0], r"is \([13],\), not N×classes"),
        (lambda m, map, y: map, r"is \([13], 8, 8, 8\), not N×classes"),
        (lambda m, map, y: {"boxes": y}, "is dict, not N×classes|is dict, not a tensor"),
        (lambda m, map, y: [y], "is list, not N×classes|is list, not a tensor"),
        (lambda m, map, y: None, "is NoneType, not N×classes|is NoneType, not a tensor"),
        (lambda m, map, y: y.argmax(1, keepdim=True), r"is \([13], 1\), not N×classes"),
    ],
)
def test_an_output_that_is_no_row_of_scores_for_each_image_is_refused(
    ending: Callable[..., Any], why: str
) -> None:
    network, images, maps = odd(ending), noise(3, 3, 32, 32), torch.rand(3, 8, 8)
    with pytest.raises(ExplainerError, match=why):
        network.predict(images)
    for method in METHODS:
        with pytest.raises(ExplainerError, match=why):
            explain(network, images, [0, 0, 0], [method], settings=SETTINGS)
    for metric in MEASURED:
        with pytest.raises(ExplainerError, match=why):
            METRICS[metric].compute(network, images, maps, [0, 0, 0])
    with pytest.raises(ExplainerError, match=why):
        examine(network, [("occlusion", {})])


def late(module: Odd, map: Tensor, scores: Tensor) -> Any:
    module.again(map)
    return scores


def late_and_given(module: Odd, map: Tensor, scores: Tensor) -> Any:
    return scores, module.again(map)


@pytest.mark.parametrize(
    ("ending", "layer", "why"),
    [
        (plain, "unused", 'layer "unused" takes no part in the forward pass: choose another'),
        (late, "again", "does not depend on the layer: choose a layer before the output"),
        (late_and_given, "again", "does not depend on the layer: choose a layer before the out"),
    ],
)
def test_a_layer_that_never_runs_or_after_the_score_is_refused_by_methods_that_look_at_it(
    ending: Callable[..., Any], layer: str, why: str
) -> None:
    network, images = odd(ending, layer=layer), noise(3, 3, 32, 32)
    for method in ("grad_cam", "group_cam", "score_cam", "random_weights"):
        with pytest.raises(ExplainerError, match=why):
            explain(network, images, [0, 1, 2], [method], settings=SETTINGS)
    with pytest.raises(ExplainerError, match=why):
        examine(network, [("grad_cam", {})])
    found = explain(network, images, [0, 1, 2], ["gradient", "occlusion"], settings=SETTINGS)
    ordinary = explain(odd(plain), images, [0, 1, 2], ["gradient", "occlusion"], settings=SETTINGS)
    torch.testing.assert_close(found["gradient"], ordinary["gradient"])
    torch.testing.assert_close(found["occlusion"], ordinary["occlusion"])


def one_after_another(module: Odd, map: Tensor, scores: Tensor) -> Tensor:
    return module.scores(module.again(module.again(map).relu()))


def side_by_side(module: Odd, map: Tensor, scores: Tensor) -> Tensor:
    return module.scores(module.again(map)) + module.scores(module.again(map.flip(-1)))


def of_two_sizes(module: Odd, map: Tensor, scores: Tensor) -> Tensor:
    return module.scores(module.again(map)) + module.scores(module.again(map[:, :, ::2, ::2]))


def test_a_layer_that_runs_twice_is_its_last_run_or_refused_where_both_are_read() -> None:
    images = noise(2, 3, 32, 32)
    network = odd(one_after_another, layer="again")
    found = explain(network, images, [0, 1], ["grad_cam"])["grad_cam"]
    module = network.module
    assert isinstance(module, Odd)
    for n, target in enumerate([0, 1]):
        last = module.again(module.again(module.map(images[n : n + 1])).relu())
        (gradient,) = torch.autograd.grad(module.scores(last)[0, target], last)
        alpha = gradient.mean((2, 3), keepdim=True)
        torch.testing.assert_close(found[n], torch.relu((alpha * last).sum(1))[0].detach())
    with pytest.raises(ExplainerError, match=r"runs 2 times.*name a layer after they are joined"):
        explain(odd(side_by_side, layer="again"), images, [0, 1])
    for batch in (images, images[:1]):
        with pytest.raises(ExplainerError, match=r"runs 2 times|runs several times"):
            explain(odd(of_two_sizes, layer="again"), batch, [0] * len(batch))
        assert explain(odd(of_two_sizes, layer="second"), batch, [0] * len(batch))["grad_cam"].any()


def test_of_21000_answers_the_last_is_explained_like_any_other() -> None:
    network, images = odd(plain, 21_000), noise(2, 3, 32, 32)
    last = [20_999, 20_998]
    found = explain(network, images, last, ["grad_cam", "gradient", "group_cam"])
    images.requires_grad_()
    network.module(images).gather(1, torch.tensor([[one] for one in last])).sum().backward()
    torch.testing.assert_close(found["gradient"], images.grad)
    assert network.predict(images.detach()).shape == (2, 21_000)
    examine(network, [("grad_cam", {}), ("group_cam", {})])


def test_one_answer_is_explained_and_has_a_probability_only_as_a_sigmoid() -> None:
    network, images, maps = odd(plain, 1), noise(2, 3, 32, 32), torch.rand(2, 8, 8)
    assert explain(network, images, [0, 0], ["grad_cam"])["grad_cam"].shape == (2, 8, 8)
    softmax = "softmax of a single output is 1.*sigmoid"
    with pytest.raises(ExplainerError, match=softmax):
        explain(network, images, [0, 0], ["group_cam"])
    with pytest.raises(ExplainerError, match=softmax):
        METRICS["average_drop"].compute(network, images, maps, [0, 0])
    sigmoid = odd(plain, 1, probabilities="sigmoid")
    assert explain(sigmoid, images, [0, 0], ["group_cam"])["group_cam"].any()
    for one in (network, sigmoid):  # a study asks people which of several classes
        with pytest.raises(ExplainerError, match=r"only one class.*give two outputs"):
            examine(one, [("occlusion", {})])


def test_no_answer_at_all_is_told() -> None:
    network, images = odd(plain, 0), noise(2, 3, 32, 32)
    for ask in (
        lambda: network.predict(images),
        lambda: explain(network, images),
        lambda: explain(network, images, [0, 0], ["occlusion"]),
        lambda: examine(network, [("grad_cam", {})]),
        lambda: METRICS["deletion_auc"].compute(network, images, torch.rand(2, 8, 8), [0, 0]),
    ):
        with pytest.raises(ExplainerError, match="has no answers to choose between"):
            ask()
