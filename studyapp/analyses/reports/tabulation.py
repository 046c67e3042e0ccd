"""The tables of a report: the right numbers, then the naive ones labelled as such."""

from studyapp.paradigms.analysis import analysis_of
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import (
    MISSING,
    interval,
    number,
    p_value,
    percent,
    points,
    short,
    signed,
)

FAMILIES = {True: "planned", False: "exploratory"}
OUTCOME_WORDS = {"score": "mean score", "correct": "share right", "value": "mean"}


def outcome_words(found: Facts) -> str:
    """The name of the number that is given for a method, such as “mean percentile”."""
    return analysis_of(found["paradigm"]).words or OUTCOME_WORDS[found["outcome"]]


def own_tables(found: Facts) -> list[Table]:
    """The tables of the paradigm's own results; none where it has none."""
    tables = analysis_of(found["paradigm"]).tables
    own = found.get(found["paradigm"])
    return list(tables(own)) if tables is not None and own else []


def family_of(contrast: Facts) -> str:
    """Planned or exploratory; of a hypothesis' contrast its number, where its adjusted p stands."""
    number = contrast.get("hypothesis")
    return f"hypothesis {number}" if number else FAMILIES[contrast["planned"]]


def null_of(found: Facts) -> float | None:
    """What every method is tested against; None for no test, or where methods differ in it."""
    nulls = {one["null"] for one in found["tests"].values()}
    return nulls.pop() if len(nulls) == 1 else None


def estimates_table(found: Facts) -> Table:
    """Every method with its interval and its test, adjusted by Holm."""
    is_share = found["outcome"] == "correct"
    name = "right" if is_share else outcome_words(found)
    rows = [_estimate_row(found, method, is_share) for method in found["methods"]]
    against = "chance" if is_share else short(null_of(found) or 0)
    has_tests = any(one["null"] is not None for one in found["tests"].values())
    t = "t, on the logit" if is_share else "t"
    tests = [t, "df", f"p against {against}", "p by Holm"] if has_tests or not rows else []
    counts = ["judgments", "people"]
    counts += ["photos"] if found.get("images") is not None else []
    header = ["method", *counts, name, "95 % interval", "standard error", *tests, ""]
    robust = (
        "clusters of people and photos" if found.get("images") is not None else "clusters of people"
    )
    tested = "; its tests are exploratory" if found.get("hypothesis_family") else ""
    return Table(f"Robust to {robust} (read this first{tested})", header, rows)


def _estimate_row(found: Facts, method: str, is_share: bool) -> list[str]:
    one, test = found["methods"][method], found["tests"][method]
    show = percent if is_share else number
    value = one["accuracy"] if is_share else one["mean"]
    n = f"{one['right']} of {one['n']}" if is_share else str(one["n"])
    pair = interval(one["robust95"], show)
    tests = [*_tested(test), p_value(test["p"]), p_value(test["p_holm"])]
    has_test = test["null"] is not None
    se = standard_error(test["se"], is_share=is_share)
    counts = [str(one[kind]) for kind in ("people", "images") if one[kind] is not None]
    shown = tests if has_test else []
    return [method, n, *counts, show(value), pair, se, *shown, one["note"]]


def _tested(test: Facts) -> list[str]:
    """t and its degrees of freedom."""
    return [signed(test["t"]), degrees(test["df"])]


def standard_error(value: float | None, *, is_share: bool) -> str:
    return (points(value) if is_share else signed(value)).removeprefix("+")


def degrees(value: float | None) -> str:
    """Degrees of freedom: a whole number, or one decimal."""
    return MISSING if value is None else short(round(value, 1))


def contrasts_table(found: Facts) -> Table:
    """Every pair of methods: the second minus the first, planned or exploratory."""
    is_share = found["outcome"] == "correct"
    show = points if is_share else signed
    rows = [
        [
            f"{one['a']} − {one['b']}",
            show(one["estimate"]),
            interval(one["robust95"], show),
            standard_error(one["se"], is_share=is_share),
            *_tested(one),
            p_value(one["p"]),
            p_value(one["p_holm"]),
            family_of(one),
            one["note"],
        ]
        for one in found["contrasts"]
    ]
    header = ["contrast", "difference", "95 % interval", "standard error", "t", "df", "p",
              "p by Holm", "family", ""]  # fmt: skip
    unit = ", in percentage points (pp)" if is_share else ""
    return Table(f"Differences between methods{unit}", header, rows)


def naive_table(found: Facts) -> Table:
    """What is usually printed, for contrast only."""
    methods: Facts = found["naive"]["methods"]
    if found["outcome"] == "correct":
        rows = [[name, interval(one["wilson95"], percent)] for name, one in methods.items()]
        return Table("Naive", ["method", "pooled Wilson 95 %"], rows)
    header = ["method", "pooled t 95 %"]
    rows = [[name, interval(one["pooled95"])] for name, one in methods.items()]
    if found["outcome"] == "score":
        header.append("Wilcoxon on people, p")
        rows = [[*row, p_value(methods[row[0]]["wilcoxon"]["p"])] for row in rows]
    return Table("Naive", header, rows)


def attrition_tables(flow: Facts) -> list[Table]:
    """Who took a place and did not finish, by arm, and by site and stratum where there are any."""
    by_site, by_stratum = flow.get("by_site"), flow.get("by_stratum")
    sites = [_attrition("site", by_site)] if by_site else []
    strata = [_strata(by_stratum)] if by_stratum else []
    return [_attrition("arm", flow["by_arm"]), *sites, *strata]


def _strata(by_stratum: Facts) -> Table:
    """A row for each stratum in each arm; who came when a stratum was full has no arm."""
    rows = []
    for stratum, told in by_stratum.items():
        rows += [[stratum, *row] for row in _lost(told["by_arm"])]
        if told["full"]:
            rows.append([stratum, f"none: {told['full']} came when it was full", "", "", "", ""])
    header = ["stratum", "arm", "took a place", "finished", "did not finish", "analysed"]
    return Table("Strata by arm", header, rows)


def _attrition(what: str, parts: Facts) -> Table:
    header = [what, "took a place", "finished", "did not finish", "analysed"]
    return Table(f"Attrition by {what}", header, _lost(parts))


def _lost(parts: Facts) -> list[list[str]]:
    rows = []
    for arm, one in parts.items():
        placed, gone = one["placed"], one["placed"] - one["finished"]
        lost = f"{gone} ({percent(gone / placed)})" if placed else "0"
        rows.append([arm, str(placed), str(one["finished"]), lost, str(one["analysed"])])
    return rows
