"""Every method on a card against the processor: the same values, how much sooner, at what price.

    python bench/gpu.py [--device cuda] [--networks vgg16,resnet50] [--photos 16]

First it compares values: for each method, the largest and the mean difference between the card's
maps and the processor's, as shares of the processor's range. The exit status is 1 if a difference
is above what is allowed. "Sooner" is how many times as fast as the processor the card was. "Waits"
counts how often the processor waited for the card in a batch, as CUDA reports it: once, for the
maps, but for the exceptions in tests/explainer/passes/test_devices.py. "Ours" is the time on the
card as a multiple of the floor: one forward pass and one backward pass to the input of the same
batch, without any library.

Then it prints the table of bench/explain.py, made by the same code: methods of one pass, their bare
passes, captum, pytorch-grad-cam and torchcam, in alternating rounds on the same card. The
wall clock is read only once the card is done. This table does not change the exit status.

Without a card, `--device cpu` compares with the processor's float64 instead, which shows what
rounding alone does, and times everything on the processor.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from bench.explain import judged  # noqa: E402
from bench.peers.contenders import LAYERS, OF_ONE_PASS, floor, frozen  # noqa: E402
from bench.peers.turns import Clock, head, row  # noqa: E402
from explainer import METHODS, ExplainerError, Found, Network, explain  # noqa: E402
from explainer.passes.devices import device_named, walkable  # noqa: E402

# Shares of the processor's range. Where ReLUs follow other rules, a unit that is zero but for
# rounding opens on one side only, which a few places show: 0.002 between float32 and float64.
LARGEST, LARGEST_OF_RULES, MEAN = 1e-3, 0.02, 1e-4
REPEATS = 5  # alternating rounds with the other libraries
SETTINGS: dict[str, dict[str, Any]] = {
    "smooth_grad": {"samples": 8},
    "integrated_gradients": {"steps": 8},
    "integrated_grad_cam": {"steps": 8},
    "occlusion": {"patch": 56, "stride": 56},
}


class Recurrent(nn.Module):
    """Convolutions whose map a recurrent layer reads row by row: cuDNN can't walk it back."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(3, 16, 7, 4, 3), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1))
        self.rows = nn.LSTM(16 * 28, 32, batch_first=True)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        rows = torch.relu(self.maps(x)).permute(0, 2, 1, 3).flatten(2)
        out: Tensor = self.head(self.rows(rows)[0][:, -1])
        return out


def network_named(name: str, device: torch.device) -> Network:
    if name != "recurrent":
        return frozen(name, device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = Recurrent().eval().requires_grad_(False)
    return Network(module.to(device), name="recurrent")


def found_by(network: Network, images: Tensor, method: str) -> tuple[Found, float]:
    classes = [k % 10 for k in range(len(images))]
    own = {method: SETTINGS[method]} if method in SETTINGS else {}
    started = time.perf_counter()
    return explain(network, images, classes, (method,), settings=own), time.perf_counter() - started


def waits(network: Network, images: Tensor, method: str) -> int | None:
    """How often a batch makes the processor wait for the card, by CUDA's own account."""
    if network.device.type != "cuda":
        return None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            found_by(network, images, method)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchronizing CUDA operation" in str(one.message) for one in told)


def floor_of(network: Network, images: Tensor) -> float:
    """Seconds of the bare passes: the faster of two, after one that isn't counted."""
    found = []
    for _ in range(3):
        settled(network.device)
        started = time.perf_counter()
        floor(network.module, images)
        settled(network.device)
        found.append(time.perf_counter() - started)
    return min(found[1:])


def clock_of(device: torch.device) -> float:
    """The clock's seconds, read once the card has finished its work."""
    settled(device)
    return time.perf_counter()


def settled(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def apart(one: Tensor, other: Tensor) -> tuple[float, float]:
    """The largest and the mean difference, as shares of the first's range."""
    spread = float(one.max() - one.min()) or 1.0
    differences = (one - other).abs() / spread
    return float(differences.max()), float(differences.mean())


def compare(name: str, device: torch.device, images: Tensor) -> bool:
    """Print a line for each method that the network has; whether all are within bounds."""
    here, there = network_named(name, torch.device("cpu")), network_named(name, device)
    if device.type == "cpu":
        there.module.double()
    placed = there.placed(images.to(there.dtype))
    with walkable(there.module):
        bare = floor_of(there, placed)
    told = f"{name}, batch {len(images)}"
    speed = f"{len(images) / bare:.1f}"
    row(f"the bare passes, {told}", f"{bare:.3f} s", "1.00", *("" for _ in range(4)), speed, "")
    right = True
    for method in METHODS:
        try:
            ours, slow = found_by(here, images, method)
        except ExplainerError as error:
            print(f"left out: {error} ({told})")
            continue
        try:
            found_by(there, placed, method)  # once to warm up
            theirs, fast = found_by(there, placed, method)
        except ExplainerError as error:
            right = False
            print(f"REFUSED THERE ALONE: {error} ({method}, {told})")
            continue
        largest, mean = apart(ours[method], theirs[method])
        waited = waits(there, placed, method)
        most = LARGEST_OF_RULES if METHODS[method].needs_relu else LARGEST
        is_right = largest <= most and mean <= MEAN
        right = right and is_right
        row(f"{method}, {told}", f"{bare:.3f} s", f"{fast / bare:.2f}", f"{largest:.1e}",
            f"{mean:.1e}", f"{slow / fast:.1f}", "–" if waited is None else waited,
            f"{len(images) / fast:.1f}", "same" if is_right else "TOO FAR APART")  # fmt: skip
    return right


def beside_peers(names: list[str], device: torch.device, photos: int) -> None:
    """The table of bench/explain.py, for those of the networks that it knows."""
    Clock.read = staticmethod(partial(clock_of, device))
    known = [name for name in names if name in LAYERS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum warns that it sets hooks
        judged("methods of one pass", OF_ONE_PASS, known, (photos,), REPEATS, device)


def arguments() -> Mapping[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--networks", default="vgg16,resnet50,recurrent")
    parser.add_argument("--photos", type=int, default=8)
    return vars(parser.parse_args())


def main() -> int:
    chosen = arguments()
    device = device_named(chosen["device"])
    if chosen["device"] == "auto" and device.type == "cpu":
        print("No card is found here: nothing is compared (--device cpu compares float64).")
        return 0
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "float64"
    print(f"torch {torch.__version__}, {card}; allowed: mean {MEAN}, largest {LARGEST}")
    print(f"({LARGEST_OF_RULES} where ReLUs follow other rules)")
    head("values", "floor", "ours", "largest", "mean", "sooner", "waits", "photos/s", "verdict")
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(chosen["photos"], 3, 224, 224, generator=generator)
    found = [compare(name, device, images) for name in chosen["networks"].split(",")]
    beside_peers(chosen["networks"].split(","), device, chosen["photos"])
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
