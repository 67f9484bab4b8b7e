"""What becomes of a message, in whatever order it is reported."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.api.render_timeline import delivery
from services.router.view.deliveries import DELIVERIES_FOLD, higher
from services.router.view.digest import Memory
from services.router.view.sheet import Placed
from shared.events.outbound import Attempted, Outcome, Receipt
from shared.views.documents import DELIVERY_ORDER, Delivery, Marks, PartDelivery
from shared.views.keys import Keys
from tests.router.owner import NOW, NOW_MS
from tests.unit.services.router.view.folding import SHOP, fold

KEYS = Keys(SHOP)
ABOUT: dict[str, Any] = {
    "workspace": SHOP,
    "channel": "whatsapp",
    "account": "wa",
    "conversation_key": "k1",
}


def attempted(**more: Any) -> Attempted:
    return Attempted.model_validate({**ABOUT, "message_id": "m", "attempt": 1, **more})


def outcome(kind: str = "accepted", *, final: bool = True, **more: Any) -> Outcome:
    whole = {"message_id": "m", "attempt": 1, "kind": kind, "final": final, "provider_id": "p"}
    return Outcome.model_validate({**ABOUT, **whole, **more})


def receipt(status: str, **more: Any) -> Receipt:
    whole = {"id": f"r-{status}", "status": status, "occurred_at": NOW, "provider_id": "p"}
    return Receipt.model_validate({**ABOUT, **whole, **more})


def state(*events: Any) -> str:
    """How an agent sees the message after these."""
    memory = Memory()
    for offset, event in enumerate(events):
        fold(memory, DELIVERIES_FOLD, [Placed(event, offset, NOW_MS)])
    found = memory.documents.get(KEYS.delivery("m"))
    marks = memory.documents.get(KEYS.marks("k1"))
    shown = delivery(
        Delivery.model_validate_json(found) if found else None,
        Marks.model_validate_json(marks) if marks else None,
    )
    return shown.state


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], "queued"),
        ([attempted()], "sending"),
        ([attempted(), outcome()], "accepted"),
        ([attempted(), outcome("retry", final=False)], "retrying"),
        ([attempted(), outcome("retry", final=False), attempted(attempt=2)], "sending"),
        ([attempted(), outcome("unknown", final=False)], "unknown"),
        ([attempted(), outcome("unknown", final=False), receipt("sent", message_id="m")], "sent"),
        ([outcome("window_closed")], "failed"),
        ([outcome("unreachable", final=False)], "retrying"),
        ([attempted(), outcome(), receipt("delivered")], "delivered"),
        ([attempted(), outcome(), receipt("played")], "read"),
        ([attempted(), outcome(), receipt("failed")], "failed"),
        ([attempted(), outcome(), receipt("failed"), receipt("delivered")], "delivered"),
        ([attempted(), receipt("delivered"), outcome()], "delivered"),
        ([attempted(), outcome(), receipt("read"), receipt("sent")], "read"),
        ([attempted(), outcome(), attempted(attempt=2)], "accepted"),
        ([attempted(parts=2), outcome()], "sending"),
        (
            [
                attempted(parts=2),
                outcome(),
                attempted(part=1, parts=2),
                outcome(part=1, provider_id="q"),
                receipt("delivered"),
            ],
            "accepted",
        ),
        (
            [attempted(parts=2), outcome(), outcome("rejected_content", part=1, provider_id=None)],
            "failed",
        ),
        (
            [
                attempted(),
                outcome(),
                receipt("read", provider_id=None, watermark=NOW + timedelta(1)),
            ],
            "read",
        ),
        (
            [
                attempted(),
                outcome(),
                receipt("delivered", provider_id=None, watermark=NOW - timedelta(1)),
            ],
            "accepted",
        ),
        ([receipt("delivered", provider_id="somebody else's")], "queued"),
    ],
    ids=[
        "nothing yet",
        "tried",
        "taken",
        "again later",
        "again now",
        "in doubt",
        "in doubt, then reported",
        "refused",
        "another way is tried",
        "delivered",
        "played is read",
        "failed later",
        "arrived after all",
        "reported before it was known whose",
        "older report later",
        "a stray attempt",
        "half of it",
        "as far as its slowest part",
        "one part refused",
        "watermark",
        "an older watermark",
        "of another message",
    ],
)
def test_what_an_agent_sees_of_a_message(events: list[Any], expected: str) -> None:
    assert state(*events) == expected


REPORTS = st.sampled_from(DELIVERY_ORDER).map(lambda name: PartDelivery(state=name, at=0))
FROM_ACCEPTED = DELIVERY_ORDER[DELIVERY_ORDER.index("accepted") :]


@given(st.lists(REPORTS, min_size=1))
def test_once_taken_a_message_only_gets_further(reports: list[PartDelivery]) -> None:
    known: PartDelivery | None = None
    before = -1
    for report in reports:
        known = higher(known, report)
        now = DELIVERY_ORDER.index(known.state) if known.state in FROM_ACCEPTED else -1
        assert now >= before
        before = now


@given(st.lists(st.sampled_from(FROM_ACCEPTED), min_size=1), st.randoms())
def test_the_order_of_receipts_does_not_matter(states: list[Any], random: Any) -> None:
    def end(names: list[Any]) -> str:
        known: PartDelivery | None = None
        for name in names:
            known = higher(known, PartDelivery(state=name, at=0))
        assert known is not None
        return known.state

    shuffled = random.sample(states, len(states))
    assert end(states) == end(shuffled)
