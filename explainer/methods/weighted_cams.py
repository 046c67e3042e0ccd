"""CAMs that weigh the same A and g = ∂y/∂A otherwise than Grad-CAM; free beside it."""

from collections.abc import Mapping

import torch
from torch import Tensor

from explainer.errors import ExplainerError

from .base import Method, SignedCamSettings, Work, full_precision
from .checks import relative
from .grad_cam import weighted_sum
from .joining import named_layers

EPSILON = 1e-7
MOST_CANCELLED = 1e3  # unrelated signs leave a share of 1/√K, which is far more than rounding
COST = "1 forward, 1 backward to the layer; nothing in addition to grad_cam"


def xgrad_cam(work: Work, settings: SignedCamSettings, k: int) -> Tensor:
    """ReLU(Σ_k α_k A^k), α_k = Σ_ij A^k g^k / (Σ_ij A^k + ε) (XGrad-CAM, equation 9).

    Then Σ_ij Σ_k α_k A^k = Σ A ⊙ g: the score, but for what biases after the layer add. Where A has
    both signs its sum may be near 0 and α beyond any gradient: `xgrad_checks` tells.
    """
    activations, gradient = work.activations(), work.layer_gradient(k)
    return settings.rectified(signed_xgrad_cam(activations, gradient))


def signed_xgrad_cam(activations: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k α_k A^k: N×K×u×v twice → N×u×v."""
    return weighted_sum(_xgrad_weights(activations, gradient), activations)


def _xgrad_weights(activations: Tensor, gradient: Tensor) -> Tensor:
    total = activations.sum((2, 3), keepdim=True)
    return (activations * gradient).sum((2, 3), keepdim=True) / (total + EPSILON)


def xgrad_checks(work: Work, settings: SignedCamSettings, k: int) -> dict[str, Tensor]:
    """How well XGrad-CAM's weights keep what they promise: N each.

    `conservation_error`: |Σ α A − Σ A ⊙ g| / Σ |A ⊙ g|. `largest_weight`: max |α| / max |g|, at
    most 1 of a map without negative values, of which α is then a mean of the gradient.
    `score_error`: |y − Σ α A| / |y|, the paper's conservation (equation 3).
    """
    activations, gradient = work.activations(), work.layer_gradient(k)
    alpha, product = _xgrad_weights(activations, gradient), activations * gradient
    whole = weighted_sum(alpha, activations).sum((1, 2))
    lost = whole - product.sum((1, 2, 3))
    return {
        "conservation_error": relative(lost, product.abs().sum((1, 2, 3))),
        "largest_weight": relative(alpha.abs().amax((1, 2, 3)), gradient.abs().amax((1, 2, 3))),
        "score_error": _score_error(work, whole, k),
    }


def _score_error(work: Work, whole: Tensor, k: int) -> Tensor:
    """|y − what the map adds up to| / |y|: the biases' share where the head is linear."""
    scores = full_precision(work.scores(k).detach())
    whole = whole.reshape(len(scores), -1).sum(1)  # of all frames, where there are several
    return relative(scores - whole, scores)


def signed_layer_cam(activations: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k ReLU(g^k) ⊙ A^k: N×K×u×v twice → N×u×v."""
    return weighted_sum(torch.relu(gradient), activations)


def layer_cam_map(activations: Tensor, gradient: Tensor) -> Tensor:
    """ReLU(Σ_k ReLU(g^k) ⊙ A^k): N×K×u×v twice → N×u×v."""
    return torch.relu(signed_layer_cam(activations, gradient))


def layer_cam(work: Work, settings: SignedCamSettings, k: int) -> Tensor:
    """LayerCAM at the explained layer (equations 6 and 7)."""
    return settings.rectified(signed_layer_cam(work.activations(), work.layer_gradient(k)))


def layer_checks(work: Work, settings: SignedCamSettings, k: int) -> dict[str, Tensor]:
    """`left_out`: Σ |g ⊙ A| where g < 0, of Σ |g ⊙ A|; N. Of a linear head the rest is what this
    map, before its last ReLU, adds up to."""
    gradient = work.layer_gradient(k)
    product = (gradient * work.activations()).abs()
    left_out = product.masked_fill(gradient > 0, 0)
    return {"left_out": relative(left_out.sum((1, 2, 3)), product.sum((1, 2, 3)))}


def hires_cam(work: Work, settings: SignedCamSettings, k: int) -> Tensor:
    """ReLU(Σ_k g^k ⊙ A^k)."""
    return settings.rectified(signed_hires_cam(work.activations(), work.layer_gradient(k)))


def signed_hires_cam(activations: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k g^k ⊙ A^k: N×K×u×v twice → N×u×v."""
    return weighted_sum(gradient, activations)


def hires_checks(work: Work, settings: SignedCamSettings, k: int) -> dict[str, Tensor]:
    """`cancellation`: max_ij Σ_k |g ⊙ A| / max_ij |Σ_k g ⊙ A|, N each; 1 where both are 0.

    `score_error`: |y − Σ g ⊙ A| / |y|.
    """
    product = work.layer_gradient(k) * work.activations()
    whole = product.abs().sum(1).amax((1, 2))
    part = product.sum(1).abs().amax((1, 2))
    return {
        "cancellation": torch.where(whole > 0, whole / part, torch.ones_like(part)),
        "score_error": _score_error(work, product.sum((1, 2, 3)), k),
    }


def refuse_rounding(checks: Mapping[str, Tensor], layer: str) -> None:
    """Refuse HiResCAM where a normalisation of each place over its channels follows at once.

    So it is between the blocks of a transformer: the normalisation is the same for c·A, so that g
    and A are orthogonal at every place.
    """
    if bool((checks["cancellation"] > MOST_CANCELLED).any()):
        raise ExplainerError(
            f'hires_cam is nothing but rounding at layer "{layer}": a normalisation over the '
            "channels follows, so that gradient ⊙ activation adds up to 0 at every place",
            "name the normalisation that follows as the layer, or use another method",
        )


def grad_cam_pp(work: Work, settings: SignedCamSettings, k: int) -> Tensor:
    """Grad-CAM++ (equations 5, 7 and 19), with Y = exp(y) as the paper derives it.

    w_k = Σ_ij a_ij ReLU(g_ij) with a = g² / (2 g² + (ΣA) g³), which is 1 / (2 + (ΣA) g): written
    so, small gradients do not vanish when squared. The factor exp(y) of ∂Y/∂A is the same all over
    the map, and left out.
    """
    return settings.rectified(signed_grad_cam_pp(work.activations(), work.layer_gradient(k)))


def signed_grad_cam_pp(activations: Tensor, gradient: Tensor) -> Tensor:
    """Σ_k w_k A^k: N×K×u×v twice → N×u×v."""
    total = activations.sum((2, 3), keepdim=True)
    rising = gradient > 0
    shares = torch.where(rising, gradient / (2 + total * gradient), torch.zeros_like(gradient))
    return weighted_sum(shares.sum((2, 3), keepdim=True), activations)


XGRAD_CAM = Method(
    name="xgrad_cam",
    family="cam",
    formula="L = ReLU(Σ_k α_k A^k), α_k = Σ_ij A^k g^k / (Σ_ij A^k + 1e-7)",
    paper="Fu et al., Axiom-based Grad-CAM, arXiv 2008.02312",
    cost=COST,
    compute=xgrad_cam,
    layers=named_layers,
    checks=xgrad_checks,
    settings=SignedCamSettings,
)
LAYER_CAM = Method(
    name="layer_cam",
    family="cam",
    formula="L = ReLU(Σ_k ReLU(g^k) ⊙ A^k)",
    paper="Jiang et al., LayerCAM, IEEE TIP 2021, doi 10.1109/TIP.2021.3089943",
    cost=COST,
    compute=layer_cam,
    layers=named_layers,
    checks=layer_checks,
    settings=SignedCamSettings,
)
HIRES_CAM = Method(
    name="hires_cam",
    family="cam",
    formula="L = ReLU(Σ_k g^k ⊙ A^k)",
    paper="Draelos and Carin, HiResCAM, arXiv 2011.08891",
    cost=COST,
    compute=hires_cam,
    checks=hires_checks,
    layers=named_layers,
    refuse=refuse_rounding,
    settings=SignedCamSettings,
)
GRAD_CAM_PP = Method(
    name="grad_cam_pp",
    family="cam",
    formula="L = ReLU(Σ_k w_k A^k), w_k = Σ_ij ReLU(g^k) g^k² / (2 g^k² + (Σ_ab A^k) g^k³)",
    paper="Chattopadhyay et al., Grad-CAM++, arXiv 1710.11063",
    cost=COST,
    compute=grad_cam_pp,
    layers=named_layers,
    settings=SignedCamSettings,
)
