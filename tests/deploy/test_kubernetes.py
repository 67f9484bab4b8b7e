"""The manifests: built by kustomize, valid by schema, and right by our own checks."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from tests.deploy import pods, wiring
from tests.deploy.kustomize import render
from tests.deploy.manifests import Manifest, of_kind

PRODUCTION = Path(__file__).parents[2] / "deploy" / "k8s" / "overlays" / "production"
MONITOR = json.loads(Path(__file__).with_name("service_monitor.json").read_text())
OLDEST, MIDDLE, NEWEST = "1.30", "1.33", "1.36"

pytestmark = pytest.mark.timeout(400)  # the first run on a machine builds kustomize

Change = Callable[[list[Manifest]], object]


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    return render(PRODUCTION)


@pytest.mark.parametrize("version", [OLDEST, MIDDLE, NEWEST])
def test_every_object_is_valid_by_schema(objects: list[Manifest], version: str) -> None:
    for item in (item for item in objects if item["kind"] != "ServiceMonitor"):
        kubernetes_validate.validate(item, version, strict=True)


def test_an_unknown_field_is_not_valid(objects: list[Manifest]) -> None:
    item = copy.deepcopy(of_kind(objects, "Deployment")[0])
    item["spec"]["replica"] = 2

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(item, OLDEST, strict=True)


def test_service_monitors_are_valid_by_schema(objects: list[Manifest]) -> None:
    monitors = of_kind(objects, "ServiceMonitor")

    assert [m["metadata"]["name"] for m in monitors] == ["ingest", "notifier", "router"]
    for monitor in monitors:
        jsonschema.validate(monitor, MONITOR)


@pytest.mark.parametrize("check", [*pods.CHECKS, *wiring.CHECKS], ids=lambda check: check.__name__)
def test_semantics(objects: list[Manifest], check: Any) -> None:
    assert list(check(objects)) == []


def _named(objects: list[Manifest], kind: str, name: str) -> Any:
    return next(i for i in of_kind(objects, kind) if i["metadata"]["name"] == name)


def _spec(objects: list[Manifest], name: str = "notifier") -> Any:
    return _named(objects, "Deployment", name)["spec"]["template"]["spec"]


def _container(objects: list[Manifest], name: str = "notifier") -> Any:
    return _spec(objects, name)["containers"][0]


def _without(objects: list[Manifest], kind: str) -> None:
    objects[:] = [item for item in objects if item["kind"] != kind]


def _set(objects: list[Manifest], variable: str, value: str) -> None:
    _container(objects)["env"].append({"name": variable, "value": value})


FAULTS: dict[str, tuple[Any, Change]] = {
    "root": (pods.restricted, lambda o: _spec(o).pop("securityContext")),
    "writable": (
        pods.restricted,
        lambda o: _container(o)["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    "host network": (pods.restricted, lambda o: _spec(o).update(hostNetwork=True)),
    "host path": (
        pods.restricted,
        lambda o: _spec(o)["volumes"].append({"name": "x", "hostPath": {"path": "/"}}),
    ),
    "root job": (
        pods.restricted,
        lambda o: _named(o, "Job", "topics")["spec"]["template"]["spec"].pop("securityContext"),
    ),
    "token": (pods.alone, lambda o: _spec(o).pop("automountServiceAccountToken")),
    "links": (pods.alone, lambda o: _spec(o).update(enableServiceLinks=True)),
    "no readiness": (pods.probed, lambda o: _container(o).pop("readinessProbe")),
    "liveness asks Kafka": (
        pods.probed,
        lambda o: _container(o)["livenessProbe"]["httpGet"].update(path="/ready"),
    ),
    "short grace": (pods.drained, lambda o: _spec(o).update(terminationGracePeriodSeconds=30)),
    "no pause": (pods.drained, lambda o: _container(o, "router-api").pop("lifecycle")),
    "memory promised twice": (
        pods.bounded,
        lambda o: _container(o)["resources"]["limits"].update(memory="4Gi"),
    ),
    "moving image": (pods.pinned, lambda o: _container(o).update(image="patchbay:latest")),
    "misspelt variable": (pods.configured, lambda o: _set(o, "PATCHBAY_LGO", "x")),
    "another service's variable": (
        pods.configured,
        lambda o: _set(o, "PATCHBAY_INGEST_PORT", "8080"),
    ),
    "value out of range": (pods.configured, lambda o: _set(o, "PATCHBAY_PRIVATE_PORT", "99999")),
    "misspelt setting for all": (
        pods.configured,
        lambda o: of_kind(o, "ConfigMap")[1]["data"].update(PATCHBAY_SHARD="64"),
    ),
    "no such service": (
        pods.configured,
        lambda o: _container(o).update(command=["python", "-m", "services.x"]),
    ),
    "channel missing": (wiring.complete, lambda o: _without(o, "StatefulSet")),
    "channels crossed": (
        wiring.complete,
        lambda o: _container(o, "ingest-apple")["env"].append(
            {"name": "PATCHBAY_INGEST_CHANNEL", "value": "email"}
        ),
    ),
    "roles crossed": (
        wiring.complete,
        lambda o: _container(o, "router-view")["command"].__setitem__(3, "engine"),
    ),
    "spool lost with the pod": (
        wiring.kept,
        lambda o: of_kind(o, "StatefulSet")[0]["spec"].pop("volumeClaimTemplates"),
    ),
    "spool beside the disk": (
        wiring.kept,
        lambda o: of_kind(o, "StatefulSet")[0]["spec"]["template"]["spec"]["containers"][0][
            "env"
        ].append({"name": "PATCHBAY_INGEST_SPOOL", "value": "/tmp"}),
    ),
    "no budget": (wiring.budgeted, lambda o: _without(o, "PodDisruptionBudget")),
    "one pod": (
        wiring.budgeted,
        lambda o: _named(o, "Deployment", "notifier")["spec"].update(replicas=1),
    ),
    "one zone": (wiring.spread, lambda o: _spec(o).pop("topologySpreadConstraints")),
    "spread among all": (
        wiring.spread,
        lambda o: _spec(o)["topologySpreadConstraints"][0].pop("matchLabelKeys"),
    ),
    "open network": (wiring.fenced, lambda o: _without(o, "NetworkPolicy")),
    "way to the internet": (
        wiring.fenced,
        lambda o: _named(o, "NetworkPolicy", "providers")["spec"].update(podSelector={}),
    ),
    "closed door": (
        wiring.fenced,
        lambda o: o.remove(_named(o, "NetworkPolicy", "mail")),
    ),
    "renamed port": (
        wiring.connected,
        lambda o: _container(o, "router-api")["ports"][1].update(name="web"),
    ),
    "not scraped": (wiring.connected, lambda o: _without(o, "ServiceMonitor")),
    "no configuration": (wiring.referenced, lambda o: _without(o, "ConfigMap")),
    "no governing service": (
        wiring.referenced,
        lambda o: of_kind(o, "StatefulSet")[0]["spec"].update(serviceName="ingest"),
    ),
    "secret in the manifests": (
        wiring.referenced,
        lambda o: o.append({"kind": "Secret", "metadata": {"name": "patchbay-secrets"}}),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_check_finds_its_fault(objects: list[Manifest], fault: str) -> None:
    check, change = FAULTS[fault]
    broken = copy.deepcopy(objects)
    change(broken)

    assert list(check(broken))


def test_no_check_goes_without_a_fault() -> None:
    assert {check for check, _ in FAULTS.values()} == {*pods.CHECKS, *wiring.CHECKS}
