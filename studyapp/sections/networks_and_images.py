"""The sections about what is explained: networks, pairs, photos."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from studyapp.models import Network

from .base import Count, FileName, Line, Name, NamesAFile, Section, Seed, Sha256, Text, Words
from .limits import Limit, column

# Keys of [images] that studies of before did not have, whose digests must stay
CAME_LATER = (
    "names", "cases", "channels", "split", "ignore", "truth", "synsets", "boxes", "groups",
)  # fmt: skip
# Options that change nothing of what a network is given
OUTSIDE = frozenset({"seed", "num_classes"})


class NetworkSection(Section):
    """A network that the explainer's `load_network` can load, or whose answers are in a table."""

    builder: Annotated[Line, column(Network, "builder")] = Field(
        "",
        description="Name of a network in the catalogue, such as vgg16; “timm:” and the name of "
        "one of timm's, such as timm:vit_small_patch16_224; or a function that the operator "
        "allowed, package.module:function.",
    )
    weights: Annotated[Line, column(Network, "weights"), NamesAFile()] = Field(
        "",
        description="A file, a torchvision weights name, or “package” for a network whose "
        "weights come as a package or by its function; “pretrained” for those that timm "
        "downloads; “random” for weights drawn from `seed` in the options.",
    )
    predictions: FileName | None = Field(
        None,
        description="Instead of builder and weights: a CSV file of what the network said, with the "
        "columns photo, answer and probability, and context or context_json where photos have "
        "contexts. No network is loaded.",
    )
    sha256: Sha256 | None = Field(
        None, description="Digest that the file of weights, or of predictions, must have."
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="The builder's own options, such as `num_classes`; torchvision's networks "
        "also take `size`, `resize`, `mean`, `std` and `interpolation`. Beside `predictions`: "
        "`size`, `resize` and `squash`, which say what of each photo the network was given.",
    )
    labels: Annotated[Line, column(Network, "labels_file"), NamesAFile()] | None = Field(
        None, description="A file of class names, one per line; “imagenet” for ImageNet's thousand."
    )
    layer: Annotated[Line, column(Network, "layer")] | None = Field(
        None,
        description="Dotted name; by default the last map, or the last patch tokens, that the "
        "score is computed from.",
    )
    grid: list[Count] | None = Field(
        None,
        min_length=2,
        max_length=3,
        description="Rows and columns of a transformer's patches, and how many tokens come before "
        "them, if any, such as [14, 14, 1]; only if its pass does not show how they lie.",
    )

    probabilities: Literal["softmax", "sigmoid"] | None = Field(
        None,
        description="How scores become probabilities: “softmax”, or “sigmoid” for each class by "
        "itself, if a photo may have several labels. If left out: what the function or the trained "
        "file declares, or softmax.",
    )

    target: Literal["region", "box"] | None = Field(
        None,
        description="What of a class is explained, if not its score alone: for a segmenter "
        "“region”, the pixels at which the class wins in the photo; for a detector “box”, its "
        "surest detection of the class. Only for networks that a function of yours makes.",
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out absent keys, so that digests of earlier studies stay the same."""
        found: dict[str, Any] = usual(self)
        for key in ("builder", "weights", "predictions", "grid", "probabilities", "target"):
            if not found.get(key):
                found.pop(key, None)
        return found

    @property
    def square(self) -> str:
        """What decides which square of a photo the network is given: the same for two networks of
        which that is certain."""
        name = Path(self.weights).name
        made = [self.builder, name] if self.builder else ["predictions"]
        options = sorted(one for one in self.options.items() if one[0] not in OUTSIDE)
        return ", ".join([*made, *(f"{key} = {json.dumps(value)}" for key, value in options)])

    @property
    def is_table(self) -> bool:
        """Whether its answers are in a table, and no network is loaded."""
        return self.predictions is not None


class PairSection(Section):
    """Two networks of the file, or a ready pair by its name: `use` and nothing else."""

    stronger: Name = Field(description="The network that is more accurate.")
    weaker: Name | None = Field(None, description="The other one, if there is one.")
    use: Literal["vgg16_alexnet", "sharp_near_sighted"] | None = Field(
        None, description="A ready pair, instead of the two networks."
    )


class ImagesSection(Section):
    """Where the photos are, how they are annotated, and which of them are taken."""

    reader: Literal["folder", "coco", "voc", "imagenet"] = Field(
        description="How the photos are annotated."
    )
    folder: FileName = Field(description="Relative to the study file.")
    annotations: FileName = Field("annotations.json", description="The file for the reader “coco”.")
    split: Annotated[Line, Limit(200)] | None = Field(
        None,
        description="Of the reader “voc”: which photos, such as val, cat_train (those that show a "
        "cat) or Segmentation/val; all that are annotated if left out.",
    )
    ignore: list[Literal["difficult", "truncated"]] | None = Field(
        None,
        description="Of the reader “voc”: objects with one of these flags don't count, and what a "
        "photo shows by such alone leaves it out. “difficult” if left out; [] counts all.",
    )
    truth: FileName | None = Field(
        None,
        description="Of the reader “imagenet”: the table of classes, such as "
        "LOC_val_solution.csv, or a text file with a WordNet id or a number for each photo.",
    )
    synsets: FileName | None = Field(
        None,
        description="Of the reader “imagenet”: which WordNet id each number of `truth` means: a "
        "text file such as map_clsloc.txt.",
    )
    boxes: FileName | None = Field(
        None, description="Of the reader “imagenet”: the folder of its XML files with boxes."
    )
    groups: dict[Words, Text | list[Text]] | None = Field(
        None,
        description="Classes that count as one, by the name that people see: a list of classes, or "
        "the WordNet id of a kind above ImageNet's, such as n02084071 for any dog.",
    )
    names: FileName | dict[Words, Text | list[Text]] | None = Field(
        None,
        description="Your names and the network's classes that they mean: a CSV file with the "
        "columns name and classes, or a table `[images.names]`.",
    )
    cases: FileName | None = Field(
        None,
        description="What networks are asked besides the photo: a CSV file with the columns photo "
        "and context (a text) or context_json (any JSON value), and further (paths of further "
        "photos), answer, shown and others where needed; or COCO's captions (.json), each a "
        "context. Only for networks that a function of yours makes.",
    )
    label: Literal["folder", "filename"] = Field(
        "folder", description="What names the category for the reader “folder”."
    )
    select: Literal["random", "balanced", "first"] = Field(
        "random",
        description="Which `count` photos are taken: drawn by the seed, drawn so that categories "
        "are as even as can be, or the first by name.",
    )
    count: Count | None = Field(None, ge=1, description="How many photos to use; all if left out.")
    seed: Seed | None = Field(
        None, ge=0, description="For the selection; the design's if left out."
    )
    compose: Literal["none", "pair"] = Field(
        "none", description="“pair” puts photos of two categories side by side, each photo once."
    )
    channels: Annotated[int, Limit(1_000)] | None = Field(
        None,
        ge=1,
        description="Channels of each file, if these are TIFF files or NumPy arrays (.npy) to be "
        "read as they are, such as 12 for satellite images. Only for networks that a function of "
        "yours makes, which says what people see of them.",
    )
    smallest_side: Annotated[int, Limit(10_000)] = Field(
        64, ge=16, description="The fewest pixels that each side may have."
    )

    @model_serializer(mode="wrap")
    def without_absent_keys(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out absent keys that came later, so that digests of earlier studies stay."""
        found: dict[str, Any] = usual(self)
        for key in CAME_LATER:
            if found.get(key) is None:
                found.pop(key, None)
        return found
