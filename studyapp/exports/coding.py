"""How open answers were coded, rebuilt from a bundle: schemes, rounds, choices, decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from studyapp.models import (
    Adjudication,
    CodedAnswer,
    Coder,
    Coding,
    CodingRound,
    CodingScheme,
    Judgment,
    Reading,
    SchemeCode,
    Study,
)

from .cells import Row, only, table_rows

Key = tuple[Any, ...]


def rebuild_coding(
    study: Study, folder: Path, people: Mapping[str, int], trials: Mapping[str, int]
) -> None:
    """Everything that the tables of coding hold. Coders keep their numbers, and have no users.

    people, trials: the keys of participations and trials, by the ids that the tables use.
    """
    schemes = _make_schemes(study, folder)
    if not schemes:
        return
    rebuilt = _Rebuilt(schemes, _judgments(study, people, trials))
    for _, rows in groupby(
        table_rows(folder, "codings"), lambda row: (*_answer_key(row), row["coder"])
    ):
        choices = list(rows)
        reading = rebuilt.reading(choices[0])
        Coding.objects.bulk_create(
            Coding(reading=reading, made_at=one["coded_at"], **only(("revision", "codes"), one))
            for one in choices
            if one["revision"] is not None
        )
    # Coding ends with the round, and adjudication begins
    for round_ in rebuilt.rounds.values():
        CodingRound.objects.filter(pk=round_.pk).update(ended_at=round_.ended_at)
    Adjudication.objects.bulk_create(
        Adjudication(
            answer=rebuilt.answers[_answer_key(row)], made_at=row["adjudicated_at"],
            **only(("revision", "codes"), row),
        )
        for row in table_rows(folder, "adjudications")
    )  # fmt: skip


@dataclass
class _Rebuilt:
    """The rows so far, by the ids that the tables use.

    rounds: as they were, with their ends, which the database does not know yet.
    """

    schemes: Mapping[Key, CodingScheme]
    judgments: Mapping[Key, int]
    rounds: dict[Key, CodingRound] = field(default_factory=dict)
    answers: dict[Key, CodedAnswer] = field(default_factory=dict)
    coders: dict[Key, Coder] = field(default_factory=dict)

    def reading(self, row: Row) -> Reading:
        key = *_scheme_key(row), row["coder"]
        if key not in self.coders:
            scheme = self.schemes[_scheme_key(row)]
            self.coders[key] = Coder.objects.create(scheme=scheme, number=row["coder"])
        return Reading.objects.create(
            answer=self._answer(row), coder=self.coders[key], place=row["place"]
        )

    def _answer(self, row: Row) -> CodedAnswer:
        key = _answer_key(row)
        if key not in self.answers:
            self.answers[key] = CodedAnswer.objects.create(
                scheme=self.schemes[_scheme_key(row)],
                round=self._round(row),
                judgment_id=self.judgments[row["participant_id"], row["trial_id"]],
                is_shared=row["shared"],
            )
        return self.answers[key]

    def _round(self, row: Row) -> CodingRound:
        key = *_scheme_key(row), row["round"]
        if key not in self.rounds:
            made = CodingRound.objects.create(
                scheme=self.schemes[_scheme_key(row)],
                number=row["round"],
                seed=row["round_seed"],
                overlap=row["round_overlap"],
                begun_at=row["round_began_at"],
            )
            made.ended_at = row["round_ended_at"]
            self.rounds[key] = made
        return self.rounds[key]


def _judgments(
    study: Study, people: Mapping[str, int], trials: Mapping[str, int]
) -> dict[Key, int]:
    """Judgments by pseudonym and trial."""
    names = {key: name for name, key in people.items()}, {key: name for name, key in trials.items()}
    rows = Judgment.objects.of(study).values_list("pk", "participation_id", "trial_id")
    return {(names[0][person], names[1][trial]): key for key, person, trial in rows}


def _make_schemes(study: Study, folder: Path) -> dict[Key, CodingScheme]:
    schemes: dict[Key, CodingScheme] = {}
    for key, rows in groupby(table_rows(folder, "schemes"), _scheme_key):
        codes = list(rows)
        schemes[key] = CodingScheme.objects.create(
            study=study, is_exclusive=codes[0]["exclusive"], is_public=codes[0]["publishable"],
            **only(("block", "question", "version", "made_at"), codes[0]),
        )  # fmt: skip
        SchemeCode.objects.bulk_create(
            SchemeCode(
                scheme=schemes[key], name=row["code"], example=row["example"] or "",
                **only(("position", "definition"), row),
            )
            for row in codes
        )  # fmt: skip
    return schemes


def _scheme_key(row: Row) -> Key:
    return row["block"], row["question"], row["version"]


def _answer_key(row: Row) -> Key:
    return *_scheme_key(row), row["participant_id"], row["trial_id"]
