"""`python -m drawing [FORMAT…]` in the folder of figures.json: every figure as files."""

import json
import sys
from pathlib import Path

from . import FORMS, write_files

here = Path(__file__).resolve().parent.parent
told = json.loads((here / "figures.json").read_text(encoding="utf-8"))
write_files(told, here, sys.argv[1:] or FORMS)
