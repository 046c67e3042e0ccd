"""The demo's originals: Debian's photo cut-outs and nature photos, fetched and unpacked."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ready.errors import MakingError

PACKAGES = ("tuxpaint-stamps-default", "tuxpaint-data")
INSIDE = "./usr/share/tuxpaint/"
LIST = Path(__file__).with_name("cutouts.json")
# Nature photos without an object of their own, and the part of each side that is cut away.
BACKGROUNDS = {
    "cliff": 0.0,
    "ocean_waves": 0.0,
    "redwoods_above": 0.0,
    "rocks": 0.0,
    "mossy_bark": 0.05,
    "burnt_bark": 0.05,
    "mudstone": 0.0,
    "sun_behind_clouds": 0.0,
    "trees_above": 0.0,
    "trees_at_dusk": 0.0,
    "ocean_splash": 0.0,
    "mossy_log": 0.0,
}
# Four kinds of things, where a study asks about few, and the drawers that belong to them.
CLASSES: Mapping[str, tuple[str, ...]] = {
    "mammal": ("animals/mammals", "animals/marsupials"),
    "bird": ("animals/birds",),
    "fruit or vegetable": ("food/fruit", "food/vegetables"),
    "vehicle": ("vehicles", "military/vehicles"),
}
# Seven of nearly all things. A drawer that others lie in comes after these.
MORE_CLASSES: Mapping[str, tuple[str, ...]] = {
    **CLASSES,
    "musical instrument": ("hobbies/music",),
    "cold-blooded animal": (
        "animals/amphibians",
        "animals/fish",
        "animals/insects",
        "animals/lizards",
    ),
    "everyday object": ("household", "hobbies", "medical", "sports"),
}
# What lies in a drawer of these classes and is none of them
NEITHER = frozenset({"teddy bear", "wheel"})


def class_of(kind: str, name: str, classes: Mapping[str, tuple[str, ...]] = CLASSES) -> str | None:
    """The class of a thing called `name`, by its drawer or by the one that this lies in."""
    if name in NEITHER:
        return None
    for found, kinds in classes.items():
        if kind in kinds or kind.split("/")[0] in kinds:
            return found
    return None


@dataclass(frozen=True)
class Cutout:
    """A photographed object with transparent surroundings."""

    file: str
    name: str
    # ImageNet class names that a person would accept for it.
    accepted: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The drawer it lies in, such as animals/birds: two things of one are alike."""
        return "/".join(self.file.split("/")[1:-1][:2])

    @property
    def key(self) -> str:
        """A short unique name: the file's path without its first folder and its ending."""
        return self.file.removeprefix("stamps/").removesuffix(".png")


def read_cutouts() -> list[Cutout]:
    rows = json.loads(LIST.read_text("utf-8"))
    return [Cutout(row["file"], row["name"], tuple(row["accepted"])) for row in rows]


def background_file(name: str) -> str:
    return f"templates/{name}.jpg"


def wanted_files(further: Sequence[str] = ()) -> list[str]:
    own = [*(cutout.file for cutout in read_cutouts()), *map(background_file, BACKGROUNDS)]
    return [*own, *further]


def fetch_cutouts(folder: Path, further: Sequence[str] = ()) -> None:
    """Fill `folder` with the files of `wanted_files` from Debian's packages, where they have the
    same names; no root needed.

    Does nothing when all are there. Raises MakingError where apt is missing or gives too little.
    """
    wanted = wanted_files(further)
    if all((folder / name).exists() for name in wanted):
        return
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise MakingError(
            "apt-get is missing, so the demo's photos can't be fetched: name a folder of your own "
            "photos, one sub-folder per class, with PHOTOS=FOLDER"
        )
    downloads = folder / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    for package in download(downloads):
        unpack(package, folder, wanted)
    shutil.rmtree(downloads)
    missing = [name for name in wanted if not (folder / name).exists()]
    if missing:
        raise MakingError(
            f"{len(missing)} files ({missing[0]}, …) are not in this system's {PACKAGES[0]}: name "
            "a folder of your own photos, one sub-folder per class, with PHOTOS=FOLDER"
        )


def download(folder: Path) -> list[Path]:
    """The packages' files; where the system's lists are too old, with lists of our own."""
    own = own_state(folder)
    reasons = []
    for options, update in (([], False), (own, True)):
        if update:
            apt([*options, "update"], folder)
        reasons.append(apt([*options, "download", *PACKAGES], folder))
        found = sorted(folder.glob("tuxpaint-*.deb"))
        if reasons[-1] == "" and len(found) == len(PACKAGES):
            return found
    raise MakingError(
        f"The demo's photos can't be fetched ({reasons[-1]}): check the network, or name a folder "
        "of your own photos, one sub-folder per class, with PHOTOS=FOLDER"
    )


def own_state(folder: Path) -> list[str]:
    """Options that make apt keep its lists below `folder`, where any user may write."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": folder / "cache",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def apt(arguments: list[str], folder: Path) -> str:
    """Run apt-get in `folder`; returns the first error, or nothing."""
    limits = ["-o", "Acquire::http::Timeout=30", "-o", "Acquire::Retries=2"]
    done = subprocess.run(
        ["apt-get", "-qq", *limits, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
    return lines[0] if lines else f"apt-get ended with {done.returncode}"


def unpack(package: Path, folder: Path, files: Sequence[str]) -> None:
    """Take from a package exactly these files."""
    wanted = set(files)
    command: list[str | Path] = ["dpkg-deb", "--fsys-tarfile", package]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as listing,
        tarfile.open(fileobj=listing.stdout, mode="r|") as archive,
    ):
        for member in archive:
            name = member.name.removeprefix(INSIDE)
            content = archive.extractfile(member) if name in wanted else None
            if content is not None:
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
