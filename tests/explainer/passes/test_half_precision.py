"""Methods of several passes over networks of half precision sum and subtract in float32."""

import copy
from typing import Any

import pytest
import torch

from explainer import ExplainerError, Network, explain
from explainer.laboratory.metrics import METRICS
from tests.explainer.small_networks import noise, small

SEVERAL: dict[str, dict[str, Any]] = {
    "integrated_grad_cam": {"steps": 10},
    "integrated_gradients": {"steps": 10},
    "smooth_grad": {"samples": 10},
    "group_cam": {"groups": 4},
    "score_cam": {},
    "ablation_cam": {},
    "shapley_cam": {},
    "occlusion": {"patch": 8, "stride": 8},
}
HALVES = [torch.float16, torch.bfloat16]


def halved(dtype: torch.dtype) -> tuple[Network, Network]:
    """A network of half precision, and one of float32 with the same weights."""
    module = small().to(dtype)
    return Network(module, "second"), Network(copy.deepcopy(module).float(), "second")


@pytest.mark.parametrize("method", SEVERAL)
@pytest.mark.parametrize("dtype", HALVES)
def test_methods_of_several_passes_equal_those_of_the_same_weights_in_float32(
    dtype: torch.dtype, method: str
) -> None:
    half, full = halved(dtype)
    images = noise(2, 3, 32, 32).to(dtype)
    found = explain(half, images, [1, 2], [method], settings=SEVERAL)[method]
    expected = explain(full, images.float(), [1, 2], [method], settings=SEVERAL)[method]
    scale = float(expected.max() - expected.min())
    assert scale > 0
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * scale)
    assert half.dtype == dtype  # the caller's module is as it was


@pytest.mark.parametrize("metric", ["deletion_auc", "average_drop", "occlusion_rank_correlation"])
def test_metrics_of_half_precision_are_those_of_float32(metric: str) -> None:
    half, full = halved(torch.bfloat16)
    images = noise(2, 3, 32, 32).bfloat16()
    maps, compute = explain(full, images.float(), [1, 2])["grad_cam"], METRICS[metric].compute
    torch.testing.assert_close(
        compute(half, images, maps, [1, 2]), compute(full, images.float(), maps, [1, 2])
    )


@pytest.mark.parametrize("method", ["gradient", "grad_cam", "smooth_grad"])
def test_images_of_another_type_than_the_weights_are_told(method: str) -> None:
    half, _ = halved(torch.bfloat16)
    with pytest.raises(ExplainerError, match="images are float32, the weights bfloat16"):
        explain(half, noise(2, 3, 9, 9), [0, 1], [method])


def test_weights_of_several_types_that_do_not_meet_are_told() -> None:
    module = small()
    module.hidden.double()
    with pytest.raises(ExplainerError, match="one type, or explain under"):
        explain(Network(module, "second"), noise(2, 3, 9, 9), [0, 1])
