"""`patchbay serve`: one role of Patchbay as this process, or all of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from services.ingest.main import serve as serve_ingest
from services.ingest.settings import IngestSettings
from services.notifier.main import serve as serve_notifier
from services.notifier.settings import NotifierSettings
from services.router.api.serve import serve_api
from services.router.main import serve_engine, serve_view
from services.router.settings import ApiSettings, EngineSettings, ViewSettings
from shared.errors import ConfigurationInvalid
from shared.running import persistently, run_service
from shared.service import Deps
from shared.settings import ServiceSettings, read_settings

Role = tuple[type[ServiceSettings], Callable[[Deps, Any, asyncio.Event], Awaitable[None]]]

ROLES: dict[str, Role] = {
    "ingest": (IngestSettings, serve_ingest),
    "engine": (EngineSettings, serve_engine),
    "view": (ViewSettings, serve_view),
    "api": (ApiSettings, serve_api),
    "notifier": (NotifierSettings, serve_notifier),
}


KNOWN: tuple[type[ServiceSettings], ...] = tuple(settings for settings, _ in ROLES.values())
"""The settings of every role."""


def serve_role(name: str) -> None:
    """Serve until SIGTERM. Raises ConfigurationInvalid for a name that is no role."""
    if name == "all":
        run_service("patchbay", ServiceSettings, serve_all, KNOWN)
        return
    if name not in ROLES:
        raise ConfigurationInvalid(f"no role {name!r}: all, {', '.join(ROLES)}")
    settings, serve = ROLES[name]
    run_service(name, settings, serve)


async def serve_all(deps: Deps, _settings: ServiceSettings, stop: asyncio.Event) -> None:
    """Every role in this process, on one log and one cache; when one fails, all stop."""
    chosen = {name: read_settings(settings) for name, (settings, _) in ROLES.items()}
    async with asyncio.TaskGroup() as tasks:
        for name, (_, serve) in ROLES.items():
            role = persistently(serve, deps.part(name), chosen[name], stop)
            tasks.create_task(_run(role, stop), name=name)


async def _run(role: Awaitable[None], stop: asyncio.Event) -> None:
    try:
        await role
    finally:
        stop.set()
