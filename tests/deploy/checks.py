"""What a manifest can get wrong although every field is valid. Each check lists its violations."""

import importlib.util
from collections.abc import Iterator
from typing import Any

from services.ingest.settings import IngestSettings
from services.notifier.settings import NotifierSettings
from services.router.settings import RouterSettings
from shared.channels.registry import CHANNELS

Manifest = dict[str, Any]

EXTERNAL_SECRETS = {"patchbay-connections", "patchbay-secrets"}
_SETTINGS = (IngestSettings, NotifierSettings, RouterSettings)
_PRESTOP_SECONDS = 5


def of_kind(objects: list[Manifest], kind: str) -> list[Manifest]:
    return [item for item in objects if item["kind"] == kind]


def name(item: Manifest) -> str:
    return str(item["metadata"]["name"])


def pod(deployment: Manifest) -> Manifest:
    return dict(deployment["spec"]["template"]["spec"])


def pod_labels(deployment: Manifest) -> dict[str, str]:
    return dict(deployment["spec"]["template"]["metadata"]["labels"])


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """A label selector's matchLabels and In-expressions (all this project uses)."""
    wanted = selector.get("matchLabels", {})
    chosen = selector.get("matchExpressions", [])
    return all(labels.get(k) == v for k, v in wanted.items()) and all(
        labels.get(e["key"]) in e["values"] for e in chosen
    )


def restricted(objects: list[Manifest]) -> Iterator[str]:
    """Pod Security Standards, profile restricted, and a read-only root besides."""
    for item in of_kind(objects, "Deployment"):
        spec = pod(item)
        context = spec.get("securityContext", {})
        if not context.get("runAsNonRoot") or context.get("runAsUser", 0) < 10_000:
            yield f"{name(item)}: must run as a numbered non-root user"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name(item)}: needs the default seccomp profile"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name(item)}: must not mount a service account token"
        for container in spec["containers"]:
            own = container.get("securityContext", {})
            right = {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            if own != right:
                yield f"{name(item)}: container security context is {own}"


def probed(objects: list[Manifest]) -> Iterator[str]:
    """All three probes, on the private port by name; liveness never asks whether it is ready."""
    for item in of_kind(objects, "Deployment"):
        (container,) = pod(item)["containers"]
        for probe, path in (("startup", "/live"), ("readiness", "/ready"), ("liveness", "/live")):
            http = container.get(f"{probe}Probe", {}).get("httpGet", {})
            if (http.get("path"), http.get("port")) != (path, "metrics"):
                yield f"{name(item)}: {probe} probe must ask {path} on the metrics port"


def drained(objects: list[Manifest]) -> Iterator[str]:
    """The pod's grace is longer than the endpoint removal and the service's own drain."""
    settings = of_kind(objects, "ConfigMap")
    common = {k: v for item in settings for k, v in item["data"].items()}
    for item in of_kind(objects, "Deployment"):
        spec = pod(item)
        (container,) = spec["containers"]
        own = {entry["name"]: entry.get("value") for entry in container["env"]}
        grace = own.get("PATCHBAY_GRACE_SECONDS") or common["PATCHBAY_GRACE_SECONDS"]
        if spec["terminationGracePeriodSeconds"] < float(grace) + _PRESTOP_SECONDS + 10:
            yield f"{name(item)}: the pod is killed before its drain of {grace} s ends"
        if "preStop" not in container.get("lifecycle", {}):
            yield f"{name(item)}: needs a preStop pause until its endpoints are gone"


def budgeted(objects: list[Manifest]) -> Iterator[str]:
    """Every Deployment has one disruption budget, and at least two pods to spread it over."""
    budgets = of_kind(objects, "PodDisruptionBudget")
    for item in of_kind(objects, "Deployment"):
        labels = pod_labels(item)
        covering = [b for b in budgets if selects(b["spec"]["selector"], labels)]
        if len(covering) != 1:
            yield f"{name(item)}: {len(covering)} disruption budgets"
        if item["spec"]["replicas"] < 2:
            yield f"{name(item)}: one pod cannot be moved without an outage"


def fenced(objects: list[Manifest]) -> Iterator[str]:
    """Everything is denied by default, and each pod may reach names, log and cache."""
    policies = of_kind(objects, "NetworkPolicy")
    if not any(
        p["spec"]["podSelector"] == {} and p["spec"]["policyTypes"] == ["Ingress", "Egress"]
        and not {"ingress", "egress"} & p["spec"].keys()
        for p in policies
    ):  # fmt: skip
        yield "no policy denies everything by default"
    for item in of_kind(objects, "Deployment"):
        mine = [p for p in policies if selects(p["spec"]["podSelector"], pod_labels(item))]
        ports = {
            port["port"] for p in mine for rule in p["spec"].get("egress", []) for port in rule["ports"]
        }  # fmt: skip
        if not {53, 9092, 6379} <= ports:
            yield f"{name(item)}: may not reach names, log or cache"
        inward = {
            port["port"] for p in mine for rule in p["spec"].get("ingress", []) for port in rule["ports"]
        }  # fmt: skip
        offered = {port["name"] for port in pod(item)["containers"][0]["ports"]}
        if inward != offered:
            yield f"{name(item)}: offers {sorted(offered)} but lets in {sorted(inward)}"


def connected(objects: list[Manifest]) -> Iterator[str]:
    """Services select one Deployment and name its ports; monitors find their Service."""
    deployments = of_kind(objects, "Deployment")
    services = of_kind(objects, "Service")
    for service in services:
        labels = service["spec"]["selector"]
        found = [d for d in deployments if selects({"matchLabels": labels}, pod_labels(d))]
        if len(found) != 1:
            yield f"Service {name(service)} selects {len(found)} Deployments"
            continue
        ports = {port["name"] for port in pod(found[0])["containers"][0]["ports"]}
        if unknown := {p["targetPort"] for p in service["spec"]["ports"]} - ports:
            yield f"Service {name(service)} targets {sorted(unknown)}, which no container names"
    monitors = of_kind(objects, "ServiceMonitor")
    for service in services:
        watching = [
            m for m in monitors if selects(m["spec"]["selector"], service["metadata"]["labels"])
        ]
        if [e["port"] for m in watching for e in m["spec"]["endpoints"]] != ["metrics"]:
            yield f"Service {name(service)} is not scraped exactly once"


def referenced(objects: list[Manifest]) -> Iterator[str]:
    """Each ConfigMap named exists here; each Secret is one the base says it needs."""
    maps = {name(item) for item in of_kind(objects, "ConfigMap")}
    accounts = {name(item) for item in of_kind(objects, "ServiceAccount")}
    for item in of_kind(objects, "Deployment"):
        spec = pod(item)
        (container,) = spec["containers"]
        named = {source["configMapRef"]["name"] for source in container["envFrom"]}
        named |= {v["configMap"]["name"] for v in spec["volumes"] if "configMap" in v}
        if missing := named - maps:
            yield f"{name(item)}: no ConfigMap {sorted(missing)}"
        secrets = {v["secret"]["secretName"] for v in spec["volumes"] if "secret" in v}
        secrets |= {
            entry["valueFrom"]["secretKeyRef"]["name"]
            for entry in container["env"]
            if "secretKeyRef" in entry.get("valueFrom", {})
        }
        if missing := secrets - EXTERNAL_SECRETS:
            yield f"{name(item)}: unannounced secrets {sorted(missing)}"
        if spec["serviceAccountName"] not in accounts:
            yield f"{name(item)}: no ServiceAccount {spec['serviceAccountName']}"
    if of_kind(objects, "Secret"):
        yield "a Secret with values stands in the manifests"


def pinned(objects: list[Manifest]) -> Iterator[str]:
    """Images by digest, never by a tag that can move."""
    for item in of_kind(objects, "Deployment"):
        for container in pod(item)["containers"]:
            if "@sha256:" not in container["image"]:
                yield f"{name(item)}: image {container['image']} is not pinned"


def configured(objects: list[Manifest]) -> Iterator[str]:
    """Every PATCHBAY_* variable is one a service reads, every command a module we have."""
    known = {variable for settings in _SETTINGS for variable in variables(settings)}
    given = {k for item in of_kind(objects, "ConfigMap") for k in item["data"]}
    for item in of_kind(objects, "Deployment"):
        (container,) = pod(item)["containers"]
        given |= {entry["name"] for entry in container["env"]}
        module = container["args"][1]
        if importlib.util.find_spec(module) is None:
            yield f"{name(item)}: no module {module}"
    for variable in sorted(given):
        if variable.startswith("PATCHBAY_") and variable not in known:
            yield f"no service reads {variable}"


def variables(settings: Any) -> Iterator[str]:
    """The environment variables of a settings class."""
    for field, info in settings.model_fields.items():
        yield str(info.validation_alias or f"PATCHBAY_{field}".upper())


def complete(objects: list[Manifest]) -> Iterator[str]:
    """One Deployment per ingest channel and per role."""
    wanted = {f"ingest-{channel}" for channel in (*CHANNELS, "commerce")}
    wanted |= {"router-engine", "router-view", "router-api", "notifier"}
    found = {name(item) for item in of_kind(objects, "Deployment")}
    yield from (f"missing or extra: {other}" for other in sorted(wanted ^ found))


CHECKS = (
    restricted, probed, drained, budgeted, fenced, connected, referenced, pinned, configured,
    complete,
)  # fmt: skip
