"""The README and CHANGES of a bundle, for somebody who has nothing but the bundle."""

from pathlib import Path

import pandas as pd

from studyapp.analyses.frames import table_file
from studyapp.analyses.tables import JUDGMENTS, PARTICIPATIONS
from studyapp.models import Participation, Study

NEAR_IDENTIFIERS = ("language", "device_class", "arm")


def readme_markdown(study: Study, folder: Path, *, public: bool, panel_ids: bool) -> str:
    """What the bundle is, how to read it in three lines, what was left out of it."""
    judgments = f"data/{table_file(folder, JUDGMENTS).name}"
    return f"""\
# {study.title}

Judgments of visual explanations, collected with Discern. Study `{study.slug}` ({study.kind}),
definition `{study.definition_digest[:12]}`, design `{study.design_digest[:12]}`.

- `data/`: one CSV per table (and the same as Parquet), with a JSON sidecar that
  describes every column. One row of *judgments* is one answer. `codebook.csv` lists all columns.
- `materials/`: the study file{" without its panel codes" if public else ""}, the texts people read,
  the overlays and maps by their digests.
- `analysis/`: results and report, and the analysed judgments as one table; `figures/` has its
  figures as SVG, and `python analysis/figures/draw.py pdf png` draws them for a paper; `python
  analysis/reanalyse.py` recomputes the results with pandas alone, `Rscript
  analysis/reanalyse.R` the primary analysis and the mixed models in R.
- `manifest.json`: SHA-256 of every file and what made them.

If you know jsPsych: `rt` is in `rt_ms`, `response` in `value` (and `answer_name`), `stimulus`
in `stimulus_id`, `trial_index` in `trial_position`, and `time_elapsed` as `answered_at` minus the
person's `entered_at` (in a public version `answered_after_s`).

Text that a spreadsheet would run as a formula has one `'` in front. An empty cell is missing.
Analyse main trials (of two answers the final one) of finished people without a standing exclusion:

```r
d <- read.csv("{judgments}", na.strings = "")
d <- subset(d, stage %in% c("main", "final") & status == "finished" & excluded == "false")
aggregate(cbind(score, correct) ~ condition, d, mean, na.action = na.pass)
```

```python
d = pandas.read_csv("{judgments}")
d = d[d.stage.isin(["main", "final"]) & (d.status == "finished") & ~d.excluded]
print(d.groupby("condition")[["score", "correct"]].mean())
```

{_public(study, folder) if public else _private(panel_ids)}
## Licence

The bundle states no licence: ask the data controller named in `materials/definition.json`.
"""


def changes_markdown(study: Study) -> str:
    """What was changed after the study opened."""
    lines = [f"# Changes to {study.slug} after it opened\n"]
    for one in study.deviations.order_by("made_at"):
        lines.append(f"- {one.made_at:%Y-%m-%d}: {one.what}: {one.detail}")
    return "\n".join([*lines, "" if len(lines) > 1 else "None.\n"])


def smallest_group(people: pd.DataFrame) -> int:
    """How many people share the rarest combination of what could tell them apart; 0 for nobody."""
    columns = [name for name in NEAR_IDENTIFIERS if name in people.columns]
    if people.empty:
        return 0
    return int(people.fillna("").groupby(columns).size().min())


def _private(panel_ids: bool) -> str:
    held = (
        "It holds the panel's ids: keep it as you keep those, and delete the table *panel* once "
        "people are paid."
        if panel_ids
        else "It holds no panel ids."
    )
    return f"This is the *private* version: it has times of day and free text. {held}\n"


def _public(study: Study, folder: Path) -> str:
    people = pd.read_csv(table_file(folder, PARTICIPATIONS), dtype=str, keep_default_na=False)
    left_out = Participation.objects.filter(study=study, publication_consent=False).count()
    return (
        f"This is the *public* version: only the {len(people)} people who agreed to publishing "
        f"({left_out} did not, or never got that far), times as seconds since entering, window "
        f"sizes in hundreds, no free text. Scanned for panel ids, e-mail and IP addresses; a scan "
        f"is not anonymisation. The smallest group that shares {', '.join(NEAR_IDENTIFIERS)} has "
        f"{smallest_group(people)} people.\n"
    )
