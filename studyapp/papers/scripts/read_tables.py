"""Read the kit's numbers with pandas: `python read_tables.py`, in the kit's folder."""

from pathlib import Path

import pandas as pd

numbers = pd.read_csv(Path(__file__).with_name("tables") / "numbers.csv")
methods = numbers[numbers["kind"] == "method"]
contrasts = numbers[numbers["kind"] == "contrast"]
shown = ["name", "estimate", "low95", "high95", "p_holm"]
print(methods[["paradigm", "n", *shown]].to_string(index=False))
print(contrasts[["paradigm", "planned", *shown]].to_string(index=False))
