"""One output and several labels: what their probabilities are is said, never a softmax of one."""

import pytest
import torch
from torch.nn import functional

from explainer import ExplainerError, Network, explain, settings_digest
from explainer.laboratory.metrics import METRICS
from tests.explainer.small_networks import Convolutions, noise, seeded, small

PROBABLE = ("deletion_auc", "insertion_auc", "average_drop", "increase_in_confidence")


def binary(**said: str) -> Network:
    return Network(seeded(Convolutions, functional.relu, classes=1), "second", **said)


@pytest.mark.parametrize("metric", PROBABLE)
def test_metrics_of_probabilities_refuse_the_softmax_of_one_output(metric: str) -> None:
    images, maps = noise(2, 3, 9, 9), torch.rand(2, 9, 9, generator=torch.manual_seed(1))
    with pytest.raises(ExplainerError, match=r'single output is 1.*probabilities="sigmoid"'):
        METRICS[metric].compute(binary(), images, maps, [0, 0])
    found = METRICS[metric].compute(binary(probabilities="sigmoid"), images, maps, [0, 0])
    assert torch.isfinite(found).all()
    if metric.endswith("auc"):
        assert not torch.isclose(found, torch.ones(2)).any()


def test_group_cam_refuses_the_softmax_of_one_output_and_takes_its_sigmoid() -> None:
    images = noise(2, 3, 9, 9)
    with pytest.raises(ExplainerError, match=r'single output is 1.*probabilities="sigmoid"'):
        explain(binary(), images, [0, 0], ["group_cam"])
    found = explain(binary(probabilities="sigmoid"), images, [0, 0], ["group_cam"])["group_cam"]
    by_hand = explain(binary(), images, lambda out: out[:, 0].sigmoid(), ["group_cam"])
    assert float(found.max()) > 0
    torch.testing.assert_close(found, by_hand["group_cam"], rtol=0.2, atol=1e-4)


def test_scores_need_no_probability() -> None:
    images = noise(2, 3, 9, 9)
    assert float(explain(binary(), images, [0, 0])["grad_cam"].abs().max()) >= 0
    found = METRICS["occlusion_rank_correlation"].compute(
        binary(), images, torch.rand(2, 9, 9), [0, 0]
    )
    assert torch.isfinite(found).all()


def test_declared_labels_are_each_a_sigmoid_and_count_in_the_digest() -> None:
    module = small()
    softmax, sigmoid = (Network(module, "second", probabilities=p) for p in ("softmax", "sigmoid"))
    images, maps = noise(2, 3, 9, 9), torch.rand(2, 9, 9)
    drops = [METRICS["deletion_auc"].compute(n, images, maps, [1, 2]) for n in (softmax, sigmoid)]
    assert not torch.isclose(*drops).any()
    undeclared = Network(module, "second")
    digests = [settings_digest(n, "group_cam") for n in (softmax, sigmoid, undeclared)]
    assert digests[0] == digests[2] != digests[1]
    with pytest.raises(ExplainerError, match="softmax or sigmoid"):
        Network(module, probabilities="tanh")
