"""What only one paradigm says, as tables: reliance apart from accuracy, two questions apart."""

from collections.abc import Iterator, Mapping
from typing import Any

from studyapp.analyses.numerals import interval, number, percent

from .tabulation import Table

Facts = Mapping[str, Any]
SHARES = {
    "rair": "wrong at first, right advice followed (RAIR)",
    "rsr": "right at first, wrong advice resisted (RSR)",
    "switch": "went over to advice that differed",
    "accept_wrong": "wrong answers accepted",
    "reject_right": "right answers rejected",
}
STRATA = {"prediction_right": "network right", "prediction_wrong": "network wrong"}
QUESTIONS = {"predicted": "Which class is predicted?", "truth": "Which class is correct?"}
SHARE_HEADER = ["", "", "share", "95 % interval", ""]


def particulars(found: Facts) -> list[Table]:
    """The tables of the paradigm's own results; none where it has none."""
    own = found.get(found["paradigm"]) or {}
    return [table for key, tables in PARTS.items() if key in own for table in tables(own)]


def _reliance(own: Facts) -> Iterator[Table]:
    rows = [
        _share(f"{method}: {SHARES[name]}", share)
        for method, shares in own["methods"].items()
        for name, share in shares.items()
    ]
    yield Table("Reliance on advice, each with its own cases", SHARE_HEADER, rows)


def _strata(own: Facts) -> Iterator[Table]:
    yield _by_stratum("Right and wrong predictions apart", own["by_stratum"])


def _detection(own: Facts) -> Iterator[Table]:
    """d′ and criterion of noticing that the network is wrong, and what confidence is worth."""
    detection: Facts = own["detection"]
    rows = [
        [method, *_estimate(one and one["d_prime"]), *_estimate(one and one["criterion"])]
        for method, one in detection["methods"].items()
    ]
    title = "Noticing that the network is wrong"
    note = f": not to be told, {detection['note']}" if not detection["converged"] else ""
    header = ["method", "d′", "95 % interval", "criterion", "95 % interval"]
    yield Table(title + note, header, rows)


def _confidence(own: Facts) -> Iterator[Table]:
    rows = [
        [method, *(number(one[key]) for key in ("type2_auroc", "brier", "calibration_error"))]
        for method, one in own["confidence"].items()
    ]
    header = ["method", "type-2 AUROC", "Brier score", "calibration error"]
    yield Table("What confidence is worth", header, rows)


def _question(name: str) -> Any:
    def tables(own: Facts) -> Iterator[Table]:
        told: Facts = own[name]
        rows = [_share(method, share) for method, share in told["methods"].items()]
        yield Table(QUESTIONS[name], SHARE_HEADER, rows)
        if "by_stratum" in told:
            yield _by_stratum(f"{QUESTIONS[name]} By the network’s answer", told["by_stratum"])
        if "type2_auroc" in told:
            rows = [[method, number(value)] for method, value in told["type2_auroc"].items()]
            title = f"{QUESTIONS[name]} What confidence is worth"
            yield Table(title, ["method", "type-2 AUROC"], rows)

    return tables


def _utility(own: Facts) -> Iterator[Table]:
    """Utility-K by session, then over all sessions."""
    rows = [
        row
        for method, one in own["utility"].items()
        for row in [
            *(
                [method, f"session {key}", number(k), "–", ""]
                for key, k in one["by_session"].items()
            ),
            [method, "all sessions", number(one["value"]), _interval(one), one["note"]],
        ]
    ]
    title = f"Utility-K: accuracy against that of {own['baseline']}"
    yield Table(title, ["method", "", "Utility", "95 % interval", ""], rows)


def _interval(one: Facts) -> str:
    return interval(None if one["low"] is None else (one["low"], one["high"]))


def _nss(own: Facts) -> Iterator[Table]:
    rows = [_mean(method, one) for method, one in own["nss"].items()]
    header = ["method", "clicks", "mean NSS", "95 % interval", ""]
    yield Table("Normalised scanpath saliency of the map at the click", header, rows)


def _items(own: Facts) -> Iterator[Table]:
    rows = [
        _mean(f"{item}, {method}", one)
        for item, methods in own["items"].items()
        for method, one in methods.items()
    ]
    yield Table("Each item", ["", "answers", "mean", "95 % interval", ""], rows)


def _by_stratum(title: str, strata: Facts) -> Table:
    rows = [
        _share(f"{method}, {STRATA[stratum]}", share)
        for stratum, methods in strata.items()
        for method, share in methods.items()
    ]
    return Table(title, SHARE_HEADER, rows)


def _share(label: str, share: Facts) -> list[str]:
    count = f"{share['count']} of {share['n']}"
    pair = interval(share["robust95"], percent)
    return [label, count, percent(share["value"]), pair, share["note"]]


def _mean(label: str, one: Facts) -> list[str]:
    return [label, str(one["n"]), number(one["mean"]), interval(one["robust95"]), one["note"]]


def _estimate(found: list[float] | None) -> list[str]:
    return ["–", "–"] if found is None else [number(found[0]), interval(found[1:])]


# What of a paradigm's own results is a table, in the order in which it is read
PARTS: Mapping[str, Any] = {
    "methods": _reliance,
    "by_stratum": _strata,
    "detection": _detection,
    "confidence": _confidence,
    "predicted": _question("predicted"),
    "truth": _question("truth"),
    "utility": _utility,
    "nss": _nss,
    "items": _items,
}
