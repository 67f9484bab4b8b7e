"""docker-compose.yml: valid by schema, and right by our own checks."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import compose as checks
from tests.deploy.compose import Compose

ROOT = Path(__file__).parents[2]

Change = Callable[[Compose], object]


@pytest.fixture(scope="module")
def compose() -> Compose:
    loaded: Compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def _validated(compose: Compose, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "docker-compose.json"
    file.write_text(json.dumps(compose))
    schema = ["--builtin-schema", "vendor.compose-spec"]
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_is_valid_by_the_compose_specification(compose: Compose, tmp_path: Path) -> None:
    done = _validated(compose, tmp_path)

    assert done.returncode == 0, done.stdout


def test_a_misspelt_key_is_not_valid(compose: Compose, tmp_path: Path) -> None:
    broken = copy.deepcopy(compose)
    broken["services"]["redis"]["helthcheck"] = {}

    done = _validated(broken, tmp_path)

    assert done.returncode == 1
    assert "helthcheck" in done.stdout


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_semantics(compose: Compose, check: Any) -> None:
    assert list(check(compose)) == []


FAULTS: dict[str, tuple[Any, str, Change]] = {
    "channel missing": (checks.complete, "ingest-apple", lambda s: s.update(image="x:1.0.0")),
    "roles crossed": (
        checks.complete,
        "router-view",
        lambda s: s.update(command=["python", "-m", "services.router", "engine"]),
    ),
    "root": (checks.hardened, "notifier", lambda s: s.pop("user")),
    "writable": (checks.hardened, "demo", lambda s: s.update(read_only=False)),
    "privileges": (checks.hardened, "kafka", lambda s: s.pop("security_opt")),
    "host network": (checks.hardened, "redis", lambda s: s.update(network_mode="host")),
    "open port": (checks.published, "router-api", lambda s: s.update(ports=["8100:8080"])),
    "open everywhere": (
        checks.published,
        "router-api",
        lambda s: s.update(ports=["0.0.0.0:8100:8080"]),
    ),
    "port taken": (
        checks.published,
        "router-api",
        lambda s: s.update(ports=["127.0.0.1:8101:8080"]),
    ),
    "Kafka published": (
        checks.published,
        "kafka",
        lambda s: s.update(ports=["127.0.0.1:9092:9092"]),
    ),
    "not watched": (checks.watched, "redis", lambda s: s.pop("healthcheck")),
    "started again and again": (checks.watched, "topics", lambda s: s.update(restart="always")),
    "asks the wrong port": (
        checks.watched,
        "notifier",
        lambda s: s["environment"].update(PATCHBAY_PRIVATE_PORT="9095"),
    ),
    "too early": (checks.ordered, "router-view", lambda s: s["depends_on"].pop("topics")),
    "waits for ever": (
        checks.ordered,
        "router-view",
        lambda s: s["depends_on"].update(topics={"condition": "service_healthy"}),
    ),
    "needs the demo": (
        checks.ordered,
        "router-view",
        lambda s: s["depends_on"]["demo-files"].pop("required"),
    ),
    "demo too early": (checks.ordered, "demo", lambda s: s["depends_on"].pop("notifier")),
    "killed": (checks.drained, "notifier", lambda s: s.update(stop_grace_period="10s")),
    "misspelt option": (
        checks.spoken,
        "demo-files",
        lambda s: s["command"].append("--floder=/etc/patchbay"),
    ),
    "option missing": (checks.spoken, "demo", lambda s: s["command"].pop(2)),
    "no such host": (
        checks.spoken,
        "demo",
        lambda s: s["command"].append("--api=http://router:8080"),
    ),
    "no such command": (checks.spoken, "topics", lambda s: s["command"].__setitem__(2, "mkae")),
    "misspelt variable": (
        checks.configured,
        "notifier",
        lambda s: s["environment"].update(PATCHBAY_LGO="x"),
    ),
    "value out of range": (
        checks.configured,
        "router-api",
        lambda s: s["environment"].update(PATCHBAY_API_PORT="http"),
    ),
    "secrets may be written": (
        checks.secret,
        "notifier",
        lambda s: s.update(volumes=["config:/etc/patchbay", "secrets:/run/secrets/patchbay"]),
    ),
    "secret in the open": (
        checks.secret,
        "notifier",
        lambda s: s["environment"].update(WHATSAPP_TOKEN="x"),
    ),
    "spool lost": (
        checks.kept,
        "ingest-phone",
        lambda s: s["environment"].update(PATCHBAY_INGEST_SPOOL="/tmp"),
    ),
    "latest": (checks.pinned, "prometheus", lambda s: s.update(image="prom/prometheus:latest")),
    "half a version": (checks.pinned, "redis", lambda s: s.update(image="valkey/valkey:9-alpine")),
    "another Kafka": (checks.pinned, "kafka", lambda s: s.update(image="apache/kafka:4.0.0")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_check_finds_its_fault(compose: Compose, fault: str) -> None:
    check, service, change = FAULTS[fault]
    broken = copy.deepcopy(compose)
    change(broken["services"][service])

    assert list(check(broken))


def test_no_check_goes_without_a_fault() -> None:
    assert {check for check, *_ in FAULTS.values()} == set(checks.CHECKS)


def test_prometheus_scrapes_every_service_and_role(compose: Compose) -> None:
    scrape = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    (job,) = scrape["scrape_configs"]
    (group,) = job["static_configs"]

    services = checks.ours(compose, tuple(checks.COMMANDS)).items()
    assert sorted(group["targets"]) == sorted(
        f"{name}:{service['environment']['PATCHBAY_PRIVATE_PORT']}" for name, service in services
    )
