"""What is wrong with a set of Kubernetes manifests, each in a sentence that names the object."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import kubernetes_validate
from jsonschema import Draft202012Validator

from studyapp.queue import QUEUES
from tests.deploy.manifests import (
    ROOT,
    Manifest,
    Workload,
    config_of,
    named,
    of_kind,
    settings_given,
    workloads,
)
from tests.dockerfile import TEXT as DOCKERFILE
from tests.test_containers import COMPOSE, OF_THE_IMAGE

# The oldest that still gets corrections from its makers' clouds, and a newer one
VERSIONS = ("1.30", "1.36")
TARGETS = set(re.findall(r"^FROM base AS (\w+)$", DOCKERFILE, re.MULTILINE))
IMAGES = {f"discern-{target}" for target in TARGETS} | {"redis:7-bookworm"}
# Whose DATABASE_URL is another setting's
WAYS = dict.fromkeys(("migrate", "backup", "restore-drill"), "DIRECT_DATABASE_URL")
MOST_CONNECTIONS = 97  # PostgreSQL keeps three of its hundred for its owner.
Rule = Callable[[list[Manifest]], Iterator[str]]
TEXT, COUNT = {"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}


def _closed(required: list[str], **properties: object) -> Manifest:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


# KEDA's own definitions are the cluster's; these are the keys used here, as its reference has them.
KEDA: dict[str, Manifest] = {
    "TriggerAuthentication": _closed(
        ["secretTargetRef"],
        secretTargetRef={
            "type": "array",
            "items": _closed(["parameter", "name", "key"], parameter=TEXT, name=TEXT, key=TEXT),
        },
    ),
    "ScaledObject": _closed(
        ["scaleTargetRef", "minReplicaCount", "maxReplicaCount", "triggers"],
        scaleTargetRef=_closed(["name"], name=TEXT),
        pollingInterval=COUNT,
        cooldownPeriod=COUNT,
        minReplicaCount=COUNT,
        maxReplicaCount=COUNT,
        fallback=_closed(["failureThreshold", "replicas"], failureThreshold=COUNT, replicas=COUNT),
        advanced=_closed(
            ["horizontalPodAutoscalerConfig"],
            horizontalPodAutoscalerConfig=_closed(["behavior"], behavior={"type": "object"}),
        ),
        triggers={
            "type": "array",
            "minItems": 1,
            "items": _closed(
                ["type", "metadata", "authenticationRef"],
                type={"const": "redis"},
                # Its metadata are texts, numbers and yes and no too.
                metadata=_closed(
                    ["addressFromEnv", "databaseIndex", "enableTLS", "listName", "listLength"],
                    addressFromEnv=TEXT,
                    databaseIndex={"type": "string", "pattern": r"^\d+$"},
                    enableTLS={"enum": ["true", "false"]},
                    listName=TEXT,
                    listLength={"type": "string", "pattern": r"^[1-9]\d*$"},
                ),
                authenticationRef=_closed(["name"], name=TEXT),
            ),
        },
    ),
}


def malformed(manifests: list[Manifest]) -> Iterator[str]:
    """By the schemas of Kubernetes' versions, strictly: an unknown key is a fault too."""
    for one in manifests:
        place = f"{one['kind']} {one['metadata']['name']}"
        if one["apiVersion"].startswith("keda.sh/"):
            for error in Draft202012Validator(KEDA[one["kind"]]).iter_errors(one["spec"]):
                yield f"{place}: {error.json_path}: {error.message}"
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{place}, by {version}: {error.message}"


def unconfined(manifests: list[Manifest]) -> Iterator[str]:
    """Pods that may do more than the profile `restricted` lets them, or write to their image."""
    for one in workloads(manifests):
        said = one.pod.get("securityContext", {})
        if said.get("runAsNonRoot") is not True or not said.get("runAsUser"):
            yield f"{one.name} may run as root"
        if one.is_ours and f"--uid {said.get('runAsUser')} " not in DOCKERFILE:
            yield f"{one.name} runs as a user that the image has not"
        if said.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{one.name} has no seccomp profile"
        if one.pod.get("automountServiceAccountToken") is not False:
            yield f"{one.name} can ask the cluster's server"
        for box in one.containers:
            if box.get("securityContext") != {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }:
                yield f"{one.name}/{box['name']} is not confined"
    (namespace,) = of_kind(manifests, "Namespace")
    if namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] != "restricted":
        yield "the namespace lets pods do more"


def unlimited(manifests: list[Manifest]) -> Iterator[str]:
    for one in workloads(manifests):
        for box in one.containers:
            given = box.get("resources", {})
            for side in ("requests", "limits"):
                if not {"cpu", "memory"} <= set(given.get(side, {})):
                    yield f"{one.name}/{box['name']} has no {side} of cpu and memory"
        for volume in one.pod.get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
                yield f"{one.name}: the volume {volume['name']} has no limit"


def badly_imaged(manifests: list[Manifest]) -> Iterator[str]:
    """Images that the Dockerfile has no target for, and commands in an image that lacks them."""
    for one in workloads(manifests):
        for box in one.containers:
            image = box["image"].rpartition("/")[2]
            plain = image if image in IMAGES else image.partition(":")[0]
            if plain not in IMAGES:
                yield f"{one.name}/{box['name']}: no target of the Dockerfile makes {box['image']}"
            needs_worker = box.get("command", [""])[0] == "celery"
            if needs_worker != (plain == "discern-worker") and box["name"] != "migrations":
                yield f"{one.name}/{box['name']}: its command is not one of {plain}"


def _selected(selector: dict[str, str], found: list[Workload]) -> list[Workload]:
    return [one for one in found if selector.items() <= one.labels.items()]


def badly_selected(manifests: list[Manifest]) -> Iterator[str]:
    """Selectors that choose nothing, or another's pods; references to what is not there."""
    found = list(workloads(manifests))
    for one in of_kind(manifests, "Deployment"):
        name, selector = one["metadata"]["name"], one["spec"]["selector"]["matchLabels"]
        if [other.name for other in _selected(selector, found)] != [name]:
            yield f"Deployment {name} selects other pods than its own"
    for one in of_kind(manifests, "Service"):
        name, chosen = one["metadata"]["name"], _selected(one["spec"]["selector"], found)
        ports = {port["name"] for other in chosen for box in other.containers
                 for port in box.get("ports", [])}  # fmt: skip
        # Metrics are read at the pods themselves.
        led = {port["targetPort"] for port in one["spec"]["ports"]}
        if len(chosen) != 1 or led != ports - {"metrics"}:
            yield f"Service {name} leads to no port of one workload's pods"
    for one in of_kind(manifests, "PodDisruptionBudget", "NetworkPolicy"):
        selector = one["spec"].get("selector", one["spec"].get("podSelector"))
        if not _selected(selector.get("matchLabels", {}), found):
            yield f"{one['kind']} {one['metadata']['name']} is about no pod"
    for one in of_kind(manifests, "Ingress"):
        for rule in one["spec"]["rules"]:
            if rule["host"] not in settings_given(manifests)["ALLOWED_HOSTS"].split(","):
                yield f"the Ingress sends requests for {rule['host']}, which the site refuses"
            if [rule["host"]] not in [tls["hosts"] for tls in one["spec"]["tls"]]:
                yield f"the Ingress has no certificate for {rule['host']}"
            for path in rule["http"]["paths"]:
                goal = path["backend"]["service"]
                service = named(manifests, "Service", goal["name"])
                if goal["port"]["name"] not in [port["name"] for port in service["spec"]["ports"]]:
                    yield "the Ingress leads to a port that its Service has not"


def badly_mounted(manifests: list[Manifest]) -> Iterator[str]:
    """Volumes and claims that are not there; folders that the image writes to and has not."""
    claims = {one["metadata"]["name"] for one in of_kind(manifests, "PersistentVolumeClaim")}
    for one in workloads(manifests):
        volumes = {volume["name"]: volume for volume in one.pod.get("volumes", [])}
        for volume in volumes.values():
            claim = volume.get("persistentVolumeClaim", {}).get("claimName")
            if claim and claim not in claims:
                yield f"{one.name}: nobody claims {claim}"
            secret = volume.get("secret", {}).get("secretName", "discern")
            if secret != "discern":
                yield f"{one.name}: nobody makes the Secret {secret}"
        for box in one.containers:
            places = {mount["mountPath"]: mount["name"] for mount in box["volumeMounts"]}
            if not set(places.values()) <= set(volumes):
                yield f"{one.name}/{box['name']} mounts a volume that its pod has not"
            if one.is_ours and not {"/data", "/work", "/tmp"} <= set(places):
                yield f"{one.name}/{box['name']} can't write to /data, /work or /tmp"
            if ("/backups" in places) != (one.name in ("backup", "restore-drill")):
                yield f"{one.name}: backups lie where only backup sees them"


def badly_set(manifests: list[Manifest]) -> Iterator[str]:
    """Settings and files of secrets that a container of ours lacks."""
    given, config = settings_given(manifests), config_of(manifests)["metadata"]["name"]
    text = (ROOT / "studyapp" / "settings.py").read_text("utf-8")
    asked = set(re.findall(r'env_(?:text|flag|number|list|secret)\(\s*"(\w+)"', text))
    for name in sorted({*asked - OF_THE_IMAGE, *COMPOSE["x-settings"]}):
        if name not in given and f"{name}_FILE" not in given:
            yield f"the setting {name} is not given"
    for name, value in given.items():
        if any(word in name for word in ("PASSWORD", "SECRET", "KEY")):
            folder, _, file = value.rpartition("/")
            if not name.endswith("_FILE") or folder != "/run/secrets/discern":
                yield f"{name} is a secret, and no file of secrets"
            elif file not in COMPOSE["secrets"]:
                yield f"{name}: docs/operations.md makes no secret {file}"
    for one in (one for one in workloads(manifests) if one.is_ours):
        for box in one.containers:
            refs = [source["configMapRef"]["name"] for source in box.get("envFrom", [])]
            refs += [env["valueFrom"]["configMapKeyRef"]["name"] for env in box.get("env", [])
                     if "valueFrom" in env]  # fmt: skip
            if set(refs) != {config}:
                yield f"{one.name}/{box['name']} does not read the settings"
            keys = {env["name"]: env["valueFrom"]["configMapKeyRef"]["key"]
                    for env in box.get("env", []) if "valueFrom" in env}  # fmt: skip
            if not set(keys.values()) <= set(given):
                yield f"{one.name}/{box['name']} asks for a setting that nobody gives"
            way = "WORKERS_DATABASE_URL" if box["name"] == "worker" else WAYS.get(one.name)
            if keys.get("DATABASE_URL") != way:
                yield f"{one.name}/{box['name']} has the wrong way to the database"
            if "/run/secrets/discern" not in [mount["mountPath"] for mount in box["volumeMounts"]]:
                yield f"{one.name}/{box['name']} has no secrets"
            data = next(v for v in one.pod["volumes"] if v["name"] == "data")
            if not given["STORAGE_URL"] and "persistentVolumeClaim" not in data:
                yield f"{one.name}: neither a bucket nor a shared volume holds the files"


def _queues(one: Workload) -> list[str]:
    """What a worker serves; [] for what is none."""
    command = one.pod["containers"][0].get("command", [])
    return command[command.index("-Q") + 1].split(",") if command[:1] == ["celery"] else []


def badly_queued(manifests: list[Manifest]) -> Iterator[str]:
    workers = {one.name: _queues(one) for one in workloads(manifests) if _queues(one)}
    if sorted(queue for served in workers.values() for queue in served) != sorted(QUEUES):
        yield f"the queues {', '.join(QUEUES)} are not served once each"
    given = settings_given(manifests)
    url = urlsplit(given["REDIS_URL"])
    if f"{url.hostname}:{url.port}" != given["REDIS_ADDRESS"]:
        yield "REDIS_ADDRESS is another server than REDIS_URL's"
    names = {one["metadata"]["name"] for one in of_kind(manifests, "TriggerAuthentication")}
    for one in of_kind(manifests, "ScaledObject"):
        name = one["spec"]["scaleTargetRef"]["name"]
        for trigger in one["spec"]["triggers"]:
            told = trigger["metadata"]
            if [told["listName"]] != workers.get(name):
                yield f"{name} is scaled by a queue that it does not serve"
            if told["addressFromEnv"] != "REDIS_ADDRESS" or f"/{told['databaseIndex']}" != url.path:
                yield f"{name} is scaled by another database of Redis"
            if (told["enableTLS"] == "true") != (url.scheme == "rediss"):
                yield f"{name} is scaled by another kind of connection to Redis"
            if trigger["authenticationRef"]["name"] not in names:
                yield f"{name} is scaled without a password for Redis"


def badly_scaled(manifests: list[Manifest]) -> Iterator[str]:
    """Numbers of pods: two of the site at least, none that two places set, and no more than
    PostgreSQL has connections for."""
    given = settings_given(manifests)
    most: dict[str, int] = {}
    for one in of_kind(manifests, "HorizontalPodAutoscaler", "ScaledObject"):
        name = one["spec"]["scaleTargetRef"]["name"]
        most[name] = one["spec"].get("maxReplicas", one["spec"].get("maxReplicaCount"))
        if name == "web" and one["spec"]["minReplicas"] < 2:
            yield "one pod of the site is none while its node is restarted"
        if "replicas" in named(manifests, "Deployment", name)["spec"]:
            yield f"how many {name} there are, each apply would set back"
    web = named(manifests, "Deployment", "web")["spec"]
    if web["strategy"].get("rollingUpdate", {}).get("maxUnavailable") != 0:
        yield "a new version takes pods of the site away before it serves"
    if not any(one["spec"]["selector"] == web["selector"]
               for one in of_kind(manifests, "PodDisruptionBudget")):  # fmt: skip
        yield "a node that is emptied may take all pods of the site at once"
    per_pod = int(given["WEB_WORKERS"]) * int(given["WEB_THREADS"])
    workers = [one for one in workloads(manifests) if _queues(one)]
    held = (most["web"] + 1) * per_pod + sum(2 * most.get(one.name, 1) for one in workers)
    if given["DATABASE_POOLED"] != "1" and held > MOST_CONNECTIONS:
        yield f"{held} connections are more than PostgreSQL has"


def badly_probed(manifests: list[Manifest]) -> Iterator[str]:
    """Pods that are restarted with their database, or that lose what they are at."""
    for one in (one for one in workloads(manifests) if one.kind == "Deployment" and one.is_ours):
        asked = ["python", "-m", "studyapp.serving.healthcheck"]
        asked.append("worker" if _queues(one) else "site")
        (box,) = one.pod["containers"]
        kinds = ["startupProbe", "livenessProbe"] + ([] if _queues(one) else ["readinessProbe"])
        for kind in kinds:
            wanted = asked if kind == "startupProbe" else [*asked, "--alive"]
            if box.get(kind, {}).get("exec", {}).get("command") != wanted:
                yield f"{one.name} has no {kind}, or one that asks something else"
            elif box[kind]["timeoutSeconds"] < 5:
                yield f"{one.name}: its {kind} gives up before the health check does"
        waits = [first for first in one.pod.get("initContainers", [])
                 if "manage.py migrate --check" in first["command"][-1]]  # fmt: skip
        if not waits:
            yield f"{one.name} does not wait for the migrations"
        least = 50 if not _queues(one) else 600
        if one.pod.get("terminationGracePeriodSeconds", 30) < least:
            yield f"{one.name} is killed before it has finished"
        if not _queues(one) and "sleep" not in str(box.get("lifecycle", {}).get("preStop")):
            yield f"{one.name} ends while proxies still send it requests"


RULES: tuple[Rule, ...] = (
    malformed,
    unconfined,
    unlimited,
    badly_imaged,
    badly_selected,
    badly_mounted,
    badly_set,
    badly_queued,
    badly_scaled,
    badly_probed,
)


def faults(manifests: list[Manifest]) -> list[str]:
    """All of them; [] where there are none."""
    return [fault for rule in RULES for fault in rule(manifests)]
