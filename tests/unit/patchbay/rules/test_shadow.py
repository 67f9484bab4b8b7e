"""A shadow decides like life under the same rules, and shows what others would have changed."""

from collections.abc import Sequence
from typing import Any

import pytest

from patchbay.rules.compare import FIELDS
from patchbay.rules.shadow import Shadow
from services.router.engine.decide import decide
from services.router.engine.restore import restore
from services.router.engine.snapshot import snapshot
from services.router.engine.timers import CAUSE, due_timers, next_timer
from services.router.engine.turn import Context
from shared.events.routing import Decision, RoutingEvent
from shared.rules import Rules, digest_of
from tests.unit.services.router.engine.days import Day
from tests.unit.services.router.engine.histories import History
from tests.unit.services.router.engine.worlds import WORLDS

Told = list[tuple[Decision, list[tuple[str, Any]]]]


class Watched(History):
    """A history of the live engine alone, which says what led to which decision."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[tuple[str, Any]] = []
        self.told: Told = []

    def command(self, command: Any, cause: str | None = None) -> Any:
        self.commands += 1
        name = cause or f"cmd{self.commands}"
        self.pending.append((name, command))
        events = decide(self.live, command, Context(self.now, name))
        self._tell(command.workspace, name, events)
        self.settle()
        return events

    def settle(self) -> None:
        while due := due_timers(self.live, self.now, limit=1):
            events = decide(self.live, due[0], Context(self.now, CAUSE))
            self._tell(due[0].workspace, CAUSE, events)

    def _tell(self, workspace: str, cause: str, events: Sequence[RoutingEvent]) -> None:
        for event in events:
            self.record.read(event)
        if events:
            self.told.append((self._decision(workspace, cause, events), self.pending))
            self.pending = []


class Watch(Day):
    """A day whose rules stay as they are, and on which no timer is late."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.shop.history = Watched()
        self.shop.configure(0)
        self.shop.configure = lambda *_: ()  # type: ignore[method-assign]
        self.shop.attempt = lambda *_: None  # type: ignore[method-assign]
        self.shop.end_trial = lambda **_: None  # type: ignore[method-assign]
        self.shop.wait = self._wait  # type: ignore[method-assign]

    def _wait(self, seconds: float, **_: bool) -> None:
        history = self.shop.history
        until = history.now + round(seconds * 1000)
        while (due := next_timer(history.live)) is not None and due <= until:
            history.now = max(due, history.now)
            history.settle()
        history.now = until


def watched(seed: int, rules: Rules, steps: int = 250) -> tuple[Shadow, dict[str, Any]]:
    """A shadow that has looked on for most of a day, and its report."""
    day = Watch(seed)
    history = day.live(50).history
    assert isinstance(history, Watched)
    state = restore(snapshot(history.live))
    state.workspace("acme").digest = digest_of(WORLDS[0])
    shadow = Shadow(state, "acme", rules, history.now)
    begun = len(history.told)
    history.pending = []
    day.live(steps)
    for decision, inputs in history.told[begun:]:
        shadow.decided(decision, inputs)
    shadow.comparison.finish()
    return shadow, shadow.comparison.report()


@pytest.mark.parametrize("seed", range(12))
def test_the_same_rules_decide_the_same(seed: int) -> None:
    """Whatever people do: presence, declines, misses, transfers, ends."""
    _, report = watched(seed, WORLDS[0], steps=500)

    assert report["compared"] > 10
    assert report["differences"] == dict.fromkeys(FIELDS, 0), report["examples"]


def test_other_routes_are_seen_in_every_conversation() -> None:
    routes = [{"name": "all", "queue": "sales", "priority": "urgent"}]
    other = Rules.model_validate({**WORLDS[0].model_dump(exclude_unset=True), "routes": routes})

    _, report = watched(3, other)

    assert report["differences"]["route"] == report["compared"]
    assert report["same"] == 0
    changed = {(one["what"], one["live"], one["shadow"]) for one in report["changes"]}
    assert ("queue", "support", "sales") in changed
    assert ("class", "normal", "urgent") in changed
    example = report["examples"]["queue"][0]
    assert (example["live"], example["shadow"]) == ("support", "sales")
    assert example["conversation"].startswith("cnv_")


def test_fewer_agents_are_seen_in_the_waits() -> None:
    model = WORLDS[0].model_dump(exclude_unset=True)
    lone = {**model, "agents": {"bob": {**model["agents"]["bob"], "total": 1}}}

    _, report = watched(4, Rules.model_validate(lone))

    assert report["differences"]["agent"] > 0
    assert report["waits"]["shadow"]["not_offered"] > report["waits"]["live"]["not_offered"]


def test_life_is_not_touched() -> None:
    """It has a state of its own: the live one goes on as if there were no shadow."""
    history = Watch(5).live(50).history
    state = restore(snapshot(history.live))
    before = snapshot(history.live)

    Shadow(state, "acme", WORLDS[1], history.now)

    assert snapshot(history.live) == before
