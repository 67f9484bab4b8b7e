"""The manifests: built by kustomize, valid by schema, and right by our own checks."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy import checks
from tests.deploy.kustomize import render

ROOT = Path(__file__).parents[2]
PRODUCTION = ROOT / "deploy" / "k8s" / "overlays" / "production"
SUPPORTED = ("1.30", "1.33", "1.36")
CUSTOM = {"ServiceMonitor"}

pytestmark = pytest.mark.timeout(400)  # the first run on a machine builds kustomize

Change = Callable[[list[checks.Manifest]], object]


@pytest.fixture(scope="module")
def objects() -> list[checks.Manifest]:
    return render(PRODUCTION)


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_object_is_valid_by_schema(objects: list[checks.Manifest], version: str) -> None:
    for item in objects:
        if item["kind"] not in CUSTOM:
            kubernetes_validate.validate(item, version, strict=True)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_semantics(objects: list[checks.Manifest], check: Any) -> None:
    assert list(check(objects)) == []


def _deployment(objects: list[checks.Manifest]) -> checks.Manifest:
    return checks.of_kind(objects, "Deployment")[0]


def _container(objects: list[checks.Manifest]) -> Any:
    return _deployment(objects)["spec"]["template"]["spec"]["containers"][0]


def _without(objects: list[checks.Manifest], kind: str) -> None:
    objects[:] = [item for item in objects if item["kind"] != kind]


FAULTS: dict[str, tuple[Any, Change]] = {
    "root": (
        checks.restricted,
        lambda o: _deployment(o)["spec"]["template"]["spec"].pop("securityContext"),
    ),
    "writable": (
        checks.restricted,
        lambda o: _container(o)["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    "no readiness": (checks.probed, lambda o: _container(o).pop("readinessProbe")),
    "short grace": (
        checks.drained,
        lambda o: _deployment(o)["spec"]["template"]["spec"].update(
            terminationGracePeriodSeconds=20
        ),
    ),
    "no pause": (checks.drained, lambda o: _container(o).pop("lifecycle")),
    "no budget": (checks.budgeted, lambda o: _without(o, "PodDisruptionBudget")),
    "one pod": (checks.budgeted, lambda o: _deployment(o)["spec"].update(replicas=1)),
    "open network": (checks.fenced, lambda o: _without(o, "NetworkPolicy")),
    "renamed port": (checks.connected, lambda o: _container(o)["ports"][0].update(name="web")),
    "not scraped": (checks.connected, lambda o: _without(o, "ServiceMonitor")),
    "no configuration": (checks.referenced, lambda o: _without(o, "ConfigMap")),
    "moving image": (checks.pinned, lambda o: _container(o).update(image="patchbay:latest")),
    "misspelt variable": (
        checks.configured,
        lambda o: _container(o)["env"].append({"name": "PATCHBAY_LGO", "value": "x"}),
    ),
    "no such module": (checks.configured, lambda o: _container(o).update(args=["-m", "services.x"])),
    "channel missing": (checks.complete, lambda o: o.remove(_deployment(o))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_check_finds_its_fault(objects: list[checks.Manifest], fault: str) -> None:
    check, change = FAULTS[fault]
    broken = copy.deepcopy(objects)
    change(broken)

    assert list(check(broken))
