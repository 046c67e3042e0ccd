"""Studies whose open answers are coded."""

from typing import Any

from django.contrib.auth.models import User

from sandbox.builders import open_small_study, take_part
from sandbox.people import due
from studyapp.models import Coder, CodingRound, CodingScheme, Member, Reading, Role, Study
from studyapp.participations.answering import answer
from studyapp.studies.coding.readings import code_answer
from studyapp.studies.coding.rounds import begin_round
from studyapp.studies.coding.schemes import CodeWords, new_scheme, save_codes

QUESTION = "What made you think so?"
CODES = (
    CodeWords("colour", "Names a colour.", "“It was orange.”"),
    CodeWords("shape", "Names a part or an outline."),
    CodeWords("other", "Neither."),
)
# What people write in turn, with the code that fits
TEXTS = (("the orange patch", "colour"), ("its ears", "shape"), ("I guessed", "other"))


def answered_study(people: int = 4, trials: int = 3, **options: Any) -> Study:
    """An open study whose people wrote about photos, under two conditions."""
    block = {
        "name": "main", "paradigm": "open_text", "trials": trials, "with_photos": True,
        "question": QUESTION,
    }  # fmt: skip
    more = {"stimuli": max(4, trials), **options}
    study = open_small_study(paradigm="open_text", people=people + 2, blocks=[block], **more)
    write_answers(study, people)
    return study


def write_answers(study: Study, people: int, *, before: str = "id") -> None:
    for number in range(people):
        person = take_part(study, f"{before}-{number}")
        for place in range(person.slot.trials.count()):
            text = f"{TEXTS[(number + place) % 3][0]}, said {before} {number} of {place}"
            given = {"text": text}
            answer(person, trial_code=due(person).code, value=None, data=given, timing={})


def made_scheme(study: Study, *, is_exclusive: bool = True) -> CodingScheme:
    scheme = new_scheme(study, "main", "text")
    save_codes(scheme, CODES, is_exclusive=is_exclusive)
    scheme.refresh_from_db()
    return scheme


def make_coders(study: Study, count: int = 2) -> list[User]:
    users = [User.objects.create_user(f"coder{n}", is_staff=True) for n in range(1, count + 1)]
    Member.objects.bulk_create(Member(study=study, user=one, role=Role.CODER) for one in users)
    return users


def begun(study: Study, *, overlap: int = 100, is_exclusive: bool = True) -> CodingRound:
    """A round of two new coders."""
    users = make_coders(study)
    scheme = made_scheme(study, is_exclusive=is_exclusive)
    return begin_round(scheme, users, overlap=overlap, seed=5)


def fitting(reading: Reading) -> str:
    text = reading.answer.judgment.data["text"]
    return next(code for start, code in TEXTS if text.startswith(start))


def code_all(round_: CodingRound, *, wrong: int = 0) -> None:
    """Every reading is coded as it fits; the second coder says “other” of the first `wrong`."""
    for coder in Coder.objects.filter(scheme=round_.scheme):
        code_as_fits(coder, wrong=wrong if coder.number == 2 else 0)


def code_as_fits(coder: Coder, *, wrong: int = 0) -> None:
    for place, reading in enumerate(coder.readings.filter(codings=None).order_by("answer")):
        code_answer(reading, ["other" if place < wrong else fitting(reading)], seen=0)
