"""Versions of the rules: applied, taken back, tried on a share, and never undone by a restart."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.engine.decide import decide
from services.router.engine.restore import restore
from services.router.engine.snapshot import snapshot
from services.router.engine.state import State
from services.router.engine.turn import Context
from services.router.engine.versions import MOST_VERSIONS, on_trial
from shared.events.base import Event
from shared.events.commands import Configure, EndTrial, TryRules
from shared.events.routing import Queued, RoutingEvent
from shared.rules import Rules
from tests.unit.services.router.engine.worlds import START, customer_event

WORKSPACE = "shop"


def rules(queue: str = "support", **more: Any) -> Rules:
    """Everything goes to this queue."""
    routes = [{"name": f"to-{queue}", "queue": queue}]
    queues: dict[str, Any] = {"support": {}, "sales": {}}
    return Rules.model_validate({"queues": queues, "routes": routes, **more})


class Shop:
    """One workspace, told by its rules."""

    def __init__(self) -> None:
        self.state = State()
        self.done = 0

    def do(self, command: Event) -> list[str]:
        """What it led to, in the names of the events."""
        return [event.event for event in self.decide(command)]

    def decide(self, command: Any) -> tuple[RoutingEvent, ...]:
        self.done += 1
        events = decide(self.state, command, Context(START + self.done, f"cmd{self.done}"))
        self.state = restore(snapshot(self.state))
        return events

    def configure(self, digest: str, how: Any = "apply", **more: Any) -> list[str]:
        its = more.pop("rules", rules())
        return self.do(Configure(workspace=WORKSPACE, digest=digest, rules=its, how=how, **more))

    def attempt(self, digest: str = "new", percent: float = 50, **more: Any) -> list[str]:
        its = more.pop("rules", rules("sales"))
        return self.do(
            TryRules(
                workspace=WORKSPACE,
                actor="ada",
                digest=digest,
                rules=its,
                percent=percent,
                **more,
            )
        )

    def end(self, how: Any, trial: int) -> list[str]:
        return self.do(EndTrial(workspace=WORKSPACE, actor="ada", trial=trial, how=how))

    def write(self, customer: int) -> None:
        self.decide(
            customer_event(number=customer, at=START, workspace=WORKSPACE, customer=customer)
        )

    @property
    def history(self) -> list[tuple[int, str, str]]:
        told = self.state.workspace(WORKSPACE).history
        return [(one.change.version, one.change.how, one.digest) for one in told]

    @property
    def in_force(self) -> tuple[int, str | None]:
        workspace = self.state.workspace(WORKSPACE)
        return workspace.in_force, workspace.digest

    @property
    def queues(self) -> dict[str, tuple[str, int]]:
        """Per conversation key its queue, and the version that chose it."""
        known = self.state.workspace(WORKSPACE).conversations.values()
        return {one.key: (one.queue, one.version) for one in known}


def test_every_change_gets_the_next_number() -> None:
    shop = Shop()
    shop.configure("a", "file")
    shop.configure("b", actor="ada", note="more agents")
    shop.configure("a", "rollback", former=1)

    assert shop.history == [(1, "file", "a"), (2, "apply", "b"), (3, "rollback", "a")]
    assert shop.in_force == (3, "a")
    last = shop.state.workspace(WORKSPACE).history[1].change
    assert (last.by, last.note) == ("ada", "more agents")


def test_rules_in_force_are_not_applied_again() -> None:
    shop = Shop()
    shop.configure("a")

    assert shop.configure("a") == ["unchanged"]
    assert shop.in_force == (1, "a")


def test_a_file_never_undoes_what_was_applied_since() -> None:
    """A process that starts with the file of yesterday leaves today's rules in force."""
    shop = Shop()
    shop.configure("file", "file")
    shop.configure("applied")

    assert shop.configure("file", "file") == ["unchanged"]
    assert shop.in_force == (2, "applied")
    assert shop.configure("changed file", "file") == ["configured"]


def test_somebody_may_apply_an_old_file_again() -> None:
    shop = Shop()
    shop.configure("file", "file")
    shop.configure("applied")

    assert shop.configure("file", "apply") == ["configured"]
    assert shop.in_force == (3, "file")


def test_who_did_not_see_the_last_change_is_refused() -> None:
    """Two people apply at once: the second one is told, instead of undoing the first one's work."""
    shop = Shop()
    shop.configure("a")
    shop.configure("b", over=1)

    assert shop.configure("c", over=1) == ["refused"]
    assert shop.attempt(over=1) == ["refused"]
    assert shop.in_force == (2, "b")


def test_only_the_latest_changes_are_remembered() -> None:
    shop = Shop()
    for number in range(MOST_VERSIONS + 5):
        shop.configure(f"d{number}")

    assert len(shop.history) == MOST_VERSIONS
    assert shop.in_force == (MOST_VERSIONS + 5, f"d{MOST_VERSIONS + 4}")


def test_a_trial_decides_on_its_share_and_is_named() -> None:
    shop = Shop()
    shop.configure("a")
    assert shop.attempt(percent=50) == ["trial_started"]
    for customer in range(200):
        shop.write(customer)

    placed = list(shop.queues.values())
    assert set(placed) == {("support", 1), ("sales", 2)}
    assert 70 < placed.count(("sales", 2)) < 130
    assert shop.in_force == (1, "a")


def test_a_trial_moves_what_waits_and_its_end_moves_it_back() -> None:
    shop = Shop()
    shop.configure("a")
    for customer in range(20):
        shop.write(customer)
    shop.attempt(percent=100)
    assert set(shop.queues.values()) == {("sales", 2)}

    shop.end("stop", 2)

    assert set(shop.queues.values()) == {("support", 1)}


def test_promoting_puts_the_whole_version_in_force() -> None:
    shop = Shop()
    shop.configure("a")
    shop.attempt(percent=10)
    for customer in range(20):
        shop.write(customer)

    assert shop.end("promote", 2)[:2] == ["trial_ended", "configured"]
    assert {queue for queue, _ in shop.queues.values()} == {"sales"}
    assert shop.in_force == (3, "new")
    assert shop.state.workspace(WORKSPACE).history[-1].change.former == 2


def test_one_trial_at_a_time() -> None:
    shop = Shop()
    shop.configure("a")
    shop.attempt()

    assert shop.attempt() == ["unchanged"]
    assert shop.attempt("other") == ["refused"]
    assert shop.end("stop", 1) == ["refused"]
    assert shop.end("stop", 2) == ["trial_ended"]
    assert shop.end("stop", 2) == ["refused"]


def test_other_rules_end_a_trial() -> None:
    """What it was compared with is gone, and promoting it would undo them."""
    shop = Shop()
    shop.configure("a")
    shop.attempt()

    assert shop.configure("b") == ["trial_ended", "configured"]
    assert shop.state.workspace(WORKSPACE).trial is None


@pytest.mark.parametrize(
    "route",
    [
        {"queue": "new"},
        {"queue": "support", "steps": [{"after_seconds": 5, "queue": "new"}]},
        {"queue": "support", "steps": [{"after_seconds": 5, "also": ["sales", "new"]}]},
    ],
    ids=["route", "step", "also"],
)
def test_a_trial_cannot_use_a_queue_that_nobody_has_yet(route: dict[str, Any]) -> None:
    shop = Shop()
    shop.configure("a")
    tried = {"queues": {"new": {}, "support": {}}, "routes": [{"name": "all", **route}]}

    assert shop.attempt(rules=Rules.model_validate(tried)) == ["refused"]


@given(key=st.text(min_size=1, max_size=30), percent=st.floats(0.01, 99))
def test_a_larger_share_holds_the_smaller_one(key: str, percent: float) -> None:
    """Whoever was in stays in when the share grows; all are in at 100 percent."""
    shop = Shop()
    shop.configure("a")
    shop.attempt(percent=percent)
    workspace = shop.state.workspace(WORKSPACE)
    within = on_trial(workspace, key)
    assert workspace.trial is not None
    workspace.trial.percent = min(percent * 1.5, 100)

    assert on_trial(workspace, key) >= within
    workspace.trial.percent = 100
    assert on_trial(workspace, key)


def test_what_a_trial_places_says_so() -> None:
    """Whoever counts need not know which number is on trial."""
    shop = Shop()
    shop.configure("a")
    shop.attempt(percent=100)
    event = customer_event(number=1, at=START, workspace=WORKSPACE, customer=1)
    queued = [one for one in shop.decide(event) if isinstance(one, Queued)]
    shop.end("stop", 2)
    later = customer_event(number=2, at=START, workspace=WORKSPACE, customer=2)
    queued += [one for one in shop.decide(later) if isinstance(one, Queued)]

    assert [(one.rules, one.trial) for one in queued] == [(2, True), (1, None)]
