"""What docker-compose.yml starts where it is asked for: the files that its services are given."""

import json
import os
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest
import yaml

from sandbox.nginx import find_nginx, make_certificate
from sandbox.pgbouncer import address_of, find_pgbouncer, is_ready
from sandbox.postgres import make_home
from sandbox.processes import Child, PlainError, free_port, start, wait_until_ready
from studyapp.simulation.server import environment
from tests.dockerfile import ROOT
from tests.running import Done, run
from tests.test_containers import SERVICES

from .servers import needs_servers

ROLE = "postgresql://discern@"
ENV_OF_POOLED = re.compile(r"\(--profile pooled, with\n +# (.+?)\)")


def has_nginx() -> bool:
    try:
        return bool(find_nginx())
    except PlainError:
        return False


def filled_in(names: str) -> Done:
    environment = {**os.environ, "ALLOWED_HOSTS": names}
    return run("sh", ROOT / "deploy" / "nginx" / "container.sh", env=environment)


def test_the_proxy_has_the_sites_name_and_no_example_is_left() -> None:
    done = filled_in("studies.example.com,other.example.com")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("server_name studies.example.com;") == 2
    for left in ("studies.example.org", "letsencrypt", "127.0.0.1:", "/var/log", "static/ {"):
        assert left not in done.stdout, left
    assert "ALLOWED_HOSTS" in filled_in("localhost").stderr
    assert "server web:8000 " in done.stdout
    mounted = {words.split(":")[1] for words in SERVICES["proxy"]["volumes"] if "$" not in words}
    assert "include discern/words.conf;" in done.stdout
    assert mounted == {"/etc/nginx/discern"}


@pytest.mark.skipif(not has_nginx(), reason="nginx is missing (Debian's nginx-light)")
def test_nginx_accepts_the_proxys_configuration(tmp_path: Path) -> None:
    make_certificate(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    shutil.copytree(ROOT / "deploy" / "nginx", tmp_path / "discern")
    text = filled_in("studies.example.com").stdout
    for old, new in (
        ("/etc/nginx/tls/", f"{tmp_path}/"),
        ("server web:8000 ", f"server 127.0.0.1:{free_port()} "),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ", f"listen 127.0.0.1:{free_port()} "),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "discern" / "discern.conf").write_text(text, "utf-8")
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{places}include discern/discern.conf;\n}}\n",
        "utf-8",
    )
    done = run(find_nginx(), "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-t", "-q",
               "-e", tmp_path / "error.log")  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing (prometheus)")
def test_prometheus_reads_the_site_by_its_service(tmp_path: Path) -> None:
    (command,) = SERVICES["prometheus"]["command"]
    words = command.partition(" && exec prometheus ")[0]
    words = words.replace("/tmp", str(tmp_path))
    words = words.replace("/etc/discern", str(ROOT / "deploy" / "prometheus"))
    done = subprocess.run(["sh", "-ec", words], check=False)
    assert done.returncode == 0
    checked = run("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (job,) = yaml.safe_load((tmp_path / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["web:9464"]}]
    assert "web" in SERVICES
    assert "METRICS_BIND" in SERVICES["web"]["environment"]


def test_only_peoples_pages_and_workers_call_postgresql_through_the_pooler() -> None:
    (lines,) = ENV_OF_POOLED.findall((ROOT / "docker-compose.yml").read_text("utf-8"))
    chosen = dict(word.split("=") for word in lines.split())
    assert chosen["DATABASE_SERVER"].partition(":")[0] in SERVICES
    called = {}
    for name, service in SERVICES.items():
        if "DATABASE_URL" in service.get("environment", {}):
            given = [service["environment"][key] for key in ("DATABASE_URL", "DATABASE_POOLED")]
            assert [filled(one, {}) for one in given] == [f"{ROLE}db:5432/discern", "0"], name
            called[name] = [filled(one, chosen) for one in given]
    assert called == {
        "web": [f"{ROLE}pooler:6432/discern", "1"],
        "worker-cpu": [f"{ROLE}pooler:6432/discern_work", "1"],
        "worker-gpu": [f"{ROLE}pooler:6432/discern_work", "1"],
        **{name: [f"{ROLE}db:5432/discern", "0"] for name in ("migrate", "forget", "backup")},
    }


def filled(value: str, chosen: dict[str, str]) -> str:
    """`value` with each ${NAME:-default} filled in as docker-compose does."""
    return re.sub(r"\$\{(\w+):-(.*?)\}", lambda found: chosen.get(found[1], found[2]), value)


@needs_servers
@pytest.mark.django_db(transaction=True)
def test_the_pooler_knows_the_password_and_gives_up_locks_for_the_site_alone(
    tmp_path: Path,
) -> None:
    place, secret = environment()["DATABASE_URL"], tmp_path / "password"
    secret.write_text(f"{unquote(urlsplit(place).password or '')}\n", "utf-8")
    (command,) = SERVICES["pooler"]["command"]
    (volume,) = SERVICES["pooler"]["volumes"]
    words = command.partition(" && exec pgbouncer ")[0].replace("/tmp", str(tmp_path))
    words = words.replace(volume.split(":")[1], str(ROOT / "deploy" / "pgbouncer"))
    given = {"DATABASE_PASSWORD_FILE": str(secret), "LOCK_SECONDS": "2.5"}
    assert set(given) == set(SERVICES["pooler"]["environment"])
    given["PATH"] = os.environ["PATH"]
    bad = run("sh", "-ec", words, env={**given, "LOCK_SECONDS": "ten"})
    assert (bad.returncode, "LOCK_SECONDS is ten" in bad.stderr) == (1, True)
    done = run("sh", "-ec", words, env=given)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "pgbouncer.ini").read_text("utf-8")
    assert text.count("host=db port=5432 dbname=discern") == 2
    assert "\nlisten_addr = *\n" in text
    assert "127.0.0.1" not in text.partition("[databases]")[2]
    pooler, address = start_filled_in(tmp_path, place)
    try:
        for name, limit in (("discern", "2500ms"), ("discern_work", "0")):
            with closing(psycopg2.connect(f"{address}/{name}")) as session, session.cursor() as one:
                one.execute("SHOW lock_timeout")
                assert one.fetchone() == (limit,)
    finally:
        pooler.stop()


def start_filled_in(folder: Path, database: str) -> tuple[Child, str]:
    """PgBouncer with the files in `folder`, but in front of the tests' PostgreSQL and on a port of
    its own; and the beginning of its address."""
    home, port, parts = make_home(folder / "home"), free_port(), urlsplit(database)
    for name in ("userlist.txt", "pgbouncer.ini"):
        text = (folder / name).read_text("utf-8")
        for old, new in (
            ('"discern" ', f'"{parts.username}" '),
            ("host=db port=5432 dbname=discern", address_of(database)),
            ("listen_addr = *", "listen_addr = 127.0.0.1"),
            ("listen_port = 6432", f"listen_port = {port}"),
            (f"{folder}/userlist.txt", f"{home.folder}/userlist.txt"),
        ):
            text = text.replace(old, new)
        (home.folder / name).write_text(text, "utf-8")
        home.owned(home.folder / name)
    child = start("PgBouncer", [find_pgbouncer(), home.folder / "pgbouncer.ini"],
                  log=folder / "log", identity=home.identity, folder=Path("/"))  # fmt: skip
    user = parts.netloc.rpartition("@")[0]
    address = f"postgresql://{user}@127.0.0.1:{port}"
    wait_until_ready(child, lambda: is_ready(f"{address}/discern"))
    return child, address


def test_grafana_finds_its_dashboard_and_its_prometheus() -> None:
    grafana = SERVICES["grafana"]
    mounted = dict(volume.split(":")[:2] for volume in grafana["volumes"])
    given = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((given / "datasources" / "discern.yml").read_text("utf-8"))[
        "datasources"
    ]
    name, port = source["url"].removeprefix("http://").split(":")
    assert SERVICES[name]["ports"][0].endswith(f":{port}")
    (provider,) = yaml.safe_load((given / "dashboards" / "discern.yml").read_text("utf-8"))[
        "providers"
    ]
    dashboard = mounted["./deploy/grafana/discern.json"]
    assert dashboard == grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert dashboard.rpartition("/")[0] == provider["options"]["path"]
    listed = json.loads((ROOT / "deploy" / "grafana" / "discern.json").read_text("utf-8"))
    assert listed["templating"]["list"][0]["query"] == source["type"]


def test_nothing_that_is_watched_is_open_to_the_network() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert name == "proxy" or port.startswith("127.0.0.1:"), name
    for service in SERVICES.values():
        image = service["image"]
        assert image.startswith("discern-") or ":" in image, image
        assert not image.endswith(":latest")
