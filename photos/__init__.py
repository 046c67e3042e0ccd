"""Photos as they come, made into what networks and people see alike: upright, sRGB, 8 bits.

Knows neither Django nor torch, so that the site, the workers and the explainer open every photo
through the same door, with the same limit, read annotations alike (`coco`), and compare the names
of classes alike (`class_names`).
"""

from .channels import CHANNEL_ENDINGS, Channels, measure_channels, open_array, open_channels
from .coco import AnnotatedPhoto, Things, read_coco
from .errors import PhotoError
from .files import ENDINGS, FORMATS, is_litter
from .imagenet import read_imagenet
from .opening import MOST_PIXELS, WHITE, Measured, measure, open_photo
from .turning import Frame, frame_of
from .voc import read_voc

__all__ = [
    "CHANNEL_ENDINGS",
    "ENDINGS",
    "FORMATS",
    "MOST_PIXELS",
    "WHITE",
    "AnnotatedPhoto",
    "Channels",
    "Frame",
    "Measured",
    "PhotoError",
    "Things",
    "frame_of",
    "is_litter",
    "measure",
    "measure_channels",
    "open_array",
    "open_channels",
    "open_photo",
    "read_coco",
    "read_imagenet",
    "read_voc",
]
