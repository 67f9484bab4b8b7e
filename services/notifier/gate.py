"""May a message go to its provider now: what the customer wants, and how fast we may send."""

from datetime import datetime, timedelta
from typing import Protocol

from services.notifier.limiter import Denied, Limiter
from services.notifier.policy import Hold, Known, judge
from shared.channels import Limits, Outcome
from shared.clock import Clock
from shared.events.outbound import OutboundMessage

_SHORT = 1.0
"""Waits up to so many seconds are sat out in place; a longer one frees the place for others."""


class Knows(Protocol):
    """What is known of a customer; None while that cannot be told."""

    async def known(
        self, workspace: str, channel: str, account: str, address: str
    ) -> Known | None: ...


class Gate:
    """Policy and rate limits before a call."""

    def __init__(self, contacts: Knows, limiter: Limiter, clock: Clock) -> None:
        self._contacts = contacts
        self._limiter = limiter
        self._clock = clock

    async def passes(self, message: OutboundMessage, limits: Limits) -> Outcome | datetime | None:
        """A refusal, the moment to ask again, or None: call now, it has been counted."""
        now = self._clock.now()
        known = await self._contacts.known(
            message.workspace, message.channel, message.account, message.to
        )
        verdict = judge(message, limits, known, now)
        if isinstance(verdict, Hold):
            return now + timedelta(seconds=verdict.seconds)
        if verdict is not None:
            return verdict
        while denied := await self._admit(message, limits):
            if not denied.shared or denied.seconds > _SHORT:
                return self._clock.now() + timedelta(seconds=denied.seconds)
            await self._clock.sleep(denied.seconds)
        return None

    async def _admit(self, message: OutboundMessage, limits: Limits) -> Denied | None:
        return await self._limiter.admit(
            message.workspace, message.channel, message.account, message.to, limits
        )
