"""Frames, volumes and sound: maps in their shape, as a plain loop over them gives, or a refusal."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explainer import METHODS, METRICS, ExplainerError, Network, explain
from explainer.methods.shapes import ANY_SHAPE
from tests.explainer import references
from tests.explainer.small_networks import noise

QUICK = {"smooth_grad": {"samples": 3}, "integrated_gradients": {"steps": 3}}
CAMS = ["grad_cam", "counterfactual_grad_cam", "xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp"]


class Film(nn.Module):
    """Each frame by the same convolutions, then a recurrent reader over the frames."""

    def __init__(self, *, turned: bool = False) -> None:
        super().__init__()
        self.turned = turned
        self.frame = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 5, 3, 2, 1))
        self.read = nn.GRU(5, 7, batch_first=True)
        self.head = nn.Linear(7, 4)

    def forward(self, films: Tensor) -> Tensor:
        cases, frames = films.shape[:2]
        rows = (films.transpose(0, 1) if self.turned else films).flatten(0, 1)
        means = torch.relu(self.frame(rows)).mean((2, 3))
        if self.turned:
            by_frame = means.unflatten(0, (frames, cases)).transpose(0, 1)
        else:
            by_frame = means.unflatten(0, (cases, frames))
        return self.head(self.read(by_frame)[0][:, -1])


class LastFrame(Film):
    """Only the last frame is read."""

    def forward(self, films: Tensor) -> Tensor:
        means = torch.relu(self.frame(films.flatten(0, 1))).mean((2, 3))
        return self.head(self.read(means.unflatten(0, films.shape[:2])[:, -1:])[0][:, -1])


def seeded(make: Any) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        return make().eval()


def volume_net() -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(2, 4, 3, (1, 2, 2), 1), nn.ReLU(), nn.Conv3d(4, 5, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(5, 3),
    )  # fmt: skip


def sound_net() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(1, 4, 9, 4, 4), nn.ReLU(), nn.Conv1d(4, 6, 5, 2, 2), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 3),
    )  # fmt: skip


class Turned(nn.Module):
    """Channels last between its layers, as in networks of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.first = sound_net()[:4]
        self.norm = nn.LayerNorm(6)
        self.head = nn.Linear(6, 3)

    def forward(self, sound: Tensor) -> Tensor:
        return self.head(self.norm(self.first(sound).transpose(1, 2)).mean(1))


FRAMES = Network(seeded(Film), "frame", frames=3)
VOLUME = Network(seeded(volume_net), "3", places=3)
SOUND = Network(seeded(sound_net), "3", places=1)
CASES = {
    "frames": (FRAMES, noise(2, 3, 3, 16, 20), (2, 3, 4, 5), (2, 3, 16, 20)),
    "volume": (VOLUME, noise(2, 2, 9, 16, 20), (2, 5, 4, 5), (2, 9, 16, 20)),
    "sound": (SOUND, noise(2, 1, 128), (2, 16), (2, 128)),
}


def hand(network: Network, images: Tensor, targets: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """A, ∂y/∂A and ∂y/∂x case by case, by a hook and `.backward()`."""
    kept: list[Tensor] = []
    layer = network.module.get_submodule(str(network.layer))

    def keep(module: nn.Module, args: Any, out: Tensor) -> Tensor:
        out.retain_grad()
        kept.append(out)
        return out.clone()

    handle = layer.register_forward_hook(keep)
    inputs = []
    for image, target in zip(images, targets, strict=True):
        x = image[None].clone().requires_grad_()
        network.module(x)[0, target].backward()
        inputs.append(x.grad)
    handle.remove()
    return (
        torch.cat([one.detach() for one in kept]),
        torch.cat([one.grad for one in kept]),
        torch.cat(inputs),
    )


@pytest.mark.parametrize("name", CASES)
def test_pixel_maps_are_the_gradient_in_the_inputs_own_shape(name: str) -> None:
    network, images, _, _ = CASES[name]
    found = explain(network, images, [1, 2], ["gradient"])
    _, _, gradient = hand(network, images, [1, 2])
    torch.testing.assert_close(found["gradient"], gradient)
    assert found.targets is not None
    assert found.targets.tolist() == [1, 2]


@pytest.mark.parametrize("name", CASES)
def test_cams_are_of_every_frame_slice_and_sample(name: str) -> None:
    network, images, size, _ = CASES[name]
    found = explain(network, images, [1, 2], CAMS)
    A, g, _ = hand(network, images, [1, 2])
    for method in CAMS:
        assert found[method].shape == size
    alpha = g.mean(tuple(range(2, g.dim())), keepdim=True)
    rows = torch.relu((alpha * A).sum(1))
    torch.testing.assert_close(found["grad_cam"], rows.reshape(size))
    flat = [A.reshape(len(A), A.shape[1], 1, -1), g.reshape(len(A), A.shape[1], 1, -1)]
    for method in ("xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp"):
        slow = [
            torch.as_tensor(getattr(references, method)(a.numpy(), b.numpy()))
            for a, b in zip(*flat, strict=True)
        ]
        expected = torch.stack(slow).float().reshape(size)
        torch.testing.assert_close(found[method], expected, rtol=1e-4, atol=1e-6)
    assert found.checks["hires_cam"]["cancellation"].shape == (2,)
    declared = {"frames": network.frames, "places": network.places}
    assert found.provenance["input"] == declared


@pytest.mark.parametrize("name", CASES)
def test_averages_over_inputs_near_by_are_those_of_a_loop(name: str) -> None:
    network, images, _, _ = CASES[name]
    found = explain(network, images, [1, 2], list(QUICK), settings=QUICK)
    total = torch.zeros_like(images)
    black = torch.zeros_like(images)
    for step in (1, 2, 3):
        total += hand(network, black + step / 3 * (images - black), [1, 2])[2]
    torch.testing.assert_close(found["integrated_gradients"], images * total / 3)
    assert found["smooth_grad"].shape == images.shape


def test_a_frame_that_is_not_read_has_an_empty_map() -> None:
    network = Network(seeded(LastFrame), "frame", frames=3)
    images = noise(2, 3, 3, 16, 20)
    found = explain(network, images, [1, 2], ["grad_cam", "layer_cam", "gradient", "occlusion"],
                    settings={"occlusion": {"patch": 8, "stride": 8}})  # fmt: skip
    for method in ("grad_cam", "layer_cam", "gradient", "occlusion"):
        assert not found[method][:, :2].any(), method
        assert found[method][:, 2].any(), method


@pytest.mark.parametrize("name", CASES)
def test_occlusion_hides_windows_with_as_many_sides_as_the_input(name: str) -> None:
    network, images, _, size = CASES[name]
    settings = {"occlusion": {"patch": 8, "stride": 5}}
    found = explain(network, images, [1, 2], ["occlusion"], settings=settings)["occlusion"]
    assert found.shape == size
    sides = size[1:]
    lengths = [1 if name == "frames" and side == 0 else 8 for side in range(len(sides))]
    strides = [1 if length == 1 else 5 for length in lengths]
    total, covered = torch.zeros(size), torch.zeros(sides)
    whole = network.module(images).detach()
    starts = [range(0, n - k + s, s) for n, k, s in zip(sides, lengths, strides, strict=True)]
    for corner in torch.cartesian_prod(*map(torch.tensor, map(list, starts))).reshape(
        -1, len(sides)
    ):
        window = torch.ones(sides, dtype=torch.bool)
        for side, (start, length) in enumerate(zip(corner.tolist(), lengths, strict=True)):
            along = torch.arange(sides[side])
            inside = (along >= start) & (along < start + length)
            window &= inside.reshape([-1 if s == side else 1 for s in range(len(sides))])
        mask = window[:, None] if name == "frames" else window[None]
        without = network.module(images.masked_fill(mask, 0)).detach()
        for n, target in enumerate([1, 2]):
            total[n] += (whole[n, target] - without[n, target]) * window
        covered += window
    torch.testing.assert_close(found, total / covered, rtol=1e-4, atol=1e-5)


def test_several_targets_have_a_map_each() -> None:
    for network, images, size, _ in CASES.values():
        found = explain(network, images, [[1, 2], [0, 1]], ["grad_cam", "gradient"])
        assert found["grad_cam"].shape == (2, 2, *size[1:])
        assert found["gradient"].shape == (2, 2, *images.shape[1:])
        one = explain(network, images, [2, 1], ["grad_cam"])
        torch.testing.assert_close(found["grad_cam"][:, 1], one["grad_cam"])


def test_parts_of_a_batch_give_the_same_maps() -> None:
    for network, images, _, _ in CASES.values():
        whole = explain(network, images, [1, 2], ["grad_cam", "layer_cam"])
        parts = explain(network, images, [1, 2], ["grad_cam", "layer_cam"], memory=1)
        torch.testing.assert_close(whole["layer_cam"], parts["layer_cam"])


def test_channels_that_come_last_are_recognised() -> None:
    module = seeded(Turned)
    images = noise(2, 1, 128)
    last = explain(Network(module, "norm", places=1), images, [1, 2], ["layer_cam"])
    A, g, _ = hand(Network(module, "norm", places=1), images, [1, 2])
    expected = torch.relu((torch.relu(g) * A).sum(-1))
    torch.testing.assert_close(last["layer_cam"], expected)
    said = Network(module, "norm", places=1, grid=(16,))
    torch.testing.assert_close(explain(said, images, [1, 2], ["layer_cam"])["layer_cam"], expected)


def test_inputs_that_are_even_everywhere_hide_no_axis() -> None:
    for network, images, size, _ in CASES.values():
        bare = Network(network.module, network.layer, frames=network.frames, places=network.places)
        assert explain(bare, torch.zeros_like(images), [1, 2])["grad_cam"].shape == size


def test_frames_in_another_order_are_refused() -> None:
    network = Network(seeded(lambda: Film(turned=True)), "frame", frames=3)
    with pytest.raises(ExplainerError, match=r"not the cases one after.*images\.flatten\(0, 1\)"):
        explain(network, noise(2, 3, 3, 16, 20), [1, 2])
    assert explain(network, noise(2, 3, 3, 16, 20), [1, 2], ["gradient"])["gradient"].any()


def test_axes_that_cant_be_told_are_asked_for() -> None:
    class Global(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix, self.head = nn.Linear(32, 32), nn.Linear(1, 3)

        def forward(self, sound: Tensor) -> Tensor:
            return self.head(self.mix(sound).mean(2))

    module, images = seeded(Global), noise(2, 1, 32)
    with pytest.raises(ExplainerError, match=r"2×1×32: it is unclear which axis.*Network\(grid="):
        explain(Network(module, "mix", places=1), images, [1, 2])
    said = Network(module, "mix", places=1, grid=(32,))
    assert explain(said, images, [1, 2])["grad_cam"].shape == (2, 32)


@pytest.mark.parametrize("name", CASES)
def test_the_layer_has_to_be_named(name: str) -> None:
    network, images, _, _ = CASES[name]
    bare = Network(network.module, frames=network.frames, places=network.places)
    with pytest.raises(ExplainerError, match="the layer has to be named: name one that gives"):
        explain(bare, images, [1, 2])


@pytest.mark.parametrize("name", CASES)
def test_methods_of_pictures_are_refused_with_those_that_fit(name: str) -> None:
    network, images, _, _ = CASES[name]
    for method in sorted(set(METHODS) - ANY_SHAPE):
        with pytest.raises(ExplainerError, match=f"{method} is for single pictures.*occlusion"):
            explain(network, images, [1, 2], [method])
    assert set(METHODS) >= ANY_SHAPE
    settings = {"layer_cam": {"layers": [str(network.layer)]}}
    with pytest.raises(ExplainerError, match="joins several layers only for single pictures"):
        explain(network, images, [1, 2], ["layer_cam"], settings=settings)


@pytest.mark.parametrize("name", CASES)
def test_metrics_of_pictures_are_refused_for_anything_else(name: str) -> None:
    network, images, size, _ = CASES[name]
    why = "metrics work on single pictures only, not on films"
    for metric in ("deletion_auc", "average_drop", "occlusion_rank_correlation"):
        with pytest.raises(ExplainerError, match=why):
            METRICS[metric].compute(network, images, torch.rand(size), [1, 2])
    with pytest.raises(ExplainerError, match=why):
        METRICS["randomisation_similarity"].compute(network, images, [1, 2], "grad_cam")


def test_five_axes_are_declared_and_never_guessed() -> None:
    plain, five = Network(seeded(volume_net)), noise(2, 3, 3, 16, 20)
    with pytest.raises(ExplainerError, match=r"frames=…\) for N×T×C×H×W, places=3 for N×C×D×H×W"):
        explain(plain, five)
    with pytest.raises(ExplainerError, match=r"2×3×3×16×20, and 4 frames of each are declared"):
        explain(Network(seeded(Film), "frame", frames=4), five)
    with pytest.raises(ExplainerError, match=r"images are \(2, 3, 16\)"):
        explain(VOLUME, noise(2, 3, 16))
    with pytest.raises(ExplainerError, match="give a float tensor N×C×H×W; anything else"):
        plain.predict(five)
    torch.testing.assert_close(FRAMES.predict(five), FRAMES.module(five).detach())


@pytest.mark.parametrize(
    "declared", [{"frames": 0}, {"frames": 2, "places": 3}, {"frames": True}, {"places": 4}]
)
def test_what_cant_be_is_not_declared(declared: Any) -> None:
    with pytest.raises(ExplainerError, match=r"use 1 for sound|give the number of frames"):
        Network(seeded(Film), **declared)
