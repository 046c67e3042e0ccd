"""Kubernetes' manifests as they are written and as kubectl renders them."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
BASE = KUBERNETES / "base"
Manifest = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """What makes pods: its kind and name, the pods' labels and specification."""

    kind: str
    name: str
    labels: dict[str, str]
    pod: Manifest

    @property
    def is_ours(self) -> bool:
        return self.labels.get("app.kubernetes.io/name") == "discern"

    @property
    def containers(self) -> list[Manifest]:
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]


def settings_of(file: Path) -> dict[str, str]:
    """The NAME=value lines of a file of settings."""
    lines = [line for line in file.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def written(folder: Path = BASE) -> list[Manifest]:
    """The documents of a folder's own resources, with the ConfigMap that it generates."""
    plan = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    made = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": one["name"]},
            "data": {k: v for env in one["envs"] for k, v in settings_of(folder / env).items()},
        }
        for one in plan.get("configMapGenerator", [])
    ]
    files = [folder / name for name in plan["resources"]]
    return made + [doc for file in files for doc in yaml.safe_load_all(file.read_text("utf-8"))]


def rendered(folder: Path) -> list[Manifest]:
    """What `kubectl apply -k` would send to a cluster."""
    done = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [one for one in manifests if one["kind"] in kinds]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [one for one in of_kind(manifests, kind) if one["metadata"]["name"] == name]
    return found


def workloads(manifests: list[Manifest]) -> Iterator[Workload]:
    for one in of_kind(manifests, "Deployment", "Job", "CronJob"):
        spec = one["spec"] if one["kind"] != "CronJob" else one["spec"]["jobTemplate"]["spec"]
        template = spec["template"]
        labels = template["metadata"]["labels"]
        yield Workload(one["kind"], one["metadata"]["name"], labels, template["spec"])


def config_of(manifests: list[Manifest]) -> Manifest:
    """The one ConfigMap."""
    (found,) = of_kind(manifests, "ConfigMap")
    return found


def settings_given(manifests: list[Manifest]) -> dict[str, str]:
    given: dict[str, str] = config_of(manifests)["data"]
    return given
