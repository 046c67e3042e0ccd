"""The things on photos: photo cut-outs of Debian's package by noun, and which are held out."""

import random
from collections.abc import Mapping, Sequence

from ready.photos.cutouts import Cutout

# By noun and drawer, the names of files; those between plus signs are alike, and no two of them are
# on different sides. Cartoons are left out, and what is smaller than 50 pixels.
THINGS: Mapping[str, Mapping[str, str]] = {
    "bird": {
        "animals/birds": "chicken_profile+hen+rooster crowned_crane drake+duck gander "
        "heron_greatblue+heron_greatblue_flying penguin+little-penguin+magellanic_penguin magpie "
        "ostrich+nandou owl peacock+albino_peahen pelican pink_flamingo "
        "rainbow-lorikeet+adelaide-rosella tucan vulture blackbird crow cuckoo "
        "guineafowl+helmeted_guineafowl lark pigeon quetzal seagull+silver-gull turkey"
    },
    "mammal": {
        "animals/mammals/apes": "chimp gorilla tamarin_emperor",
        "animals/mammals/aquatic": "otter",
        "animals/mammals/bears": "bear+european-bear",
        "animals/mammals/bovines": "bison cow+cow_white+bull+zebu yak goat+mountaingoat "
        "indian_blackbuck sheep+ram+sheep_lamb gnu-stand+gnu-sitting+gnu-baby+gnu-baby-stand",
        "animals/mammals/camel": "camel+dromedary",
        "animals/mammals/cats": "lion+lion-2 tiger+tiger_sumatran",
        "animals/mammals/deer": "doe+deer caribou+wapiti",
        "animals/mammals/dogs": "dingo dog fox",
        "animals/mammals/equines": "horse donkey+donkey_eating zebra",
        "animals/mammals/rodents": "beaver+capybara marmot mouse+rat rabbit+rabbit-2 squirrel",
        "animals/mammals": "badger elephant ferret giraffe hippopotamus rhino_black "
        "pig+pig_golden+pig_golden2 wildboar",
        "animals/marsupials": "kangaroo koala wombat",
    },
    "fish": {
        "animals/fish": "clownfish lionfish bluegroper butterflyfish coraltrout dolphinfish "
        "moonwrasse seahorse stripedfish"
    },
    "flower": {
        "plants/flowers": "adeenia anemone_red anthoorium appooppanthady bolsom "
        "chemparathi+flower10 daffodil flower1 flower2 flower3 flower4 flower5 flower6 flower7 "
        "flower8 flower9 iris marigold pigface red-gazania rose whitestar-petunia yellow-flower"
    },
    "fruit": {
        "food/fruit": "strawberry+Strawberry2 apple_green+apple_granny_smith "
        "apple_red+apple_fuji+apple_sierra_beauty "
        "orange+orange_seville+mandarine+sliced_orange banana cherimoya lemon pineapple "
        "pomegranate apricot+Apricot_whole Cherry_Stella avocado grapes kiwi mango pear raspberry "
        "sliced_lime"
    },
    "coin": {
        "symbols/money/canadian/coins": "001penny 005nickel+010dime+025quarter 100loonie 200toonie",
        "symbols/money/euro/coins": "005+001+002 050+010+020 200+100",
        "symbols/money/japanese": "yen001 yen005+yen050 yen010 yen100+yen500",
        "symbols/money/us/coins": "050kennedy-halfdollar+005nickel+010dime+025quarter "
        "001penny 100sacagawea",
    },
    "tool": {
        "household/tools": "hammer mallet_metal measuring_tape plyers saw spade toolbox "
        "wrench+wrench_adjustable+wrench_plumbers paintbrush_large"
    },
    "instrument": {
        "hobbies/music/brass": "trumpet",
        "hobbies/music/percussion": "cymbal_crash drumkit+drum_tomtom_floor",
        "hobbies/music/string": "cello+violin guitar_classical+guitar2 "
        "guitar_electric+guitar_electric_bass",
        "hobbies/music/wind": "bassoon",
    },
    "vehicle": {
        "military/vehicles": "bradley+ww2_german_gun infantry-stryker",
        "vehicles/auto": "beetle sedan sportscar2 truck",
        "vehicles/construction": "dumper",
        "vehicles/cycle": "pink_tricycle",
        "vehicles/emergency": "firetruck",
        "vehicles/masstransit": "green_korean_bus",
        "vehicles/race": "indycar",
        "vehicles": "garbagetruck",
    },
}
MOST = 10  # of a noun that are held out: half of what there is, at most so many
# Things that are alike; the first one stands for them where people are asked
Alike = tuple[Cutout, ...]


def things() -> dict[str, list[Alike]]:
    return {
        noun: [
            tuple(thing(noun, drawer, name) for name in alike.split("+"))
            for drawer, names in drawers.items()
            for alike in names.split()
        ]
        for noun, drawers in THINGS.items()
    }


def thing(noun: str, drawer: str, name: str) -> Cutout:
    return Cutout(f"stamps/{drawer}/{name}.png", noun, (noun,))


def parted(
    by_noun: Mapping[str, Sequence[Alike]], seed: str, most: int = MOST
) -> tuple[dict[str, list[Alike]], dict[str, list[Alike]]]:
    """By noun what is trained with, and what is held out, by chance."""
    chance = random.Random(seed)
    training, held_out = dict[str, list[Alike]](), dict[str, list[Alike]]()
    for noun, those in by_noun.items():
        drawn = chance.sample(those, len(those))
        count = min(most, len(those) // 2)
        held_out[noun], training[noun] = drawn[:count], drawn[count:]
    return training, held_out


def files() -> list[str]:
    """Of every thing, as fetching them wants to know it."""
    return [one.file for those in things().values() for alike in those for one in alike]
