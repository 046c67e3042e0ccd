"""A network may write into what it is given; the caller's images stay as they were."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explainer import Network, explain
from explainer.errors import ExplainerError
from explainer.passes.given import own_copy
from tests.explainer.small_networks import Convolutions, noise, small


def written_by_numpy(images: Tensor) -> Tensor:
    images.numpy()[:] *= -1
    return images


WRITES: tuple[Callable[[Tensor], Tensor], ...] = (
    Tensor.relu_,
    lambda images: images.view(-1).sub_(3).view_as(images),
    lambda images: images.data.mul_(2),
    written_by_numpy,
)


def map_of(network: Network, images: Tensor, classes: list[int]) -> Tensor:
    """Grad-CAM with both signs: a map of random weights without them may be empty."""
    settings = {"grad_cam": {"signed": True}}
    return explain(network, images, classes, settings=settings)["grad_cam"]


class WritesFirst(Convolutions):
    """Begins by writing into its images."""

    def __init__(self, write: Callable[[Tensor], Tensor]) -> None:
        super().__init__(functional.relu)
        self.write = write

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.write(x))


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("of", ["torch", "numpy", "a longer batch"])
def test_a_network_that_writes_into_its_images_changes_none_of_the_callers(
    write: Callable[[Tensor], Tensor], of: str
) -> None:
    before = noise(3, 3, 9, 9)
    network = Network(WritesFirst(write).eval(), "second")
    if of == "numpy":
        images = torch.from_numpy(before.numpy().copy())
    else:
        images = before.clone()[: 2 if of == "a longer batch" else 3]
    maps = map_of(network, images, [0] * len(images))
    again = map_of(network, images, [0] * len(images))
    assert torch.equal(images, before[: len(images)])
    assert torch.equal(maps, again)
    assert maps.any()


def test_images_are_copied_only_where_somebody_writes() -> None:
    images = noise(2, 3, 9, 9)
    seen = images.numpy()  # the caller's own look at the same memory
    address = torch._C._data_address(images)
    copied = own_copy(images)
    assert torch._C._data_address(copied) == address
    copied.add_(1)
    assert torch._C._data_address(copied) != address
    assert not torch.equal(copied, images)
    images.mul_(2)
    assert torch._C._data_address(images) == address
    assert np.array_equal(seen, images.numpy())


def test_a_caller_that_writes_while_the_copy_is_held_does_not_change_it() -> None:
    images = noise(2, 3, 9, 9)
    before = images.clone()
    copied = own_copy(images)
    images.zero_()
    assert torch.equal(copied, before)


def test_a_part_of_a_longer_batch_is_copied_alone() -> None:
    batch = noise(6, 3, 9, 9)
    copied = own_copy(batch[2:4])
    assert copied.untyped_storage().nbytes() == batch[2:4].nbytes


def test_what_was_changed_of_a_module_since_the_last_call_is_noticed() -> None:
    module, images = small(), noise(2, 3, 9, 9)
    network = Network(module, "second")
    before = map_of(network, images, [0, 1])

    module.first = nn.Conv2d(3, 6, 3, padding=1).eval()
    replaced = map_of(network, images, [0, 1])
    assert torch.equal(replaced, map_of(Network(module, "second"), images, [0, 1]))
    assert not torch.equal(replaced, before)

    module.second.weight = nn.Parameter(-module.second.weight.detach())
    other = map_of(network, images, [0, 1])
    assert torch.equal(other, map_of(Network(module, "second"), images, [0, 1]))
    assert not torch.equal(other, replaced)

    with module.second.register_forward_hook(lambda module, args, out: out * 2):
        hooked = map_of(network, images, [0, 1])
        assert torch.equal(hooked, map_of(Network(module, "second"), images, [0, 1]))
    assert not torch.equal(hooked, other)
    assert torch.equal(map_of(network, images, [0, 1]), other)

    module.second.train()
    with pytest.raises(ExplainerError, match='"second" is in training mode'):
        explain(network, images, [0, 1])
    module.second.eval()
    module.second.double()
    with pytest.raises(ExplainerError, match="the images are float16, the weights"):
        explain(network, images.half(), [0, 1])
