"""What docker-compose.yml starts where it is asked for: the files that its services are given."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from sandbox.nginx import find_nginx, make_certificate
from sandbox.processes import PlainError, free_port
from tests.dockerfile import ROOT
from tests.running import Done, run
from tests.test_containers import SERVICES


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
