"""Named targets that are looked for in the photos themselves, before anything is changed."""

import torch
from torch import Tensor

from explainer.passes.named import Each, found_in, sought_in
from explainer.passes.regions import refuse_other_answers
from explainer.passes.state import passing
from explainer.passes.target import Target
from explainer.passes.targets import Wanted, scores_in

from .network import Network


def sought(network: Network, wanted: Wanted, images: Tensor) -> Wanted:
    """What is wanted of these images; targets that are looked for as what they are in each image,
    which they are in every changed image too.

    ExplainerError as `found_in_images`.
    """
    if isinstance(wanted, Target) and wanted.is_sought:
        return found_in_images(network, wanted, images)
    return wanted


def found_in_images(network: Network, wanted: Target, images: Tensor) -> Each:
    """The targets of these images.

    ExplainerError where an image has nothing of the kind, and where the network's answers are not
    the classes of its output.
    """
    with torch.no_grad(), passing(network.module):
        output = network.run(images)
    for one in dict.fromkeys(sought_in(wanted)):
        if network.scores is not scores_in:
            refuse_other_answers(one, network.scores, output, len(images))
        elif network.labels:
            one.refuse_other_count(output, len(network.labels))
    return found_in(wanted, output)
