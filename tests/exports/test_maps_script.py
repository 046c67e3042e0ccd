"""The bundle's own arithmetic of regions is that of the analysis, for every tool."""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import numpy as np
import pytest

from studyapp.exports.analysis import SCRIPTS
from studyapp.paradigms.drawn_maps import drawn_map
from studyapp.paradigms.masks import compared, mask_of

REGIONS: list[dict[str, Any]] = [
    {"boxes": [[0.1, 0.2, 0.5, 0.66], [0.4, 0.4, 0.9, 0.5]]},
    {"points": [[0.3, 0.3], [0.99, 0.01]]},
    {"side": 56, "runs": [[0, 0, 55], [1, 3, 9], [55, 20, 20]]},
    {"side": 10, "runs": [[3, 0, 4]]},
]


def script() -> Any:
    spec = spec_from_file_location("bundled_maps", SCRIPTS / "maps.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_the_same_to_the_bundles_script(region: dict[str, Any]) -> None:
    drawn = drawn_map(np.random.default_rng(1).random((7, 7), dtype=np.float32))
    own = script()
    assert (own.region_mask(region) == mask_of(region)).all()
    assert own.overlap(region, drawn) == pytest.approx(compared(mask_of(region), drawn).iou)
    constant = np.ones((224, 224))
    assert own.overlap(region, constant) == pytest.approx(compared(mask_of(region), constant).iou)
