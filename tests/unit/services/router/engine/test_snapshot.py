"""Snapshots of states that random histories do not reach."""

import gc

import pytest

from services.router.engine.capture import Capture
from services.router.engine.decide import decide
from services.router.engine.dismantle import dismantle
from services.router.engine.restore import UnknownSnapshot, restore
from services.router.engine.snapshot import snapshot
from services.router.engine.state import Conversation, State
from services.router.engine.turn import Context
from shared.events.commands import Configure
from shared.rules import Rules
from tests.unit.services.router.engine.days import Day
from tests.unit.services.router.engine.stories import WORKSPACE, Story


def test_an_empty_state_comes_back() -> None:
    """Also workspaces that were only ever asked about leave nothing behind."""
    state = State(shard=7)
    state.workspace("asked about")

    assert restore(snapshot(state)).shard == 7
    assert restore(snapshot(state)).workspaces == {}


def test_a_snapshot_of_a_later_version_is_refused() -> None:
    """Better no state than a wrong one."""
    with pytest.raises(UnknownSnapshot, match="format 99"):
        restore('["shard",99,0,0]')


def test_an_abandoned_capture_watches_no_longer() -> None:
    """The next one sees everything."""
    state = Day(3).live(60).history.live
    abandoned = Capture(state)
    abandoned.step(1)
    abandoned.stop()

    lines = Capture(state).step(100_000)

    assert sorted(lines) == sorted(snapshot(state).split("\n"))
    assert state.capture is None


def test_a_capture_shows_who_was_kept_from_what_before_he_was_removed() -> None:
    """New rules change conversations that they do not name."""
    agents = {name: {"queues": ["support"]} for name in ("ada", "bob")}
    story = Story({"queues": {"support": {}}, "agents": agents})
    for step in (
        {"at": 0, "presence": "ada", "state": "available"},
        {"at": 1, "presence": "bob", "state": "available"},
        {"at": 2, "customer": "k1"},
        {"at": 3, "decline": "o1", "by": "ada"},
        {"at": 4, "presence": "bob", "state": "offline"},
        {"at": 5, "presence": "ada", "state": "offline"},
    ):
        story.tell(step)
    expected = sorted(snapshot(story.state).split("\n"))
    capture = Capture(story.state)
    nobody = Configure(workspace=WORKSPACE, digest="nobody", rules=Rules())

    decide(story.state, nobody, Context(story.now, "nobody"))

    assert sorted(capture.step(100)) == expected
    assert '{"ada":' in "".join(expected)
    assert '{"ada":' not in snapshot(story.state)


def test_a_dismantled_state_is_gone_without_the_collector() -> None:
    """A million conversations must not wait for the garbage collector, nor it for them."""
    gc.collect()
    before = _conversations()
    gc.disable()
    day = Day(4).live(80)
    state = restore(snapshot(day.history.live))
    with_it = _conversations()
    kept = len(state.workspace("acme").conversations)
    pieces = list(dismantle(state))
    del state
    without_it = _conversations()
    gc.enable()

    assert kept > 5
    assert pieces
    assert with_it - without_it >= kept
    assert with_it > before


def _conversations() -> int:
    return sum(isinstance(thing, Conversation) for thing in gc.get_objects())
