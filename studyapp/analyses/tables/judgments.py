"""The judgments, one row each: who judged what under which condition, and how it is scored."""

from collections.abc import Iterator, Mapping

from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from studyapp.models import Exclusion, Judgment, Stage, Study
from studyapp.paradigms import PARADIGMS

from .columns import Column, Labelled, Table, digest_id, participant_id
from .design import SLOT_ID, STAGES, TRIAL_ID, stimulus_id


class JsonText(Func):
    """An item of a JSON array or object as text; missing where there is none."""

    template = "(%(expressions)s)"
    arg_joiner = " ->> "
    output_field = TextField()


class JsonInteger(Func):
    """An item of a JSON array or object as a whole number; missing where there is none."""

    template = "(%(expressions)s)::int"
    arg_joiner = " ->> "
    output_field = IntegerField()


CHOSEN = JsonInteger(F("trial__option_order"), F("value"))
# What the answer scores by the key that was drawn with its trial; missing where it scores nothing
SCORE = JsonInteger(KeyTransform("value", "trial__keys"), Cast(F("value"), TextField()))
SECOND_SCORE = JsonInteger(
    KeyTransform("correct", "trial__keys"), JsonText(F("data"), Value("correct"))
)


class WithoutWords(Func):
    """An object of answers as strangers may have it: of each text only the number of its words.

    It goes by what an answer is and not by who asked for it, so that no paradigm can be forgotten.
    """

    template = (
        "(SELECT jsonb_object_agg(answers.key, CASE WHEN jsonb_typeof(answers.value) = 'string' "
        "THEN jsonb_build_object('words', (SELECT count(*) FROM "
        "regexp_matches(answers.value #>> '{}', '\\S+', 'g'))) ELSE answers.value END) "
        "FROM jsonb_each(CASE WHEN jsonb_typeof(%(expressions)s) = 'object' "
        "THEN %(expressions)s ELSE '{}'::jsonb END) AS answers)"
    )
    output_field = TextField()


class AnswerLevels(Mapping[str, str]):
    """What each stored `value` means, as the paradigms that are registered by then say it."""

    def __getitem__(self, values: str) -> str:
        return _answer_levels()[values]

    def __iter__(self) -> Iterator[str]:
        return iter(_answer_levels())

    def __len__(self) -> int:
        return len(_answer_levels())


def _answer_levels() -> dict[str, str]:
    """Paradigms whose values mean the same share an entry."""
    named: dict[tuple[str, str], list[str]] = {}
    for name, paradigm in PARADIGMS.items():
        for (further, values), words in paradigm.answer_levels.items():
            named.setdefault((values, words), []).append(f"{name}{further}")
    return {f"{', '.join(names)} {values}": words for (values, words), names in named.items()}


ANSWER_LEVELS = AnswerLevels()


class _WithOutcome:
    """The names of the paradigms with an outcome, as they are registered when rows are read."""

    def __init__(self, outcome: str) -> None:
        self.outcome = outcome

    def __iter__(self) -> Iterator[str]:
        return (name for name, one in PARADIGMS.items() if one.outcome == self.outcome)


def _outcome(outcome: str) -> Combinable:
    """The score of answers of paradigms with that outcome; missing for others."""
    named = When(trial__paradigm__in=_WithOutcome(outcome), then=SCORE)
    return Case(named, output_field=IntegerField())


def _rows(study: Study) -> QuerySet[Judgment]:
    judgments = Judgment.objects.of(study)
    return judgments.order_by("participation_id", "trial__position")


PERSON = participant_id("participation__")
COLUMNS = (
    Column(
        "row_id",
        "text",
        Labelled(Value("j_"), PERSON, Value("_"), TRIAL_ID),
        "Identifier of the row.",
    ),
    Column("participant_id", "text", PERSON, "Pseudonym of the person, valid in this study only."),
    Column("status", "text", "participation__status", "Where the participation has got to."),
    Column(
        "excluded",
        "boolean",
        Exists(Exclusion.objects.standing().filter(participation=OuterRef("participation"))),
        "Whether an exclusion stands against the participation (see the exclusions table).",
    ),
    Column("slot_id", "text", SLOT_ID, "Place in the allocation sequence."),
    Column("trial_id", "text", TRIAL_ID, "Trial that was answered."),
    Column(
        "trial_position", "integer", "trial__position", "Place of the trial in its slot, from 0."
    ),
    Column("block", "text", "trial__block", "Block of the trial."),
    Column("stage", "text", "trial__stage", "What the trial was for.", levels=STAGES),
    Column("paradigm", "text", "trial__paradigm", "Kind of question."),
    Column("arm", "text", "trial__slot__arm__name", "Arm of the slot."),
    Column(
        "condition", "text", "trial__condition__name", "Condition, by its name in the study file."
    ),
    Column("method", "text", "trial__condition__method", "Explanation method of the condition."),
    Column("stimulus_id", "text", stimulus_id("trial__stimulus__"), "What the trial asked about."),
    Column(
        "image_id",
        "text",
        digest_id("i", "trial__stimulus__photo__image__sha256"),
        "Photo, from its SHA-256.",
    ),
    Column(
        "image_group",
        "text",
        "trial__stimulus__photo__group",
        "Photos of one object share it; analyses cluster by it.",
    ),
    Column(
        "stronger_side",
        "text",
        "trial__stronger_side",
        "Side on which the stronger network's explanation stood.",
        shown="Only the two neutral names; never which of them is the stronger network.",
        levels={"A": "first, left", "B": "second, right"},
    ),
    Column(
        "value",
        "integer",
        "value",
        "The answer as it stood on the page, before any scoring.",
        shown="For the words of each answer, see the rows “answers” in the codebook of a bundle.",
        levels=ANSWER_LEVELS,
    ),
    Column(
        "answer_name",
        "text",
        JsonText(F("trial__stimulus__options"), CHOSEN),
        "Name on the chosen button, where answers are names.",
    ),
    Column(
        "score",
        "integer",
        _outcome("score"),
        "trust: value × s, where s is +1 if the stronger network stood at B, else −1.",
        shown="Never shown.",
        unit="points, −2…+2",
        levels={"2": "the stronger network clearly", "-2": "the weaker network clearly"},
    ),
    Column(
        "correct",
        "integer",
        _outcome("correct"),
        "Whether the chosen answer is the right one.",
        shown="Never shown.",
        levels={"1": "right", "0": "wrong"},
    ),
    Column(
        "second_correct",
        "integer",
        SECOND_SCORE,
        "Whether the second question of distinction, which class is correct, is answered right.",
        shown="Never shown.",
        levels={"1": "right", "0": "wrong"},
    ),
    Column(
        "further_answers",
        "json",
        WithoutWords(F("data")),
        "Answers to the page's other questions by their names, as JSON: items of a scale, "
        "confidence, fields of the researcher's own, the point as fractions of width and height. "
        'For a text it has only the number of words: {"words": 12}. The codebook of a bundle '
        "tells each question.",
    ),
    Column("expected", "integer", "trial__expected", "Answer that an attention check asks for."),
    Column(
        "check_passed",
        "boolean",
        Case(
            When(trial__stage=Stage.CHECK, value=F("trial__expected"), then=Value(True)),
            When(trial__stage=Stage.CHECK, then=Value(False)),
        ),
        "Whether the attention check was answered as it asked; missing for other trials.",
    ),
    Column(
        "answered_at", "datetime", "answered_at", "When the server stored the answer.", unit="UTC"
    ),
    Column(
        "rt_ms",
        "integer",
        "rt_ms",
        "From stimulus onset (the frame after all pictures have decoded) to the first choice.",
        unit="milliseconds",
    ),
    Column(
        "confirm_ms",
        "integer",
        "confirm_ms",
        "From onset to the confirmation.",
        unit="milliseconds",
    ),
    Column("choice_changes", "integer", "choice_changes", "How often the choice was changed."),
    Column(
        "hidden_ms", "integer", "hidden_ms", "How long the page was hidden.", unit="milliseconds"
    ),
    Column("focus_losses", "integer", "focus_losses", "How often the window lost the focus."),
    Column(
        "window_width",
        "integer",
        "window_width",
        "Inner width of the window.",
        unit="CSS pixels",
        public="hundreds",
    ),
    Column(
        "window_height",
        "integer",
        "window_height",
        "Inner height of the window.",
        unit="CSS pixels",
        public="hundreds",
    ),
    Column("pixel_ratio", "number", "pixel_ratio", "Device pixels per CSS pixel."),
    Column("picture_failed", "boolean", "picture_failed", "Whether a picture did not load."),
    Column("data", "json", "data", "What else the paradigm asked, as JSON.", public="left out"),
    Column("texts_digest", "text", "texts_digest", "SHA-256 of the texts that were in force."),
)

JUDGMENTS = Table(
    "judgments",
    "One row per judgment: an answer to one trial.",
    _rows,
    COLUMNS,
    person="participation__",
)
