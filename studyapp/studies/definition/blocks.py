"""What is wrong with arms and blocks: which keys and conditions fit which paradigm."""

from collections.abc import Iterator

from studyapp.models import IMPORTED, Kind
from studyapp.paradigms import PARADIGMS, WITHOUT_MAP, Paradigm
from studyapp.paradigms.wording import OwnQuestion
from studyapp.sections.blocks import BlockSection
from studyapp.sections.design import ConditionSection
from studyapp.shelf.likely_names import unknown

from .catalogue import catalogue
from .rules import Complaint, Rule, rule
from .sides import competitors, sides, turned_sides
from .study import Definition
from .toml_lines import Path as KeyPath

# What tells which conditions a block asks about, and which of them meet on a page
FITTING = "conditions pairs blocks.*.conditions blocks.*.compare display.show_photo"
MET = "arms conditions pairs .conditions"
# What else stands on the other side where there is one network
_OTHER_SIDES = (
    ", or the condition a second method (versus), or name it with another one in `compare` of the "
    "block {block}, which asks about it by itself"
)


def block_rules(definition: Definition) -> Iterator[Rule]:
    """What tells what is wrong with arms and blocks, and how conditions fit the paradigms."""
    yield rule(_arm_names(definition), "conditions.*.name")
    for number, block in enumerate(definition.blocks):
        item: KeyPath = ("blocks", number)
        yield rule(_names(definition, number), "conditions.*.name")
        for complaints, reads in _of_block(definition, block):
            found = (((*item, key) if key else item, sentence) for key, sentence in complaints)
            yield rule(found, reads, item)


def _of_block(
    definition: Definition, block: BlockSection
) -> Iterator[tuple[Iterator[tuple[str, str]], str]]:
    """(complaints by key of the block, what they rely on) of each rule."""
    own = PARADIGMS[block.paradigm].complaints(block, definition.texts)
    yield _stages(block), ""
    yield own, "."
    yield _keys_about_photos(definition, block), "design.stimuli blocks.*.stage .with_photos"
    yield _idle_keys(block), ".stage"
    yield _numbers(definition, block), "design.stimuli .stage .trials .stimuli .pass_at"
    yield _languages(definition, block), "language .instrument .items"
    yield _arms_have_conditions(definition, block), "arms conditions.*.name .conditions .compare"
    yield (
        _fitting_conditions(definition, block),
        FITTING,
    )
    yield sides(definition, block), f"{MET} .compare"
    yield turned_sides(definition, block), "blocks.*.compare"
    yield competitors(definition, block), MET
    yield _ties(definition, block), "blocks.*.stage blocks.*.ties"
    yield _declining(definition, block), "blocks.*.stage blocks.*.may_decline"
    yield _words(definition, block), "blocks.*.stage blocks.*.answers"


def _arm_names(definition: Definition) -> Iterator[Complaint]:
    names = [condition.name for condition in definition.conditions]
    for number, arm in enumerate(definition.arms):
        for name in sorted(set(arm.conditions) - set(names)):
            yield ("arms", number, "conditions"), unknown("arms.conditions", name, names)


def _names(definition: Definition, number: int) -> Iterator[Complaint]:
    names = [condition.name for condition in definition.conditions]
    block = definition.blocks[number]
    path: KeyPath = ("blocks", number)
    for name in sorted(set(block.conditions or []) - set(names)):
        yield (*path, "conditions"), unknown("blocks.conditions", name, names)
    for name in sorted({name for two in block.compared for name in two} - set(names)):
        yield (*path, "compare"), unknown("blocks.compare", name, names)
    if block.name in [one.name for one in definition.blocks[:number]]:
        key = f'`blocks.name = "{block.name}"`'
        yield (*path, "name"), f"{key} is used twice; choose another name"


def _stages(block: BlockSection) -> Iterator[tuple[str, str]]:
    paradigm = PARADIGMS[block.paradigm]
    if block.stage not in paradigm.stages:
        fitting = [name for name, one in PARADIGMS.items() if block.stage in one.stages]
        yield (
            "stage",
            f'`blocks.stage = "{block.stage}"`: only {" and ".join(fitting)} has this stage; use '
            f'"{paradigm.stages[0]}"',
        )


def _idle_keys(block: BlockSection) -> Iterator[tuple[str, str]]:
    """Keys of every block that this one can't mean."""
    paradigm = PARADIGMS[block.paradigm]
    if block.checks and not paradigm.check_values:
        problem = f"{block.paradigm} has no answer that a check could ask for"
        yield "checks", f"`blocks.checks`: {problem}; remove it"
    if block.repeats and (paradigm.steps == 2 or paradigm.outcome is None or not block.is_main):
        yield "repeats", f"`blocks.repeats`: {block.paradigm} can't be asked again here; remove it"
    if block.pass_at is not None and (block.is_main or paradigm.outcome != "correct"):
        yield "pass_at", "`blocks.pass_at`: only practice with right answers can be passed"


def _languages(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Words that are not at hand in the study's language."""
    if here := _languages_without(definition.language, block):
        yield (
            "items",
            f'{here}, and the study\'s language is "{definition.language}"; '
            "list the items of a translation as `items`, the words at their ends as `lowest` and "
            "`highest`, and its authors and year as `translation`; without that they are reported "
            "one by one, without the published score",
        )


def _languages_without(language: str, block: BlockSection) -> str:
    """In which languages a block's published words are, if `language` is none of them."""
    known = PARADIGMS[block.paradigm].languages(block)
    base = language.replace("_", "-").partition("-")[0].lower()
    if known is None or base in known:
        return ""
    return (
        f"the published items that {block.name} asks, and the words at their ends, are here in "
        f"{' and '.join(known)} only"
    )


def why_not_worded(block: BlockSection, language: str) -> str:
    """Why a block can't be asked in a further language; empty where it can."""
    here = _languages_without(language, block)
    return here and f"{here}; list items of your own, with their words in each language"


def _keys_about_photos(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """`conditions` and `stimuli` where no photo is asked about, or where nothing is shared."""
    asks = PARADIGMS[block.paradigm].asks_about_photos(block)
    if block.conditions is not None and not asks:
        yield "conditions", f"`blocks.conditions`: {block.name} asks about no photo; remove it"
    if block.stimuli is None:
        return
    if not asks or not block.is_main:
        yield (
            "stimuli",
            f"`blocks.stimuli`: only main blocks that ask about photos have a share of them, and "
            f"{block.name} is not one; remove it",
        )
    elif block.stimuli != definition.design.stimuli and not any(
        one is not block and (one.paradigm, one.stage) == (block.paradigm, block.stage)
        for one in definition.blocks
    ):
        yield (
            "stimuli",
            f"`blocks.stimuli`: {block.name} is the only block of {block.paradigm}, so it has all "
            "photos of `design.stimuli`; change that instead",
        )


def _numbers(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    stimuli, paradigm = definition.design.stimuli, PARADIGMS[block.paradigm]
    if block.is_main and paradigm.asks_about_photos(block) and block.trials > stimuli:
        given = f"`blocks.trials = {block.trials}` is more than `design.stimuli = {stimuli}`"
        yield "trials", f"{given}; no photo is shown twice to one person"
    counts = {"trials": block.trials, "stimuli": block.stimuli or stimuli} if block.is_main else {}
    for key, count in counts.items():
        kinds = len(paradigm.strata)
        if kinds and count % kinds:
            place = f"blocks.{key}" if key in block.model_fields_set else "design.stimuli"
            yield (
                key,
                f"`{place} = {count}` can't hold equally many {' and '.join(paradigm.strata)} "
                f"photos; use {count - 1 or 2} or {count + 1}",
            )
    if block.stimuli is not None and block.stimuli % paradigm.stimuli_a_photo:
        given = f"`blocks.stimuli = {block.stimuli}`: each photo gives {paradigm.stimuli_a_photo}"
        yield "stimuli", f"{given}; use {block.stimuli + 1}"
    if block.pass_at is not None and block.pass_at > block.trials:
        given = f"`blocks.pass_at = {block.pass_at}` is more than the block's {block.trials} trials"
        yield "pass_at", f"{given}; use {block.trials} or less"


def _arms_have_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    if not PARADIGMS[block.paradigm].asks_about_photos(block):
        return
    for arm, names in definition.arm_conditions().items():
        if block.compared and not definition.shown_under(block, names):
            fix = "add two of them to the arm that are compared"
            yield "compare", f"`blocks.compare`: the arm {arm} sees nothing of {block.name}; {fix}"
    if block.conditions is None or block.compared:
        return
    for arm, names in definition.arm_conditions().items():
        if not set(names) & set(block.conditions):
            fix = "add one of its conditions to the block, or one of these to the arm"
            yield "conditions", f"`blocks.conditions`: the arm {arm} has none of them; {fix}"


def _ties(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Where some could answer with a tie and others could not, nothing tells how often they would
    have."""
    offered = getattr(block, "ties", None)
    if not block.is_main or offered is None:
        return
    first = _first_of(definition, block)
    if getattr(first, "ties", None) != offered:
        with_ties, without = (block, first) if offered else (first, block)
        yield (
            "ties",
            f"`blocks.ties`: {with_ties.name} offers ties and {without.name} does not, and both "
            "are analysed together; say the same in both",
        )


def _declining(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """People who learn answer nothing; and where some could decline and others could not, those
    who answered are not the same kind of people."""
    if not isinstance(block, OwnQuestion):
        return
    if block.may_decline and block.stage == "learning":
        yield (
            "may_decline",
            f"`blocks.may_decline`: in {block.name} people learn and are asked nothing that they "
            "could decline; remove it",
        )
    first = _first_of(definition, block) if block.is_main else block
    if first.offers_declining != block.offers_declining:
        offering, without = (block, first) if block.may_decline else (first, block)
        yield (
            "may_decline",
            f"`blocks.may_decline`: {offering.name} offers “Prefer not to say” and {without.name} "
            "does not, and both are analysed together; say the same in both",
        )


def _words(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """Worths come of everything that one paradigm asked about those that meet."""
    if not block.is_main or PARADIGMS[block.paradigm].meets == "one":
        return
    first = _first_of(definition, block)
    if first.wording != block.wording:
        yield (
            "question",
            f"`blocks.question`: {first.name} and {block.name} ask in different words, and both "
            "are analysed together; use the same words in both",
        )


def _first_of(definition: Definition, block: BlockSection) -> BlockSection:
    """The first analysed block of the paradigm."""
    of_paradigm = (one for one in definition.blocks if one.paradigm == block.paradigm)
    return next(one for one in of_paradigm if one.is_main)


def _fitting_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    paradigm = PARADIGMS[block.paradigm]
    asking = (one for one in definition.blocks if one.paradigm == block.paradigm)
    # Told once of all blocks of a paradigm
    first = next((one for one in asking if paradigm.asks_about_photos(one)), None)
    if block is not first:
        return
    alone = definition.conditions_alone_in(block.paradigm)
    for condition in definition.conditions_of(block.paradigm):
        if condition not in alone:
            if reason := _kind_misfit(paradigm, condition):
                given = f"`conditions` {condition.name} does not fit {block.paradigm}"
                yield "compare", f"{given}: {reason}"
            continue
        if reason := misfit(paradigm, condition):
            given = f"`conditions` {condition.name} does not fit {block.paradigm}"
            yield "conditions", f"{given}: {reason}"
        elif (
            condition.method in WITHOUT_MAP
            and paradigm.has_sides
            and not definition.display.show_photo
        ):
            yield (
                "conditions",
                f"`conditions` {condition.name} shows the photo without explanations, and "
                "`display.show_photo = false` hides it; remove one of the two",
            )
        if "weaker" in paradigm.networks and condition.versus is None:
            pair = definition.pairs.get(definition.pair_of(condition))
            if pair is not None and pair.weaker is None:
                given = f"`conditions` {condition.name} has one network, and {block.paradigm} "
                fix = "asks about two; give its pair a weaker network"
                asking_alone = definition.block_alone_in(block.paradigm, condition.name)
                other = _OTHER_SIDES.format(block=asking_alone) if paradigm.has_sides else ""
                yield "conditions", f"{given}{fix}{other}"


def misfit(paradigm: Paradigm, condition: ConditionSection) -> str:
    """Why a condition can't be asked about by a paradigm; empty where it can."""
    if condition.method in WITHOUT_MAP:
        if condition.method in paradigm.without_map:
            return ""
        fits = [name for name, one in PARADIGMS.items() if condition.method in one.without_map]
        return f"it shows {WITHOUT_MAP[condition.method]}, which fits {', '.join(fits)}"
    if reason := _kind_misfit(paradigm, condition):
        return reason
    if condition.versus is not None:
        compares = paradigm.has_sides and paradigm.meets == "one"
        comparing = [
            name for name, one in PARADIGMS.items() if one.has_sides and one.meets == "one"
        ]
        refused = f"only {' and '.join(comparing)} compares two methods; remove `versus`"
        return "" if compares else refused
    if shows_differences(paradigm, condition.method):
        return ""
    methods = catalogue()["methods"]
    fitting = [m for m in methods if methods[m]["control"] and shows_differences(paradigm, m)]
    return (
        f"{condition.method} gives the same picture on every side and for every answer, because "
        f"its map does not depend on the {paradigm.compares}; use {', '.join(fitting)} or "
        "another method"
    )


def _kind_misfit(paradigm: Paradigm, condition: ConditionSection) -> str:
    """Why pages of a paradigm can't show what another tool made; empty where they can."""
    if condition.method != IMPORTED or condition.shown_kind in paradigm.kinds:
        return ""
    fits = [name for name, one in PARADIGMS.items()
            if one.candidates is not None and condition.shown_kind in one.kinds]  # fmt: skip
    return f"it shows {Kind(condition.shown_kind).noun}, which only {', '.join(fits)} can show"


def shows_differences(paradigm: Paradigm, method: str) -> bool:
    """Whether a method's pictures differ where people are asked to compare them."""
    if method == IMPORTED:
        return True
    influences = catalogue()["methods"][method]["depends_on"]
    return paradigm.compares is None or paradigm.compares in influences
