"""Visual explanations of image classifiers, as PyTorch functions; knows no Django.

from explainer import explain, load_network

network = load_network("vgg16", weights="IMAGENET1K_V1")
images = network.prepare([open_photo("cat.jpg")])
found = explain(network, images, ["tabby"], methods=("grad_cam", "guided_grad_cam"))
found["grad_cam"]  # N×u×v float32
"""

from . import store
from .errors import ExplainerError
from .examination import examine
from .explanations import explain, settings_digest
from .methods import METHODS, Method
from .metrics import METRICS, Metric
from .networks import BUILDERS, Network, Preprocess, load_network, weights_of
from .photos import open_photo
from .record import Found
from .render import Display, encode, render, sheet
from .stream import Saved, explain_many
from .targets import similarity_to

__all__ = [
    "BUILDERS",
    "METHODS",
    "METRICS",
    "Display",
    "ExplainerError",
    "Found",
    "Method",
    "Metric",
    "Network",
    "Preprocess",
    "Saved",
    "encode",
    "examine",
    "explain",
    "explain_many",
    "load_network",
    "open_photo",
    "render",
    "settings_digest",
    "sheet",
    "similarity_to",
    "store",
    "weights_of",
]
