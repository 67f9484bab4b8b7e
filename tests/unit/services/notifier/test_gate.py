"""Before a call: what the customer wants, then how fast we may send."""

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.gate import Gate
from services.notifier.limiter import Denied, Limiter
from services.notifier.policy import Known
from shared.channels import Limits, Outcome
from shared.clock import ManualClock
from shared.events.outbound import OutboundMessage
from tests.unit.services.notifier.test_retries import WRITTEN

LIMITS = Limits(text=1, window_hours=24)
OPEN = Known(as_of=WRITTEN, wrote_at=WRITTEN - timedelta(hours=1))
CLOSED = Known(as_of=WRITTEN, wrote_at=WRITTEN - timedelta(hours=25))


class _Contacts:
    def __init__(self, known: Known | None) -> None:
        self._known = known

    async def known(self, *_: str) -> Known | None:
        return self._known


class _Limits(Limiter):
    """Denies as often as it is told."""

    def __init__(self, *denials: Denied) -> None:
        self._denials = [*denials]
        self.admitted = 0

    async def admit(self, *_: Any) -> Denied | None:
        self.admitted += not self._denials
        return self._denials.pop(0) if self._denials else None


def _message(kind: Any = "reply") -> OutboundMessage:
    return OutboundMessage(
        id="m",
        workspace="w",
        channel="c",
        account="a",
        conversation_key="k",
        kind=kind,
        to="t",
        written_at=WRITTEN,
    )


async def _passes(
    known: Known | None, limiter: _Limits, kind: Any = "reply"
) -> tuple[object, ManualClock]:
    clock = ManualClock(WRITTEN)
    gate = Gate(_Contacts(known), limiter, clock)
    return await gate.passes(_message(kind), LIMITS), clock


async def test_a_refusal_costs_nothing_of_the_rate() -> None:
    limiter = _Limits()
    verdict, _ = await _passes(CLOSED, limiter)

    assert isinstance(verdict, Outcome)
    assert (verdict.kind, limiter.admitted) == ("window_closed", 0)


async def test_what_is_not_known_is_asked_again() -> None:
    verdict, clock = await _passes(None, _Limits(), "alert")

    assert verdict == clock.now() + timedelta(seconds=5)


async def test_a_short_wait_for_the_account_is_sat_out() -> None:
    limiter = _Limits(Denied(0.2, shared=True), Denied(0.3, shared=True))
    verdict, clock = await _passes(OPEN, limiter)

    assert verdict is None
    assert clock.now() == WRITTEN + timedelta(seconds=0.5)


@pytest.mark.parametrize("denied", [Denied(6, shared=False), Denied(3, shared=True)])
async def test_a_wait_for_one_recipient_or_a_long_one_frees_the_place(denied: Denied) -> None:
    limiter = _Limits(denied)
    verdict, clock = await _passes(OPEN, limiter)

    assert verdict == clock.now() + timedelta(seconds=denied.seconds)
    assert limiter.admitted == 0
