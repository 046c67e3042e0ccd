"""What a network is given: images that it may change without changing the caller's."""

import torch
from torch import Tensor


def own_copy(images: Tensor) -> Tensor:
    """A copy of images that have no gradient: on a processor one that takes memory only once
    somebody writes to it or to the images (PyTorch's copy on write).

    The calls of a network hold what they were given to the end, and few write into it.
    """
    if type(images) is not Tensor or images.layout is not torch.strided:
        return images.clone()
    # Of a part of a longer batch, the whole would be copied at the first write.
    whole = images.is_contiguous() and images.untyped_storage().nbytes() == images.nbytes
    if images.device.type != "cpu" or images.requires_grad or not whole:
        return images.clone()
    try:
        return torch._lazy_clone(images)
    except RuntimeError:  # memory that PyTorch has not made: of NumPy, a file, another process
        return images.clone()
