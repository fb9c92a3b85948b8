"""The dashboard and the alert rules that come with the docs ask for what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from prometheus_client import ProcessCollector

from infra.metrics.collected import Caches, Health, Log, Pools, ReadPlaces
from infra.metrics.deployment import Deployment
from infra.metrics.instruments import Instruments
from interfaces.supervisor_metrics import Figures

DOCS = Path(__file__).parents[3] / "docs"
DASHBOARD = DOCS / "grafana" / "retrace.json"
RULES = DOCS / "prometheus" / "retrace.rules.yaml"

SERIES = re.compile(r"\b((?:retrace|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|without) \(([^)]*)\)")
SCRAPED = {"job", "instance"}
"""Labels that Prometheus itself puts to all."""


def told() -> dict[str, set[str]]:
    """Series → labels, of all roles, as the code has them."""
    instruments: Any = Instruments()
    nothing: Any = SimpleNamespace(
        saves={}, reads=Counter(), all=(), hits=Counter(), misses=Counter(), there=True, states=dict
    )
    families = [
        *instruments.registry._collector_to_names,
        *Figures().collect(),
        *Pools().collect(),
        *Log(nothing).collect(),
        *ReadPlaces(nothing).collect(),
        *Caches(nothing, nothing).collect(),
        *Health(nothing, instruments).collect(),
        *Deployment(nothing, ()).collect(),
    ]
    found: dict[str, set[str]] = {"up": set()}
    for family in families:
        if isinstance(family, ProcessCollector):
            found |= {name: set() for name in ("process_resident_memory_bytes", "process_cpu_seconds_total")}
            continue
        # What is counted as it happens is an object of the library's, what is collected a family of its.
        name, kind = getattr(family, "_name", "") or family.name, getattr(family, "_type", "") or family.type
        labels = set(family._labelnames)
        ends = {
            "counter": ["_total"],
            "histogram": ["_bucket", "_count", "_sum"],
            "summary": ["_count", "_sum"],
        }
        for end in ends.get(kind, [""]):
            found[name + end] = labels | ({"le"} if end == "_bucket" else set())
    return found


def expressions() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    rules = yaml.safe_load(RULES.read_text())["groups"]
    return [
        *[target["expr"] for panel in panels for target in panel.get("targets", ())],
        *[rule["expr"] for group in rules for rule in group["rules"]],
    ]


def test_every_series_and_label_that_is_asked_for_exists() -> None:
    there, asked = told(), set[str]()
    for expression in expressions():
        series = SERIES.findall(expression)
        assert series, f"it asks for nothing of ours: {expression}"
        labels = set[str]()
        for name, matchers in series:
            assert name in there, f"there is no {name}"
            assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= there[name] | SCRAPED, expression
            labels |= there[name] | SCRAPED
            asked.add(name)
        for grouped in GROUPED.findall(expression):
            assert set(grouped.split(", ")) - {""} <= labels, expression
        assert expression.count("(") == expression.count(")"), expression
    whole = {re.sub("_(bucket|count|sum)$", "", name) for name in asked}
    missing = {re.sub("_(bucket|count|sum)$", "", name) for name in there} - whole
    assert missing == set(), "the dashboard leaves out what is told"


def test_the_legends_name_labels_that_are_left() -> None:
    there = told()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", ()):
            grouped = GROUPED.findall(target["expr"])
            left = {label for each in grouped[:1] for label in each.split(", ")}
            if not grouped:
                left = set().union(*(there[name] for name, _ in SERIES.findall(target["expr"]))) | SCRAPED
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left, target


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["schemaVersion"] >= 39
    assert [each["name"] for each in dashboard["templating"]["list"]] == ["datasource", "job"]
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set[tuple[int, int]]()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies over another"
        assert max(x for x, _ in cells) < 24
        taken |= cells
        if panel["type"] != "row":
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
            assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_each_alert_is_named_in_the_docs_and_says_what_to_do() -> None:
    docs = (DOCS / "metrics.md").read_text()
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            assert f"`{rule['alert']}`" in docs
            assert rule["labels"]["severity"] in ("warning", "critical")
            assert set(rule["annotations"]) == {"summary", "description"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(RULES)], check=True, capture_output=True)
