"""A recorded decision is told again: the same state, and for each step what spoke for it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from services.router.engine.retelling import Reason, retell
from services.router.engine.snapshot import snapshot
from services.router.engine.state import State
from shared.events.routing import Decision
from shared.topics import ROUTING
from tests.unit.services.router.engine.days import Day
from tests.unit.services.router.engine.histories import _truth

_DECODER = ROUTING.decoder()


@cache
def _decisions(seed: int) -> tuple[list[Decision], State]:
    history = Day(seed).live(120).history
    return [_DECODER.decode(value).data for value in history.decisions], history.live


def _told(decisions: list[Decision], name: str) -> tuple[list[Reason], State]:
    state, told = State(), list[Reason]()
    for offset, decision in enumerate(decisions):
        told += retell(state, decision, offset, name)
    return told, state


def _events(decisions: list[Decision]) -> Iterator[Any]:
    for decision in decisions:
        yield from decision.events


def _most_offered(decisions: list[Decision]) -> str:
    offers: list[str] = [e.conversation for e in _events(decisions) if e.event == "offered"]
    return max(sorted(set(offers)), key=offers.count)


@pytest.mark.parametrize("seed", range(2))
def test_telling_is_replaying(seed: int) -> None:
    """Whoever tells a record has the state that the record leads to."""
    decisions, live = _decisions(seed)
    _, state = _told(decisions, _most_offered(decisions))
    assert _truth(state) == _truth(live)
    assert snapshot(state).count("\n") > 3


@pytest.mark.parametrize("seed", range(2))
def test_every_offer_was_the_best_there_was(seed: int) -> None:
    """The agent who was asked is among the candidates, without an obstacle, by the score that the
    record has."""
    decisions, _ = _decisions(seed)
    told, _ = _told(decisions, _most_offered(decisions))
    offered = [reason for reason in told if reason.event == "offered"]
    assert len(offered) > 1
    for reason in offered:
        mine = [one for one in reason.candidates if one.agent == reason.said["agent"]]
        assert [one.obstacle in (None, "asked_last") for one in mine] == [True]
        assert reason.said["chosen"] == "kept" or mine[0].score == reason.said["score"]


@pytest.mark.parametrize("seed", range(2))
def test_what_waits_in_the_end_says_for_whom_and_for_what(seed: int) -> None:
    decisions, _ = _decisions(seed)
    told, _ = _told(decisions, _most_offered(decisions))
    left = [reason for reason in told if reason.event == "queued" and reason.waits_for]
    for reason in left:
        assert "none" not in (reason.obstacles or {})
        assert {one.what for one in reason.waits_for} & {"an_agent", "queue_opens", "kept_for"}


def test_other_conversations_are_not_told() -> None:
    decisions, _ = _decisions(1)
    told, _ = _told(decisions, "cnv_unknown")
    assert told == []
