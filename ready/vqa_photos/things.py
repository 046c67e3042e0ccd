"""The things and the backgrounds of photos, and which of them no network is trained on."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ready.photos.cutouts import Cutout, read_cutouts

# By noun, the last part of the names of cut-outs' files; those between plus signs are alike, and
# are all trained with or all held out
THINGS: Mapping[str, str] = {
    "bird": "chicken_profile+hen+rooster crowned_crane drake+duck gander "
    "heron_greatblue+heron_greatblue_flying penguin+little-penguin+magellanic_penguin magpie "
    "ostrich+nandou owl peacock pelican pink_flamingo rainbow-lorikeet tucan vulture",
    "mammal": "chimp+gorilla otter badger bear+european-bear bison+yak cow+cow_white+bull+zebu "
    "goat+ram+sheep indian_blackbuck camel+dromedary lion+lion-2 tiger+tiger_sumatran doe "
    "dingo+dog fox elephant horse zebra ferret hippopotamus pig+pig_golden+pig_golden2 "
    "rabbit+rabbit-2+rabbit_little beaver+marmot squirrel wildboar kangaroo koala wombat",
    "fruit": "strawberry+Strawberry2 apple_green+apple_granny_smith "
    "orange+orange_seville+mandarine+sliced_orange banana cherimoya lemon pineapple pomegranate",
    "vehicle": "bradley+infantry-stryker garbagetruck beetle sportscar2 truck dumper "
    "pink_tricycle firetruck green_korean_bus indycar",
    "instrument": "trumpet drumkit+drum_tomtom_floor cello+violin guitar_classical+guitar2 "
    "guitar_electric bassoon",
    "ball": "basketball football soccer tennis_ball",
}
MOST = 10  # of a noun that are held out: half of them, at most so many
KNOWN_GROUNDS = (
    "cliff",
    "rocks",
    "ocean_waves",
    "mossy_bark",
    "burnt_bark",
    "redwoods_above",
    "trees_at_dusk",
    "sun_behind_clouds",
)
NEW_GROUNDS = ("mudstone", "ocean_splash", "mossy_log", "trees_above")
# Things that are alike; the first one stands for them where somebody is asked
Alike = tuple[Cutout, ...]
Things = Mapping[str, Sequence[Alike]]


def things() -> dict[str, list[Alike]]:
    """By noun; each cut-out is called by its noun, and the noun alone is right for it."""
    by_file = {cutout.key.rsplit("/", 1)[-1]: cutout for cutout in read_cutouts()}
    return {
        noun: [
            tuple(replace(by_file[file], name=noun, accepted=(noun,)) for file in alike.split("+"))
            for alike in files.split()
        ]
        for noun, files in THINGS.items()
    }


def parted(those: Things, seed: str) -> tuple[dict[str, list[Alike]], dict[str, list[Alike]]]:
    """By noun what is trained with, and what is held out, by chance."""
    chance = random.Random(seed)
    training, held_out = dict[str, list[Alike]](), dict[str, list[Alike]]()
    for noun, some in those.items():
        drawn = chance.sample(list(some), len(some))
        count = min(MOST, len(some) // 2)
        held_out[noun], training[noun] = drawn[:count], drawn[count:]
    return training, held_out


def pairs(those: Things, seed: str) -> list[tuple[Cutout, Cutout]]:
    """Things of different nouns, each in one pair at most, so that photos of no two pairs show the
    same thing; as many pairs as the commonest noun leaves partners for."""
    chance = random.Random(seed)
    left = {
        noun: chance.sample([alike[0] for alike in some], len(some)) for noun, some in those.items()
    }
    found = []
    while len(nouns := [noun for noun, some in left.items() if some]) > 1:
        # From the nouns of which most is left, so that few stay without a partner
        first = max(nouns, key=lambda noun: len(left[noun]))
        second = chance.choices(
            [noun for noun in nouns if noun != first],
            [len(left[noun]) for noun in nouns if noun != first],
        )[0]
        found.append((left[first].pop(), left[second].pop()))
    return found
