"""Every method is what its paper says: equal to a slow form of it, which each must have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explainer import METHODS, explain
from explainer.methods.checks import CHECKS
from tests.explainer.slow_attention import TransformerSubject
from tests.explainer.slow_methods import SLOW, Subject
from tests.explainer.small_networks import noise

ADDRESSES = {"none": ("",), "map": ("second", "first > relu"), "maps": ("",)}
TARGETS = [3, 0]
TRIED = [
    pytest.param(name, address, settings, id=f"{name}-{address or 'input'}-{number}")
    for name, slow in SLOW.items()
    for address in ADDRESSES[METHODS[name].layer]
    for number, settings in enumerate(slow.settings)
]


def test_every_method_has_a_slow_reference() -> None:
    """Fix: write the method's paper in plain loops in tests/explainer/slow_methods.py."""
    assert sorted(SLOW) == sorted(METHODS)


@pytest.mark.parametrize(("name", "address", "settings"), TRIED)
def test_every_method_equals_its_slow_reference(
    name: str, address: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    slow: Any = SLOW[name]
    of_attention = METHODS[name].attention
    subject: Any = TransformerSubject() if of_attention else Subject(address or "second", tmp_path)
    if "photo" in settings:
        settings = {**settings, "photo": str(subject.photo)}
    images = noise(2, 3, *slow.size)
    told = explain(subject.network, images, TARGETS, [name], settings={name: settings})
    assert set(told.checks.get(name, {})) <= set(CHECKS), "describe it in CHECKS"
    found = told[name]
    for n, target in enumerate(TARGETS):
        expected = slow.reference(subject, images[n], target, settings)
        close = slow.close * np.abs(expected).max()
        np.testing.assert_allclose(found[n], expected, rtol=1e-4, atol=close)
    assert found.abs().max() > 0
