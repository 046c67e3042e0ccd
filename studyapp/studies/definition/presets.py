"""Pairs of networks that a study file may name instead of describing both."""

from typing import Any

# What `[pairs.NAME] use = "…"` stands for: the networks by role
READY: dict[str, dict[str, dict[str, Any]]] = {
    # Grad-CAM, arXiv 1610.02391, section 5.2
    "vgg16_alexnet": {
        "stronger": {"builder": "vgg16", "weights": "IMAGENET1K_V1"},
        "weaker": {"builder": "alexnet", "weights": "IMAGENET1K_V1"},
    },
    # Both at 224 pixels, so that both maps are 7 × 7; the second sees the photo at 96 pixels.
    "sharp_near_sighted": {
        "stronger": {
            "builder": "efficientnet_lite2",
            "weights": "package",
            "options": {"size": 224},
        },
        "weaker": {
            "builder": "efficientnet_lite0",
            "weights": "package",
            "options": {"size": 224, "shrink_to": 96},
        },
    },
}


def expand_pairs(raw: dict[str, Any]) -> dict[str, Any]:
    """The study file with every pair named by `use` written out; an unknown name stays, to be
    complained of."""
    pairs, networks = raw.get("pairs"), raw.get("networks", {})
    if not isinstance(pairs, dict) or not isinstance(networks, dict):
        return raw
    expanded: dict[str, Any] = {}
    added: dict[str, Any] = {}
    for name, pair in pairs.items():
        expanded[name] = pair
        name_of_ready = pair["use"] if isinstance(pair, dict) and set(pair) == {"use"} else None
        if isinstance(name_of_ready, str) and name_of_ready in READY:
            ready = READY[name_of_ready]
            expanded[name] = {role: network["builder"] for role, network in ready.items()}
            added |= {network["builder"]: network for network in ready.values()}
    return {**raw, "pairs": expanded, "networks": {**added, **networks}}
