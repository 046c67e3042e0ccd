"""What captions are made of: nine kinds of things, four backgrounds, and the words between them."""

from collections.abc import Mapping, Sequence

from ready.photos.cutouts import Cutout, read_cutouts

# Each with the files of its cut-outs (the last of their names): those to train with, and those that
# are held out. Living things come first: a caption begins with whichever of its two things stands
# further up here, wherever that is on the photo.
NOUNS: Mapping[str, tuple[str, str]] = {
    "bird": (
        "chicken_profile crowned_crane drake duck gander hen heron_greatblue "
        "heron_greatblue_flying little-penguin magellanic_penguin magpie nandou ostrich penguin "
        "rooster",
        "owl peacock pelican pink_flamingo rainbow-lorikeet tucan vulture",
    ),
    "mammal": (
        "bear european-bear badger bison bull camel chimp cow cow_white dingo dog dromedary goat "
        "kangaroo lion lion-2 marmot otter pig pig_golden pig_golden2 rabbit rabbit-2 "
        "rabbit_little ram sheep squirrel yak zebu",
        "doe elephant fox gorilla hippopotamus horse koala tiger",
    ),
    "insect": ("fly grasshopper", "hoverfly mantis"),
    "ball": ("basketball soccer", "football tennis_ball"),
    "fruit": (
        "Strawberry2 apple_granny_smith apple_green mandarine orange orange_seville sliced_orange "
        "strawberry",
        "banana cherimoya lemon pineapple pomegranate",
    ),
    "instrument": (
        "cello drum_tomtom_floor guitar2 guitar_classical trumpet",
        "bassoon drumkit guitar_electric violin",
    ),
    "mushroom": ("cep mushroom", "cep-1 cep-2"),
    "plane": ("747", "f22_raptor"),
    "vehicle": (
        "beetle bradley dumper garbagetruck pink_tricycle truck",
        "firetruck green_korean_bus indycar infantry-stryker sportscar2",
    ),
}
# Each with its backgrounds; the last one is held out
GROUNDS: Mapping[str, tuple[str, ...]] = {
    "stone": ("cliff", "mudstone", "rocks"),
    "water": ("ocean_waves", "ocean_splash"),
    "wood": ("mossy_bark", "burnt_bark", "mossy_log"),
    "trees": ("redwoods_above", "trees_at_dusk", "trees_above"),
}
RELATIONS = ("left", "right")
END = "(end)"
VOCABULARY = (
    "the",
    "near",
    "to",
    "its",
    "in",
    "front",
    "of",
    END,
    *RELATIONS,
    *GROUNDS,
    *NOUNS,
)
# The words that people are asked about, by what they are
KINDS = ("first noun", "second noun", "relation", "background")


def cutouts_of(is_held_out: bool) -> dict[str, list[Cutout]]:
    """By noun the cut-outs to train with, or those that are held out."""
    by_file = {cutout.key.rsplit("/", 1)[-1]: cutout for cutout in read_cutouts()}
    return {
        noun: [by_file[file] for file in files[is_held_out].split()]
        for noun, files in NOUNS.items()
    }


def meanings() -> dict[str, set[str]]:
    """By noun, the ImageNet classes of the cut-outs that it is trained with."""
    return {
        noun: {name for cutout in cutouts for name in cutout.accepted}
        for noun, cutouts in cutouts_of(is_held_out=False).items()
    }


def held_out(files: Sequence[str]) -> str:
    """The last one: it is never trained on."""
    return files[-1]


def caption(first: str, second: str, relation: str, ground: str) -> list[str]:
    """The words of a caption; `first` stands further up in `NOUNS` than `second`.

    Both nouns are said before any word that tells where they are: a map that knows the words so far
    and not the photo can't tell either's place.
    """
    return ["the", first, "near", "the", second, "to", "its", relation, "in", "front", "of", ground]


def sentence(words: Sequence[str], marked: int = -1) -> str:
    """A caption as people read it, with the word at the place `marked` between asterisks."""
    places = places_of(words)
    told = [f"**{word}**" if place == marked else word for place, word in enumerate(words)]
    if places:
        told[places["second noun"]] += ","
        told[words.index("in") - 1] += ","
    return " ".join(told)


def places_of(words: Sequence[str]) -> dict[str, int]:
    """Where in a caption the words of `KINDS` stand; empty where it is no caption."""
    found = {
        "first noun": [n for n, word in enumerate(words) if word in NOUNS][:1],
        "second noun": [n for n, word in enumerate(words) if word in NOUNS][1:],
        "relation": [n for n, word in enumerate(words) if word in RELATIONS],
        "background": [n for n, word in enumerate(words) if word in GROUNDS],
    }
    if any(len(places) != 1 for places in found.values()):
        return {}
    return {kind: places[0] for kind, places in found.items()}


def relation_of(first: float, second: float) -> str:
    """Where the first thing is, seen from the second; both as how far to the right they are."""
    return "left" if first < second else "right"
