"""Situations that tests of the API begin in."""

from typing import Any

from shared.events import routing as was
from tests.router.desk import SHOP, Office
from tests.router.owner import NOW_MS, said


def opened(
    name: str = "cnv_1",
    key: str = "k1",
    channel: str = "whatsapp",
    account: str = "wa",
    **more: str,
) -> was.Opened:
    """A conversation begins; `more` are its attributes."""
    return was.Opened(name, key, channel, account, f"address-{key}", "Nadia", more, NOW_MS)


def queued(name: str = "cnv_1", queue: str = "care") -> was.Queued:
    return was.Queued(name, queue, "normal", {}, NOW_MS + 300_000, NOW_MS, "new", "all")


def offered(name: str = "cnv_1", agent: str = "ana") -> was.Offered:
    return was.Offered(name, f"off_{name}", agent, NOW_MS, NOW_MS + 20_000)


def accepted(name: str = "cnv_1", agent: str = "ana") -> list[Any]:
    """The events of an accept."""
    ended = was.OfferEnded(name, f"off_{name}", agent, "accepted", NOW_MS)
    return [ended, was.Assigned(name, agent, NOW_MS)]


async def offer(office: Office, name: str = "cnv_1", key: str = "k1", agent: str = "ana") -> None:
    """A customer wrote, and an agent is asked."""
    event = said(SHOP, key, 1)
    await office.owner.receive(event)
    attached = was.Attached(name, event.id, "message", NOW_MS)
    await office.owner.decide(opened(name, key), attached, queued(name), offered(name, agent))


async def hold(office: Office, name: str = "cnv_1", key: str = "k1", agent: str = "ana") -> None:
    """An agent has accepted."""
    await offer(office, name, key, agent)
    await office.owner.decide(*accepted(name, agent))
