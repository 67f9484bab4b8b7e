"""What may be sent now, and why not."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from services.notifier.policy import Hold, Known, judge
from shared.channels import Limits, Outcome
from shared.events.outbound import OutboundMessage
from tests.unit.services.notifier.case_files import table

_DEFAULTS = {
    "id": "msg_1",
    "workspace": "w",
    "channel": "c",
    "account": "a",
    "conversation_key": "k",
    "to": "t",
    "written_at": "2026-05-12T11:58:00Z",
}
_KNOWN: TypeAdapter[Known | None] = TypeAdapter(Known | None)


def _said(verdict: object) -> object:
    readers: dict[type, Any] = {
        Hold: lambda hold: {"hold": hold.seconds > 0},
        Outcome: lambda outcome: {"kind": outcome.kind},
        type(None): lambda _: None,
    }
    return readers[type(verdict)](verdict)


@pytest.mark.parametrize("case", table("policy"))
def test_policy(case: dict[str, Any]) -> None:
    message = OutboundMessage.model_validate({**_DEFAULTS, **case["message"]})
    limits = Limits(text=100, **case["limits"])
    known = _KNOWN.validate_python(case["known"])

    verdict = judge(message, limits, known, datetime.fromisoformat(case["now"]))

    assert _said(verdict) == case["expect"]


def test_a_refusal_tells_the_agent_what_to_do() -> None:
    message = OutboundMessage.model_validate(_DEFAULTS)
    now = datetime.fromisoformat("2026-05-12T12:00:00Z")
    known = Known(as_of=now, wrote_at=datetime.fromisoformat("2026-05-01T12:00:00Z"))

    verdict = judge(message, Limits(text=100, window_hours=24, templates=True), known, now)

    assert isinstance(verdict, Outcome)
    assert verdict.reason == (
        "More than 24 hours have passed since the customer's last message."
        " Send an approved template instead."
    )
