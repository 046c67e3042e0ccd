"""Visual explanations of image classifiers, as PyTorch functions; knows no Django.

from explainer import explain, load_network

network = load_network("vgg16", weights="IMAGENET1K_V1")
images = network.prepare([open_photo("cat.jpg")])
found = explain(network, images, ["tabby"], methods=("grad_cam", "guided_grad_cam"))
found["grad_cam"]  # N×u×v float32
"""

from .errors import ExplainerError
from .explanations.examination import examine
from .explanations.explanation import explain, settings_digest
from .explanations.record import Found, drawn
from .laboratory.asked import Asked
from .laboratory.metrics import METRICS, Metric
from .laboratory.stream import Saved, explain_many
from .methods import METHODS, Method
from .networks import BUILDERS, Arrays, Network, Preprocess, load_network, load_weights, weights_of
from .networks.contexts import with_photos
from .passes import named as targets
from .passes.target_texts import read_target
from .passes.targets import similarity_to
from .pictures import store
from .pictures.photos import open_channels, open_photo
from .pictures.render import Display, encode, render, sheet

__all__ = [
    "BUILDERS",
    "METHODS",
    "METRICS",
    "Arrays",
    "Asked",
    "Display",
    "ExplainerError",
    "Found",
    "Method",
    "Metric",
    "Network",
    "Preprocess",
    "Saved",
    "drawn",
    "encode",
    "examine",
    "explain",
    "explain_many",
    "load_network",
    "load_weights",
    "open_channels",
    "open_photo",
    "read_target",
    "render",
    "settings_digest",
    "sheet",
    "similarity_to",
    "store",
    "targets",
    "weights_of",
    "with_photos",
]
