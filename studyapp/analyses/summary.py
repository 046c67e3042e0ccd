"""The results in lines for a terminal: the right figure first, the naive one beside it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from studyapp.shelf.formatting import points, signed

Show = Callable[[float], str]
Facts = Mapping[str, Any]
MODELS = ("glmer", "glmer_full", "clmm", "clmm_full", "clmm_side", "clmm_side_full")


def _base(found: Facts) -> str:
    """What the results rest on. Answers without a score are none of it; a note counts them."""
    if not found["n"]:
        return "no scored judgments"
    photos = f" on {_count(found['images'], 'photo', 'photos')}" if found["images"] else ""
    return (
        f"{_count(found['n'], 'judgment', 'judgments')} of "
        f"{_count(found['people'], 'person', 'people')}{photos}"
    )


def summary(found: Facts) -> Iterator[str]:
    """Every line that `analyse` prints of one paradigm's results."""
    yield f"{found['paradigm']}: {_base(found)}"
    yield from (f"  note: {note}" for note in found["notes"])
    for name, method in found["methods"].items():
        yield f"  {name}: {_method(method)}"
        if "counts" in method:
            yield f"    {_distribution(method['counts'])}"
        yield f"    {_test(found['tests'][name])}"
        yield f"    naive: {_naive(found['naive']['methods'][name])}"
    show = points if found["outcome"] == "correct" else signed
    for one in found["contrasts"]:
        family = "planned" if one["planned"] else "exploratory"
        yield f"  {one['a']} − {one['b']} ({family}): {_contrast(one, show)}"
    yield from _models(found)
    for scale, alpha in _scales(found["alpha"]):
        yield f"  agreement among people{scale}: {_alpha(alpha, found['kappa'])}"
    if found["repeats"] is not None:
        yield f"  asked again: {found['repeats']['same']} of {found['repeats']['n']} the same"
    yield from _answers(found)
    yield f"  {found['naive']['label']}"
    if found["paradigm"] in found:
        yield f"  {found['paradigm']}: {json.dumps(found[found['paradigm']], ensure_ascii=False)}"
    yield _left_out(found["excluded"])


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _method(method: Facts) -> str:
    if "accuracy" in method:
        figure = f"{_percent(method['accuracy'])} right ({method['right']} of {method['n']})"
    else:
        figure = f"mean {_number(method['mean'])} of {method['n']} judgments"
    return f"{figure}, {_interval(method, 'accuracy' in method)}"


def _interval(method: Facts, as_percent: bool) -> str:
    if method["robust95"] is None:
        return str(method["note"])
    show = _percent if as_percent else _number
    low, high = (show(value) for value in method["robust95"])
    note = f"; {method['note']}" if method["note"] else ""
    return f"95 % interval {low} to {high}{note}"


def _distribution(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    if total == 0:
        return "no judgments"
    shares = {level.replace("-", "−"): 100 * count / total for level, count in counts.items()}
    return ", ".join(f"{level}: {share:.0f} %" for level, share in shares.items())


def _test(test: Facts) -> str:
    if test["null"] is None:
        return "no test: there is no value to test against"
    against = "0" if test["null"] == 0 else f"chance ({_percent(test['null'])})"
    if test["null"] > 1:
        against = _number(test["null"])
    if test["p"] is None:
        return f"no test against {against}"
    return f"against {against}: p {_p(test['p'])}, by Holm p {_p(test['p_holm'])}"


def _naive(naive: Facts) -> str:
    if "wilson95" in naive:
        return f"Wilson {_pair(naive['wilson95'], _percent)}"
    p = naive["wilcoxon"]["p"]
    wilcoxon = "no Wilcoxon test" if p is None else f"Wilcoxon on people p {_p(p)}"
    return f"pooled t {_pair(naive['pooled95'], _number)}, {wilcoxon}"


def _contrast(one: Facts, show: Show) -> str:
    if one["estimate"] is None:
        return str(one["note"])
    interval = f" ({_pair(one['robust95'], show)})" if one["robust95"] is not None else ""
    told = one["note"]
    if one["p"] is not None:
        told = f"p {_p(one['p'])}, by Holm p {_p(one['p_holm'])}"
    return f"{show(one['estimate'])}{interval}, {told}{_equivalence(one['equivalence'], show)}"


def _equivalence(told: Facts | None, show: Show) -> str:
    """Against the smallest effect of interest, where the plan names one."""
    if told is None or told["p"] is None:
        return ""
    return f"; equivalence within ±{show(told['margin']).removeprefix('+')}: p {_p(told['p'])}"


def _left_out(excluded: Mapping[str, int]) -> str:
    if not excluded:
        return "  left out by a rule: nobody"
    return "  left out by a rule: " + ", ".join(f"{n} {rule}" for rule, n in excluded.items())


def _models(found: Facts) -> Iterator[str]:
    """Each mixed model, the one to read beside the robust numbers marked, or that there is none."""
    for name in MODELS:
        if name in found:
            mark = ", to be read beside the above" if name == found["beside"] else ""
            yield f"  mixed model {name}{mark}: {_model(found[name])}"
            yield from _marginals(found, name)
    if found["beside"] is None and any(name in found for name in MODELS):
        yield "  NO FULL MIXED MODEL CONVERGED: there are the two-way robust numbers alone"


def _model(model: Facts) -> str:
    if not model["converged"]:
        return f"NOT CONVERGED: {model['note']}"
    spread = ", ".join(f"{name} {_number(sd)}" for name, sd in model["sd"].items())
    note = f"; {model['note']}" if model["note"] else ""
    return f"log-likelihood {_number(model['loglik'])}, SD of {spread}{note}"


def _marginals(found: Facts, name: str) -> Iterator[str]:
    show = _percent if found["outcome"] == "correct" else _number
    for method, marginal in found[name]["marginal"].items():
        if marginal is not None:
            value, low, high = (show(one) for one in marginal)
            p = found[name]["chance"][method]["p_holm"]
            test = "no test" if p is None else f"by Holm p {_p(p)}"
            yield f"    {method}: {value} ({low} to {high}), {test}"


def _scales(alpha: Facts) -> list[tuple[str, Facts]]:
    """Each scale's own where there are several."""
    if "scales" not in alpha:
        return [("", alpha)]
    return [(f" on {name}", one) for name, one in alpha["scales"].items()]


def _answers(found: Facts) -> Iterator[str]:
    """Everything that was answered: how many answers each question has, and their mean."""
    for one in found["answers"]:
        first = ", first answer" if one["stage"] == "first" else ""
        told = ", ".join(
            f"{method} {answered['n']} answers"
            + (f" with a mean of {_number(answered['mean'])}" if "mean" in answered else "")
            for method, answered in one["methods"].items()
        )
        yield f"  {one['block']}/{one['question']}{first}: {told}"


def _alpha(alpha: Facts, kappa: Facts | None) -> str:
    if alpha["value"] is None:
        return str(alpha["note"])
    interval = (
        "" if alpha["low"] is None else f" ({_number(alpha['low'])} to {_number(alpha['high'])})"
    )
    fleiss = f", Fleiss’ κ = {_number(kappa['value'])}" if kappa is not None else ""
    return f"Krippendorff’s α = {_number(alpha['value'])}{interval}, {alpha['level']}{fleiss}"


def _pair(pair: list[float] | None, show: Any) -> str:
    return "not to be had" if pair is None else f"{show(pair[0])} to {show(pair[1])}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace("-", "−")


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
