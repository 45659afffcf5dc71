"""docs/monitoring.md, the dashboard and the alerts name the metrics that there are, all of them and no others."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest
import yaml
from django_prometheus.middleware import Metrics
from prometheus_client import REGISTRY

from api.metrics.exposition import expose
from api.metrics.state import DATABASE_UP, READABLE, readers

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "monitoring.md").read_text()
ALERTS = PROJECT / "ops" / "alerts.yml"
DASHBOARD = json.loads((PROJECT / "ops" / "grafana" / "kindred.json").read_text())
OF_PROMETHEUS = {"up"}
PROMTOOL = shutil.which("promtool") or os.environ.get("PROMTOOL")
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not here; Debian's package prometheus has it")
VARIABLES = {"$__rate_interval": "5m"}  # Grafana's own


def counted() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Return kind, labels and help of what processes count, by the name that Prometheus sees."""
    Metrics.get_instance()  # the library makes its own as the first request comes
    found = {}
    for collector in dict.fromkeys(REGISTRY._names_to_collectors.values()):
        if name := getattr(collector, "_name", ""):
            suffix = "_total" if collector._type == "counter" else ""
            found[name + suffix] = (collector._type, collector._labelnames, collector._documentation)
    return found


def ours() -> dict[str, tuple[str, tuple[str, ...], str]]:
    found = {name: said for name, said in counted().items() if name.startswith("kindred_")}
    metrics = [READABLE, DATABASE_UP, *(metric for reader in readers.values() for metric in reader.metrics)]
    return found | {metric.name: ("gauge", metric.labels, metric.what) for metric in metrics}


def alerts() -> list[dict]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> dict[str, str]:
    """Every expression of the alerts and the dashboard, by who asks."""
    found = {f"alert {rule['alert']}": rule["expr"] for rule in alerts()}
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            found[f"panel {panel['title']} {target['refId']}"] = target["expr"]
    return found


def find_names(node: object) -> set[str]:
    """Return the metrics that a parsed expression reads."""
    if isinstance(node, promql_parser.VectorSelector):
        return {node.name}
    parts = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector", "param")]
    found = [find_names(part) for part in [*parts, *(getattr(node, "args", None) or ())] if part is not None]
    return set().union(*found) if found else set()


def read_names(expression: str) -> set[str]:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in find_names(promql_parser.parse(expression))}


def test_the_table_of_the_page_has_every_metric_with_its_labels_and_no_other():
    rows = re.findall(r"^\| `(kindred_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", PAGE, flags=re.MULTILINE)
    said = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), what.strip()) for name, kind, labels, what in rows}
    assert said == {name: (kind, labels, what.rstrip(".")) for name, (kind, labels, what) in ours().items()}


@pytest.mark.parametrize("name", expressions())
def test_every_expression_is_promql_and_reads_metrics_that_there_are(name):
    assert read_names(expressions()[name]) - OF_PROMETHEUS - counted().keys() - ours().keys() == set()


def test_every_metric_of_ours_is_on_the_dashboard_or_in_an_alert():
    named = set().union(*(read_names(expression) for expression in expressions().values()))
    assert ours().keys() - named == set()


def test_every_alert_has_its_paragraph_and_no_paragraph_is_left_over():
    names = [rule["alert"] for rule in alerts()]
    assert re.findall(r"^### (Kindred\w+)$", PAGE, flags=re.MULTILINE) == names
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"docs/monitoring.md#{rule['alert'].lower()}"


def test_panels_of_the_dashboard_have_ids_and_places_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


@needs_promtool
def test_promtool_finds_nothing_amiss_with_the_alerts():
    done = subprocess.run([PROMTOOL, "check", "rules", str(ALERTS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(alerts())} rules found" in done.stdout


@needs_promtool
def test_alerts_fire_when_they_should_and_only_then(tmp_path):
    cases = tmp_path / "alerts_fire.yml"
    cases.write_text((Path(__file__).parent / "alerts_fire.yml").read_text().replace("[ALERTS]", f"[{ALERTS}]"))
    done = subprocess.run([PROMTOOL, "test", "rules", str(cases)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_finds_nothing_amiss_with_our_metrics(db):
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=expose(), capture_output=True)
    assert done.returncode != 1, done.stdout
    said = (done.stdout + done.stderr).decode().splitlines()
    assert [line for line in said if line.startswith("kindred_")] == []
