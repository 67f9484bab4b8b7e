"""Where a conversation goes, by the routes alone."""

from typing import Any

import pytest

from services.router.engine.routes import UNROUTED, Placement, Routing
from shared.rules import Rules

RULES: dict[str, Any] = {
    "queues": {"first": {}, "second": {}},
    "classes": {"urgent": {"target_seconds": 1, "by_channel": {"phone": 2}}},
    "routes": [
        {
            "name": "both",
            "when": {"tier": ["gold", "silver"], "language": ["de"]},
            "queue": "second",
            "priority": "urgent",
            "requires": {"german": 2},
        },
        {"name": "lost", "when": {"tier": ["gold"]}, "queue": "removed"},
        {"name": "gold", "when": {"tier": ["gold"]}, "queue": "second"},
    ],
}


@pytest.mark.parametrize(
    ("channel", "attributes", "expected"),
    [
        (
            "phone",
            {"tier": "silver", "language": "de"},
            Placement("both", "second", "urgent", {"german": 2}, 2_000),
        ),
        (
            "email",
            {"tier": "gold", "language": "de"},
            Placement("both", "second", "urgent", {"german": 2}, 1_000),
        ),
        ("email", {"tier": "gold"}, Placement("gold", "second", "normal", {}, 300_000)),
        ("email", {"language": "de"}, Placement(None, "first", "normal", {}, 300_000)),
        ("email", {}, Placement(None, "first", "normal", {}, 300_000)),
    ],
)
def test_the_first_route_whose_every_condition_holds(
    channel: str, attributes: dict[str, str], expected: Placement
) -> None:
    """A condition on an absent attribute does not hold; a route to no queue is passed over."""
    routing = Routing(Rules.model_validate(RULES))

    assert routing.place(channel, attributes) == expected
    assert routing.place(channel, {**attributes, "order": "unheard of"}) == expected


def test_without_queues_there_is_still_a_place() -> None:
    """Nobody serves it, and nothing in it is lost."""
    assert Routing(Rules()).place("email", {}).queue == UNROUTED


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"tier": "gold"}, Placement("gold", "second", "normal", {}, 300_000)),
        ({}, Placement(None, "second", "urgent", {}, 1_000)),
    ],
)
def test_a_chosen_queue_keeps_the_class_unless_a_route_knows_better(
    attributes: dict[str, str], expected: Placement
) -> None:
    """Whoever chose the queue said nothing about skills."""
    routing = Routing(Rules.model_validate(RULES))

    assert routing.place_in("second", "email", attributes, "urgent") == expected


def test_what_customers_send_does_not_fill_the_memory() -> None:
    """Values that no route asks for are all the same to it; those it asks for are bounded."""
    values = [str(n) for n in range(5_000)]
    route = {"name": "many", "when": {"order": values}, "queue": "first"}
    routing = Routing(Rules.model_validate({"queues": {"first": {}}, "routes": [route]}))

    placed = {routing.place("email", {"order": str(n)}).route for n in range(6_000)}

    assert placed == {"many", None}
    assert len(routing._known) <= 4_096
