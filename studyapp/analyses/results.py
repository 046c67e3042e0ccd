"""The results of one paradigm as plain data: every number of the report, and nothing else.

Pure: a Tidy in, a dictionary out that JSON can hold; what can't be computed is None beside a
sentence that says why.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from platform import python_version
from typing import Any

import numpy
import pandas as pd
import scipy

from studyapp.paradigms.analysis import analysis_of
from studyapp.statistics.bootstrap import two_way_bootstrap
from studyapp.statistics.naive import pooled_mean, wilcoxon_on_people, wilson
from studyapp.statistics.reliability import Level, fleiss, krippendorff
from studyapp.statistics.robust import two_way_slope

from . import comparisons
from .answers import answers
from .automatic import automatic
from .cluster_means import cluster_means
from .coded import coded
from .comparisons import Pair, estimated
from .consistency import scale_reliability
from .declines import declines, declines_note
from .effects import with_effects, with_lines
from .evidence import evidence
from .hypotheses import hypotheses, hypothesis_family, verdicts
from .media import medium_notes
from .mixed_effects import PRIMARY, beside, right_models, score_models
from .moderators import moderators
from .ordinal import ordinal
from .presentations import presentations
from .random_effects import lifted
from .repeats import repeats
from .response_times import response_times
from .robustness import robustness
from .sequences import (
    drift_notes,
    followed_hypotheses,
    looks,
    sequences,
    without_fixed_tests,
)
from .side_bias import side_bias
from .sites import sites
from .tidy import ANALYSED, Tidy
from .wordings import own_wordings

ALPHA_LEVELS: Mapping[str, Level] = {
    "score": "ordinal", "correct": "nominal", "value": "interval"
}  # fmt: skip
NAIVE_LABEL = "naive: treats every judgment as independent; too narrow, for contrast only"


def results(tidy: Tidy) -> dict[str, Any]:
    """All results of `tidy`, ready for `results_json`."""
    methods = {name: _method(tidy, name) for name in tidy.methods()}
    pairs, looked = comparisons.pairs(tidy), looks(tidy)
    models, declined = _models(tidy, pairs), _declines(tidy)
    contrasts = comparisons.contrasts(tidy, pairs)
    read = beside(models)
    found = {
        "paradigm": tidy.paradigm,
        "outcome": tidy.outcome,
        "reference": tidy.reference,
        "n": judgments(tidy.frame),
        "people": int(tidy.frame["participant"].nunique()),
        "images": int(tidy.frame["image"].nunique()) if tidy.about_photos else None,
        "bounds": None if tidy.limits is None else list(tidy.limits),
        "methods": methods,
        "tests": with_lines(comparisons.tests(tidy), methods, tidy.outcome),
        "contrasts": with_effects(tidy, contrasts, models, read),
        **lifted(models, read, about_photos=tidy.about_photos),
        "preferred": PRIMARY,
        "beside": read,
        "alpha": _alpha(tidy),
        "answers": answers(tidy.answers, tidy.definition) if tidy.answers is not None else [],
        "kappa": _kappa(tidy),
        "order": _order(tidy),
        "side_bias": side_bias(tidy),
        "repeats": repeats(tidy.repeated) if tidy.repeated is not None else None,
        "naive": {"label": NAIVE_LABEL, "methods": {name: _naive(tidy, name) for name in methods}},
        "excluded": {rule: len(people) for rule, people in tidy.left_out.items()},
        "everybody": _everybody(tidy),
        "flow": dict(tidy.flow),
        "sample": dict(tidy.sample),
        "notes": [*_notes(tidy), *declines_note(declined), *drift_notes(looked)],
        "robustness": robustness(tidy, pairs, contrasts, models),
        "stimuli": _stimuli(tidy),
        "automatic": automatic(tidy),
        "looks": looked,
        "sequence": sequences(tidy, pairs),
        "seed": tidy.seed,
        "versions": _versions(),
        **_where_there(tidy, pairs),
    }
    found["hypothesis_family"] = hypothesis_family(tidy.definition)
    found["hypotheses"] = hypotheses(
        tidy.definition, tidy.paradigm, comparisons.tied_means(tidy), found,
        followed_hypotheses(tidy),
    )  # fmt: skip
    found["verdicts"] = verdicts([found])
    if (told := evidence(tidy, pairs, found)) is not None:
        found["evidence"] = told
    if declined is not None:
        found["declined"] = declined
    return without_fixed_tests(found)


def _where_there(tidy: Tidy, pairs: list[Pair]) -> dict[str, Any]:
    """What only some studies have, by its key."""
    rules, own = tidy.definition.get("exclusions", {}), analysis_of(tidy.paradigm).results
    found = {
        "sites": sites(tidy, pairs),
        "moderators": moderators(tidy, pairs) if tidy.moderators else None,
        "wordings": own_wordings(tidy.definition, tidy.paradigm) if tidy.definition else None,
        "presentation": presentations(tidy.presented),
        "ordinal": ordinal(tidy, pairs),
        "scale_reliability": scale_reliability(tidy),
        "response_times": response_times(tidy.times, tidy.reference, rules),
        "coded": None if tidy.coded is None else coded(tidy.coded, tidy.definition, tidy.reference),
        tidy.paradigm: own(tidy.answered, tidy.methods(), tidy.seed) if own is not None else None,
    }
    return {name: one for name, one in found.items() if one}


def _versions() -> dict[str, str]:
    return {
        "python": python_version(),
        "numpy": numpy.__version__,
        "pandas": pd.__version__,
        "scipy": scipy.__version__,
    }


def _declines(tidy: Tidy) -> dict[str, Any] | None:
    """What people preferred not to say; None where they could not, or where nothing tells."""
    if tidy.answers is None:
        return None
    return declines(tidy.answers, tidy.definition, tidy.paradigm, ANALYSED)


def results_json(found: Mapping[str, Any]) -> str:
    """The results as text, the same for the same results; a NaN in them is an error."""
    plain = _without_minus_zero(found)
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _without_minus_zero(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {key: _without_minus_zero(one) for key, one in told.items()}
    if isinstance(told, (list, tuple)):
        return [_without_minus_zero(one) for one in told]
    return told + 0.0 if isinstance(told, float) else told


def judgments(frame: pd.DataFrame) -> int:
    """How many there are: a page on which several methods meet has a row for each."""
    return int(frame["page"].nunique()) if "page" in frame.columns else len(frame)


def _method(tidy: Tidy, name: str) -> dict[str, Any]:
    """n, the mean or accuracy with its robust interval, and the distribution."""
    rows = _rows(tidy.frame, name)
    values = rows[tidy.outcome]
    found = estimated(tidy, tidy.frame, name)
    columns = (rows[key].to_list() for key in (tidy.outcome, "participant", "image"))
    facts: dict[str, Any] = {
        "n": len(rows),
        "people": int(rows["participant"].nunique()),
        "images": int(rows["image"].nunique()) if tidy.about_photos else None,
        "clusters": cluster_means(tidy, name),
        "robust95": found.interval,
        "cluster_bootstrap95": _pair(two_way_bootstrap(*columns, seed=tidy.seed)),
        "note": found.note,
        **_naive(tidy, name),
    }
    if tidy.outcome == "correct":
        return {**facts, "right": int(values.sum()), "accuracy": found.estimate}
    if tidy.outcome == "value":
        return {**facts, "mean": found.estimate}
    counts = {str(level): int((values == level).sum()) for level in tidy.levels_of(name)}
    return {**facts, "mean": found.estimate, "counts": counts}


def _models(tidy: Tidy, pairs: list[Pair]) -> dict[str, Any]:
    """The mixed models that fit the outcome, by name."""
    if len(tidy.scales) > 1:
        return {}
    if tidy.outcome == "correct":
        return right_models(tidy.frame, tidy.methods(), pairs, tidy.chance)
    if tidy.outcome == "value":
        return {}
    return score_models(tidy.frame, tidy.methods(), pairs)


def _alpha(tidy: Tidy) -> dict[str, Any]:
    """Krippendorff's α: ordinal for scores, nominal for right or wrong; of each scale by itself,
    since a difference between two scales is no disagreement and their sameness no agreement.
    A paradigm may compare answers otherwise than by their outcomes."""
    level = ALPHA_LEVELS[tidy.outcome]
    scales = _scale_parts(tidy)
    if len(scales) > 1:
        by_scale = {name: _alpha(one) for name, one in scales.items()}
        return {"value": None, "low": None, "high": None, "level": level, "scales": by_scale,
                "note": "each scale has its own"}  # fmt: skip
    own = analysis_of(tidy.paradigm).agreement
    if own is not None and (told := own(tidy.answered)) is not None:
        return told
    values, people = tidy.frame[tidy.outcome].to_list(), tidy.frame["participant"].to_list()
    found = krippendorff(values, _units(tidy), people, level)
    return {
        "value": found.value, "low": found.low, "high": found.high, "level": level,
        "note": found.note,
    }  # fmt: skip


def _scale_parts(tidy: Tidy) -> dict[str, Tidy]:
    """What was answered on each scale, by its name; nothing where there is one for all."""
    if "scale" not in tidy.frame.columns:
        return {}
    return {
        str(name): replace(tidy, frame=rows, unmeasured=_of_scale(tidy.unmeasured, name))
        for name, rows in tidy.frame.groupby("scale", sort=True)
    }


def _of_scale(rows: pd.DataFrame | None, name: Any) -> pd.DataFrame | None:
    return None if rows is None else rows[rows["scale"] == name]


def _kappa(tidy: Tidy) -> dict[str, Any] | None:
    """Fleiss' κ of right and wrong, which others print; None but for equally many raters."""
    if tidy.outcome != "correct" or tidy.frame.empty or len(tidy.scales) > 1:
        return None
    found = fleiss(tidy.frame["correct"].to_list(), _units(tidy))
    return None if found.value is None else {"value": found.value}


def _units(tidy: Tidy) -> list[Any]:
    """What several people judge, of each judgment."""
    frame = tidy.frame
    things = [name for name in ("unit", "item") if name in frame.columns] or ["image"]
    return list(frame[[*things, "method"]].itertuples(index=False, name=None))


def _stimuli(tidy: Tidy) -> dict[str, Any] | None:
    """The mean of every stimulus under every method, where the table tells stimuli."""
    if "unit" not in tidy.frame.columns or not tidy.about_photos:
        return None
    found: dict[str, Any] = {}
    for (unit, method), cells in tidy.frame.groupby(["unit", "method"])[tidy.outcome]:
        one = {"n": len(cells), "mean": float(cells.mean())}
        found.setdefault(str(unit), {})[str(method)] = one
    return found


def _order(tidy: Tidy) -> dict[str, Any] | None:
    """How the outcome changes with one more trial: a check; None where the order is unknown."""
    if "order" not in tidy.frame.columns:
        return None
    scales = _scale_parts(tidy)
    if len(scales) > 1:
        told = {name: _order(one) for name, one in scales.items()}
        return {"slope": None, "robust95": None, "p": None, "scales": told,
                "note": "each scale has its own"}  # fmt: skip
    rows = tidy.frame[pd.to_numeric(tidy.frame["order"], errors="coerce").notna()]
    y, people, images = (rows[key].to_list() for key in (tidy.outcome, "participant", "image"))
    found = two_way_slope(y, people, images, [float(place) for place in rows["order"]])
    return {
        "slope": found.estimate, "robust95": found.interval, "p": found.p, "note": found.note
    }  # fmt: skip


def _naive(tidy: Tidy, name: str) -> dict[str, Any]:
    rows = _rows(tidy.frame, name)
    values = rows[tidy.outcome].to_list()
    if tidy.outcome == "correct":
        return {"wilson95": _pair(wilson(sum(values), len(values)))}
    people = rows["participant"].to_list()
    p = wilcoxon_on_people(values, people) if tidy.outcome == "score" else None
    return {"pooled95": _pair(pooled_mean(values)), "wilcoxon": {"p": p}}


def _everybody(tidy: Tidy) -> dict[str, Any] | None:
    """The same means over everyone who answered, to show how much the exclusions matter."""
    if tidy.everybody is None:
        return None
    frame, found = tidy.everybody, {}
    for name in sorted(set(frame["method"])):
        one = estimated(tidy, frame, name)
        count = len(_rows(frame, name))
        found[name] = {"n": count, "mean": one.estimate, "robust95": one.interval}
    return found


def _notes(tidy: Tidy) -> list[str]:
    """What a reader must know before trusting a number."""
    frame, flow = tidy.frame, tidy.flow
    few_photos = tidy.about_photos and 0 < frame["image"].nunique() < 10
    rules: list[tuple[bool, str]] = [
        (frame.empty and not tidy.notes, "there are no judgments to analyse"),
        (frame["method"].nunique() == 1, "there is one method, so no contrast"),
        (0 < frame["participant"].nunique() < 10, "fewer than ten people: an interval says little"),
        (few_photos, "fewer than ten photos: the results do not extend to other photos"),
        (
            flow.get("analysed", 0) * 2 < flow.get("finished", 0),
            "most of those who finished are left out",
        ),
    ]
    of = "condition" if "condition" in frame.columns else "method"
    told = medium_notes(tidy.definition, set(frame[of]))
    return [*tidy.notes, *(sentence for applies, sentence in rules if applies), *told]


def _rows(frame: pd.DataFrame, method: str) -> pd.DataFrame:
    return frame[frame["method"] == method]


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
