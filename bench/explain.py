"""What explanations cost: beside captum, pytorch-grad-cam and torchcam, and beside the passes that
they can't do without.

    python bench/explain.py [--quick] [--networks vgg16,resnet50] [--repeats 5] [--verdict FILE]

All contenders take turns in one run, on random weights, by processor time on one thread (`--wall`
takes the clock's, on `--threads`). A ratio is the median of the rounds', with the lowest and the
highest: "faster" where all lie below 1, "level" where 1 lies among them, "slower" otherwise. Where
other processes took a quarter of a core, or a contender's times lie far apart, the numbers are
printed and nothing is judged.

Exit status: 0, all at least level; 1, something is slower, or takes more memory; 2, not judged.
The whole takes about half an hour on two cores; `--quick` three minutes. What is judged alone:
`--sections peers,many,transformers,memory`.
"""

import argparse
import ctypes
import json
import logging
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torch import Tensor, nn  # noqa: E402

from bench.peers.contenders import (  # noqa: E402
    CLASS,
    FIVE,
    LAYERS,
    OF_MANY_PASSES,
    OF_ONE_PASS,
    OF_TRANSFORMERS,
    PROCESSOR,
    TASKS,
    floor,
    frozen,
    images_for,
)
from bench.peers.turns import (  # noqa: E402
    Clock,
    Contender,
    head,
    medians,
    megabytes,
    row,
    take_turns,
)
from explainer import Network, explain, explain_many, open_photo  # noqa: E402
from explainer.laboratory.metrics import deletion_auc, insertion_auc  # noqa: E402

SIX = ("grad_cam", "counterfactual_grad_cam", "xgrad_cam", "layer_cam", "hires_cam", "grad_cam_pp")
MANY = "resnet18"  # 512 channels at its last layer
MARGIN = 1.05  # memory is told in pages, and what is freed may come back late
INSIDE_NAMED = "at a time"
Judged = list[dict[str, Any]]


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


BARE: dict[str, Callable[[Network, Tensor], object]] = {
    "Grad-CAM": to_layer,
    "the paper's five": five_walks,
}


def compared(task: str, name: str, batch: int, repeats: int, device: torch.device) -> Judged:
    """One row: our time, each peer's, and the ratio to each; and what is to be judged."""
    network, images = frozen(name, device), images_for(batch, device=device)
    contenders = TASKS[task](network, images)
    peers = [peer for peer in contenders if peer != "ours"]
    bare: dict[str, Contender] = {"floor": lambda: floor(network.module, images)}
    if task in BARE:
        bare["its passes"] = lambda: BARE[task](network, images)
    turns = take_turns({**bare, **contenders}, repeats)
    doubts, found = turns.doubts(), []
    for peer in peers:
        ratio = turns.ratio("ours", peer)
        found.append(
            {"task": task, "network": name, "batch": batch, "peer": peer, "ratio": ratio.middle,
             "lowest": ratio.rounds[0], "highest": ratio.rounds[-1],
             "verdict": ratio.verdict, "doubts": doubts}
        )  # fmt: skip
        shown = f"{turns.median(peer) / turns.median('floor'):.2f}"
        said = "not judged" if doubts else ratio.verdict
        row(f"{task}, {name}, batch {batch}", f"{turns.median('floor'):.3f} s",
            *(f"{turns.median(one) / turns.median('floor'):.2f}" if one in turns.seconds else ""
              for one in ("ours", "its passes")), f"{peer}: {shown}", ratio, said)  # fmt: skip
    for doubt in doubts:
        print(f"not judged: {doubt}", flush=True)
    return found


def judged(title: str, tasks: Mapping[str, Any], names: list[str], batches: tuple[int, ...],
           repeats: int, device: torch.device = PROCESSOR) -> Judged:  # fmt: skip
    head(title, "floor", "ours", "its passes", "peer", "ours / peer (lowest–highest)", "verdict")
    return [
        one
        for name in names
        for batch in batches
        for task in tasks
        for one in compared(task, name, batch, repeats, device)
    ]


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


def peak(task: str, contender: str, network: str, batch: int) -> float:
    """Megabytes that a fresh process needs above what it held before, for one contender."""
    command = [sys.executable, __file__, "--child", contender, "--task", task]
    command += ["--networks", network, "--batch", str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def child(task: str, contender: str, name: str, batch: int) -> float:
    network, small = frozen(name), images_for(1)
    warmed = TASKS[task](network, small)
    floor(network.module, small)  # what libraries allocate once
    if contender in warmed and task in {**OF_ONE_PASS, **OF_TRANSFORMERS}:
        warmed[contender]()
    images = images_for(batch)
    contenders = TASKS[task](network, images)
    contenders |= {"floor": lambda: floor(network.module, images)}
    contenders |= {"retained graph": lambda: network.module(images.clone().requires_grad_())}
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark starts anew
    before = megabytes("VmRSS")
    kept = contenders[contender]()
    found = megabytes("VmHWM") - before
    del kept
    return found


def memory(tasks: list[tuple[str, str, int]]) -> Judged:
    """By task, network and batch the highest mark of each contender."""
    head("memory above what was held before", "ours", "peers", "floor", "verdict")
    found: Judged = []
    for task, name, batch in tasks:
        peers = [peer for peer in TASKS[task](frozen(name), images_for(1)) if peer != "ours"]
        peers = [peer for peer in peers if INSIDE_NAMED not in peer]  # all by their own defaults
        ours, *theirs = (peak(task, one, name, batch) for one in ("ours", *peers))
        told = [f"{peer} {size:.0f} MB" for peer, size in zip(peers, theirs, strict=True)]
        verdict = "less" if ours <= min(theirs) else "level"
        verdict = "more" if ours > MARGIN * min(theirs) else verdict
        floors = f"{peak(task, 'floor', name, batch):.0f} MB"
        row(f"{task}, {name}, batch {batch}", f"{ours:.0f} MB", ", ".join(told), floors, verdict)
        found.append(
            {"task": task, "network": name, "batch": batch, "peer": "memory",
             "megabytes": {"ours": ours, **dict(zip(peers, theirs, strict=True))},
             "ratio": ours / min(theirs), "verdict": verdict, "doubts": []}
        )  # fmt: skip
    return found


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


SECTIONS: dict[str, Callable[[list[str], bool, int], Judged | None]] = {
    "peers": lambda names, quick, repeats: judged(
        "methods of one pass", OF_ONE_PASS, names, (1,) if quick else (1, 8), repeats
    ),
    "many": lambda _, quick, repeats: judged(
        "methods of many passes", OF_MANY_PASSES, ["alexnet" if quick else MANY], (1,), repeats
    ),
    "transformers": lambda _, quick, repeats: judged(
        "methods that read attention", OF_TRANSFORMERS, ["vit"], (1,) if quick else (1, 4), repeats
    ),
    "memory": lambda names, quick, _: memory(
        [(task, name, 2 if quick else 8) for name in names for task in OF_ONE_PASS]
        + [(task, "alexnet" if quick else MANY, 1) for task in OF_MANY_PASSES]
        + [(task, "vit", 4) for task in OF_TRANSFORMERS]
    ),
    "passes": lambda names, quick, repeats: passes(names, quick, repeats),
    "growth": lambda _, quick, __: growth(20 if quick else 200),
    "stream": lambda names, quick, repeats: streams(names, quick, repeats),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="AlexNet, batch 1, few repeats")
    parser.add_argument("--wall", action="store_true", help="the clock's time on --threads")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--networks", default="vgg16,resnet50,alexnet")
    parser.add_argument(
        "--sections", default=",".join(SECTIONS), help="some of " + ",".join(SECTIONS)
    )
    parser.add_argument("--verdict", type=Path, help="write what was judged as JSON")
    parser.add_argument("--batch", type=int, default=8, help=argparse.SUPPRESS)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    parser.add_argument("--task", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.wall:
        Clock.read = staticmethod(time.perf_counter)
    torch.set_num_threads(chosen.threads if chosen.wall else 1)
    warnings.simplefilter("ignore")  # captum tells that it sets hooks
    logging.disable(logging.WARNING)
    names = chosen.networks.split(",")
    if chosen.child:
        print(child(chosen.task, chosen.child, names[0], chosen.batch))
        return
    names, repeats = (["alexnet"], 3) if chosen.quick else (names, chosen.repeats)
    found: Judged = []
    for section in chosen.sections.split(","):
        found += SECTIONS[section](names, chosen.quick, repeats) or []
    sys.exit(concluded(found, chosen.verdict))


def concluded(found: Judged, path: Path | None) -> int:
    """The exit status; what was judged goes to the file."""
    doubted = [one for one in found if one["doubts"]]
    worse = [one for one in found if one["verdict"] in ("slower", "more") and not one["doubts"]]
    status = 1 if worse else 2 if doubted else 0
    if path is not None:
        path.write_text(json.dumps({"status": status, "found": found}, indent=1), "utf-8")
    print()
    for one in worse:
        where = f"{one['task']}, {one['network']}, batch {one['batch']}, {one['peer']}"
        print(f"{one['verdict']}: {where}: {one['ratio']:.2f}")
    for one in doubted:
        print(f"not judged: {one['task']}, {one['network']}, batch {one['batch']}, {one['peer']}")
    return status


def passes(names: list[str], quick: bool, repeats: int) -> None:
    for name in names:
        many_passes(frozen(name), images_for(1), 1 if quick or name == "vgg16" else 3)


def streams(names: list[str], quick: bool, repeats: int) -> None:
    for name in names:
        stream(name, 8 if quick else 24, 1 if quick else 3)


if __name__ == "__main__":
    main()
