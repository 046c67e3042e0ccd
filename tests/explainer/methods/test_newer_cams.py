"""Finer-CAM, ShapleyCAM, Eigen-CAM and Ablation-CAM against peers, and where they end."""

from typing import Any

import pytest
import torch
from pytorch_grad_cam import AblationCAM, EigenCAM, FinerCAM, GradCAM, ShapleyCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputReST, ClassifierOutputTarget
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from explainer import METHODS, ExplainerError, Network, explain, load_network
from explainer.pictures.resizing import resize
from tests.explainer.graphs.test_tokens import LAST_READ, InTheOpen, by_hand, vit
from tests.explainer.small_networks import Convolutions, Once, noise, seeded, small

IMAGES = noise(2, 3, 96, 96, seed=5)


def resnet() -> Network:
    network = load_network("resnet18", weights=None, seed=1)
    for child in network.module.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False  # their hooks keep what an in-place call then overwrites
    return network.at("layer4")


def stretched(maps: Tensor) -> Tensor:
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low)


def ours(network: Network, images: Tensor, targets: Any, method: str, **settings: Any) -> Tensor:
    found = explain(network, images, targets, [method], settings={method: settings})
    assert not found.empty[method].any()
    return stretched(resize(found[method], tuple(images.shape[2:])))


def test_pytorch_grad_cam_agrees_about_shapley_cam_of_its_residual_target() -> None:
    network = resnet()
    found = ours(network, IMAGES, [7, 9], "shapley_cam")
    with ShapleyCAM(network.module, [network.module.layer4]) as peer:
        theirs = torch.from_numpy(peer(IMAGES, [ClassifierOutputReST(7), ClassifierOutputReST(9)]))
    torch.testing.assert_close(found, stretched(theirs), rtol=0, atol=5e-5)


def test_of_the_logit_of_a_linear_head_shapley_cam_is_grad_cam() -> None:
    network, logit = resnet(), {"shapley_cam": {"utility": "logit"}}
    found = explain(network, IMAGES, [7, 9], ["grad_cam", "shapley_cam"], settings=logit)
    torch.testing.assert_close(found["shapley_cam"], found["grad_cam"], rtol=1e-4, atol=1e-7)
    residual = explain(network, IMAGES, [7, 9], ["shapley_cam"])["shapley_cam"]
    assert not torch.allclose(stretched(residual), stretched(found["grad_cam"]), atol=1e-3)


def test_pytorch_grad_cam_agrees_about_the_centred_component_but_for_its_sign() -> None:
    network = resnet()
    settings = {"eigen_cam": {"centred": True, "signed": True}}
    along = explain(network, IMAGES, [7, 9], ["eigen_cam"], settings=settings)["eigen_cam"]
    with EigenCAM(network.module, [network.module.layer4]) as peer:
        theirs = torch.from_numpy(peer(IMAGES, None))
    for n in range(2):
        both = [resize(torch.relu(sign * along[n : n + 1]), (96, 96)) for sign in (1, -1)]
        apart = [float((stretched(one)[0] - stretched(theirs)[n]).abs().max()) for one in both]
        assert min(apart) < 5e-5
        assert along[n].max() >= -along[n].min()


def test_eigen_cam_of_a_map_without_negative_values_has_none() -> None:
    settings = {"eigen_cam": {"signed": True}}
    found = explain(resnet(), IMAGES, [7, 9], ["eigen_cam"], settings=settings)["eigen_cam"]
    assert (found >= 0).all()
    assert found.amax((1, 2)).min() > 0


@pytest.mark.parametrize("shape", [(2, 3, 9, 10), (2, 40, 2, 3), (2, 4, 2, 2)])
def test_eigen_cam_finds_the_same_component_by_channels_and_by_places(
    shape: tuple[int, ...],
) -> None:
    module = nn.Sequential(nn.Identity(), nn.Flatten(), nn.LazyLinear(4))
    images = noise(*shape)
    module(images)
    settings = {"eigen_cam": {"signed": True}}
    found = explain(Network(module.eval(), "0"), images, [1, 2], ["eigen_cam"], settings=settings)
    for n in range(2):
        rows = images[n].flatten(1).T.double()
        _, sizes, directions = torch.linalg.svd(rows)
        along = (rows @ directions[0]).reshape(shape[2:])
        sign = 1 if along.max() >= -along.min() else -1
        torch.testing.assert_close(
            found["eigen_cam"][n].double(), sign * along, rtol=1e-5, atol=1e-6
        )
        assert float(found["eigen_cam"][n].norm()) == pytest.approx(float(sizes[0]), rel=1e-5)


def test_eigen_cam_of_nothing_is_empty_and_of_values_that_are_not_finite_refused() -> None:
    network = Network(small(), "first > relu")
    with torch.no_grad():
        network.module.first.weight.zero_()
        network.module.first.bias.fill_(-1.0)
    assert explain(network, noise(2, 3, 9, 9), [0, 1], ["eigen_cam"]).empty["eigen_cam"].all()
    with torch.no_grad():
        network.module.first.bias.fill_(torch.inf)
    with pytest.raises(ExplainerError, match="eigen_cam has values that are not finite"):
        explain(network, noise(2, 3, 9, 9), [0, 1], ["eigen_cam"])


def test_eigen_cam_is_one_map_for_all_classes() -> None:
    assert "class" not in METHODS["eigen_cam"].depends_on
    found = explain(Network(small()), noise(2, 3, 9, 9), [[0, 1], [2, 3]], ["eigen_cam"])
    assert torch.equal(found["eigen_cam"][:, 0], found["eigen_cam"][:, 1])


def test_pytorch_grad_cam_agrees_about_ablation_cam_where_scores_are_positive() -> None:
    module = seeded(Convolutions, nn.ReLU())
    module.second = nn.Sequential(module.second, nn.ReLU()).eval()
    with torch.no_grad():
        module.head.bias += 1.0
    images, targets = noise(2, 3, 12, 12), [4, 3]
    assert (module(images)[[0, 1], targets] > 0).all()
    found = ours(Network(module, "second"), images, targets, "ablation_cam")
    with AblationCAM(module, [module.second]) as peer:
        theirs = torch.from_numpy(peer(images, [ClassifierOutputTarget(t) for t in targets]))
    torch.testing.assert_close(found, stretched(theirs), rtol=0, atol=1e-4)


def test_ablation_cam_has_the_same_sign_where_the_score_is_negative() -> None:
    module, images = small(), noise(2, 3, 12, 12)
    before = explain(Network(module, "second"), images, [1, 3], ["ablation_cam"])["ablation_cam"]
    with torch.no_grad():
        module.head.bias -= 100.0
    after = explain(Network(module, "second"), images, [1, 3], ["ablation_cam"])["ablation_cam"]
    torch.testing.assert_close(after, before, rtol=1e-2, atol=1e-4)


class Twice(nn.Module):
    """One convolution that runs twice, one after the other: a layer means its last run."""

    def __init__(self) -> None:
        super().__init__()
        self.again, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 4)

    def forward(self, x: Tensor, silent: int | None = None) -> Tensor:
        x = torch.relu(self.again(x))
        x = torch.relu(self.again(x))
        if silent is not None:
            x = x.index_fill(1, torch.tensor([silent]), 0.0)
        return self.head(x.mean((2, 3)))


def test_ablation_cam_silences_the_last_run_of_a_layer_only() -> None:
    module, images = seeded(Twice), noise(2, 3, 8, 8)
    signed = {"ablation_cam": {"signed": True}}
    found = explain(Network(module, "again > relu"), images, [1, 2], ["ablation_cam"],
                    settings=signed)["ablation_cam"]  # fmt: skip
    with torch.no_grad():
        map = torch.relu(module.again(torch.relu(module.again(images))))
        falls = [(module(images) - module(images, k))[[0, 1], [1, 2]] for k in range(3)]
    expected = sum(fall[:, None, None] * map[:, k] for k, fall in enumerate(falls))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_pytorch_grad_cam_agrees_about_finer_cam_of_one_similar_class() -> None:
    network = resnet()
    first = network.predict(IMAGES).argmax(1)
    for gamma in (1.0, 0.6):
        found = ours(network, IMAGES, first, "finer_cam", similar=1, gamma=gamma)
        peer = FinerCAM(network.module, [network.module.layer4])
        theirs = torch.from_numpy(peer(IMAGES, None, alpha=gamma, comparison_categories=[1]))
        torch.testing.assert_close(found, stretched(theirs), rtol=0, atol=5e-5)


@pytest.mark.parametrize("targets", [[7, 9], [0, 999]])
def test_finer_cam_is_grad_cam_of_the_difference_from_the_nearest_classes(
    targets: list[int],
) -> None:
    network = resnet()
    logits = network.predict(IMAGES)
    apart = (logits - logits[[0, 1], targets][:, None]).abs()
    nearest = apart.argsort(1)[:, 1:4]

    def difference(output: Tensor) -> Tensor:
        return output[[0, 1], targets] - output.gather(1, nearest).mean(1)

    by_score = explain(network, IMAGES, difference)["grad_cam"]
    found = explain(network, IMAGES, targets, ["finer_cam"])["finer_cam"]
    torch.testing.assert_close(found, by_score, rtol=1e-4, atol=1e-7)
    with GradCAM(network.module, [network.module.layer4]) as peer:
        theirs = torch.from_numpy(
            peer(
                IMAGES, [lambda out, n=n: out[targets[n]] - out[nearest[n]].mean() for n in (0, 1)]
            )
        )
    large = stretched(resize(found, (96, 96)))
    torch.testing.assert_close(large, stretched(theirs), rtol=0, atol=5e-5)


def test_finer_cam_refuses_what_has_no_classes_to_compare() -> None:
    network, images = Network(small(), "second"), noise(2, 3, 9, 9)
    with pytest.raises(ExplainerError, match="a score of your own has none: give targets as"):
        explain(network, images, lambda out: out[:, 0], ["finer_cam"])
    one = Network(seeded(Convolutions, functional.relu, 1), "second", probabilities="sigmoid")
    with pytest.raises(ExplainerError, match="the network has only one: use grad_cam"):
        explain(one, images, [0, 0], ["finer_cam"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gamma": 0.0}, "gamma = 0.0: use a number above 0"),
        ({"gamma": float("nan")}, "gamma = nan"),
        ({"similar": 0}, "similar = 0: use 1 class or more"),
        ({"base": "score_cam"}, "finer_cam.base = 'score_cam'"),
    ],
)
def test_settings_of_finer_cam_that_can_not_be_are_refused(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ExplainerError, match=said):
        explain(Network(small()), noise(2, 3, 9, 9), [0, 1], settings={"finer_cam": settings})


def test_shapley_cam_of_one_output_is_of_its_sigmoid_or_refused() -> None:
    module, images = seeded(Convolutions, functional.relu, 1), noise(2, 3, 9, 9)
    sigmoid = Network(module, "second", probabilities="sigmoid")
    found = explain(sigmoid, images, [0, 0], ["shapley_cam"])["shapley_cam"]
    by_score = explain(sigmoid, images, lambda out: out[:, 0] + functional.logsigmoid(out[:, 0]),
                       ["shapley_cam"])["shapley_cam"]  # fmt: skip
    assert torch.equal(found, by_score)
    with pytest.raises(ExplainerError, match="softmax of a single output is 1"):
        explain(Network(module, "second"), images, [0, 0], ["shapley_cam"])


@pytest.mark.parametrize("settings", [{}, {"utility": "logit"}])
def test_shapley_cam_refuses_a_function_that_can_be_differentiated_only_once(
    settings: dict[str, Any],
) -> None:
    network, images = Network(seeded(Convolutions, Once.apply), "first"), noise(2, 3, 9, 9)
    assert explain(network, images, [0, 1], ["grad_cam"])["grad_cam"].any()
    with pytest.raises(ExplainerError, match=r"differentiated only once: use grad_cam"):
        explain(network, images, [0, 1], ["shapley_cam"], settings={"shapley_cam": settings})


def test_a_transformers_shapley_cam_has_the_second_derivatives_of_its_attention() -> None:
    module, image = vit(), noise(1, 3, 32, 32, seed=2)
    signed = {"shapley_cam": {"signed": True}}
    found = explain(Network(module, LAST_READ), image, [3], ["shapley_cam"], settings=signed)
    opened = InTheOpen(module).eval()

    def utility(map: Tensor) -> Tensor:
        handle = opened.map.register_forward_hook(lambda _module, _args, _out: map)
        logits = opened(image)[0]
        handle.remove()
        return logits[3] + logits.log_softmax(0)[3]

    map = by_hand(module, LAST_READ, image[0], 3, (4, 4, 1))[0][None]
    with sdpa_kernel(SDPBackend.MATH):  # the only one that can be differentiated twice
        gradient = torch.autograd.functional.jacobian(utility, map)[0]
        hessian = torch.autograd.functional.hessian(utility, map).reshape(map.numel(), -1)
    bend = (hessian @ map.flatten()).reshape(gradient.shape)
    assert bend.abs().max() > 0.1 * gradient.abs().max()
    alpha = (gradient - bend / 2).mean((1, 2), keepdim=True)
    torch.testing.assert_close(
        found["shapley_cam"], (alpha * map[0]).sum(0)[None], rtol=1e-4, atol=1e-5
    )


def test_ablation_silences_a_channel_of_the_patches_and_leaves_the_class_token() -> None:
    module, image = vit(), noise(1, 3, 32, 32)
    signed = {"ablation_cam": {"signed": True}}
    found = explain(Network(module, LAST_READ), image, [1], ["ablation_cam"], settings=signed)
    map, _ = by_hand(module, LAST_READ, image[0], 1, (4, 4, 1))
    layer, expected = module.get_submodule(LAST_READ), torch.zeros(4, 4)
    for k in range(len(map)):

        def silenced(_m: nn.Module, _a: Any, out: Tensor, k: int = k) -> Tensor:
            changed = out.clone()
            changed[:, 1:, k] = 0
            return changed

        whole = module(image)[0, 1].detach()
        handle = layer.register_forward_hook(silenced)
        fall = whole - module(image)[0, 1].detach()
        handle.remove()
        expected += fall * map[k]
    torch.testing.assert_close(found["ablation_cam"][0], expected, rtol=1e-3, atol=1e-5)


def test_the_kernels_of_attention_are_as_before_after_shapley_cam() -> None:
    before = torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled()
    network = Network(vit(), LAST_READ)
    explain(network, noise(1, 3, 32, 32), [1], ["shapley_cam"])
    with pytest.raises(RuntimeError, match="no score"):
        explain(network, noise(1, 3, 32, 32), failing, ["shapley_cam"])
    after = torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled()
    assert after == before


def failing(output: Tensor) -> Tensor:
    raise RuntimeError("no score")
