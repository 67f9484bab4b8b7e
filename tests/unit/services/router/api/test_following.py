"""What the tail remembers: holders, and what streams have not taken yet."""

from typing import Any

import pytest

from services.router.api.announce import announcements
from services.router.api.caller import Caller
from services.router.api.holders import Holders
from services.router.api.tail import Seen, Subscription
from shared.events import routing as was
from shared.events.routing import Decision

ANA = Caller("shop", "ana", "agent", 0)


def seen(*events: Any, **holders: str | None) -> Seen:
    decision = Decision(
        epoch=3, seq=7, at=1, workspace="shop", cause="c", inbound=0, commands=0, events=events
    )
    return Seen(11, decision, holders)


def told(what: Seen, after: int = -1) -> list[tuple[str, str]]:
    return [(one.name, str(one.position)) for one in announcements(what, ANA, what.holders, after)]


def test_an_event_of_a_conversation_is_told_to_its_holder() -> None:
    message = was.Attached("c1", "wa:1", "message", 1)
    assert told(seen(message, c1="ana")) == [("message", "11.0.3.7")]
    assert told(seen(message, c1="ben")) == []
    assert told(seen(message, c1=None)) == []


def test_in_doubt_it_is_told() -> None:
    assert told(seen(was.Attached("c1", "wa:1", "message", 1))) == [("message", "11.0.3.7")]


def test_within_a_decision_a_conversation_changes_hands() -> None:
    message = was.Attached("c1", "wa:1", "message", 1)
    released = was.Released("c1", "ana", 1, "transferred")
    assert [name for name, _ in told(seen(message, released, message, c1="ana"))] == [
        "message",
        "released",
    ]
    assert [name for name, _ in told(seen(message, was.Assigned("c1", "ana", 1), c1=None))] == [
        "assigned"
    ]


def test_what_was_told_before_is_left_out() -> None:
    message = was.Attached("c1", "wa:1", "message", 1)
    assert told(seen(message, message, c1="ana"), after=0) == [("message", "11.1.3.7")]


def test_holders_follow_the_events() -> None:
    holders = Holders()
    assert not holders.knows("c1")
    holders.note(was.Assigned("c1", "ana", 1))
    assert holders.holder("c1") == "ana"
    holders.learn("c1", "ben")
    assert holders.holder("c1") == "ana"
    holders.note(was.Closed("c1", "ana", 1))
    assert (holders.knows("c1"), holders.holder("c1")) == (True, None)
    holders.learn("c2", "ben")
    assert holders.holder("c2") == "ben"


def test_holders_are_bounded() -> None:
    holders = Holders()
    for number in range(100_010):
        holders.learn(f"c{number}", "ana")
    assert not holders.knows("c0")
    assert holders.knows("c100009")


async def test_a_stream_that_does_not_keep_up_is_lost() -> None:
    stream = Subscription()
    for _ in range(1000):
        stream.offer(seen())
    assert not stream.lost
    stream.offer(seen())
    assert stream.lost


@pytest.mark.parametrize("full", [0, 1000])
async def test_a_stream_can_be_woken(full: int) -> None:
    stream = Subscription()
    for _ in range(full):
        stream.offer(seen())
    stream.wake()
    for _ in range(full):
        assert await stream.next(1) is not None
    assert await stream.next(0.01) is None
    assert stream.idle()
