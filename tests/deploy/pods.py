"""What a pod can get wrong although every field is valid. Each check lists its violations."""

import importlib.util
from collections.abc import Iterator

from tests.deploy import variables
from tests.deploy.manifests import (
    SERVICES,
    WORKLOADS,
    Manifest,
    container,
    environment,
    name,
    of_kind,
    pod,
    ports,
)

_RIGHT = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
# What `shared.lifecycle` allows after the drain, before the process ends itself.
_CLOSING_SECONDS = 5
_SAFE_VOLUMES = {"configMap", "secret", "emptyDir", "ephemeral", "projected"}


def restricted(objects: list[Manifest]) -> Iterator[str]:
    """Pod Security Standards, profile restricted, and a read-only root besides."""
    for item in of_kind(objects, *WORKLOADS):
        spec = pod(item)
        context = spec.get("securityContext", {})
        if not context.get("runAsNonRoot") or context.get("runAsUser", 0) < 10_000:
            yield f"{name(item)}: must run as a numbered non-root user"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name(item)}: needs the default seccomp profile"
        if container(item).get("securityContext") != _RIGHT:
            yield f"{name(item)}: container security context is not {_RIGHT}"
        if spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}:
            yield f"{name(item)}: shares the host, or has containers nobody checks"
        for volume in spec.get("volumes", []):
            if not volume.keys() - {"name"} <= _SAFE_VOLUMES:
                yield f"{name(item)}: volume {volume['name']} is of a forbidden kind"


def alone(objects: list[Manifest]) -> Iterator[str]:
    """No pod can ask the cluster's API, or is told of Services by variables."""
    for item in of_kind(objects, *WORKLOADS):
        spec = pod(item)
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name(item)}: must not mount a service account token"
        if spec.get("enableServiceLinks") is not False:
            yield f"{name(item)}: a Service's variables could become settings"


def probed(objects: list[Manifest]) -> Iterator[str]:
    """All three probes, on the private port by name; liveness never asks whether it is ready."""
    for item in of_kind(objects, *SERVICES):
        for probe, path in (("startup", "/live"), ("readiness", "/ready"), ("liveness", "/live")):
            http = container(item).get(f"{probe}Probe", {}).get("httpGet", {})
            if (http.get("path"), http.get("port")) != (path, "metrics"):
                yield f"{name(item)}: {probe} probe must ask {path} on the metrics port"


def drained(objects: list[Manifest]) -> Iterator[str]:
    """The pod's grace is longer than the endpoint's removal, the drain and the closing after it."""
    for item in of_kind(objects, *SERVICES):
        sleep = container(item).get("lifecycle", {}).get("preStop", {}).get("sleep", {})
        pause = sleep.get("seconds", 0)
        if "http" in ports(item) and pause < 5:
            yield f"{name(item)}: needs a preStop pause until its endpoints are gone"
        drain = float(environment(objects, item)["PATCHBAY_GRACE_SECONDS"])
        if pod(item)["terminationGracePeriodSeconds"] < pause + drain + _CLOSING_SECONDS + 5:
            yield f"{name(item)}: the pod is killed before its drain of {drain:g} s ends"


def bounded(objects: list[Manifest]) -> Iterator[str]:
    """Memory requested is the limit, so that no pod lives on what was promised to another."""
    for item in of_kind(objects, *WORKLOADS):
        resources = container(item).get("resources", {})
        requests, limits = resources.get("requests", {}), resources.get("limits", {})
        if "cpu" not in requests or not limits or requests.get("memory") != limits.get("memory"):
            yield f"{name(item)}: requests {requests}, limits {limits}"


def pinned(objects: list[Manifest]) -> Iterator[str]:
    """Images by digest, never by a tag that can move."""
    for item in of_kind(objects, *WORKLOADS):
        image = container(item)["image"]
        if "@sha256:" not in image:
            yield f"{name(item)}: image {image} is not pinned"


def configured(objects: list[Manifest]) -> Iterator[str]:
    """Every PATCHBAY_* variable is one that is read, with a value that is accepted."""
    everywhere = {v for service in variables.SERVICES for v in variables.known_to(service)}
    for item in of_kind(objects, "ConfigMap"):
        for variable in sorted(item["data"]):
            if variable.startswith("PATCHBAY_") and variable not in everywhere:
                yield f"no service reads {variable}"
    for item in of_kind(objects, *SERVICES):
        service = container(item)["command"][2].removeprefix("services.")
        if importlib.util.find_spec(f"services.{service}") is None:
            yield f"{name(item)}: no service {service}"
            continue
        own = {entry["name"] for entry in container(item).get("env", [])}
        for variable in sorted(own - variables.known_to(service)):
            yield f"{name(item)}: {service} does not read {variable}"
        for problem in variables.refused(service, environment(objects, item)):
            yield f"{name(item)}: {problem}"


CHECKS = (restricted, alone, probed, drained, bounded, pinned, configured)
