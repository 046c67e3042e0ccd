"""What the methods that read attention cost, beside torchcam's LeGrad and one forward and one
backward pass to the input: `python bench/attention.py`, with --busy on a machine that others use.

Random weights; times and memory as ratios, each measured in one run.
"""

import argparse
import ctypes
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torchcam.methods import LeGrad  # noqa: E402
from torchvision.models import VisionTransformer  # noqa: E402

from bench import explain as times  # noqa: E402
from explainer import METHODS, Network, explain  # noqa: E402

# image, patch, blocks, heads, width, width between
SIZES = {"small": (64, 8, 4, 4, 128, 256), "ViT-S/16": (224, 16, 12, 6, 384, 1536)}
OF_ATTENTION = [name for name, method in METHODS.items() if method.attention]
CLASS = 7


def transformer(size: str) -> nn.Module:
    torch.manual_seed(0)
    module: nn.Module = VisionTransformer(*SIZES[size], num_classes=100)
    nn.init.normal_(module.get_parameter("heads.head.weight"))  # it begins with zeros
    module.eval().requires_grad_(False)
    return module


def images_for(size: str, batch: int) -> Tensor:
    side = SIZES[size][0]
    return torch.randn(batch, 3, side, side, generator=torch.Generator().manual_seed(0))


def theirs(module: nn.Module, images: Tensor) -> None:
    with LeGrad(module, [*module.get_submodule("encoder.layers").children()]) as extractor:
        extractor([CLASS] * len(images), module(images), normalized=False)


def compared(size: str, batch: int, repeats: int) -> None:
    """One row for each method: its time, and the memory that it takes, as ratios to the floor's."""
    module, images = transformer(size), images_for(size, batch)
    network, targets = Network(module), [CLASS] * batch
    contenders: dict[str, times.Contender] = {
        "floor": lambda: times.floor(module, images),
        "torchcam's legrad": lambda: theirs(module, images),
        "all four": lambda: explain(network, images, targets, OF_ATTENTION),
    }
    for name in OF_ATTENTION:
        contenders[name] = partial(explain, network, images, targets, [name])
    found = times.medians(contenders, repeats)
    memory = {what: peak(what, size, batch) for what in contenders}
    floor = f"{1000 * found['floor']:.0f} ms, {memory['floor']:.0f} MB"
    times.head(f"{size}, {batch} photos, beside the floor ({floor})", "time", "memory")
    for what in [*OF_ATTENTION, "all four", "torchcam's legrad"]:
        ratios = found[what] / found["floor"], memory[what] / memory["floor"]
        times.row(what, *(f"{ratio:.2f}" for ratio in ratios))


def peak(what: str, size: str, batch: int) -> float:
    """Megabytes that a fresh process needs above what it held before, for `what`."""
    command = [sys.executable, __file__, "--child", what, "--sizes", size, "--batch", str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def child(what: str, size: str, batch: int) -> float:
    module, images = transformer(size), images_for(size, batch)
    network, targets = Network(module), [CLASS] * batch
    small = images[:1]
    times.floor(module, small)  # what libraries allocate once
    explain(network, small, [CLASS], OF_ATTENTION)
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark starts anew
    before = times.megabytes("VmRSS")
    if what == "floor":
        times.floor(module, images)
    elif what == "torchcam's legrad":
        theirs(module, images)
    else:
        explain(network, images, targets, OF_ATTENTION if what == "all four" else [what])
    return times.megabytes("VmHWM") - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busy", action="store_true", help="processor time, one thread")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.busy:
        times.clock, chosen.threads = time.process_time, 1
    torch.set_num_threads(chosen.threads)
    if chosen.child:
        print(child(chosen.child, chosen.sizes, chosen.batch))
        return
    for size in chosen.sizes.split(","):
        for batch in (1, chosen.batch):
            compared(size, batch, chosen.repeats)


if __name__ == "__main__":
    main()
