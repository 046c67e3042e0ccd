"""The README and CHANGES of a bundle, for readers who have nothing but the bundle."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from studyapp.analyses.frames import table_file
from studyapp.analyses.tables import JUDGMENTS, PARTICIPATIONS
from studyapp.models import Participation, Study
from studyapp.paradigms import PARADIGMS
from studyapp.studies.definition.study import Definition, study_definition
from studyapp.studies.masking import is_masked

from .dataset import DataSet
from .licences import publication_markdown

NEAR_IDENTIFIERS = ("language", "device_class", "arm")
# In studies that have strata
STRATUM = "stratum"
# Between a block and its question, as in the codebook
FACT = "/"


def readme_markdown(
    study: Study, data: DataSet, folder: Path, *, public: bool, panel_ids: bool, traces: bool
) -> str:
    """What the bundle is, how to read it, and what was left out of it."""
    return f"""\
# {study.title}

Judgments of visual explanations, collected with Discern. Study `{study.slug}` ({study.kind}),
definition `{study.definition_digest[:12]}`, design `{study.design_digest[:12]}`.

- `data/`: one CSV per table (and the same as Parquet), with a JSON sidecar that
  describes every column. One row of *judgments* is one answer. `codebook.csv` lists all columns.
- `materials/`: the study file{" without its panel codes" if public else ""}, the texts people read,
  and by their digests the explanations as they were shown (`overlays/`), the maps, pictures or
  texts that these were made from (`maps/`), and, if they are included, the photos and what people
  saw of them (`photos/`, `crops/`).
- `analysis/`: results, report and the analysed judgments as one table. `figures/` has the
  figures as SVG; `python -m drawing pdf png`, run in that folder, draws them for a paper.
  `people-effects*.csv` and `photo-effects*.csv` have what each person and each photo adds to the
  mixed model's predictor (logits), where there is one, beside its own mean.
  `hypotheses.json` has the verdicts on hypotheses, where the plan tied any to contrasts.
  `python analysis/reanalyse.py` recomputes judgments, means, contrasts, moderators, worths, medians
  of times, Cronbach's α and the verdicts with pandas alone (answers that are places on a photo also
  need Pillow), and `Rscript analysis/reanalyse.R` the primary analysis and the mixed models in R.
  `analysis/bayes.R` fits a Bayesian companion with brms, which has to be installed first.
{_wide(folder)}- `manifest.json`: SHA-256 of every file, and the versions of the software that made
  them.

If you know jsPsych: `rt` is in `rt_ms`, `response` in `value` (and `answer_name`), `stimulus`
in `stimulus_id`, `trial_index` in `trial_position`, and `time_elapsed` is `answered_at` minus the
person's `entered_at` (in a public version `answered_after_s`).

Text that a spreadsheet would run as a formula has one `'` in front. An empty cell is a missing
value. `load.R` and `load.py` give each column its type and each factor its levels in order, the
reference first, and take that `'` away. The judgments that are analysed are those of main trials
(of two answers, the final one) and questionnaires, of people who finished and are not excluded:

```r
source("load.R", chdir = TRUE)
d <- load_bundle()
a <- analysed(d$judgments)
aggregate(cbind(score, correct) ~ condition, a, mean, na.action = na.pass)
```

```python
from load import analysed, load_bundle
d = load_bundle()
a = analysed(d["judgments"])
print(a.groupby("condition", observed=True)[["score", "correct"]].mean())
```

{_primary(study)}
{_public(study, folder) if public else _private(panel_ids, traces)}{_masked(study)}
{publication_markdown(data)}"""


def changes_markdown(study: Study) -> str:
    """What was changed after the study opened."""
    lines = [f"# Changes to {study.slug} after it opened\n"]
    for one in study.deviations.order_by("made_at"):
        lines.append(f"- {one.made_at:%Y-%m-%d}: {one.what}: {one.detail}")
    return "\n".join([*lines, "" if len(lines) > 1 else "None.\n"])


def near_identifiers(people: pd.DataFrame) -> tuple[str, ...]:
    """What tells people apart who are known by nothing else."""
    has_strata = STRATUM in people.columns and people[STRATUM].fillna("").ne("").any()
    strata = (STRATUM,) if has_strata else ()
    told = (name for name in people.columns if FACT in name)
    return (*NEAR_IDENTIFIERS, *strata, *told)


def with_facts(
    people: pd.DataFrame, judgments: pd.DataFrame, definition: Definition
) -> pd.DataFrame:
    """The people with what they said of themselves in answer to ready questions, BLOCK/QUESTION."""
    found = people.copy()
    for block in definition.blocks:
        rows = judgments[judgments["block"] == block.name]
        said = dict(zip(rows["participant_id"], rows["further_answers"].map(_answers), strict=True))
        for name in block.describing:
            found[f"{block.name}{FACT}{name}"] = [
                json.dumps(said.get(person, {}).get(name)) for person in people["participant_id"]
            ]
    return found


def _answers(cell: str) -> dict[str, Any]:
    return json.loads(cell) if cell else {}


def smallest_group(people: pd.DataFrame) -> int:
    """How many people share the rarest combination of near-identifiers; 0 for no people."""
    columns = [name for name in near_identifiers(people) if name in people.columns]
    return 0 if people.empty else int(people.fillna("").groupby(columns).size().min())


def _primary(study: Study) -> str:
    """How the first numbers of the results are found again, where conditions are compared by what
    the judgments table scores."""
    definition = study_definition(study)
    outcomes = {
        name: PARADIGMS[name].outcome
        for name in definition.photo_paradigms()
        if PARADIGMS[name].outcome is not None and PARADIGMS[name].meets == "one"
    }
    if not outcomes:
        return "What is analysed of each answer stands in `analysis/table*.csv`.\n"
    name, outcome = next(iter(outcomes.items()))
    named = ", ".join(f"`{outcome}` in {name}" for name, outcome in outcomes.items())
    return f"""\
The outcome is {named}; of other questions it stands in `analysis/table*.csv`. People and photos
(`image_group`, which photos of one object share) are the clusters. Means and contrasts of
`analysis/results*.json` are those of

```r
a <- droplevels(subset(analysed(d$judgments), paradigm == "{name}" & !is.na({outcome})))
m <- lm({outcome} ~ condition, a)
se <- sqrt(diag(sandwich::vcovCL(m, ~ participant_id + image_group, type = "HC1")))
cbind(coef(m), se)
```

except for two corrections for few clusters, t's degrees of freedom and intervals of shares, which
`analysis/reanalyse.R` has or `analysis/report.html` names.
"""


def _wide(folder: Path) -> str:
    """On the tables with a row a person, where there are any."""
    if not (folder / "wide").is_dir():
        return ""
    return """\
- `wide/`: of each kind of question one row per analysed person, with the person's mean under each
  method, how many answers it is of, and what was asked once; `people` has the columns of all.
  `.sav` opens in SPSS, jamovi, JASP, PSPP, Stata and R (`haven`) with the words of every question
  and answer, and what people preferred not to say is a declared missing value there; `.csv` opens
  in spreadsheets.
  `wide/columns.csv` says what each column is. Means of few answers are less certain than means of
  many: the models in `analysis/` weigh them, a test of these columns does not.
"""


def _private(panel_ids: bool, traces: bool) -> str:
    held = (
        "It contains the panel's ids: protect it accordingly, and delete the table *panel* once "
        "people are paid."
        if panel_ids
        else "It contains no panel ids."
    )
    recorded = (
        " It contains the table *traces*, of what pages recorded: delete it by the day that people "
        "were told, and do not pass it on."
        if traces
        else ""
    )
    return f"This is the *private* version, with times of day and free text. {held}{recorded}\n"


def _masked(study: Study) -> str:
    """That there is no analysis, and what the tables are for; empty where there is one."""
    if not is_masked(study):
        return ""
    return (
        "\nThe study was not closed when this was written, and its plan allows no looking at "
        "outcomes before. So there is no `analysis/`, and `manage.py analyse` refuses this folder: "
        "the tables are a backup of the raw data. Whoever compares conditions in them before the "
        "study is closed looks early, and must say so.\n"
    )


def _public(study: Study, folder: Path) -> str:
    people, judgments = (
        pd.read_csv(table_file(folder, table), dtype=str, keep_default_na=False)
        for table in (PARTICIPATIONS, JUDGMENTS)
    )
    people = with_facts(people, judgments, study_definition(study))
    left_out = Participation.objects.filter(study=study, publication_consent=False).count()
    return (
        f"This is the *public* version. It covers only the {len(people)} people who agreed to "
        f"publishing ({left_out} did not, or did not get that far), gives times as seconds since "
        f"entering and window sizes in hundreds, and has no free text. It was scanned for panel "
        f"ids, e-mail addresses and IP addresses; a scan is not anonymisation. The smallest "
        f"group of people with the same {', '.join(near_identifiers(people))} has size "
        f"{smallest_group(people)}.\n"
    )
