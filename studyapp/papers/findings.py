"""The Results: hypotheses first, then estimates and contrasts with intervals, and deviations."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from django.utils.text import capfirst

from studyapp.analyses.apa import degrees, p_words
from studyapp.analyses.figures import Figure
from studyapp.analyses.figures.drawing import file_name
from studyapp.analyses.hypotheses import verdicts
from studyapp.analyses.reports import report_figures
from studyapp.analyses.reports.equivalence import equivalence_sentences, equivalence_table
from studyapp.analyses.reports.evidence import evidence_sentences, evidence_tables
from studyapp.analyses.reports.tabulation import (
    contrasts_table,
    estimates_table,
    outcome_words,
    own_tables,
)
from studyapp.paradigms import PARADIGMS
from studyapp.paradigms.tabulation import Facts, Table
from studyapp.shelf.formatting import counted, number, percent, points, signed

from .document import (
    Block,
    Bullets,
    Gap,
    Heading,
    NamedFigure,
    NamedTable,
    Paragraph,
    Runs,
    paragraph,
    prose,
    with_symbols,
)
from .material import Material

# Contrasts beyond this many are told by their table alone
MOST_TOLD = 6


def findings(material: Material) -> list[Block]:
    """Every section of the results, with all figures and tables."""
    blocks: list[Block] = [Heading(1, "Results"), *_hypotheses(material)]
    for found in material.founds:
        blocks += _section(material, found)
    return [*blocks, *_figures(material), *_deviations(material)]


def named_figures(material: Material) -> list[tuple[str, Figure]]:
    """The report's figures with the stems of their files."""
    figures = [
        replace(one, title=title, data={**one.data, "title": title})
        for one in report_figures(material.founds, material.record)
        for title in [material.labelled(one.title)]
    ]
    return [(file_name(place, one.title), one) for place, one in enumerate(figures, 1)]


def named_tables(material: Material, found: Facts) -> list[NamedTable]:
    """The tables of one paradigm's results."""
    tables: list[tuple[str, Table | None]] = [
        ("estimates", estimates_table(found)),
        ("contrasts", contrasts_table(found) if found["contrasts"] else None),
        ("equivalence", equivalence_table(found)),
        *((f"own-{place}", one) for place, one in enumerate(own_tables(found), 1)),
        *((f"evidence-{place}", one) for place, one in enumerate(evidence_tables(found), 1)),
    ]
    return [
        NamedTable(
            f"{name}-{found['paradigm'].replace('_', '-')}", _for_paper(material, table, found)
        )
        for name, table in tables
        if table is not None and table.rows
    ]


def _for_paper(material: Material, table: Table, found: Facts) -> Table:
    """With the paradigm in its caption, and without a column of notes that is empty."""
    header, rows = [*table.header], [[*row] for row in table.rows]
    for place in reversed(range(1, len(header))):
        if not header[place] and not any(row[place] for row in rows):
            header.pop(place)
            rows = [row[:place] + row[place + 1 :] for row in rows]
        elif not header[place]:
            header[place] = "note"
    caption = table.caption.partition(" (read this first")[0]
    title = f"“{_title(found)}” {caption[0].lower()}{caption[1:]}"
    return Table(material.labelled(title), header, rows)


def _title(found: Facts) -> str:
    name = found["paradigm"]
    return PARADIGMS[name].title if name in PARADIGMS else name


def _hypotheses(material: Material) -> Iterator[Block]:
    stated = material.definition.analysis.hypotheses
    if not stated:
        yield paragraph(("No hypothesis was stated before the study opened: every result is "
                         "exploratory.",))  # fmt: skip
        return
    decided = {one["number"]: one["sentence"] for one in verdicts(material.founds)}
    yield Heading(2, "Hypotheses")
    yield Bullets(
        tuple(
            _hypothesis(place, one if isinstance(one, str) else one.text, decided.get(place))
            for place, one in enumerate(stated, 1)
        )
    )


def _hypothesis(place: int, text: str, verdict: str | None) -> Runs:
    """With its verdict; of one that is tied to no contrast, no program can judge what the results
    say."""
    told = prose("Hypothesis {place}: {text}{stop} ", place=str(place), text=text,
                 stop="" if text.endswith((".", "!", "?")) else ".")  # fmt: skip
    if verdict is None:
        return (*told, Gap(f"what the results say of hypothesis {place}"))
    return (*told, *with_symbols(verdict))


def _section(material: Material, found: Facts) -> Iterator[Block]:
    yield Heading(2, _title(found))
    if not found["n"]:
        yield paragraph((f"{capfirst(found['notes'][0])}." if found["notes"] else
                         "There are no judgments to analyse.",))  # fmt: skip
        return
    photos = f" on {counted(found['images'], 'photo', 'photos')}" if found["images"] else ""
    base = (
        f"{counted(found['n'], 'judgment', 'judgments')} of "
        f"{counted(found['people'], 'person', 'people')}{photos} were analysed."
    )
    yield paragraph((base,), *map(with_symbols, _estimates(found)))
    yield from _contrasts(found, planned=True)
    yield from _contrasts(found, planned=False)
    if told := list(equivalence_sentences(found)):
        yield Paragraph(with_symbols(" ".join(told)))
    if told := list(evidence_sentences(found)):
        yield paragraph(*map(with_symbols, told))
    if notes := [*found["notes"], *_everybody(found)]:
        yield paragraph(("To be read with these numbers:",))
        yield Bullets(tuple((f"{note.rstrip('.')}.",) for note in notes))
    yield from named_tables(material, found)


def _estimates(found: Facts) -> Iterator[str]:
    """Each method's mean or share, as APA has it."""
    is_share = found["outcome"] == "correct"
    for name, one in found["methods"].items():
        value = one["accuracy"] if is_share else one["mean"]
        if value is None:
            yield f"“{name}” has no estimate ({one['note']})."
            continue
        told = f"{percent(value)} right" if is_share else f"{outcome_words(found)} {number(value)}"
        ends = interval95(one["robust95"], is_share=is_share, is_difference=False)
        yield f"“{name}”: {told}{ends}{_test(found['tests'][name], is_share)}."


def _test(test: Facts, is_share: bool) -> str:
    if test["null"] is None or test["p"] is None:
        return ""
    null = percent(test["null"]) if is_share else f"{test['null']:g}"
    t = "" if test["t"] is None else f"t({degrees(test['df'])}) = {number(test['t'])}, "
    return f"; against {null}, {t}{p_words(test['p'])}, by Holm {p_words(test['p_holm'])}"


def _contrasts(found: Facts, *, planned: bool) -> Iterator[Block]:
    """The planned ones, or those that are marked as exploratory."""
    chosen = [one for one in found["contrasts"] if one["planned"] == planned]
    if not chosen:
        return
    start = _planned(found) if planned else (
        "Exploratory contrasts, which were not planned; p values are adjusted over all pairs."
    )  # fmt: skip
    if len(chosen) > MOST_TOLD:
        yield paragraph((f"{start} All {len(chosen)} are in the table.",))
        return
    is_share = found["outcome"] == "correct"
    told = [with_symbols(contrast_sentence(one, is_share=is_share)) for one in chosen]
    yield paragraph((start,), *told)


def _planned(found: Facts) -> str:
    """What the planned contrasts are, and how their p values are adjusted."""
    if not found["hypothesis_family"]:
        return "Planned contrasts, adjusted together."
    if found["sequence"]:
        return "Contrasts of the hypotheses; the verdicts come from the sequences."
    return "Contrasts of the hypotheses; p unadjusted, the adjusted p stands with the verdict."


def contrast_sentence(one: Facts, *, is_share: bool) -> str:
    """A contrast in the unit of the outcome, then the results' own line in APA's style."""
    if one["estimate"] is None:
        return f"“{one['a']}” − “{one['b']}” has no estimate ({one['note']})."
    show = points if is_share else signed
    ends = interval95(one["robust95"], is_share=is_share, is_difference=True)
    untested = "" if one["p"] is not None else "not tested, for the reason that the table gives"
    told = "; ".join(filter(None, [one["apa"], untested]))
    return f"“{one['a']}” − “{one['b']}”: {show(one['estimate'])}{ends}; {told}."


def interval95(pair: Sequence[float] | None, *, is_share: bool, is_difference: bool) -> str:
    """“, 95% CI [0.10, 0.32]”, in the unit of the estimate; empty where there is none."""
    if pair is None:
        return ""
    show = (points if is_share else signed) if is_difference else percent if is_share else number
    low, high = (show(end).removesuffix(" pp").removesuffix(" %") for end in pair)
    unit = "" if not is_share else " pp" if is_difference else " %"
    return f", 95% CI [{low}, {high}]{unit}"


def _everybody(found: Facts) -> Iterator[str]:
    """The same means with those who were left out, where that is anybody."""
    everybody: Facts = found["everybody"] or {}
    show = percent if found["outcome"] == "correct" else number
    told = [
        f"“{name}” {show(one['mean'])}"
        for name, one in everybody.items()
        if one["n"] != found["methods"].get(name, {}).get("n")
    ]
    if told:
        yield f"With everybody who answered, including those left out: {', '.join(told)}"


def _figures(material: Material) -> Iterator[Block]:
    for name, figure in named_figures(material):
        yield NamedFigure(name, figure.title, figure.alt)


def _deviations(material: Material) -> Iterator[Block]:
    yield Heading(2, "Deviations from the plan")
    deviations = material.record.deviations
    if not deviations:
        yield paragraph(("No deviation was recorded.",))
        return
    yield Bullets(tuple((f"{day}: {what}" + (f" ({detail})" if detail else ""),)
                        for day, what, detail in deviations))  # fmt: skip
