"""Pictures as heavy as those of real studies, in the place of a test study's small ones."""

import hashlib
import io

from PIL import Image as Picture

from studyapp import storage
from studyapp.models import Crop, Image, Overlay, Study

SIDE = 448


def enlarge_pictures(study: Study) -> int:
    """Put noisy pictures of 448 pixels into every picture file of `study`; bytes of the largest."""
    overlays = Overlay.objects.filter(uses__stimulus__study=study).distinct()
    crops = Crop.objects.filter(image__in=Image.objects.of(study.images.all()))
    largest = 0
    for picture in (*overlays, *crops):
        content = _noisy(picture.code)
        picture.digest = storage.keep(picture.file, content)
        picture.width = picture.height = SIDE
        picture.save(update_fields=["digest", "width", "height"])
        largest = max(largest, len(content))
    return largest


def _noisy(name: str) -> bytes:
    """A picture that compresses to about 190 kB, as an overlay on a photo does."""
    noise = hashlib.shake_256(name.encode()).digest(SIDE * SIDE)
    quiet = bytes(value & 15 for value in noise)
    picture = Picture.frombytes("L", (SIDE, SIDE), quiet).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
