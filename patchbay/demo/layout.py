"""Which processes the demo runs, and how each is told about the others."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patchbay.demo.configuration import Places
from patchbay.demo.processes import ServiceProcess
from patchbay.stack.ports import free_ports
from shared.channels.registry import CHANNELS

SHARDS = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """The services, and where customers and agents find them."""

    services: tuple[ServiceProcess, ...]
    webhooks: Mapping[str, str]
    smtp_port: int
    api: str
    metrics: str
    smtp_host: str = "127.0.0.1"


def common(folder: Path, log: str, redis: str, secrets: Mapping[str, str]) -> dict[str, str]:
    """The environment of every service."""
    inherited = dict(os.environ)  # noqa: TID251 - children need PATH and the like
    return inherited | {
        **secrets,
        "PATCHBAY_CONFIG": str(folder / "patchbay.yaml"),
        "PATCHBAY_LOG": log,
        "PATCHBAY_REDIS_URL": redis,
        "PATCHBAY_SHARDS": str(SHARDS),
        "PATCHBAY_INGEST_SPOOL": str(folder / "spool"),
        "PATCHBAY_LOG_LEVEL": "WARNING",
        "PATCHBAY_GRACE_SECONDS": "15",
    }


def embedded(environment: Mapping[str, str], ports: tuple[int, ...]) -> Layout:
    """Everything in one process."""
    ingest, smtp, api, private = ports
    url = f"http://127.0.0.1:{ingest}"
    own = {
        "PATCHBAY_INGEST_PORT": str(ingest),
        "PATCHBAY_INGEST_SMTP_PORT": str(smtp),
        "PATCHBAY_API_PORT": str(api),
        "PATCHBAY_PRIVATE_PORT": str(private),
    }
    service = ServiceProcess(
        "patchbay", ("-m", "patchbay", "serve", "all"), {**environment, **own}, private
    )
    return Layout(
        services=(service,),
        webhooks=dict.fromkeys((*CHANNELS, "commerce"), url),
        smtp_port=smtp,
        api=f"http://127.0.0.1:{api}",
        metrics=f"http://127.0.0.1:{private}/metrics",
    )


def separate(environment: Mapping[str, str], ports: tuple[int, ...]) -> Layout:
    """Every role as its own process, one ingest per channel."""
    _, smtp, api, private = ports
    services: list[ServiceProcess] = []
    webhooks: dict[str, str] = {}
    for channel in (*CHANNELS, "commerce"):
        port, own_private = (ports[0], *free_ports(1)) if channel == "phone" else free_ports(2)
        webhooks[channel] = f"http://127.0.0.1:{port}"
        own = {
            "PATCHBAY_INGEST_PORT": str(port),
            "PATCHBAY_INGEST_SMTP_PORT": str(smtp),
            "PATCHBAY_INGEST_SPOOL": f"{environment['PATCHBAY_INGEST_SPOOL']}-{channel}",
            "PATCHBAY_PRIVATE_PORT": str(own_private),
        }
        arguments = ("-m", "services.ingest", "--channel", channel)
        services.append(
            ServiceProcess(f"ingest-{channel}", arguments, {**environment, **own}, own_private)
        )
    roles = {
        "router-engine": ("services.router", "engine"),
        "router-view": ("services.router", "view"),
        "router-api": ("services.router", "api"),
        "notifier": ("services.notifier",),
    }
    for name, command in roles.items():
        own_private = private if name == "router-api" else free_ports(1)[0]
        own = {"PATCHBAY_API_PORT": str(api), "PATCHBAY_PRIVATE_PORT": str(own_private)}
        services.append(ServiceProcess(name, ("-m", *command), {**environment, **own}, own_private))
    return Layout(
        services=tuple(services),
        webhooks=webhooks,
        smtp_port=smtp,
        api=f"http://127.0.0.1:{api}",
        metrics=f"http://127.0.0.1:{private}/metrics",
    )


def places(ports: tuple[int, ...], providers: int, smtp: int) -> Places:
    """Where the configuration says everything is. Calls come to the first of the ports."""
    return Places(
        ingest=f"http://127.0.0.1:{ports[0]}",
        providers=f"http://127.0.0.1:{providers}",
        smtp_port=smtp,
    )
