"""What runs in containers, tried without them: the same commands, settings and secret files."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
import yaml
from django.conf import settings
from django.db import connection
from jsonschema import Draft201909Validator

import studyapp
from sandbox.builders import open_small_study
from sandbox.people import send_people
from sandbox.processes import free_port
from studyapp.models import Heartbeat
from studyapp.studies.lifecycle import close_study
from tests.dockerfile import ROOT, check_of, command_of, image_of
from tests.dockerfile import TEXT as DOCKERFILE
from tests.running import Done, python, run

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
HOST = "studies.example.org"


def stage(name: str) -> str:
    """The lines of one target of the Dockerfile."""
    found = re.search(rf"^FROM base AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.M | re.S)
    assert found
    return found[1]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What docker-compose.yml gives its containers, on this run's servers."""
    database, broker = connection.settings_dict, urlsplit(os.environ["REDIS_URL"])
    secrets = {
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "DATABASE_PASSWORD": str(database["PASSWORD"]),
        "REDIS_PASSWORD": unquote(broker.password or ""),
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(f"{value}\n", encoding="utf-8")
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    (tmp_path / "static" / "studyapp").mkdir(parents=True)
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{f"{name}_FILE": str(tmp_path / name) for name in secrets},
        "DATABASE_URL": f"postgresql://{database['USER']}@{place}",
        "REDIS_URL": f"redis://{broker.hostname}:{broker.port}/0",
        "ALLOWED_HOSTS": HOST,
        "DISCERN_VAR": str(tmp_path),
        "DISCERN_STATIC": str(tmp_path / "static"),
        "DJANGO_SETTINGS_MODULE": "studyapp.settings",
        "BIND": f"127.0.0.1:{free_port()}",
        "OMP_NUM_THREADS": "1",
    }


@contextmanager
def running(
    command: list[str], environment: dict[str, str], log: Path, *, cwd: Path = ROOT
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def checked(environment: dict[str, str], target: str) -> Done:
    """What the health check of an image says."""
    return python(*check_of(target)[1:], env=environment)


def wait_for_site(environment: dict[str, str], log: Path) -> str:
    address = f"http://{environment['BIND']}"
    end = time.monotonic() + 90
    while time.monotonic() < end:
        try:
            requests.get(f"{address}/healthz", timeout=30)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return address
    raise AssertionError(log.read_text(encoding="utf-8")[-2000:])


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
@pytest.mark.parametrize("profile", [[], ["--profile", "gpu"], ["--profile", "tls"],
                                     ["--profile", "pooled"]])  # fmt: skip
def test_docker_compose_accepts_the_file(profile: list[str]) -> None:
    done = run("docker-compose", *profile, "config", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_file_is_one_of_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests" / "schemas" / "compose-spec.json").read_text("utf-8"))
    found = Draft201909Validator(schema).iter_errors(COMPOSE)
    assert [f"{list(one.path)}: {one.message}" for one in found] == []
    wrong = {**COMPOSE, "services": {"web": {**SERVICES["web"], "memory": "1g"}}}
    assert not Draft201909Validator(schema).is_valid(wrong)


def test_every_process_of_the_site_gets_the_settings_and_the_secrets_that_it_names() -> None:
    for name in ("migrate", "web", "worker-cpu", "worker-gpu"):
        given = SERVICES[name]["environment"]
        files = {path for key, path in given.items() if key.endswith("_FILE")}
        assert files == {f"/run/secrets/{secret}" for secret in SERVICES[name]["secrets"]}, name
        assert {"STORAGE_URL", "TWO_FACTOR", "PANEL_ID_DAYS"} <= set(given), name
    assert {secret for one in SERVICES.values() for secret in one.get("secrets", [])} == set(
        COMPOSE["secrets"]
    )


def test_nothing_else_is_needed_than_these_services() -> None:
    assert set(SERVICES) == {
        "db", "redis", "migrate", "web", "worker-cpu", "worker-gpu", "forget", "backup",
        "proxy", "pooler", "prometheus", "grafana",
    }  # fmt: skip
    for name, service in SERVICES.items():
        for needed in service.get("depends_on", {}):
            assert needed in SERVICES, name


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_limited_and_gains_no_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"]["memory"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # PostgreSQL's own image starts as root to own its folder, then runs as postgres.
    assert name == "db" or (service["read_only"] and service["cap_drop"] == ["ALL"])
    assert "healthcheck" in service or service["image"].startswith("discern-")


@pytest.mark.parametrize("target", ["web", "worker"])
def test_both_images_run_as_nobody_special_and_have_a_health_check(target: str) -> None:
    lines = stage(target)
    assert lines.index("\nUSER discern\n") < lines.index("\nCMD ")
    assert "\nHEALTHCHECK " in lines


# Settings that a container has from its image or its service, or that no deployment changes
OF_THE_IMAGE = {"WORKER_DEVICE", "DEBUG", "DISCERN_VAR", "DISCERN_MEDIA", "DISCERN_STATIC",
                "DISCERN_SHOWN", "POSTGRES_BIN"}  # fmt: skip


def test_every_setting_of_the_site_can_be_given_to_its_containers() -> None:
    text = (ROOT / "studyapp" / "settings.py").read_text("utf-8")
    asked = set(re.findall(r'env_(?:text|flag|number|list|secret)\(\s*"(\w+)"', text))
    for name in ("migrate", "web", "worker-cpu", "worker-gpu", "forget", "backup"):
        given = {key.removesuffix("_FILE") for key in SERVICES[name]["environment"]}
        assert asked - OF_THE_IMAGE <= given, name


def test_large_files_lie_on_a_volume_and_logs_end() -> None:
    assert "ENV TMPDIR=/work" in DOCKERFILE
    for name, service in SERVICES.items():
        assert int(service["logging"]["options"]["max-file"]) <= 5, name
        if service["image"].startswith("discern-"):
            assert "work:/work" in service["volumes"], name
    # A backup that lies on the volume that it saves is none.
    assert "backups:/backups" in SERVICES["backup"]["volumes"]
    assert "files:/data:ro" in SERVICES["backup"]["volumes"]


def test_a_health_check_needs_none_of_the_heavy_packages() -> None:
    """Asked every ten seconds, it must not cost what a busy machine lacks; nor a web process hold
    what only the making of reports needs."""
    code = "import sys, studyapp.serving.healthcheck; print('django' in sys.modules)"
    heavy = "print([n for n in ('pandas', 'scipy', 'pyarrow', 'matplotlib') if n in sys.modules])"
    web = f"import sys, django; django.setup(); import studyapp.urls; {heavy}"
    for words, said in ((code, "False\n"), (web, "[]\n")):
        assert python("-c", words).stdout == said
    for target, what in (("web", "site"), ("worker", "worker")):
        assert f'CMD ["python", "-m", "studyapp.serving.healthcheck", "{what}"]' in stage(target)


def test_a_worker_loads_what_reports_and_bundles_need_once_it_is_asked_for_one() -> None:
    heavy = "('pandas', 'pyarrow', 'matplotlib', 'scipy.stats', 'torch._dynamo')"
    code = (
        "import importlib, sys, tasks\n"
        "for name in tasks.app.conf.imports: importlib.import_module(name)\n"
        f"print([name for name in {heavy} if name in sys.modules], 'torch' in sys.modules)\n"
    )
    done = python("-c", code)
    assert done.stdout == "[] True\n", done.stderr


def test_secrets_come_from_files_only() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if any(word in variable for word in ("PASSWORD", "SECRET", "KEY")):
                assert variable.endswith("_FILE"), name
                assert str(value).startswith("/run/secrets/"), name
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "/deploy/secrets/" in ignored
    assert all(one["file"].startswith("./deploy/secrets/") for one in COMPOSE["secrets"].values())


def test_the_web_image_holds_no_torch_and_no_worker() -> None:
    lock = (ROOT / "requirements" / "web.lock").read_text("utf-8")
    assert not re.search(r"^(torch|torchvision|nvidia-\S+)==", lock, re.M)
    assert not re.search(r"^COPY (tasks|explainer)", stage("web"), re.M)


def in_image(folder: Path, code: str, environment: dict[str, str]) -> str:
    """What a process in the image prints; it imports nothing of this checkout."""
    done = python("-c", f"import django; django.setup()\n{code}", env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


VERBS = """
import io, json, sys
from pathlib import Path
from django.core.management import call_command
import studyapp
from studyapp.studies.ready_files import ready_files
assert Path(studyapp.__file__).is_relative_to(Path.cwd())
out = Path(sys.argv[0] or ".").parent / "written"
out.mkdir()
call_command("study", "status", "small", stdout=io.StringIO())
call_command("study", "schema", stdout=io.StringIO())
call_command("study", "languages", stdout=io.StringIO())
call_command("study", "preregister", "small", out=out / "plan.md", stdout=io.StringIO())
call_command("export", "small", "--without-analysis", "--out", str(out / "private"),
             stdout=io.StringIO())
call_command("export", "small", "--public", "--out", str(out / "public.zip"), stdout=io.StringIO())
call_command("analyse", "small", stdout=io.StringIO())
call_command("analyse", str(out / "private"), stdout=io.StringIO())
call_command("forget", dry_run=True, stdout=io.StringIO())
call_command("backup", str(out / "backup"), stdout=io.StringIO())
made = json.loads((out / "private" / "manifest.json").read_text("utf-8"))
print(made["versions"]["discern"], sorted(made["locks"]), len(ready_files()))
"""
BUNDLES = """
from ready.catalogue import ready_files
from studyapp.models import Download, Study
from studyapp.studies.ready_files import made_studies
assert [one.name for one in made_studies()] == list(ready_files()) != []
from tasks.bundles import bundle
from tasks.reports import report
row = Download.objects.create(study=Study.objects.get(slug="small"), public=True)
bundle([row.pk])
row.refresh_from_db()
print(row.state, row.error)
"""


@pytest.mark.django_db(transaction=True)
def test_the_sites_verbs_and_the_workers_bundles_run_on_what_the_images_hold(
    environment: dict[str, str], tmp_path: Path
) -> None:
    study = open_small_study()
    send_people(study, 3)
    close_study(study)
    given = {
        **environment,
        "SECRET_KEY": os.environ["SECRET_KEY"],
        "DISCERN_MEDIA": str(settings.MEDIA_ROOT),
        "POSTGRES_BIN": settings.POSTGRES_BIN,
    }
    web = in_image(image_of("web", tmp_path / "web"), VERBS, given)
    ready = len(list((ROOT / "fixtures" / "studies").glob("*.toml")))
    assert web.splitlines()[-1] == f"{studyapp.__version__} ['web'] {ready}"
    worker = in_image(image_of("worker", tmp_path / "worker"), BUNDLES, given)
    assert worker.splitlines()[-1].strip() == "ready"


def test_the_version_is_that_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert studyapp.__version__ == project["version"]


@pytest.mark.django_db(transaction=True)
def test_the_web_containers_commands_serve_the_site_and_tell_its_health(
    environment: dict[str, str], tmp_path: Path
) -> None:
    migrated = python(*SERVICES["migrate"]["command"][1:], env=environment)
    assert migrated.returncode == 0, migrated.stderr
    log = tmp_path / "web.log"
    image = image_of("web", tmp_path / "image")
    with running(command_of("web"), environment, log, cwd=image):
        address = wait_for_site(environment, log)
        healthy = checked(environment, "web")
        assert healthy.returncode == 0, healthy.stderr
        assert json.loads(healthy.stdout)["database"] == "ok"
        asked = {"Host": HOST, "X-Forwarded-Proto": "https"}
        panel = f"{address}/s/none/?PROLIFIC_PID=5f0c-a-person&SESSION_ID=77"
        assert requests.get(panel, headers=asked, timeout=30).status_code == 404
        person = f"{address}/p/abcDEF-123_456/?next=a-name"
        assert requests.get(person, headers=asked, timeout=30).status_code == 404
        plain = requests.get(address, headers={"Host": HOST}, allow_redirects=False, timeout=30)
        assert plain.headers["Location"] == f"https://{HOST}/"
    lines = log.read_text(encoding="utf-8")
    assert "/s/none/" in lines
    assert [word for word in ("5f0c", "PROLIFIC", "a-name", '127.0.0.1"') if word in lines] == []
    rows = [json.loads(one) for one in lines.splitlines() if one.startswith("{")]
    assert {row.get("participation") for row in rows} == {None, "abcDEF-123_456"}
    assert checked(environment, "web").returncode == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("service", ["worker-cpu", "worker-gpu"])
def test_the_workers_commands_start_on_their_queues_and_tell_their_health(
    service: str, environment: dict[str, str], tmp_path: Path
) -> None:
    command = [re.sub(r"\$\{\w+:-(.*?)\}", r"\1", word) for word in SERVICES[service]["command"]]
    assert checked(environment, "worker").returncode == 1
    log = tmp_path / "worker.log"
    with running(command, environment, log, cwd=image_of("worker", tmp_path / "image")):
        end = time.monotonic() + 90
        while not Heartbeat.objects.exists() and time.monotonic() < end:
            time.sleep(0.2)
        healthy = checked(environment, "worker")
        assert healthy.returncode == 0, log.read_text("utf-8")[-2000:]
        queues = Heartbeat.objects.get().queues
    assert queues == {"worker-cpu": "cpu,gpu,measure", "worker-gpu": "gpu,measure"}[service]


def test_a_secret_is_read_from_its_file(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "DATABASE_PASSWORD").write_text("p@ss/word\n", encoding="utf-8")
    code = "from studyapp import settings as s; print(s.DATABASE_URL, s.SECRET_KEY)"
    done = python("-c", code, env=environment)
    assert ":p%40ss%2Fword@" in done.stdout
    assert done.stdout.split()[1] == os.environ["SECRET_KEY"]


def test_settings_without_a_secret_key_say_what_to_set(environment: dict[str, str]) -> None:
    del environment["SECRET_KEY_FILE"]
    done = python("manage.py", "check", env=environment)
    assert done.returncode != 0
    assert "SECRET_KEY is missing: set it, or SECRET_KEY_FILE" in done.stderr
