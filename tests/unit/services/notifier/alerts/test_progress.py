"""What to do next with an alert that was planned."""

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.alerts.facts import Alert
from services.notifier.alerts.progress import Advance, End, Move, Release, Rest, next_move
from services.notifier.alerts.rules import Fact
from shared.clock import milliseconds
from shared.events.commerce import Contact
from tests.unit.services.notifier.alerts.test_rules import NOW, planned

_PLAN = planned(Fact("alr", "rule", "shipment/Z", Contact(id="c")))
_HOUR_AGO = milliseconds(NOW - timedelta(hours=1))
_NOW: dict[str, Any] = {"true": True, "released": True, "receipts": True}


def _said(move: Move) -> Any:
    readers: dict[type, Any] = {
        Rest: lambda m: ("rest", m.until and (m.until - NOW).total_seconds()),
        Release: lambda _: "release",
        Advance: lambda _: "advance",
        End: lambda m: ("end", m.how),
    }
    return readers[type(move)](move)


CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "planned": ({}, {"released": False}, "release"),
    "planned, and the facts have changed": (
        {}, {"released": False, "true": False}, ("end", "withdrawn"),
    ),
    "under way": ({}, {}, ("rest", None)),
    "under way, and the facts have changed": ({}, {"true": False}, ("rest", None)),
    "taken a moment ago": (
        {"outcome": "accepted", "reported_at": milliseconds(NOW)}, {}, ("rest", 3600),
    ),
    "taken an hour ago and no receipt": (
        {"outcome": "accepted", "reported_at": _HOUR_AGO}, {}, "advance",
    ),
    "taken an hour ago where no receipts come": (
        {"outcome": "accepted", "reported_at": _HOUR_AGO},
        {"receipts": False}, ("end", "delivered"),
    ),
    "taken an hour ago, no receipt, and the parcel has come": (
        {"outcome": "accepted", "reported_at": _HOUR_AGO}, {"true": False}, ("end", "withdrawn"),
    ),
    "delivered": ({"outcome": "accepted", "reached": True}, {}, ("end", "delivered")),
    "delivered before its outcome was heard": ({"reached": True}, {}, ("end", "delivered")),
    "delivered by an earlier channel after all": (
        {"outcome": None, "reached": True}, {"released": False}, ("end", "delivered"),
    ),
    "taken and sent back": ({"outcome": "accepted", "failed": True}, {}, "advance"),
    "nobody knows, a moment ago": (
        {"outcome": "unknown", "reported_at": milliseconds(NOW)}, {}, ("rest", 3600),
    ),
    "nobody knows, an hour ago": (
        {"outcome": "unknown", "reported_at": _HOUR_AGO}, {"receipts": False}, "advance",
    ),
    **{
        f"refused: {kind}": ({"outcome": kind}, {}, "advance")
        for kind in (
            "window_closed", "opted_out", "unreachable", "rejected_content", "misconfigured",
            "retry", "throttled",
        )
    },
    "refused, and the facts have changed": (
        {"outcome": "unreachable"}, {"true": False}, ("end", "withdrawn"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_next_move(name: str) -> None:
    alert, circumstances, expected = CASES[name]

    move = next_move(
        Alert(_PLAN, **alert), **{**_NOW, **circumstances}, fallback=timedelta(hours=1), now=NOW
    )

    assert _said(move) == expected
