"""The results in lines for a terminal: the robust numbers first, the naive ones beside them."""

from collections.abc import Callable, Iterator, Mapping

from studyapp.paradigms.tabulation import Facts
from studyapp.shelf.formatting import counted, interval, number, percent, points, signed

from .reports.checks import side_words
from .reports.coded import coded_notes, coded_tables
from .reports.consistency import summary_lines as consistency_lines
from .reports.evidence import summary_lines as evidence_lines
from .reports.looks import looks_lines
from .reports.moderators import moderator_lines
from .reports.ordinal import summary_lines as ordinal_lines
from .reports.response_times import summary_lines as time_lines
from .reports.robustness import robustness_sentences
from .reports.tabulation import family_of, own_tables

Show = Callable[[float | None], str]
MODELS = ("glmer", "glmer_full", "clmm", "clmm_full", "clmm_side", "clmm_side_full")


def summary(found: Facts) -> Iterator[str]:
    """Every line that `analyse` prints of one paradigm's results."""
    yield f"{found['paradigm']}: {_base(found)}"
    yield from (f"  note: {note}" for note in (*found["notes"], *coded_notes(found)))
    for name, method in found["methods"].items():
        yield f"  {name}: {_method(method)}"
        if "counts" in method:
            yield f"    {_distribution(method['counts'])}"
        yield f"    {_test(found['tests'][name])}"
        if found["tests"][name]["apa"] is not None:
            yield f"    APA: {found['tests'][name]['apa']}"
        yield f"    naive: {_naive(found['naive']['methods'][name])}"
    show = points if found["outcome"] == "correct" else signed
    for one in found["contrasts"]:
        yield f"  {one['a']} − {one['b']} ({family_of(one)}): {_contrast(one, show)}"
        yield f"    {_sizes(one['effect'])}"
        if one["apa"] is not None:
            yield f"    APA: {one['apa']}"
    yield from (f"  {line}" for line in looks_lines(found))
    yield from (f"  robustness, {one}" for one in robustness_sentences(found))
    yield from moderator_lines(found)
    yield from _models(found)
    if found["variance"] is not None:
        yield f"  {_variance(found['variance'])}"
    yield from ordinal_lines(found)
    yield from consistency_lines(found)
    yield from time_lines(found)
    yield from evidence_lines(found)
    scales = found["alpha"].get("scales")
    for name, alpha in scales.items() if scales else [("", found["alpha"])]:
        on_scale = f" on {name}" if name else ""
        yield f"  agreement among people{on_scale}: {_alpha(alpha, found['kappa'])}"
    side = found["side_bias"]
    if side is not None and side["estimate"] is not None:
        yield f"  mean answer as shown, + for B: {side_words(side)}"
    if found["repeats"] is not None:
        same, n = found["repeats"]["same"], found["repeats"]["n"]
        yield f"  repeated trials: {same} of {n} with the same outcome"
    yield from _answers(found)
    yield f"  {found['naive']['label']}"
    yield from _own(found)
    excluded = ", ".join(f"{count} {rule}" for rule, count in found["excluded"].items())
    yield f"  left out by a rule: {excluded or 'nobody'}"


def _own(found: Facts) -> Iterator[str]:
    """The tables of what only this paradigm tells, and of answers that were coded."""
    for table in (*own_tables(found), *coded_tables(found)):
        yield f"  {table.caption}:"
        for first, *cells in table.rows:
            told = zip(table.header[1:], cells, strict=True)
            words = ", ".join(f"{name} {cell}".strip() for name, cell in told if cell)
            yield f"    {first}: {words}" if words else f"    {first}"


def _base(found: Facts) -> str:
    """What the results rest on. A note counts the answers that have no score."""
    if not found["n"]:
        return "no scored judgments"
    photos = f" on {counted(found['images'], 'photo', 'photos')}" if found["images"] else ""
    return (
        f"{counted(found['n'], 'judgment', 'judgments')} of "
        f"{counted(found['people'], 'person', 'people')}{photos}"
    )


def _method(method: Facts) -> str:
    if "accuracy" in method:
        show: Show = percent
        figure = f"{percent(method['accuracy'])} right ({method['right']} of {method['n']})"
    else:
        show = number
        figure = f"mean {number(method['mean'])} of {method['n']} judgments"
    if method["robust95"] is None:
        return f"{figure}, {method['note']}"
    note = f"; {method['note']}" if method["note"] else ""
    return f"{figure}, 95 % interval {interval(method['robust95'], show)}{note}"


def _distribution(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    if total == 0:
        return "no judgments"
    shares = {level.replace("-", "−"): 100 * count / total for level, count in counts.items()}
    return ", ".join(f"{level}: {share:.0f} %" for level, share in shares.items())


def _test(test: Facts) -> str:
    null = test["null"]
    if null is None:
        return "no test: there is no value to test against"
    against = "0" if null == 0 else number(null) if null > 1 else f"chance ({percent(null)})"
    if test["p"] is None:
        return f"no test against {against}"
    return f"against {against}: p {_p(test['p'])}, p by Holm {_p(test['p_holm'])}"


def _naive(naive: Facts) -> str:
    if "wilson95" in naive:
        return f"Wilson {interval(naive['wilson95'], percent)}"
    p = naive["wilcoxon"]["p"]
    wilcoxon = "no Wilcoxon test" if p is None else f"Wilcoxon on people p {_p(p)}"
    return f"pooled t {interval(naive['pooled95'])}, {wilcoxon}"


def _contrast(one: Facts, show: Show) -> str:
    if one["estimate"] is None:
        return str(one["note"])
    pair = f" ({interval(one['robust95'], show)})" if one["robust95"] is not None else ""
    test = one["note"]
    if one["p"] is not None:
        test = f"p {_p(one['p'])}"
        test += f", p by Holm {_p(one['p_holm'])}" if one["p_holm"] is not None else ""
    told, equivalence = one["equivalence"], ""
    if told is not None and told["p"] is not None:
        margin = show(told["margin"]).removeprefix("+")
        equivalence = f"; equivalence within ±{margin}: p {_p(told['p'])}"
    return f"{show(one['estimate'])}{pair}, {test}{equivalence}"


def _sizes(effect: Facts) -> str:
    """Every size with its interval, or why there is none."""
    return "; ".join(f"{name.replace('_', ' ')} {_size(one)}" for name, one in effect.items())


def _size(one: Facts) -> str:
    if one["interval95"] is None:
        return f"{number(one['estimate'])} ({one['note']})"
    return f"{number(one['estimate'])} ({interval(one['interval95'])})"


def _variance(told: Facts) -> str:
    shares = ", ".join(
        f"{one['term']} {percent(one['share'])}"
        + ("" if one["interval95"] is None else f" ({interval(one['interval95'], percent)})")
        for one in told["shares"]
    )
    return f"shares of the variance by {told['model']}: {shares}"


def _models(found: Facts) -> Iterator[str]:
    """Each mixed model, the one to read beside the robust numbers marked, or that there is none."""
    show: Show = percent if found["outcome"] == "correct" else number
    fitted = [name for name in MODELS if name in found]
    for name in fitted:
        mark = ", as a second opinion on the above" if name == found["beside"] else ""
        yield f"  mixed model {name}{mark}: {_model(found[name])}"
        for method, marginal in found[name]["marginal"].items():
            if marginal is not None:
                p = found[name]["chance"][method]["p_holm"]
                test = "no test" if p is None else f"p by Holm {_p(p)}"
                yield f"    {method}: {show(marginal[0])} ({interval(marginal[1:], show)}), {test}"
    if found["beside"] is None and fitted:
        yield "  NO FULL MIXED MODEL CONVERGED: read the two-way robust numbers alone"


def _model(model: Facts) -> str:
    if not model["converged"]:
        return f"NOT CONVERGED: {model['note']}"
    spread = ", ".join(f"{name} {number(sd)}" for name, sd in model["sd"].items())
    note = f"; {model['note']}" if model["note"] else ""
    return f"log-likelihood {number(model['loglik'])}, SD of {spread}{note}"


def _answers(found: Facts) -> Iterator[str]:
    """How many answers each question has, and their mean."""
    for one in found["answers"]:
        first = ", first answer" if one["stage"] == "first" else ""
        told = ", ".join(
            f"{method} {answered['n']} answers"
            + (f" with a mean of {number(answered['mean'])}" if "mean" in answered else "")
            for method, answered in one["methods"].items()
        )
        yield f"  {one['block']}/{one['question']}{first}: {told}"


def _alpha(alpha: Facts, kappa: Facts | None) -> str:
    if alpha["value"] is None:
        return str(alpha["note"])
    pair = "" if alpha["low"] is None else f" ({interval((alpha['low'], alpha['high']))})"
    fleiss = f", Fleiss’ κ = {number(kappa['value'])}" if kappa is not None else ""
    return f"Krippendorff’s α = {number(alpha['value'])}{pair}, {alpha['level']}{fleiss}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
