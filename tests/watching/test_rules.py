"""Alerts and the dashboard speak of what a site tells, and every alert says what to do."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone

from studyapp.models import Heartbeat, Participation, Study, StudyState
from tests.running import run

from .running_site import Site

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus"
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/discern.json").read_text("utf-8"))
HEADING = "## What breaks and what to do\n"
NAME = re.compile(r"discern_\w+")
CHOSEN = re.compile(r"(discern_\w+)\{([^}]*)\}")
# What Prometheus itself adds to every series
ADDED = {"job", "instance"}
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is missing: install Debian's package prometheus",
)


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in alerts())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


@needs_promtool
def test_each_alert_fires_on_its_series_and_not_on_others() -> None:
    config = run("promtool", "check", "config", "prometheus.yml", cwd=RULES)
    assert config.returncode == 0, config.stderr
    tried = run("promtool", "test", "rules", "alerts.test.yml", cwd=RULES)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    cases = yaml.safe_load((RULES / "alerts.test.yml").read_text("utf-8"))["tests"]
    seen = [
        (one["alertname"], bool(one["exp_alerts"]))
        for case in cases
        for one in case["alert_rule_test"]
    ]
    both = [(rule["alert"], fires) for rule in alerts() for fires in (True, False)]
    assert sorted(seen) == sorted(both)


@needs_promtool
def test_every_expression_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(expressions())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = run("promtool", "check", "rules", file)
    assert checked.returncode == 0, checked.stderr


def test_every_alert_has_its_line_in_what_breaks_and_what_to_do() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = page.partition(HEADING)[2].partition("\n\nEvery answer")[0]
    listed = re.findall(r"`([A-Z]\w+)`", "".join(re.findall(r"^\|.*$", table, flags=re.M)))
    named = [rule["alert"] for rule in alerts()]
    assert len(set(named)) == len(named)
    assert set(named) - set(listed) == set()
    assert {one for one in listed if one.endswith(("Down", "Old", "Slow", "Fail"))} <= set(named)
    for rule in alerts():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["runbook"] == (
            "docs/operations.md#what-breaks-and-what-to-do"
        ), rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")


def test_the_dashboard_is_one_that_grafana_can_read() -> None:
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert DASHBOARD["schemaVersion"] >= 36
    (source,) = DASHBOARD["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        fields = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not fields & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= fields
    for panel in panels():
        assert panel["datasource"] == {"type": "prometheus", "uid": f"${{{source['name']}}}"}


def test_alerts_and_dashboard_name_only_what_a_site_tells(
    person: Participation, site: Site
) -> None:
    now = timezone.now()
    tallies = {
        "rows": [["overlay", "ready", 3]],
        "seconds": {"tasks.render": 1.5},
        "memory": 2**28,
    }
    Heartbeat.objects.create(
        worker="here/1", queues="cpu", started_at=now, seen_at=now, tallies=tallies
    )
    Study.objects.create(
        slug="stopped",
        title="Stopped",
        definition={},
        seed=1,
        state=StudyState.PREPARING,
        problem="no room",
    )
    site.get(f"/p/{person.code}/")
    labels: dict[str, set[str]] = {}
    for sample in site.samples():
        labels.setdefault(sample.name, set()).update(sample.labels)
    for expression in expressions():
        names = set(NAME.findall(expression))
        assert names <= set(labels), expression
        for name, chosen in CHOSEN.findall(expression):
            asked = set(re.findall(r"(\w+)=", chosen))
            assert asked <= labels[name] | ADDED, expression
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            every = set().union(*(labels[name] for name in names), ADDED)
            assert set(re.split(r",\s*", grouped)) <= every, expression
