"""The allocation as it was drawn: every slot and trial, whether anybody took it or not."""

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.expressions import Combinable

from studyapp.models import Study, StudyState, Trial

from .columns import Column, FourDigits, Labelled, Table, digest_id, numbered_id

ROLE = (
    "Role of the explained network in its pair; where several conditions are on one page, "
    "`option_0`, `option_1`, … in the order of the condition's name."
)
STAGES = {
    "practice": "practice, never analysed",
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
    Column("trial_id", "text", "Identifier of the row.", trial_id("")),
    Column("slot_id", "text", "Place in the allocation sequence.", slot_id("slot__")),
    Column("slot_position", "integer", "Number of the slot, in the order of taking.",
           "slot__position"),
    Column("addition", "integer",
           "0: drawn when the study opened; n: drawn with the n-th block of places added later.",
           "slot__addition"),
    Column("arm", "text", "Arm of the slot.", "slot__arm__name"),
    Column("slot_site", "text", "Site whose people may take the slot; empty without sites.",
           "slot__site", was_added=True),
    Column("slot_stratum", "text",
           "Stratum whose people may take the slot; empty without quotas.", "slot__stratum",
           was_added=True),
    Column("slot_seed", "integer", "Seed from which the slot's trials were drawn.", "slot__seed"),
    Column("slot_is_open", "boolean", "Whether the slot was free when the table was written.",
           "slot__is_open"),
    Column("trial_position", "integer", "Place of the trial in its slot, from 0.", "position"),
    Column("block", "text", "Run of trials shuffled together."),
    Column("stage", "text", "What the trial was for.", levels=STAGES),
    Column("step", "integer", "1 or 2 of a question asked in two steps; 0: there is only one."),
    Column("paradigm", "text", "Kind of question."),
    Column("condition", "text", "Condition, by its name in the study file.", "condition__name"),
    Column("stimulus_id", "text", "What the trial asks about.", stimulus_id("stimulus__")),
    Column("image_id", "text", "Photo, from its SHA-256.", digest_id("i", "image__sha256")),
    Column("stronger_side", "text", "Side on which the stronger network's explanation is shown.",
           shown="Only the two neutral names.", levels={"A": "first, left", "B": "second, right"}),
    Column("option_order", "json",
           "Indices of the stimulus' options, or of several conditions on one page, in the order "
           "in which the page shows them.",
           shown="The options' names, in this order."),
    Column("expected", "integer", "Answer that an attention check asks for."),
    Column("keys", "json",
           "The answer key: what each answer scores, by question, as JSON; {} where nothing is "
           "scored by its value. `value` is the main answer, `correct` the second question of "
           "distinction; `advice` has 1 at the answer that the network advised. Missing until the "
           "study is closed.", Case(When(slot__study__state=StudyState.CLOSED, then=F("keys"))),
           shown="Never shown.", was_added=True),
    Column("may_repeat_image", "boolean", "Whether the photo may appear again in the slot."),
)  # fmt: skip

TRIALS = Table(
    "trials",
    "The whole allocation: one row per planned trial, including slots that nobody took.",
    _rows,
    COLUMNS,
)
