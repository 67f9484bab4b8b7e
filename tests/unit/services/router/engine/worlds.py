"""Small workspaces for random histories, and the commands that may happen in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.events.inbound import Action, ActionKind, Call, CallState, CustomerEvent, Sender
from shared.rules import Rules
from tests.unit.services.router.engine.mixed import mixed

START = 1_700_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CHANNELS = ("whatsapp", "email", "phone")


def moment(at: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at)


def _agent(*queues: str, total: int | None = None, **more: Any) -> dict[str, Any]:
    return {"queues": queues, "total": total, **more}


_ODD = ("22:14-22:15", "22:16-22:20", "22:30-23:00", "23:05-00:10", "00:30-12:00")
"""Many changes soon after `START`, and some later."""

_HOURS = {
    "odd": {
        "time_zone": "UTC",
        "open": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), _ODD),
    },
    "soon": {
        "time_zone": "Europe/Berlin",
        "open": {"tue": ["23:15-23:18"], "thu": ["10:00-11:00"]},
    },
}

_CODES = ("solved", "refund")

_COMMON: dict[str, Any] = {
    "hours": _HOURS,
    "queues": {
        "support": {
            "callback": {"attempts": 2, "gap_seconds": 600},
            "offer_seconds": 20,
            "wrap_up": {"mode": "timed", "seconds": 15, "extend_seconds": 20, "codes": _CODES},
            "offer": {"most_tries": 3, "then_queue": "sales"},
            "max_wait": [
                {"after_seconds": 30, "do": "message"},
                {"after_seconds": 1800, "do": "close"},
            ],
        },
        "sales": {
            "callback": {"first": "customer", "attempts": 2, "gap_seconds": 5, "ring_seconds": 5},
            "offer_seconds": 10,
            "wrap_up": {"mode": "asked", "seconds": 10},
            "offer": {"agents": 2, "accepting_seconds": 8, "retry_seconds": 100},
            "hours": "odd",
            "tell_wait": True,
            "max_wait": [{"after_seconds": 12, "do": "queue", "queue": "support"}],
        },
    },
    "classes": {
        "normal": {"target_seconds": 300, "by_channel": {"phone": 30}},
        "urgent": {"target_seconds": 60},
    },
    "skills": ["german", "returns"],
    "routes": [
        {
            "name": "late_parcels",
            "when": {"alert": ["delay"]},
            "queue": "support",
            "priority": "urgent",
        },
        {
            "name": "german",
            "when": {"language": ["de"]},
            "queue": "support",
            "requires": {"german": 2},
        },
        {"name": "buying", "when": {"intent": ["buy"]}, "queue": "sales"},
        {"name": "rest", "queue": "support"},
    ],
    "agents": {
        "ada": _agent("support", "sales", skills={"german": 3}, capacity={"whatsapp": 2}),
        "bob": _agent("support", capacity={"email": 1, "whatsapp": 1}, total=2),
        "cyd": _agent("support", "sales", skills={"german": 1, "returns": 2}),
        "dee": _agent("sales", capacity={"phone": 0, "whatsapp": 1, "email": 1}),
    },
    "thread_window_hours": {"email": 1.0},
    "keep": {"transferred_seconds": 8, "woken_seconds": 8, "reopened_seconds": 4},
    "missed_offers": 2,
    "decline_seconds": 30,
    "grace_seconds": 25,
}

WORLDS: tuple[Rules, ...] = (
    Rules.model_validate(_COMMON),
    Rules.model_validate(
        {
            **_COMMON,
            "queues": {
                "support": {
                    "offer_seconds": 5,
                    "wrap_up_seconds": 5,
                    "hours": "odd",
                    "after_hours": {"do": "callback", "work_off": True},
                    "max_wait": [{"after_seconds": 20, "do": "callback"}],
                    "tell_wait": True,
                }
            },
            "routes": [{"name": "all", "queue": "support"}],
            "agents": {
                "ada": _agent("support", capacity={"whatsapp": 1, "phone": 1}, total=1),
                "eve": _agent("support", role="supervisor"),
            },
            "decline_seconds": 0,
            "grace_seconds": 0,
        }
    ),
    Rules.model_validate(
        {
            **_COMMON,
            "queues": {
                "support": {
                    **_COMMON["queues"]["support"],
                    "wrap_up": {"mode": "optional", "seconds": 8, "codes": _CODES},
                },
                "sales": {
                    "hours": "odd",
                    "after_hours": {"do": "close"},
                    "wrap_up": {"mode": "discretionary", "codes": _CODES},
                },
                "returns": {
                    "wrap_up": {"mode": "forced", "seconds": 20, "codes": _CODES},
                    "offer": {"accept": "automatic"},
                    "hours": "soon",
                    "after_hours": {"do": "queue", "queue": "sales"},
                },
            },
            "routes": [
                {
                    "name": "returning",
                    "when": {"intent": ["return"]},
                    "queue": "returns",
                    "requires": {"returns": 1},
                },
                *_COMMON["routes"],
            ],
            "agents": {
                **_COMMON["agents"],
                "bob": _agent("returns", skills={"returns": 1}),
                "cyd": _agent("support", "returns", skills={"returns": 5}, total=1),
            },
            "missed_offers": 1,
            "thread_window_hours": {},
        }
    ),
    Rules(),
)


MIXED = 1000
"""From this number on, rules are drawn at random."""


def world(number: int) -> Rules:
    """One of those above, or beyond them rules drawn at random."""
    return WORLDS[number] if number < MIXED else mixed(number)


def customer_event(
    *,
    number: int,
    at: int,
    workspace: str,
    customer: int,
    kind: ActionKind = "message",
    hints: dict[str, str] | None = None,
    language: str | None = None,
    automatic: bool = False,
    call: tuple[str, CallState] | None = None,
) -> CustomerEvent:
    channel = "phone" if call else CHANNELS[customer % len(CHANNELS)]
    return CustomerEvent(
        id=f"acc:{number}",
        workspace=workspace,
        channel=channel,
        account="acc",
        conversation_key=f"key{customer}",
        sender=f"snd_{customer}",
        received_at=moment(at),
        action=Action(
            kind="call" if call else kind,
            sender=Sender(address=f"+{customer}", language=language),
            occurred_at=moment(at),
            provider_id=str(number),
            hints=hints or {},
            automatic=automatic,
            call=Call(id=call[0], state=call[1]) if call else None,
        ),
    )
