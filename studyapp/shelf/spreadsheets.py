"""Text that no spreadsheet runs as a formula, said once for Python and PostgreSQL.

defusedcsv does the same for whole files, but can't be undone: it rewrites `|`, and a text that
began with `'` before is no longer told from one that was given it.
"""

import re

# Where a ' goes: before a leading = + - @ tab, CR or '. The pattern is the same in both dialects.
BEFORE_A_FORMULA = r"^(?=[=+@\t\r'-])"


def inert(text: str) -> str:
    """`text` with a ' before what a spreadsheet would run; taking one ' away gives it back."""
    return re.sub(BEFORE_A_FORMULA, "'", text)


def read_back(cell: str) -> str:
    return cell.removeprefix("'")
