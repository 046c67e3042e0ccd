"""What an open study asks and shows. It never changes once a study is open, so that each process
reads it once and remembers what was asked for lately; nobody may change what is given here."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from studyapp.models import Crop, StimulusOverlay, Trial

# Some 300 bytes each
REMEMBERED = 20_000
# Some 3 kB a trial each: more people at once than one process serves
REMEMBERED_SLOTS = 1000


@lru_cache(maxsize=REMEMBERED_SLOTS)
def slot_trials(slot: int) -> Sequence[Trial]:
    """The trials of a slot (by key) in their order, with stimulus, condition and pair."""
    rows = Trial.objects.filter(slot=slot).order_by("position")
    # Not joined: a slot's conditions are few and shared, and its stimuli are found by their keys.
    return tuple(rows.prefetch_related("stimulus", "condition__pair"))


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
