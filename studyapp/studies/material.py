"""The pictures of an open study's trials, by their codes. What a study shows never changes once it
is open, so that each process asks for them once."""

from collections.abc import Mapping
from functools import lru_cache

from studyapp.models import Crop, StimulusOverlay

# Some 300 bytes each
REMEMBERED = 20_000


@lru_cache(maxsize=REMEMBERED)
def overlay_codes(stimulus: int, condition: int) -> Mapping[str, str]:
    """The codes of the overlays of a stimulus under a condition (both by key), by their role."""
    uses = StimulusOverlay.objects.filter(stimulus=stimulus, condition=condition)
    return dict(uses.values_list("role", "overlay__code"))


@lru_cache(maxsize=REMEMBERED)
def photo_code(image: int, network: int, size: int) -> str:
    """The code of a photo as `network` crops it, `size` pixels wide (both by key)."""
    rows = Crop.objects.filter(image=image, network=network, size=size)
    return str(rows.values_list("code", flat=True).get())
