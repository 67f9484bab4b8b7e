"""What docker-compose.yml can get wrong although it is valid. Each check lists its violations."""

import os
import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import typer
from typer.main import get_command

from patchbay.cli import app
from patchbay.stack.artefacts import KAFKA_VERSION
from shared.channels.registry import CHANNELS
from tests.deploy import variables

Compose = dict[str, Any]
Service = dict[str, Any]

IMAGE = "patchbay:local"
CHANNEL_NAMES = (*CHANNELS, "commerce")
ROLES = ("engine", "view", "api")
COMMANDS = {
    **{f"ingest-{c}": ["python", "-m", "services.ingest", "--channel", c] for c in CHANNEL_NAMES},
    **{f"router-{role}": ["python", "-m", "services.router", role] for role in ROLES},
    "notifier": ["python", "-m", "services.notifier"],
}
ONCE = ("topics", "demo-files", "demo")
_CLOSING_SECONDS = 5
# What typer raises for every misuse; of its family it shows only this one.
_Misunderstood: type[Exception] = typer.BadParameter.__mro__[1]
_INTERPOLATED = re.compile(r"\$\{\w+:-([^}]*)\}")


def ours(compose: Compose, names: tuple[str, ...] = ()) -> dict[str, Service]:
    """The containers that run our image, or those of these names."""
    services: dict[str, Service] = compose["services"]
    return {
        name: service
        for name, service in services.items()
        if service["image"] == IMAGE and (not names or name in names)
    }


def _running(compose: Compose) -> dict[str, Service]:
    return ours(compose, tuple(COMMANDS))


def _mounts(service: Service) -> dict[str, tuple[str, bool]]:
    """By target: the default source, and whether it may be written."""
    found = {}
    for volume in service.get("volumes", []):
        source, target, *mode = _INTERPOLATED.sub(r"\1", volume).split(":")
        found[target] = (source, mode != ["ro"])
    return found


def complete(compose: Compose) -> Iterator[str]:
    """One container per service role and channel, running what its name says."""
    found = ours(compose)
    for name in sorted({*COMMANDS, *ONCE} ^ found.keys()):
        yield f"missing or extra: {name}"
    for name, service in _running(compose).items():
        if service["command"] != COMMANDS[name]:
            yield f"{name} runs {service['command']}"


def hardened(compose: Compose) -> Iterator[str]:
    """Not root, nothing to gain, a root nobody can write."""
    for name, service in ours(compose).items():
        user = service.get("user", "0").split(":")
        if not all(number.isdigit() and int(number) >= 10_000 for number in user):
            yield f"{name}: must run as a numbered non-root user"
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            yield f"{name}: needs a read-only root and no capabilities"
    for name, service in compose["services"].items():
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name}: could gain privileges"
        if service.keys() & {"privileged", "cap_add", "network_mode", "pid"}:
            yield f"{name}: shares the host"


def published(compose: Compose) -> Iterator[str]:
    """On loopback only, each port once: the webhooks, the mail, the API and Prometheus."""
    taken: dict[str, str] = {}
    offered = set()
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            host, number, inner = port.rsplit(":", 2) if port.count(":") == 2 else ("", port, "")
            offered.add(f"{name}:{inner}")
            if host != "127.0.0.1":
                yield f"{name}: {port} is open to the network"
            if taken.setdefault(number, name) != name:
                yield f"{name}: port {number} is taken by {taken[number]}"
    wanted = {f"ingest-{channel}:8080" for channel in CHANNEL_NAMES}
    wanted |= {"ingest-email:2525", "router-api:8080", "prometheus:9090"}
    yield from (f"published or not: {port}" for port in sorted(wanted ^ offered))


def watched(compose: Compose) -> Iterator[str]:
    """What runs is asked whether it is ready, at its private port; what ends is not."""
    for name, service in compose["services"].items():
        check = service.get("healthcheck", {})
        if name in ONCE:
            if not check.get("disable") or service.get("restart") != "no":
                yield f"{name}: comes to an end, and that is right"
        elif "test" not in check or service.get("restart") != "unless-stopped":
            yield f"{name}: needs a healthcheck and a restart"
    for name, service in _running(compose).items():
        port = service["environment"]["PATCHBAY_PRIVATE_PORT"]
        if f"http://127.0.0.1:{port}/ready" not in str(service["healthcheck"].get("test")):
            yield f"{name}: its healthcheck must ask /ready at {port}"


def ordered(compose: Compose) -> Iterator[str]:
    """Each waits for what it needs, and nothing waits for what may not be there."""
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if other in ONCE else "service_healthy"
            if other not in services or how["condition"] != expected:
                yield f"{name}: waits for {other} to be {how['condition']}"
                continue
            optional = set(services[other].get("profiles", [])) - set(service.get("profiles", []))
            if bool(optional) == how.get("required", True):
                yield f"{name}: {other} is not always there"
    for name, service in _running(compose).items():
        if service.get("depends_on", {}).keys() != {"topics", "redis", "demo-files"}:
            yield f"{name}: starts before what it needs"
    if services["demo"].get("depends_on", {}).keys() != COMMANDS.keys():
        yield "demo: starts before the services"


def drained(compose: Compose) -> Iterator[str]:
    """Docker kills later than the process would end itself."""
    for name, service in _running(compose).items():
        grace = float(service["environment"].get("PATCHBAY_GRACE_SECONDS", 25))
        if int(service["stop_grace_period"].removesuffix("s")) < grace + _CLOSING_SECONDS + 5:
            yield f"{name}: is killed before its drain of {grace:g} s ends"


def spoken(compose: Compose) -> Iterator[str]:
    """What our own command is told, it understands; hosts it is told of are containers."""
    for name, service in ours(compose).items():
        words = service["command"]
        if words[0] != "patchbay":
            continue
        given = {k: _INTERPOLATED.sub(r"\1", v) for k, v in service["environment"].items()}
        try:
            with mock.patch.dict(os.environ, given):
                _parse(get_command(app), words[1:])
        except _Misunderstood as error:
            yield f"{name}: {error}"
        for host in re.findall(r"(?:http://|--smtp-host=|--mail=)([a-z{}-]+)", " ".join(words)):
            for channel in CHANNEL_NAMES:
                if host.format(channel=channel) not in compose["services"]:
                    yield f"{name}: no container {host}"


def _parse(command: Any, words: list[str]) -> None:
    with command.make_context("patchbay", list(words)) as context:
        if hasattr(command, "resolve_command"):
            _, chosen, rest = command.resolve_command(context, list(words))
            _parse(chosen, rest)


def configured(compose: Compose) -> Iterator[str]:
    """Every PATCHBAY_* variable is one that is read, with a value that is accepted."""
    everywhere = {v for service in variables.SERVICES for v in variables.known_to(service)}
    for name, service in ours(compose).items():
        for variable in service["environment"]:
            if variable.startswith("PATCHBAY_") and variable not in everywhere:
                yield f"{name}: no service reads {variable}"
    for name, service in _running(compose).items():
        own = service["command"][2].removeprefix("services.")
        yield from (f"{name}: {p}" for p in variables.refused(own, service["environment"]))


def secret(compose: Compose) -> Iterator[str]:
    """Secrets are files, which nobody but their writer may write; none is a variable."""
    for name, service in ours(compose).items():
        mounts = _mounts(service)
        right = {"/etc/patchbay": "config", "/run/secrets/patchbay": "secrets"}
        for target, source in right.items():
            if mounts.get(target) != (source, name == "demo-files"):
                yield f"{name}: {target} is {mounts.get(target)}"
    for name, service in compose["services"].items():
        for variable in service.get("environment", {}):
            if re.search("SECRET|TOKEN|PASSWORD|KEY$", variable):
                yield f"{name}: {variable} is a secret in the open"


def kept(compose: Compose) -> Iterator[str]:
    """A spool of what nobody sends again is a volume; every other container keeps nothing."""
    for name, service in _running(compose).items():
        channel = CHANNELS.get(name.removeprefix("ingest-"))
        needs = channel is not None and not channel.limits.redelivers
        source, _ = _mounts(service).get(service["environment"]["PATCHBAY_INGEST_SPOOL"], ("", 0))
        if (source in compose["volumes"]) != needs:
            yield f"{name}: its spool is {'not ' if needs else ''}kept"
    used = {s for service in compose["services"].values() for s, _ in _mounts(service).values()}
    for volume in sorted(compose["volumes"].keys() - used):
        yield f"nobody uses the volume {volume}"


def pinned(compose: Compose) -> Iterator[str]:
    """Every image has a whole version; Kafka's is the one that the tests run on."""
    for name, service in compose["services"].items():
        image = service["image"]
        if image != IMAGE and not re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", image):
            yield f"{name}: image {image} is not pinned"
    if compose["services"]["kafka"]["image"] != f"apache/kafka:{KAFKA_VERSION}":
        yield f"kafka: the tests run on {KAFKA_VERSION}"
    if len([s for s in ours(compose).values() if "build" in s]) != 1:
        yield "one container, and one only, says how our image is built"


CHECKS = (
    complete, hardened, published, watched, ordered, drained, spoken, configured, secret, kept,
    pinned,
)  # fmt: skip
