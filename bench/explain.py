"""What explanations cost beside the passes that they can't do without.

    python bench/explain.py [--quick] [--threads 2] [--repeats 5] [--networks vgg16,alexnet]

Every number is a ratio of medians measured in one run, the contenders taking turns, on random
weights. On a machine that others use too, `--busy` counts processor time on one thread in place of
the clock's. The floor is one forward pass and one backward pass to the input, weight gradients off;
"its passes" are those that a method can't do without, with no library round them.

Takes about half an hour on two cores, most of it VGG-16's; with `--quick` a minute or two.
"""

import argparse
import copy
import ctypes
import logging
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from captum.attr import (  # noqa: E402
    Deconvolution,
    GuidedBackprop,
    GuidedGradCam,
    LayerGradCam,
)
from PIL import Image  # noqa: E402
from pytorch_grad_cam import GradCAM as TheirGradCAM  # noqa: E402
from pytorch_grad_cam import GuidedBackpropReLUModel  # noqa: E402
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torchcam.methods import GradCAM as TorchcamGradCAM  # noqa: E402

from explainer import Network, explain, explain_many, load_network, open_photo  # noqa: E402
from explainer.laboratory.metrics import deletion_auc, insertion_auc  # noqa: E402

LAYERS = {"vgg16": "features.29", "alexnet": "features.11"}
FIVE = ("grad_cam", "guided_backprop", "deconvnet", "guided_grad_cam", "deconv_grad_cam")
SIX = ("grad_cam", "counterfactual_grad_cam", "xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp")
CLASS = 7
Contender = Callable[[], object]
clock = time.perf_counter


def medians(contenders: Mapping[str, Contender], repeats: int) -> dict[str, float]:
    """Median seconds of each; they take turns, after one round that isn't counted."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, run in contenders.items():
            started = clock()
            run()
            if turn:
                seconds[name].append(clock() - started)
    return {name: statistics.median(found) for name, found in seconds.items()}


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(*cells: object) -> None:
    print()
    row(*cells)
    row(*("---" for _ in cells))


def images_for(count: int) -> Tensor:
    return torch.randn(count, 3, 224, 224, generator=torch.Generator().manual_seed(0))


def frozen(name: str) -> Network:
    network = load_network(name, weights=None)
    network.module.requires_grad_(False)
    return network


def out_of_place(module: nn.Module) -> nn.Module:
    """A copy for the peers, whose hooks can't bear in-place ReLUs."""
    twin = copy.deepcopy(module)
    for child in twin.modules():
        if isinstance(child, nn.ReLU):
            child.inplace = False
    return twin


def floor(module: nn.Module, images: Tensor) -> None:
    x = images.clone().requires_grad_()
    torch.autograd.grad(module(x)[:, CLASS].sum(), x)


def at_layer(network: Network, images: Tensor, *, cut: bool) -> tuple[Tensor, Tensor]:
    """The classes' summed score, and what the layer put out; `cut` leaves out all below it."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, args: object, out: Tensor) -> Tensor:
        kept.append(out.detach().requires_grad_() if cut else out)
        return kept[0].clone()

    layer = network.module.get_submodule(LAYERS[network.name])
    with layer.register_forward_hook(keep):
        score = network.module(images)[:, CLASS].sum()
    return score, kept[0]


def to_layer(network: Network, images: Tensor) -> None:
    """One forward pass and one backward pass that stops at the layer."""
    torch.autograd.grad(*at_layer(network, images, cut=True))


def five_walks(network: Network, images: Tensor) -> None:
    """The passes of the paper's five and nothing else: one forward, to the layer, twice through."""
    x = images.clone().requires_grad_()
    score, kept = at_layer(network, x, cut=False)
    torch.autograd.grad(score, kept, retain_graph=True)
    torch.autograd.grad(score, x, retain_graph=True)
    torch.autograd.grad(score, x)


def captum_five(module: nn.Module, layer: nn.Module, x: Tensor) -> None:
    captum_grad_cam(module, layer, x)
    GuidedBackprop(module).attribute(x, CLASS)
    Deconvolution(module).attribute(x, CLASS)
    GuidedGradCam(module, layer).attribute(x, CLASS, interpolate_mode="bilinear")
    cam = LayerGradCam(module, layer).attribute(x, CLASS, relu_attributions=True)
    pixels = Deconvolution(module).attribute(x, CLASS)
    functional.interpolate(cam, size=x.shape[2:], mode="bilinear") * pixels


def captum_grad_cam(module: nn.Module, layer: nn.Module, x: Tensor) -> None:
    LayerGradCam(module, layer).attribute(x, CLASS, relu_attributions=True)


def gradcam_guided(module: nn.Module, x: Tensor) -> None:
    guided = GuidedBackpropReLUModel(model=module, device=torch.device("cpu"))
    for image in x.detach():
        guided(image[None], target_category=CLASS)


def torchcam_grad_cam(module: nn.Module, layer: str, x: Tensor) -> None:
    with TorchcamGradCAM(module, layer) as extractor:
        extractor([CLASS] * len(x), module(x))


def compared(network: Network, images: Tensor, repeats: int) -> None:
    """One table: us and the peers beside the floor."""
    peer = out_of_place(network.module)
    rewired = out_of_place(network.module)  # pytorch-grad-cam swaps the ReLUs
    layer = peer.get_submodule(LAYERS[network.name])
    x, targets = images.clone().requires_grad_(), [CLASS] * len(images)
    theirs = TheirGradCAM(model=peer, target_layers=[layer])
    wanted = [ClassifierOutputTarget(CLASS)] * len(images)
    found = medians(
        {
            "floor": lambda: floor(network.module, images),
            "cam": lambda: explain(network, images, targets),
            "cam passes": lambda: to_layer(network, images),
            "cam captum": lambda: captum_grad_cam(peer, layer, x),
            "cam gradcam": lambda: theirs(x, wanted),
            "cam torchcam": lambda: torchcam_grad_cam(peer, LAYERS[network.name], x),
            "guided": lambda: explain(network, images, targets, ["guided_backprop"]),
            "guided captum": lambda: GuidedBackprop(peer).attribute(x, CLASS),
            "guided gradcam": lambda: gradcam_guided(rewired, x),
            "five": lambda: explain(network, images, targets, FIVE),
            "five passes": lambda: five_walks(network, images),
            "five captum": lambda: captum_five(peer, layer, x),
            "six": lambda: explain(network, images, targets, SIX),
        },
        repeats,
    )
    theirs.activations_and_grads.release()
    ratio = {name: f"{seconds / found['floor']:.2f}" for name, seconds in found.items()}
    title = f"{network.name}, batch {len(images)}, beside the floor ({found['floor']:.3f} s)"
    head(title, "us", "its passes", "goal", "captum", "pytorch-grad-cam", "torchcam")
    goal = "0.55" if network.name == "vgg16" else "0.65"
    row("Grad-CAM", ratio["cam"], ratio["cam passes"], goal, *(ratio[f"cam {n}"] for n in PEERS))
    peers = (ratio["guided captum"], ratio["guided gradcam"], "")
    row("guided backprop", ratio["guided"], "1.00", "", *peers)
    row(
        "the paper's five",
        ratio["five"],
        ratio["five passes"],
        "1.75",
        ratio["five captum"],
        "",
        "",
    )
    row("six CAMs beside Grad-CAM", f"{found['six'] / found['cam']:.2f}", "", "1.05", "", "", "")


PEERS = ("captum", "gradcam", "torchcam")


def forwards(network: Network, images: Tensor, count: int) -> None:
    with torch.no_grad():
        for _ in range(count):
            network.module(images)


def many_passes(network: Network, images: Tensor, repeats: int) -> None:
    """One table: methods and metrics of many passes beside those passes, one image at a time."""
    targets, maps = [CLASS] * len(images), torch.rand(len(images), 7, 7)

    def ours(method: str) -> Contender:
        return lambda: explain(network, images, targets, [method])

    def bare(count: int) -> Contender:
        return lambda: forwards(network, images, count)

    def thirty_four() -> None:
        forwards(network, images, 33)
        to_layer(network, images)

    def fifty() -> None:
        for _ in range(50):
            to_layer(network, images)

    pairs: dict[str, tuple[Contender, Contender]] = {
        "Group-CAM / 34 forwards + 1 backward": (ours("group_cam"), thirty_four),
        "Integrated Grad-CAM / 50 × (forward + backward to the layer)": (
            ours("integrated_grad_cam"),
            fifty,
        ),
        "occlusion / 170 forwards": (ours("occlusion"), bare(170)),
        "deletion / 114 forwards": (
            lambda: deletion_auc(network, images, maps, targets),
            bare(114),
        ),
        "insertion / 114 forwards": (
            lambda: insertion_auc(network, images, maps, targets),
            bare(114),
        ),
    }
    head(f"{network.name}, batch {len(images)}, beside its own passes", "us", "goal")
    for name, (mine, passes) in pairs.items():
        found = medians({"us": mine, "passes": passes}, repeats)
        row(name, f"{found['us'] / found['passes']:.2f}", "1.10")


def peak(what: str, network: str, batch: int) -> float:
    """Megabytes that a fresh process needs above what it held before, for `what`."""
    command = [sys.executable, __file__, "--child", what, "--networks", network]
    done = subprocess.run(
        [*command, "--batch", str(batch)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def child(what: str, name: str, batch: int) -> float:
    network, images = frozen(name), images_for(batch)
    floor(network.module, images[:1])  # what libraries allocate once
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark starts anew
    before = megabytes("VmRSS")
    if what == "graph":
        kept = network.module(images.clone().requires_grad_())
        assert kept.requires_grad
    elif what == "floor":
        floor(network.module, images)
    else:
        explain(network, images, [CLASS] * batch, FIVE)
    return megabytes("VmHWM") - before


def megabytes(name: str) -> float:
    """A line of Linux' account of this process: VmRSS is held now, VmHWM the most so far."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(name))
    return int(line.split()[1]) / 1024


def memory(networks: list[str], batch: int) -> None:
    head(f"memory, batch {batch}", "the paper's five", "retained graph", "floor", "ratio", "goal")
    for name in networks:
        five, graph, whole = (peak(what, name, batch) for what in ("five", "graph", "floor"))
        held = [f"{size:.0f} MB" for size in (five, graph, whole)]
        row(name, *held, f"{five / graph:.2f} of the graph", "1.30")


def growth(calls: int) -> None:
    """Resident memory after the first tenth of the calls and after all of them."""
    network, images = frozen("alexnet"), images_for(1)
    held = []
    for call in range(calls):
        explain(network, images, [CLASS], FIVE)
        if call in (calls // 10, calls - 1):
            held.append(megabytes("VmRSS"))
    head("growth, AlexNet, the paper's five", "MB")
    row(f"after {calls // 10} calls", f"{held[0]:.1f}")
    row(f"after {calls} calls", f"{held[1]:.1f}")


def jpegs(folder: Path, count: int) -> Iterator[Path]:
    numbers = np.random.default_rng(0)
    for n in range(count):
        small = Image.fromarray(numbers.integers(0, 255, (30, 40, 3), np.uint8))
        small.resize((640, 480), Image.Resampling.BICUBIC).save(folder / f"{n}.jpg", quality=90)
        yield folder / f"{n}.jpg"


def stream(name: str, count: int, repeats: int) -> None:
    """End to end (decode, explain, write maps) beside explaining prepared tensors."""
    network = frozen(name)
    with tempfile.TemporaryDirectory() as folder:
        paths = list(jpegs(Path(folder), count))
        images = torch.cat([network.prepare([open_photo(path)]) for path in paths])
        head(f"explain_many, {name}, {count} JPEGs of 640×480", "end to end / maps alone", "goal")
        for methods in (("grad_cam",), FIVE):
            found = medians(_streamed(network, (paths, images), methods, Path(folder)), repeats)
            label = "Grad-CAM" if len(methods) == 1 else "the paper's five"
            row(label, f"{found['end to end'] / found['maps alone']:.2f}", "1.25")


def _streamed(
    network: Network, given: tuple[list[Path], Tensor], methods: tuple[str, ...], folder: Path
) -> dict[str, Contender]:
    paths, images = given
    turn = iter(range(1_000_000))

    def end_to_end() -> None:
        out = folder / f"{len(methods)}-{next(turn)}"
        explain_many(network, paths, out, methods=methods, progress=False)

    def maps_alone() -> None:
        for batch in torch.split(images, 8):
            explain(network, batch, None, methods)

    return {"end to end": end_to_end, "maps alone": maps_alone}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="AlexNet, batch 1, few repeats")
    parser.add_argument("--busy", action="store_true", help="processor time, one thread")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--networks", default="vgg16,alexnet")
    parser.add_argument("--sections", default="", help="some of peers,passes,memory,growth,stream")
    parser.add_argument("--batch", type=int, default=8, help=argparse.SUPPRESS)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.busy:
        global clock
        clock, chosen.threads = time.process_time, 1
    torch.set_num_threads(chosen.threads)
    names = chosen.networks.split(",")
    if chosen.child:
        print(child(chosen.child, names[0], chosen.batch))
        return
    warnings.simplefilter("ignore")  # captum tells that it sets hooks
    logging.disable(logging.WARNING)
    names, repeats = (["alexnet"], 3) if chosen.quick else (names, chosen.repeats)
    for section in chosen.sections.split(",") if chosen.sections else SECTIONS:
        SECTIONS[section](names, chosen.quick, repeats)


def peers(names: list[str], quick: bool, repeats: int) -> None:
    for name in names:
        for batch in (1,) if quick else (1, 8):
            compared(frozen(name), images_for(batch), repeats)


def passes(names: list[str], quick: bool, repeats: int) -> None:
    for name in names:
        many_passes(frozen(name), images_for(1), 1 if quick or name == "vgg16" else 3)


def streams(names: list[str], quick: bool, repeats: int) -> None:
    for name in names:
        stream(name, 8 if quick else 24, 1 if quick else 3)


SECTIONS: dict[str, Callable[[list[str], bool, int], None]] = {
    "peers": peers,
    "passes": passes,
    "memory": lambda names, quick, _: memory(names, 2 if quick else 8),
    "growth": lambda _, quick, __: growth(20 if quick else 200),
    "stream": streams,
}


if __name__ == "__main__":
    main()
