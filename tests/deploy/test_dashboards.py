"""Prometheus' rules and Grafana's dashboard ask for what exists, by labels that it has."""

import json
import random
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.figures.service_level import FORMULAS, Waits, service_level
from tests.deploy import page

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "routing.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ALL = [rule for group in RULES["groups"] for rule in group["rules"]]
ALERTS = [rule for rule in ALL if "alert" in rule]
RECORDED = {rule["record"] for rule in ALL if "record" in rule}
_SERIES = re.compile(r"(patchbay[\w:]+)(?:\{([^}]*)\})?")
_TERM = re.compile(
    r"sum by \(queue\) \(rate\(patchbay_service_level_waits_total\{count=\"(\w+)\"\}\[30m\]\)\)"
)
_SUFFIXES = ("_bucket", "_count", "_sum")
_GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")


def _known() -> dict[str, set[str]]:
    """Every series there is, with its labels."""
    known: dict[str, set[str]] = {}
    for line in page.metrics().splitlines()[2:]:
        name, kind, labels, _ = (part.strip() for part in line.strip("|").split("|", 3))
        said = set(re.findall(r"`(\w+)`", labels))
        known[name.strip("`")] = said
        if kind == "histogram":
            known |= {name.strip("`") + suffix: said | {"le"} for suffix in _SUFFIXES}
    recorded = {name: {"queue", "formula"} for name in RECORDED}
    return known | recorded


KNOWN = _known()


def _asked(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The series that an expression names, with the labels it chooses by."""
    for name, chosen in _SERIES.findall(expression):
        yield name, set(re.findall(r"(\w+)(?:=~|!=|=|!~)", chosen))


def _expressions() -> Iterator[Any]:
    for rule in ALL:
        name = str(rule.get("alert") or rule["record"])
        formula = rule.get("labels", {}).get("formula", "")
        yield pytest.param(rule["expr"], id=f"{name}-{formula}")
    for panel in PANELS:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")


@pytest.mark.parametrize("expression", list(_expressions()))
def test_what_is_asked_for_exists(expression: str) -> None:
    asked = list(_asked(expression))
    assert asked
    assert [name for name, labels in asked if not labels <= KNOWN.get(name, set())] == []
    grouped = {one.strip() for found in _GROUPED.findall(expression) for one in found.split(",")}
    offered = set().union(*(KNOWN[name] for name, _ in asked))
    assert grouped <= offered
    assert [expression.count(one) for one in "({["] == [expression.count(one) for one in ")}]"]


def _recorded(formula: str) -> str:
    (rule,) = [rule for rule in ALL if rule.get("labels") == {"formula": formula}]
    assert rule["record"] == "patchbay:service_level:ratio30m"
    return str(rule["expr"])


@pytest.mark.parametrize("formula", FORMULAS)
def test_each_formula_is_recorded_as_it_is_defined(formula: Any) -> None:
    """The expression over random counts, computed as Prometheus would."""
    expression = _TERM.sub(r"w.\1", _recorded(formula)).replace("\n", " ")
    pick = random.Random(5)
    for _ in range(50):
        answered, abandoned, ended = (pick.randint(1, 100) for _ in range(3))
        waits = Waits(
            offered=answered + abandoned + ended,
            answered=answered,
            answered_in_target=pick.randint(0, answered),
            abandoned=abandoned,
            abandoned_in_target=pick.randint(0, abandoned),
            abandoned_short=pick.randint(0, abandoned),
        )
        found = eval(expression, {"__builtins__": {}}, {"w": waits})
        assert found == pytest.approx(service_level(formula, waits))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_says_what_is_wrong(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("warning", "critical")
    assert alert["annotations"].keys() == {"summary", "description"}
    assert alert["for"]


def test_every_panel_has_its_place_and_its_number() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart


def test_prometheus_reads_the_rules_where_compose_puts_them() -> None:
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    compose = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())
    mounted = compose["services"]["prometheus"]["volumes"]
    assert [
        f"./deploy/prometheus/{name}:/etc/prometheus/{name}:ro" for name in scrape["rule_files"]
    ] == [volume for volume in mounted if "rules" in volume]
