"""Open answers coded at the desk: how well coders agree, and how often each code is given.

Agreement is about answers of rounds that have ended, so that no coder sees it before. Shares wait
until every disagreement is adjudicated: what coders agree about at once is no random part.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from studyapp.models import CodingScheme
from studyapp.statistics.coders import coder_alpha, cohen
from studyapp.statistics.holm import holm
from studyapp.statistics.reliability import Reliability
from studyapp.statistics.robust import two_way_contrast, two_way_share
from studyapp.studies.definition.asking import asked_questions
from studyapp.studies.definition.study import stored_definition

from .answers import EVERYTHING
from .frames import study_frame
from .tables.coding import CODES, CODINGS

Frame = pd.DataFrame
SCHEME = ["block", "question", "version"]
ANSWER = ["participant_id", "trial_id", *SCHEME]
RUNNING, OPEN = "running", "open"


@dataclass(frozen=True)
class CodedRows:
    """schemes: a row a code. codings: the last choice of each coder, of rounds that have ended.
    answers: a row an answer that counts in the analysis, with its final codes, image and method.
    """

    schemes: Frame
    codings: Frame
    answers: Frame


def coded_rows(frames: Mapping[str, Frame], counting: Frame) -> CodedRows | None:
    """The coded answers of the blocks of `counting`; None where nothing is coded.

    counting: the rows of the judgments table whose answers count. An answer about no photo has the
    person for an image, one under no condition the method “everything”.
    """
    blocks = set(counting["block"])
    codes = frames["codes"]
    codes = codes[codes["block"].isin(blocks)]
    if codes.empty:
        return None
    judged = counting[["participant_id", "trial_id", "image_group", "condition"]]
    answers = codes.merge(judged, on=["participant_id", "trial_id"])
    answers["image"] = answers["image_group"].fillna(answers["participant_id"])
    answers["method"] = answers["condition"].fillna(EVERYTHING)
    return CodedRows(frames["schemes"], last_choices(frames["codings"], codes), answers)


def last_choices(codings: Frame, codes: Frame) -> Frame:
    """The last choice of each coder, of answers whose round has ended."""
    ended = codes.loc[codes["source"] != RUNNING, ANSWER]
    chosen = codings[codings["revision"].notna()].merge(ended, on=ANSWER)
    last = chosen.sort_values("revision", kind="stable").groupby([*ANSWER, "coder"], sort=False)
    return chosen.loc[sorted(last.tail(1).index)].reset_index(drop=True)


def coded(
    rows: CodedRows, definition: Mapping[str, Any], reference: str | None
) -> list[dict[str, Any]]:
    """What was coded of each question, by the latest version of its scheme that is in use.

    reference: the method that others are compared with.
    """
    words = {
        (one.block.name, one.question.name): one.words
        for one in asked_questions(stored_definition(definition))
    }
    found = []
    for (block, question), own in rows.answers.groupby(["block", "question"], sort=True):
        version = int(own["version"].max())
        scheme, codings, answers = (
            _of(frame, block, question, version)
            for frame in (rows.schemes, rows.codings, rows.answers)
        )
        exclusive, names = bool(scheme["exclusive"].iloc[0]), list(scheme["code"])
        found.append(
            {
                "block": str(block),
                "question": str(question),
                "words": words.get((str(block), str(question)), ""),
                "version": version,
                "exclusive": exclusive,
                "definitions": dict(zip(names, scheme["definition"], strict=True)),
                "sources": {str(k): int(n) for k, n in answers["source"].value_counts().items()},
                "coder_agreement": agreement(codings, names, exclusive=exclusive),
                **_shares(answers, names, reference),
            }
        )
    return found


def _of(frame: Frame, block: Any, question: Any, version: int) -> Frame:
    is_own = (frame["block"] == block) & (frame["question"] == question)
    own: Frame = frame[is_own & (frame["version"] == version)]
    return own


def agreement(codings: Frame, names: Sequence[str], *, exclusive: bool) -> dict[str, Any]:
    """Krippendorff's α of all coders and Cohen's κ of each two, overall and of each code.

    codings: a row a coder and answer (columns of ANSWER, coder, codes). names: the scheme's codes.
    exclusive: whether an answer has one code: then α is nominal and κ is of all codes, else α goes
    by MASI and κ is told of single codes only. A code's own numbers are of whether it was given.
    """
    sets = [frozenset(json.loads(one)) for one in codings["codes"]]
    keys = list(codings[ANSWER].itertuples(index=False, name=None))
    people = codings["participant_id"].to_list()
    pairs = list(_pairs(codings, keys, sets))
    return {
        "answers": sum(count > 1 for count in pd.Series(keys).value_counts()),
        "distance": "nominal" if exclusive else "MASI",
        "alpha": _told(coder_alpha(sets, keys, people)),
        "pairs": [
            {
                "coders": list(coders),
                "answers": len(one),
                "same": sum(a == b for a, b in zip(one, other, strict=True)),
                "kappa": _told(cohen(one, other, wrote)) if exclusive else None,
            }
            for coders, one, other, wrote in pairs
        ],
        "codes": {
            name: {
                "alpha": _told(coder_alpha([own & {name} for own in sets], keys, people)),
                "kappa": [
                    _told(cohen([name in a for a in one], [name in b for b in other], wrote))
                    for _, one, other, wrote in pairs
                ],
            }
            for name in names
        },
    }


def scheme_agreement(scheme: CodingScheme) -> dict[str, Any]:
    """The agreement of the coders of one scheme, as `agreement` tells it."""
    codings, codes = (
        _of(study_frame(table, scheme.study, names), scheme.block, scheme.question, scheme.version)
        for table, names in (
            (CODINGS, (*ANSWER, "coder", "revision", "codes")),
            (CODES, (*ANSWER, "source")),
        )
    )
    names = list(scheme.codes.values_list("name", flat=True))
    return agreement(last_choices(codings, codes), names, exclusive=scheme.is_exclusive)


Pair = tuple[tuple[int, int], list[frozenset[str]], list[frozenset[str]], list[str]]


def _pairs(
    codings: Frame, keys: Sequence[tuple[Any, ...]], sets: Sequence[frozenset[str]]
) -> Iterator[Pair]:
    """Each two coders with what both chose of the same answers, and who wrote these."""
    chosen: dict[int, dict[tuple[Any, ...], frozenset[str]]] = {}
    for coder, key, one in zip(codings["coder"], keys, sets, strict=True):
        chosen.setdefault(int(coder), {})[key] = one
    for first, second in combinations(sorted(chosen), 2):
        shared = [key for key in chosen[first] if key in chosen[second]]
        if shared:
            sides = [[chosen[coder][key] for key in shared] for coder in (first, second)]
            yield (first, second), sides[0], sides[1], [str(key[0]) for key in shared]


def _told(found: Reliability) -> dict[str, Any]:
    return {"value": found.value, "low": found.low, "high": found.high, "note": found.note}


def _shares(answers: Frame, names: Sequence[str], reference: str | None) -> dict[str, Any]:
    """The share of answers with each code by method, and their exploratory contrasts; neither
    before everything that was taken in is coded and adjudicated."""
    waiting = {one: int((answers["source"] == one).sum()) for one in (RUNNING, OPEN)}
    if any(waiting.values()):
        note = (
            f"no shares yet: {waiting[RUNNING]} answers are in a round that runs, and about "
            f"{waiting[OPEN]} coders disagreed and nobody has adjudicated"
        )
        return {"methods": {}, "contrasts": [], "note": note}
    given = [set(json.loads(one)) for one in answers["codes"]]
    has = Frame({name: [float(name in own) for own in given] for name in names}, answers.index)
    methods = sorted(set(answers["method"]), key=lambda name: (name != reference, name))
    return {
        "methods": {name: _method(answers[answers["method"] == name], has) for name in methods},
        "contrasts": _contrasts(answers, has, methods),
        "note": "",
    }


def _method(rows: Frame, has: Frame) -> dict[str, Any]:
    told: dict[str, Any] = {"n": len(rows), "codes": {}}
    people, images = rows["participant_id"].to_list(), rows["image"].to_list()
    for name in has.columns:
        own = has.loc[rows.index, name]
        found = two_way_share(own.to_numpy(), people, images)
        told["codes"][name] = {
            "count": int(own.sum()), "share": found.estimate, "robust95": found.interval,
            "note": found.note,
        }  # fmt: skip
    return told


def _contrasts(answers: Frame, has: Frame, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Each code's shares under every two methods: the later minus the earlier."""
    found: list[dict[str, Any]] = []
    for name in has.columns:
        for b, a in combinations(methods, 2):
            rows = answers[answers["method"].isin([a, b])]
            one = two_way_contrast(
                has.loc[rows.index, name].to_numpy(),
                rows["participant_id"].to_list(),
                rows["image"].to_list(),
                (rows["method"] == a).to_list(),
            )
            found.append(
                {
                    "code": name,
                    "a": a,
                    "b": b,
                    "estimate": one.estimate,
                    "se": one.se,
                    "df": one.df,
                    "robust95": one.interval,
                    "p": one.p,
                    "note": one.note,
                }
            )
    adjusted = holm([one["p"] for one in found])
    return [{**one, "p_holm": p} for one, p in zip(found, adjusted, strict=True)]
