"""Networks that answer questions about easy-VQA's pictures, and the pictures that are asked about.

`python -m ready make vqa` writes var/demo/vqa: `late`, `early` and `blind` (`.safetensors`, read
by `network`), `pictures` in COCO's format with the shapes' outlines, `questions.csv`, and
`record.json`. `early` is `late` before its training was over. `blind` was trained as long without
batch normalisation. All learn from the package's training pictures, all are asked about the others.
"""

from .answerer import network
from .checking import check
from .making import make

__all__ = ["check", "make", "network"]
