"""Networks that are cut before a module, and those whose halves are not the whole."""

import pytest
import torch

from explainer import ExplainerError
from explainer.training.cuts import features_at, rest_of
from explainer.training.heads import with_new_head
from tests.explainer.training.coloured_photos import COLOURS, NETWORK, SIDE, start


@pytest.mark.parametrize("address", ["fc", "conv5"])
def test_a_rest_that_is_not_that_of_the_network_is_refused(address: str) -> None:
    network, head = with_new_head(
        start().network, NETWORK, {"size": SIDE}, list(COLOURS), "softmax"
    )
    assert head == "fc"
    image = torch.rand(1, 3, SIDE, SIDE)
    rest = rest_of(network, address, image)
    with torch.no_grad():
        scores = rest(features_at(network, address, image))
    assert torch.allclose(scores, network.predict(image), rtol=1e-4, atol=1e-5)
    # What is done outside of the layers is no part of the rest
    network.module.register_forward_hook(lambda module, given, scores: 2 * scores)
    with pytest.raises(ExplainerError, match=f"can't be cut at {address}: its scores need more"):
        rest_of(network, address, image)
