"""Does a map change when what the network learnt goes? (Adebayo et al., arXiv 1810.03292)"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from explainer.errors import ExplainerError
from explainer.explanations.explanation import explain
from explainer.networks.network import Network
from explainer.networks.redrawn import redraw
from explainer.networks.sought import sought
from explainer.passes.copies import copied
from explainer.passes.layers import Hook, hooked
from explainer.passes.named import named
from explainer.passes.state import passing
from explainer.passes.targets import Wanted

from .base import Budget, Metric, one_value_per_pixel, rank_correlation, refuse_other_inputs

STAGES = 8


def randomisation_similarity(*args: Any, **settings: Any) -> Tensor:
    """N means, −1 to 1, of the curve of `randomisation_curve`, whose arguments it takes: low is
    right.

    A method whose maps stay alike while the weights are re-drawn does not explain the network.
    Stages whose map is empty have no ranks and are left out; NaN where no stage is left.
    """
    curve, _ = randomisation_curve(*args, **settings)
    return curve.nanmean(1)


def randomisation_curve(
    network: Network,
    images: Tensor,
    targets: Wanted = None,
    method: str = "grad_cam",
    *,
    stages: int = STAGES,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    budget: Budget | None = None,
) -> tuple[Tensor, tuple[str, ...]]:
    """N×stages Spearman correlations with the true map, and the module reached at each stage.

    Weights are re-drawn from the output downwards, in the order of the forward pass, and stay so:
    after the last stage the whole network is random. `stages`: how often on the way the maps are
    compared, evenly spaced over the modules that hold weights. `targets` None means the classes
    that the network itself predicts, at every stage. Signed maps are compared by magnitude.
    """
    refuse_other_inputs(network)
    if stages < 1:
        raise ExplainerError(f"stages={stages}", "use a number above 0")
    wanted = {method: dict(settings or {})}
    targets = sought(network, named(targets, len(images)), network.placed(images))
    found = explain(network, images, targets, (method,), layer=None, settings=wanted)
    fixed = found.targets if targets is None else targets
    twin = replace(network, module=copied(network.module), weights_digest="being re-drawn")
    top_down = weights_from_the_top(twin, network.placed(images))
    # How many modules are re-drawn at each stage: evenly spaced, up to all of them
    stages = min(stages, len(top_down))
    ends = [round(len(top_down) * (stage + 1) / stages) for stage in range(stages)]
    generator = torch.Generator().manual_seed(seed)
    true, curve, done = _flat(found[method]), [], 0
    for end in tqdm(ends, unit="stage", disable=not (budget and budget.progress), leave=False):
        with torch.no_grad():
            for _, module in top_down[done:end]:
                redraw(module, generator)
        done = end
        maps = explain(twin, images, fixed, (method,), settings=wanted)[method]
        curve.append(rank_correlation(true, _flat(maps)))
    return torch.stack(curve, 1), tuple(top_down[end - 1][0] for end in ends)


def weights_from_the_top(network: Network, images: Tensor) -> list[tuple[str, nn.Module]]:
    """The submodules with weights of their own that take part in the forward pass, last first."""
    module = network.module
    named = {n: m for n, m in module.named_modules() if any(True for _ in m.parameters(False))}
    met: dict[str, None] = {}

    def noted(name: str) -> Hook:
        def run(child: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            met.pop(name, None)
            met[name] = None

        return run

    with torch.no_grad(), passing(module), hooked(named, noted):
        network.of([0]).run(images[:1].clone())
    if not met:
        raise ExplainerError("the network has no weights to re-draw", "give one that learnt")
    return [(name, named[name]) for name in reversed(met)]


def _flat(maps: Tensor) -> Tensor:
    return one_value_per_pixel(maps).flatten(1).abs().cpu()


RANDOMISATION = Metric(
    name="randomisation_similarity",
    formula="mean over stages of Spearman ρ(|L|, |L with the weights above the stage re-drawn|)",
    paper="Adebayo et al., Sanity Checks for Saliency Maps, arXiv 1810.03292",
    needs="method",
    better="lower",
    compute=randomisation_similarity,
    cost=f"{STAGES} explanations",
)
