"""What is wrong with arms and blocks: which keys and conditions fit which paradigm."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from studyapp.paradigms import PARADIGMS, WITHOUT_MAP, Paradigm
from studyapp.paradigms.forms import MEASURES
from studyapp.paradigms.questionnaire.question import INSTRUMENTS
from studyapp.sections.blocks import OF_A_NUMBER, BlockSection, FieldSection
from studyapp.sections.design import ConditionSection

from .catalogue import catalogue, did_you_mean
from .study import Definition
from .toml_lines import Path as KeyPath

Complaint = tuple[KeyPath, str]
# Fields of every trial's form, and the kinds of fields whose answer fits the column of `value`
TAKEN_NAMES = {*MEASURES, "trial", "point_cell", "csrfmiddlewaretoken"}
VALUE_KINDS = {"choice", "scale"}
# Keys that only some paradigms read: elsewhere they would be a wish that is not heard
ONLY_IN = {
    "steps": {"reliance"},
    "session": {"meta_prediction"},
    "items": {"rating", "questionnaire"},
    "instrument": {"questionnaire"},
    "question": {"open_text"},
    "fields": {"custom"},
    "text": {"custom"},
    "with_photos": {"open_text", "custom"},
    "lowest": {"rating", "questionnaire"},
    "highest": {"rating", "questionnaire"},
    "points": {"rating", "questionnaire"},
    "longest": {"open_text"},
    "required": {"open_text"},
}
# Keys that a field of a custom page reads, by its kind
FIELD_KEYS = {
    "choice": {"choices"},
    "scale": {"points", "lowest", "highest"},
    "text": {"longest"},
    "line": {"longest"},
    "number": OF_A_NUMBER,
}
FIELD_ALWAYS = {"name", "question", "kind", "required", "may_decline"}


def unknown(key: str, given: str, known: Any) -> str:
    return f'`{key} = "{given}"`: unknown; {did_you_mean(given, known)}'


def block_complaints(definition: Definition) -> Iterator[Complaint]:
    """What is wrong with arms and blocks, and with how conditions fit the paradigms."""
    names = [condition.name for condition in definition.conditions]
    for number, arm in enumerate(definition.arms):
        for name in sorted(set(arm.conditions) - set(names)):
            yield ("arms", number, "conditions"), unknown("arms.conditions", name, names)
    seen: set[str] = set()
    for number, block in enumerate(definition.blocks):
        path: KeyPath = ("blocks", number)
        if block.paradigm not in PARADIGMS:
            yield (*path, "paradigm"), unknown("blocks.paradigm", block.paradigm, PARADIGMS)
        for name in sorted(set(block.conditions or []) - set(names)):
            yield (*path, "conditions"), unknown("blocks.conditions", name, names)
        if block.name in seen:
            yield (
                (*path, "name"),
                f'`blocks.name = "{block.name}"` is used twice; choose another name',
            )
        seen.add(block.name)
        for key, sentence in _each_block(definition, block):
            yield ((*path, key) if key else path), sentence


def _each_block(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    """(key, sentence) of everything that is wrong with one block."""
    rules: tuple[Callable[[Any, BlockSection], Iterator[tuple[str, str]]], ...] = (
        _foreign_keys, _numbers, _words, _arms_have_conditions, _fitting_conditions,
    )  # fmt: skip
    for rule in rules:
        yield from rule(definition, block)


def _foreign_keys(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    for key, paradigms in ONLY_IN.items():
        if key in block.model_fields_set and block.paradigm not in paradigms:
            known = " and ".join(sorted(paradigms))
            yield (
                key,
                f"`blocks.{key}`: only {known} reads it, it is an unknown key for "
                f"{block.paradigm}; remove it",
            )
    yield from _keys_about_photos(definition, block)
    yield from _unread_field_keys(block)
    if (
        "confidence" in block.model_fields_set
        and block.paradigm == "distinction"
        and not block.confidence
    ):
        yield (
            "confidence",
            "`blocks.confidence = false`: distinction always asks how confident people are; "
            "remove it",
        )
    if block.stage == "learning" and block.paradigm != "meta_prediction":
        yield "stage", '`blocks.stage = "learning"`: only meta_prediction learns; say "practice"'
    paradigm = PARADIGMS[block.paradigm]
    if block.checks and not paradigm.check_values:
        yield (
            "checks",
            (
                f"`blocks.checks`: {block.paradigm} has no answer that a check could ask for; "
                "take it out"
            ),
        )
    if block.repeats and (paradigm.steps == 2 or paradigm.outcome is None or not block.is_main):
        yield (
            "repeats",
            f"`blocks.repeats`: {block.paradigm} can't be asked again here; take it out",
        )
    if block.pass_at is not None and (block.is_main or paradigm.outcome != "correct"):
        yield "pass_at", "`blocks.pass_at`: only practice with right answers can be passed"


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
            f"{block.name} is none; remove it",
        )
    elif block.stimuli != definition.design.stimuli and not any(
        one is not block and (one.paradigm, one.stage) == (block.paradigm, block.stage)
        for one in definition.blocks
    ):
        yield (
            "stimuli",
            f"`blocks.stimuli`: {block.name} is the only block of {block.paradigm}, and has all "
            f"photos of `design.stimuli`; change that instead",
        )


def _unread_field_keys(block: BlockSection) -> Iterator[tuple[str, str]]:
    for field in block.fields:
        for key in sorted(field.model_fields_set - FIELD_KEYS[field.kind] - FIELD_ALWAYS):
            kinds = " and ".join(kind for kind, keys in FIELD_KEYS.items() if key in keys)
            yield (
                "fields",
                f"`blocks.fields.{key}`: unknown key for the {field.kind} {field.name}, only a "
                f"{kinds} reads it; remove it",
            )


def _numbers(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    stimuli = definition.design.stimuli
    if (
        block.is_main
        and PARADIGMS[block.paradigm].asks_about_photos(block)
        and block.trials > stimuli
    ):
        yield (
            "trials",
            (
                f"`blocks.trials = {block.trials}` is more than `design.stimuli = {stimuli}`; "
                "no photo is shown twice to one person"
            ),
        )
    paradigm = PARADIGMS[block.paradigm]
    counts = {"trials": block.trials, "stimuli": block.stimuli or stimuli} if block.is_main else {}
    for key, count in counts.items():
        kinds = len(paradigm.strata)
        if kinds and count % kinds:
            place = f"blocks.{key}" if key in block.model_fields_set else "design.stimuli"
            yield (
                key,
                (
                    f"`{place} = {count}` can't hold equally many {' and '.join(paradigm.strata)} "
                    f"photos; take {count - 1 or 2} or {count + 1}"
                ),
            )
    if block.stimuli is not None and block.stimuli % paradigm.stimuli_a_photo:
        yield (
            "stimuli",
            (
                f"`blocks.stimuli = {block.stimuli}`: a photo gives {paradigm.stimuli_a_photo}; "
                f"take {block.stimuli + 1}"
            ),
        )
    if block.pass_at is not None and block.pass_at > block.trials:
        yield (
            "pass_at",
            f"`blocks.pass_at = {block.pass_at}` is more than its {block.trials} trials",
        )


def _words(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    if block.paradigm in {"rating", "questionnaire"} and not block.items:
        yield "items", f"`blocks.items` is missing; say what {block.name} asks, item by item"
    if block.instrument is not None:
        yield from _instrument(block)
    if block.paradigm == "custom":
        if not block.fields:
            yield "fields", f"`blocks.fields` is missing; say what {block.name} asks"
        yield from _field_names(block)
        if block.text is not None and block.text not in definition.texts:
            yield "text", unknown("blocks.text", block.text, definition.texts)


def _field_names(block: BlockSection) -> Iterator[tuple[str, str]]:
    """Names under which an answer would be lost: each is a field of the page's form."""
    for name, count in Counter(field.name for field in block.fields).items():
        if count > 1:
            yield (
                "fields",
                f"`blocks.fields`: {count} fields of {block.name} are called {name}, and only one "
                "answer would be kept; give each a name of its own",
            )
        if name in TAKEN_NAMES:
            yield (
                "fields",
                f"`blocks.fields`: the page itself has a field called {name}; choose another name",
            )
    for field in block.fields:
        if field.name == "value" and (why := _no_main_answer(field)):
            yield "fields", f"`blocks.fields`: the main answer, value, {why}; choose another name"


def _no_main_answer(field: FieldSection) -> str:
    """Why a field can't be called `value`; empty where it can."""
    if field.kind == "number":
        return "is one of the listed choices or a step of a scale, and any number may be none"
    if field.kind not in VALUE_KINDS:
        return f"is a number, a {field.kind} is none"
    return "is a number, “Prefer not to say” is none" if field.may_decline else ""


def _instrument(block: BlockSection) -> Iterator[tuple[str, str]]:
    instrument = INSTRUMENTS.get(str(block.instrument))
    if instrument is None:
        yield "instrument", unknown("blocks.instrument", str(block.instrument), INSTRUMENTS)
        return
    if len(block.items) != instrument.items:
        yield (
            "items",
            (
                f"`blocks.items`: {block.instrument} has {instrument.items} items, here are "
                f"{len(block.items)}; see {instrument.source}"
            ),
        )
    if block.points != instrument.points:
        yield (
            "points",
            (
                f"`blocks.points = {block.points}`: {block.instrument} is answered from 1 to "
                f"{instrument.points}"
            ),
        )


def _arms_have_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    if block.conditions is None or not PARADIGMS[block.paradigm].asks_about_photos(block):
        return
    for arm, names in definition.arm_conditions().items():
        if not set(names) & set(block.conditions):
            yield (
                "conditions",
                (
                    f"`blocks.conditions`: the arm {arm} has none of them; "
                    "add one to it or to the block"
                ),
            )


def _fitting_conditions(definition: Definition, block: BlockSection) -> Iterator[tuple[str, str]]:
    paradigm = PARADIGMS[block.paradigm]
    if not paradigm.asks_about_photos(block):
        return
    for condition in definition.conditions_of(block.paradigm):
        if reason := misfit(paradigm, condition):
            yield (
                "conditions",
                f"`conditions` {condition.name} does not fit {block.paradigm}: {reason}",
            )
        if paradigm.has_sides and condition.versus is None:
            pair = definition.pairs.get(definition.pair_of(condition))
            if pair is not None and pair.weaker is None:
                yield (
                    "conditions",
                    (
                        f"`conditions` {condition.name} has one network and one method; "
                        "give its pair a weaker network, or the condition versus = …"
                    ),
                )


def misfit(paradigm: Paradigm, condition: ConditionSection) -> str:
    """Why a condition can't be asked about by a paradigm; empty where it can."""
    if condition.method in WITHOUT_MAP:
        if condition.method in paradigm.without_map:
            return ""
        fits = [name for name, one in PARADIGMS.items() if condition.method in one.without_map]
        return f"it shows {WITHOUT_MAP[condition.method]}, which fits {', '.join(fits)}"
    if condition.versus is not None:
        return "" if paradigm.has_sides else "only trust compares two methods; take versus out"
    if shows_differences(paradigm, condition.method):
        return ""
    methods = catalogue()["methods"]
    fitting = [m for m in methods if methods[m]["control"] and shows_differences(paradigm, m)]
    return (
        f"{condition.method} is the same picture on every side and for every answer there, because "
        f"its map does not depend on the {paradigm.compares}; take {', '.join(fitting)} or "
        "another method"
    )


def shows_differences(paradigm: Paradigm, method: str) -> bool:
    """Whether a method's pictures differ where people are asked to compare them."""
    influences = catalogue()["methods"][method]["depends_on"]
    return paradigm.compares is None or paradigm.compares in influences
