"""What `fixtures/studies/similarity.toml` asks about, made.

`python -m ready make similarity` writes var/demo/similarity: `cases`; of each reference one of them
in `photos`, a sub-folder for each right answer, which people are asked about; `masks`;
`triplets.json`, what each case is made of; `alexnet.safetensors` and `vgg16.safetensors`.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from ready.folders import originals
from ready.photos.cutouts import fetch_cutouts
from ready.photos.sets import subjects_of
from ready.written import write_weights

from .cases import asked, drawn, triplets
from .checks import agreement, check, looking
from .networks import ANSWERS, TAPS, trained

__all__ = ["check", "make"]


def write(
    originals: Path,
    folder: Path,
    *,
    references: int | None = None,
    networks: Sequence[str] = tuple(TAPS),
) -> None:
    """Write `folder` whole or not at all; nothing where it is there. People are asked about the
    last of the networks."""
    if folder.exists():
        print(f"{folder} is there already; remove it to make it anew")
        return
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in ("cases", "masks", *(f"photos/{answer}" for answer in ANSWERS)):
        (unfinished / name).mkdir(parents=True)
    cutouts = subjects_of(originals, None)
    wanted = list(triplets(cutouts, references))
    by_key = {one.key: one for one in cutouts}
    for one in tqdm(wanted, "Photos", unit="photo", disable=None):
        photo, mask = drawn(originals, one, by_key)
        photo.save(unfinished / one.photo)
        Image.fromarray(mask).save(unfinished / one.mask)
    told = json.dumps([asdict(one) for one in wanted], indent=1)
    (unfinished / "triplets.json").write_text(told, "utf-8")
    for name in networks:
        write_weights(unfinished / f"{name}.safetensors", trained(name).state_dict())
    similar = looking(networks[-1], unfinished).similar(wanted)["cosine"]
    agrees = agreement(wanted, list(similar))
    for one in asked(wanted, agrees):
        shutil.copy(unfinished / one.photo, unfinished / one.asked)
    unfinished.rename(folder)


def make(folder: Path) -> None:
    """Two minutes, most of them VGG-16's: nothing is trained."""
    fetch_cutouts(originals())
    write(originals(), folder)
