"""The allocation as it was drawn: every slot and trial, whether anybody took it or not."""

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.expressions import Combinable

from studyapp.models import Study, StudyState, Trial

from .columns import Column, FourDigits, Labelled, Table, digest_id, numbered_id

STAGES = {
    "practice": "learning the interface, never analysed",
    "learning": "the network's answers are shown, nothing is asked",
    "main": "analysed",
    "repeat": "asked again for reliability, the other way round",
    "check": "attention check",
    "questionnaire": "page of a questionnaire",
    "first": "first answer of two",
    "final": "final answer of two",
}


def slot_id(prefix: str) -> Combinable:
    return numbered_id("s", f"{prefix}position")


def trial_id(prefix: str) -> Combinable:
    """Slot and place in it, such as s0012_t0003: the same in every copy of the data."""
    place = FourDigits(F(f"{prefix}position"))
    return Labelled(slot_id(f"{prefix}slot__"), Value("_t"), place)


def stimulus_id(prefix: str) -> Combinable:
    """Paradigm and place in the seed's order, such as trust_0004."""
    return Labelled(F(f"{prefix}paradigm"), Value("_"), FourDigits(F(f"{prefix}position")))


SLOT_ID = slot_id("trial__slot__")
TRIAL_ID = trial_id("trial__")


def _rows(study: Study) -> QuerySet[Trial]:
    return Trial.objects.filter(slot__study=study).order_by("slot__position", "position")


COLUMNS = (
    Column("trial_id", "text", trial_id(""), "Identifier of the row."),
    Column("slot_id", "text", slot_id("slot__"), "Place in the allocation sequence."),
    Column("slot_position", "integer", "slot__position", "Number of the slot, in order of taking."),
    Column(
        "addition",
        "integer",
        "slot__addition",
        "0: drawn at opening; n: in the n-th block of places added later.",
    ),
    Column("arm", "text", "slot__arm__name", "Arm of the slot."),
    Column("slot_seed", "integer", "slot__seed", "Seed from which the slot's trials were drawn."),
    Column(
        "slot_is_open",
        "boolean",
        "slot__is_open",
        "Whether the slot was free when the table was written.",
    ),
    Column("trial_position", "integer", "position", "Place of the trial in its slot, from 0."),
    Column("block", "text", "block", "Run of trials shuffled together."),
    Column("stage", "text", "stage", "What the trial was for.", levels=STAGES),
    Column(
        "step",
        "integer",
        "step",
        "1 or 2 of a question asked in two steps; 0: there is only one.",
    ),
    Column("paradigm", "text", "paradigm", "Kind of question."),
    Column("condition", "text", "condition__name", "Condition, by its name in the study file."),
    Column("stimulus_id", "text", stimulus_id("stimulus__"), "What the trial asks about."),
    Column("image_id", "text", digest_id("i", "image__sha256"), "Photo, from its SHA-256."),
    Column(
        "stronger_side",
        "text",
        "stronger_side",
        "Side on which the stronger network's explanation stands.",
        shown="Only the two neutral names.",
        levels={"A": "first, left", "B": "second, right"},
    ),
    Column(
        "option_order",
        "json",
        "option_order",
        "Indices of the stimulus' options in the order in which the page shows them.",
        shown="The options' names, in this order.",
    ),
    Column("expected", "integer", "expected", "Answer that an attention check asks for."),
    Column(
        "keys",
        "json",
        Case(When(slot__study__state=StudyState.CLOSED, then=F("keys"))),
        "The answer key: what each answer scores, by question, as JSON; {} where nothing is scored "
        "by its value. `value` is the main answer, `correct` the second question of distinction; "
        "`advice` has 1 at the answer that the network advised. Missing until the study is closed.",
        shown="Never shown.",
        was_added=True,
    ),
    Column(
        "may_repeat_image",
        "boolean",
        "may_repeat_image",
        "Whether the photo may come again in the slot.",
    ),
)

TRIALS = Table(
    "trials",
    "The allocation whole: one row per planned trial, slots that nobody took included.",
    _rows,
    COLUMNS,
)
