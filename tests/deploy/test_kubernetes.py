"""The manifests for Kubernetes: nothing is wrong with them, and what is wrong is noticed."""

import copy
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from sandbox.processes import free_port
from tests.deploy.faults import RULES, faults
from tests.deploy.manifests import (
    BASE,
    KUBERNETES,
    Manifest,
    config_of,
    named,
    rendered,
    settings_given,
    workloads,
    written,
)
from tests.dockerfile import command_of
from tests.running import Done, python
from tests.test_containers import running, wait_for_site

OVERLAYS = sorted(path.parent for path in (KUBERNETES / "overlays").glob("*/kustomization.yaml"))
KEDA = KUBERNETES / "components" / "keda"
needs_kubectl = pytest.mark.skipif(
    not shutil.which("kubectl"),
    reason="kubectl is not installed (Debian's kubernetes-client is too old for components)",
)
Edit = Callable[[list[Manifest]], None]


def test_nothing_is_wrong_with_the_base_as_it_is_written() -> None:
    assert faults(written()) == []


@needs_kubectl
@pytest.mark.parametrize("folder", [BASE, *OVERLAYS], ids=lambda folder: folder.name)
def test_nothing_is_wrong_with_what_kubectl_makes_of(folder: Path) -> None:
    manifests = rendered(folder)
    assert faults(manifests) == []
    assert {one["metadata"].get("namespace", "discern") for one in manifests} == {"discern"}
    if folder.name == "large":
        limits = named(manifests, "Deployment", "worker-gpu")["spec"]["template"]["spec"][
            "containers"
        ][0]["resources"]["limits"]
        assert limits["nvidia.com/gpu"] == "1"
        scaled = {one["metadata"]["name"] for one in manifests if one["kind"] == "ScaledObject"}
        assert scaled == {"worker-cpu", "worker-gpu", "worker-measure"}


def pod(manifests: list[Manifest], name: str) -> Manifest:
    (found,) = [one for one in workloads(manifests) if one.name == name]
    return found.pod


def box(manifests: list[Manifest], name: str) -> Manifest:
    found: Manifest = pod(manifests, name)["containers"][0]
    return found


def spec(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    found: Manifest = named(manifests, kind, name)["spec"]
    return found


# What somebody may get wrong, the rule against it, and a word of what is then said
WRONG: dict[str, tuple[Edit, str]] = {
    "a misspelt key": (
        lambda m: pod(m, "web").update(terminationGracePeriodSecond=5), "web, by"),
    "a number for a text": (
        lambda m: config_of(m)["data"].update(WEB_THREADS=8), "ConfigMap settings, by"),
    "root": (lambda m: pod(m, "migrate").update(securityContext={}), "may run as root"),
    "a user that the image has not": (
        lambda m: pod(m, "web")["securityContext"].update(runAsUser=1000), "the image has not"),
    "an image that can be written": (
        lambda m: box(m, "worker-gpu")["securityContext"].pop("readOnlyRootFilesystem"),
        "worker-gpu/worker is not confined"),
    "no limit of memory": (
        lambda m: box(m, "forget")["resources"]["limits"].pop("memory"), "no limits"),
    "a folder that may fill the node": (
        lambda m: pod(m, "web")["volumes"][1].update(emptyDir={}), "has no limit"),
    "another image": (
        lambda m: box(m, "web").update(image="registry.example.org/discern:1"), "no target"),
    "a worker in the image of the site": (
        lambda m: box(m, "worker-cpu").update(image="discern-web:1"), "is not one of"),
    "a label that its selector does not know": (
        lambda m: named(m, "Service", "web")["spec"]["selector"].update(tier="front"), "no port"),
    "two workers with one selector": (
        lambda m: spec(m, "Deployment", "worker-gpu")["selector"]["matchLabels"].update(
            {"app.kubernetes.io/component": "worker-cpu"}), "selects other pods"),
    "a policy for nobody": (
        lambda m: spec(m, "NetworkPolicy", "to-servers")["podSelector"]["matchLabels"].update(
            {"app.kubernetes.io/name": "other"}), "is about no pod"),
    "a host that the site refuses": (
        lambda m: config_of(m)["data"].update(ALLOWED_HOSTS="other.example.org"), "refuses"),
    "an unknown port": (
        lambda m: spec(m, "Service", "web")["ports"][0].update(name="https"), "has not"),
    "a claim that nobody made": (
        lambda m: m.remove(named(m, "PersistentVolumeClaim", "backups")), "nobody claims"),
    "no place for uploads": (
        lambda m: box(m, "web").update(volumeMounts=box(m, "web")["volumeMounts"][:1]),
        "can't write"),
    "a setting left out": (
        lambda m: config_of(m)["data"].pop("PANEL_ID_DAYS"), "PANEL_ID_DAYS is not given"),
    "a password among the settings": (
        lambda m: config_of(m)["data"].update(REDIS_PASSWORD="s3cret"), "no file of secrets"),
    "a secret that nobody makes": (
        lambda m: config_of(m)["data"].update(SECRET_KEY_FILE="/run/secrets/discern/key"),
        "makes no secret key"),
    "settings of another name": (
        lambda m: box(m, "web").update(envFrom=[{"configMapRef": {"name": "other"}}]),
        "does not read the settings"),
    "migrations through the pooler": (
        lambda m: box(m, "migrate").pop("env"), "the wrong way to the database"),
    "workers with the site's way to the database": (
        lambda m: box(m, "worker-cpu")["env"].pop(0), "the wrong way to the database"),
    "files in pods that end": (
        lambda m: config_of(m)["data"].update(STORAGE_URL=""), "neither a bucket nor"),
    "a queue that nobody serves": (
        lambda m: box(m, "worker-measure")["command"].__setitem__(-1, "cpu"), "not served"),
    "two servers of Redis": (
        lambda m: config_of(m)["data"].update(REDIS_ADDRESS="other:6379"), "another server"),
    "a queue of another worker": (
        lambda m: spec(m, "ScaledObject", "worker-gpu")["triggers"][0]["metadata"].update(
            listName="cpu"), "does not serve"),
    "a key that KEDA has not": (
        lambda m: spec(m, "ScaledObject", "worker-gpu").update(minReplicas=0), "minReplicas"),
    "a number where KEDA wants a text": (
        lambda m: spec(m, "ScaledObject", "worker-gpu")["triggers"][0]["metadata"].update(
            listLength=5), "listLength"),
    "no password for Redis": (
        lambda m: m.remove(named(m, "TriggerAuthentication", "redis")), "without a password"),
    "one pod of the site": (
        lambda m: spec(m, "HorizontalPodAutoscaler", "web").update(minReplicas=1), "is none"),
    "numbers set in two places": (
        lambda m: spec(m, "Deployment", "web").update(replicas=2), "set back"),
    "a gap in every update": (
        lambda m: spec(m, "Deployment", "web")["strategy"].update(rollingUpdate={}), "away before"),
    "more pods than connections": (
        lambda m: spec(m, "HorizontalPodAutoscaler", "web").update(maxReplicas=9), "connections"),
    "a restart with the database": (
        lambda m: box(m, "web")["livenessProbe"]["exec"]["command"].pop(), "livenessProbe"),
    "no wait for the migrations": (
        lambda m: pod(m, "worker-cpu").pop("initContainers"), "does not wait"),
    "tasks that are cut off": (
        lambda m: pod(m, "worker-cpu").update(terminationGracePeriodSeconds=30), "is killed"),
    "requests to a pod that ends": (lambda m: box(m, "web").pop("lifecycle"), "still send"),
}  # fmt: skip


@pytest.fixture(scope="module")
def right() -> list[Manifest]:
    """The base with KEDA's objects, as the overlay `large` joins them."""
    manifests = [*written(), *written(KEDA)]
    for name in ("worker-cpu", "worker-gpu", "worker-measure"):
        del named(manifests, "Deployment", name)["spec"]["replicas"]
    assert faults(manifests) == []
    return manifests


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_manifest_is_noticed(name: str, right: list[Manifest]) -> None:
    edit, said = WRONG[name]
    manifests = copy.deepcopy(right)
    edit(manifests)
    # The schemas last: they take longest.
    found = (fault for rule in reversed(RULES) for fault in rule(manifests))
    assert any(said in fault for fault in found)


@contextmanager
def answering(status: int) -> Iterator[dict[str, str]]:
    """The environment of a site that answers every request so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {**os.environ, "BIND": f"127.0.0.1:{server.server_port}"}
        server.shutdown()


def asked(environment: dict[str, str], *words: str) -> Done:
    return python("-m", "studyapp.serving.healthcheck", *words, env=environment)


def test_a_process_is_alive_while_only_its_database_is_away() -> None:
    with answering(503) as environment:
        assert asked(environment, "site").returncode == 1
        assert asked(environment, "site", "--alive").returncode == 0
    with answering(500) as environment:
        assert asked(environment, "site", "--alive").returncode == 1
    assert asked(environment, "site", "--alive").returncode == 1  # it has ended
    away = {**os.environ, "DATABASE_URL": f"postgresql://discern@127.0.0.1:{free_port()}/discern"}
    assert asked(away, "worker").returncode == 1
    alive = asked(away, "worker", "--alive")
    assert (alive.returncode, "the database does not answer" in alive.stderr) == (0, True)
    assert asked(away, "worker", "--dead").returncode == 2
    assert asked(away).returncode == 2


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    """What the ConfigMap and the image give a pod, with this run's servers and folders."""
    database, broker = connection.settings_dict, urlsplit(os.environ["REDIS_URL"])
    for name, value in {
        "secret_key": os.environ["SECRET_KEY"],
        "database_password": str(database["PASSWORD"]),
        "redis_password": unquote(broker.password or ""),
        **dict.fromkeys(
            ("secret_key_fallbacks", "prolific_webhook_secret", "s3_access_key", "s3_secret_key"),
            "",
        ),
    }.items():
        (tmp_path / name).write_text(value, encoding="utf-8")
    (tmp_path / "static" / "studyapp").mkdir(parents=True)
    settings = {
        name: value.replace("/run/secrets/discern", str(tmp_path))
        for name, value in settings_given(written()).items()
    }
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return {
        **settings,
        "DATABASE_URL": f"postgresql://{database['USER']}@{place}",
        "REDIS_URL": f"redis://{broker.hostname}:{broker.port}/0",
        "BIND": f"127.0.0.1:{free_port()}",
        "DJANGO_SETTINGS_MODULE": "studyapp.settings",
        "DISCERN_VAR": str(tmp_path),
        "DISCERN_STATIC": str(tmp_path / "static"),
        "OMP_NUM_THREADS": "1",
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


@pytest.mark.django_db(transaction=True)
def test_a_pods_probes_ask_a_site_that_has_the_settings_of_the_config_map(
    given: dict[str, str], tmp_path: Path
) -> None:
    web = pod(written(), "web")
    first, main = web["initContainers"][0], web["containers"][0]
    # It ends, for the tables are there; the words are a shell's.
    waited = subprocess.run(first["command"], env=given, cwd=KUBERNETES.parents[1], timeout=60)
    assert waited.returncode == 0
    log = tmp_path / "web.log"
    with running(command_of("web"), given, log):
        wait_for_site(given, log)
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            _, *words = main[kind]["exec"]["command"]
            done = python(*words, env=given)
            assert done.returncode == 0, (kind, done.stderr)


@pytest.mark.django_db(transaction=True)
def test_a_pod_waits_for_a_database_that_is_not_migrated(given: dict[str, str]) -> None:
    last = MigrationRecorder.Migration.objects.filter(app="studyapp").latest("pk")
    last.delete()
    try:
        assert python("manage.py", "migrate", "--check", env=given).returncode == 1
    finally:
        last.save()
