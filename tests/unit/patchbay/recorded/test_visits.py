"""What decisions say of contacts."""

import pytest

from patchbay.recorded.visits import Recording
from shared.events import routing
from shared.events.routing import Decision, RoutingEvent


def _opened(name: str, at: int) -> list[RoutingEvent]:
    return [
        routing.Opened(
            name, f"key-{name}", "whatsapp", "a", "49", "A", {"channel": "whatsapp"}, at
        ),
        routing.Queued(name, "support", "normal", {}, at, at, "new"),
    ]


def _recording(*decisions: tuple[int, list[RoutingEvent]]) -> Recording:
    recording = Recording("shop")
    for seq, (at, events) in enumerate(decisions, 1):
        recording.add(
            Decision(
                epoch=1,
                seq=seq,
                at=at,
                workspace="shop",
                cause=str(seq),
                inbound=0,
                commands=0,
                events=tuple(events),
            )
        )
    return recording


def test_a_contact_that_is_answered() -> None:
    recording = _recording(
        (1_000, _opened("c", 1_000)),
        (2_000, [routing.Offered("c", "o", "ana", 2_000, 22_000)]),
        (3_000, [routing.Assigned("c", "ana", 3_000)]),
        (9_000, [routing.Closed("c", "ana", 9_000)]),
        (9_000, [routing.WrapUpStarted("c", "ana", 9_000, 15_000)]),
        (12_000, [routing.WrapUpEnded("c", "ana", 12_000)]),
    )

    (visit,) = recording.visits
    assert (visit.outcome, visit.agent, visit.queue) == ("answered", "ana", "support")
    assert (visit.waited(99_000), visit.work, visit.wrap) == (2_000, 9_000, 3_000)
    assert (visit.asked, recording.first, recording.last) == (2_000, 1_000, 12_000)


def test_work_that_sleeps_or_changes_hands_counts_while_it_is_in_hand() -> None:
    recording = _recording(
        (0, _opened("c", 0)),
        (10, [routing.Assigned("c", "ana", 10)]),
        (20, [routing.Released("c", "ana", 20, "transferred")]),
        (50, [routing.Assigned("c", "ben", 50)]),
        (60, [routing.Snoozed("c", "ben", 1_000, 60)]),
        (1_000, [routing.Woken("c", "ben", "time", 1_000)]),
        (1_005, [routing.Closed("c", "ben", 1_005)]),
    )

    (visit,) = recording.visits
    assert (visit.agent, visit.answered, visit.work) == ("ana", 10, 25)


@pytest.mark.parametrize(
    ("by", "code", "outcome"),
    [
        ("customer", "left", "abandoned"),
        ("system", "abandoned", "abandoned"),
        ("boss", None, "ended"),
    ],
)
def test_who_was_not_answered(by: str, code: str | None, outcome: str) -> None:
    recording = _recording((0, _opened("c", 0)), (700, [routing.Closed("c", by, 700, code)]))

    (visit,) = recording.visits
    assert (visit.outcome, visit.waited(9_000), visit.work) == (outcome, 700, 0)


def test_what_is_reopened_waits_a_second_time() -> None:
    recording = _recording(
        (0, _opened("c", 0)),
        (5, [routing.Assigned("c", "ana", 5)]),
        (9, [routing.Closed("c", "ana", 9)]),
        (90, [routing.Reopened("c", 90)]),
        (90, [routing.Queued("c", "support", "normal", {}, 90, 90, "reopened")]),
    )

    first, second = recording.visits
    assert (first.outcome, second.outcome) == ("answered", "waiting")
    assert second.waited(100) == 10


def test_who_was_there() -> None:
    recording = _recording(
        (0, [routing.PresenceChanged("ana", "available", 0)]),
        (5, [routing.PresenceChanged("ben", "available", 5)]),
        (9, [routing.PresenceChanged("ana", "offline", 9)]),
    )

    assert set(recording.present(6)) == {"ana", "ben"}
    assert set(recording.present(9)) == {"ben"}
