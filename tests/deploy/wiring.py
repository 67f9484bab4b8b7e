"""What objects can get wrong between them. Each check lists its violations."""

from collections.abc import Iterator

from shared.channels.registry import CHANNELS
from tests.deploy.manifests import (
    SERVICES,
    WORKLOADS,
    Manifest,
    container,
    environment,
    name,
    of_kind,
    pod,
    pod_labels,
    ports,
    selects,
)

EXTERNAL_SECRETS = {"patchbay-connections", "patchbay-secrets"}
# Providers are called by the notifier, an OpenID issuer by the API; nobody else leaves the cluster.
_CALLS_OUT = {"notifier", "router-api"}


def complete(objects: list[Manifest]) -> Iterator[str]:
    """One workload per ingest channel and per role, and each ingest told its own channel."""
    wanted = {f"ingest-{channel}" for channel in (*CHANNELS, "commerce")}
    wanted |= {"router-engine", "router-view", "router-api", "notifier"}
    found = {name(item): item for item in of_kind(objects, *SERVICES)}
    yield from (f"missing or extra: {other}" for other in sorted(wanted ^ found.keys()))
    for workload, item in found.items():
        service, _, role = workload.partition("-")
        command = [*container(item)["command"], *container(item).get("args", [])]
        channel = environment(objects, item).get("PATCHBAY_INGEST_CHANNEL")
        if service == "ingest" and channel != role:
            yield f"{workload} serves {channel}"
        right = ["python", "-m", f"services.{service}", *([role] if service == "router" else [])]
        if command != right:
            yield f"{workload} runs {command}"


def kept(objects: list[Manifest]) -> Iterator[str]:
    """A spool of what nobody sends again outlives its pod; every other pod keeps nothing."""
    for item in of_kind(objects, *SERVICES):
        channel = CHANNELS.get(environment(objects, item).get("PATCHBAY_INGEST_CHANNEL", ""))
        needs = channel is not None and not channel.limits.redelivers
        claims = {name(claim) for claim in item["spec"].get("volumeClaimTemplates", [])}
        spool = environment(objects, item).get("PATCHBAY_INGEST_SPOOL")
        mounts = container(item)["volumeMounts"]
        keeps = any(m["name"] in claims and m["mountPath"] == spool for m in mounts)
        if keeps != needs:
            yield f"{name(item)}: spool at {spool}, claims {sorted(claims)}"


def budgeted(objects: list[Manifest]) -> Iterator[str]:
    """Every service has one disruption budget, and at least two pods to spread it over."""
    budgets = of_kind(objects, "PodDisruptionBudget")
    for item in of_kind(objects, *SERVICES):
        covering = [b for b in budgets if selects(b["spec"]["selector"], pod_labels(item))]
        if [b["spec"].get("maxUnavailable") for b in covering] != [1]:
            yield f"{name(item)}: {len(covering)} disruption budgets"
        if item["spec"]["replicas"] < 2:
            yield f"{name(item)}: one pod cannot be moved without an outage"


def spread(objects: list[Manifest]) -> Iterator[str]:
    """A service's pods are spread over zones among themselves, not among all services."""
    for item in of_kind(objects, *SERVICES):
        labels = pod_labels(item)
        own = set(item["spec"]["selector"]["matchLabels"])
        rules = pod(item).get("topologySpreadConstraints", [])
        if not any(
            selects(rule["labelSelector"], labels)
            and own <= {*rule["labelSelector"]["matchLabels"], *rule.get("matchLabelKeys", [])}
            for rule in rules
        ):
            yield f"{name(item)}: its pods may all be in one zone"


def fenced(objects: list[Manifest]) -> Iterator[str]:
    """Everything is denied by default; each pod gets names, log and cache, and what it offers."""
    policies = [p["spec"] for p in of_kind(objects, "NetworkPolicy")]
    if {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} not in policies:
        yield "no policy denies everything by default"
    for item in of_kind(objects, *WORKLOADS):
        mine = [p for p in policies if selects(p["podSelector"], pod_labels(item))]
        outward = _ports(mine, "egress")
        if not {53, 9092, 9093, 6379} <= outward:
            yield f"{name(item)}: may not reach names, log or cache"
        if (443 in outward) != (name(item) in _CALLS_OUT):
            yield f"{name(item)}: its way to the internet is not as it should be"
        if ports(item) and _ports(mine, "ingress") != set(ports(item)):
            yield f"{name(item)}: offers {sorted(ports(item))}, lets in {_ports(mine, 'ingress')}"


def _ports(policies: list[Manifest], way: str) -> set[int | str]:
    return {p["port"] for policy in policies for rule in policy.get(way, []) for p in rule["ports"]}


def connected(objects: list[Manifest]) -> Iterator[str]:
    """Services select one workload and name its ports; each is scraped exactly once."""
    workloads = of_kind(objects, *SERVICES)
    monitors = of_kind(objects, "ServiceMonitor")
    for service in of_kind(objects, "Service"):
        labels = {"matchLabels": service["spec"]["selector"]}
        found = [w for w in workloads if selects(labels, pod_labels(w))]
        offered = {p["name"]: p["targetPort"] for p in service["spec"]["ports"]}
        if [set(ports(w)) for w in found] != [set(offered.values())]:
            yield f"Service {name(service)}: {len(found)} workloads for {sorted(offered)}"
        watching = [
            m for m in monitors if selects(m["spec"]["selector"], service["metadata"]["labels"])
        ]
        scraped = [e["port"] for m in watching for e in m["spec"]["endpoints"]]
        if scraped != ["metrics"] or "metrics" not in offered:
            yield f"Service {name(service)} is scraped {len(scraped)} times"
    if len(of_kind(objects, "Service")) != len(workloads):
        yield "not every workload has a Service"


def referenced(objects: list[Manifest]) -> Iterator[str]:
    """Each object named exists here; each Secret is one the base says it needs."""
    existing = {kind: {name(i) for i in of_kind(objects, kind)} for kind in _REFERRED}
    for item in of_kind(objects, *WORKLOADS):
        for kind, wanted in _references(item):
            if wanted not in existing.get(kind, EXTERNAL_SECRETS):
                yield f"{name(item)}: no {kind} {wanted}"
    if of_kind(objects, "Secret"):
        yield "a Secret with values stands in the manifests"


_REFERRED = ("ConfigMap", "ServiceAccount", "Service")


def _references(workload: Manifest) -> Iterator[tuple[str, str]]:
    spec, own = pod(workload), container(workload)
    yield "ServiceAccount", spec["serviceAccountName"]
    if "serviceName" in workload["spec"]:
        yield "Service", workload["spec"]["serviceName"]
    for source in own.get("envFrom", []):
        yield "ConfigMap", source["configMapRef"]["name"]
    for entry in own.get("env", []):
        if "secretKeyRef" in entry.get("valueFrom", {}):
            yield "Secret", entry["valueFrom"]["secretKeyRef"]["name"]
    for volume in spec.get("volumes", []):
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]


CHECKS = (complete, kept, budgeted, spread, fenced, connected, referenced)
