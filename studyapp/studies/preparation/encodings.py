"""How the pictures that people see become files: small, and lossless where single pixels matter.

One way for all overlays of a study, so that no file tells which method or network it explains.
"""

from studyapp.models import IMPORTED
from studyapp.paradigms import WITHOUT_MAP
from studyapp.studies.definition.catalogue import catalogue
from studyapp.studies.definition.study import Definition

COMPACT, LOSSLESS = "compact", "lossless"
# Of WebP: 448 pixels take some 45 kB instead of 265, and colours move by ΔE 1.3 on average
QUALITY = 95


def overlay_encoding(definition: Definition) -> str:
    """COMPACT for maps that are smooth; LOSSLESS where a condition shows thin lines."""
    methods = catalogue()["methods"]
    shown = {
        name
        for one in definition.conditions
        for name in (one.method, one.versus)
        if name is not None and name not in WITHOUT_MAP
    }
    # Another tool's maps may have thin lines, and its pictures words
    thin = any(name == IMPORTED or methods[name]["lines"] for name in shown)
    return LOSSLESS if thin else COMPACT
