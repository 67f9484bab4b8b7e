"""Reading rendered Kubernetes objects."""

from typing import Any

Manifest = dict[str, Any]

SERVICES = ("Deployment", "StatefulSet")
WORKLOADS = (*SERVICES, "Job")


def of_kind(objects: list[Manifest], *kinds: str) -> list[Manifest]:
    """The objects of these kinds, in order."""
    return [item for item in objects if item["kind"] in kinds]


def name(item: Manifest) -> str:
    """An object's name."""
    return str(item["metadata"]["name"])


def pod(workload: Manifest) -> Manifest:
    """The specification of a workload's pods."""
    return dict(workload["spec"]["template"]["spec"])


def container(workload: Manifest) -> Manifest:
    """The one container of a workload's pods."""
    (only,) = pod(workload)["containers"]
    return dict(only)


def pod_labels(workload: Manifest) -> dict[str, str]:
    """What the pods of a workload are selected by."""
    return dict(workload["spec"]["template"]["metadata"]["labels"])


def ports(workload: Manifest) -> dict[str, int]:
    """A container's ports by name."""
    return {port["name"]: port["containerPort"] for port in container(workload).get("ports", [])}


def environment(objects: list[Manifest], workload: Manifest) -> dict[str, str]:
    """The variables whose values stand in the manifests: the ConfigMaps', then the pod's own."""
    maps = {name(item): item["data"] for item in of_kind(objects, "ConfigMap")}
    own = container(workload)
    given: dict[str, str] = {}
    for source in own.get("envFrom", []):
        given |= maps.get(source["configMapRef"]["name"], {})
    labels = pod_labels(workload)
    for entry in own.get("env", []):
        field = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath", "")
        label = field.removeprefix("metadata.labels['").removesuffix("']")
        value = entry.get("value", labels.get(label))
        if value is not None:
            given[entry["name"]] = value
    return given


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """A label selector's matchLabels and In-expressions (all this project uses)."""
    wanted = selector.get("matchLabels", {})
    chosen = selector.get("matchExpressions", [])
    return all(labels.get(k) == v for k, v in wanted.items()) and all(
        labels.get(e["key"]) in e["values"] for e in chosen
    )
