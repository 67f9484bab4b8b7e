"""Random histories of everything that can happen, with crashes between any two commands."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from services.router.engine import configure
from shared.events.inbound import ActionKind, CallState
from tests.unit.services.router.engine.days import (
    CALLS,
    CODES,
    KINDS,
    QUEUES,
    SESSIONS,
    STATES,
    TAKEN,
    Day,
    digest,
)
from tests.unit.services.router.engine.shop import AGENTS, Shop
from tests.unit.services.router.engine.worlds import MIXED

# A failure is made small before it is told, which takes a while.
pytestmark = pytest.mark.timeout(600)

NUMBERS = st.integers(0, 1_000_000)
CUSTOMERS = st.integers(0, 7)
ACTORS = st.sampled_from(("own", "system", *AGENTS))
WORKSPACES = st.sampled_from(("acme", "acme", "other"))
WORLD = st.one_of(st.sampled_from((0, 0, 0, 1, 2, 3)), st.integers(MIXED, MIXED + 100_000))
INTENTS = st.sampled_from(("buy", "return", "x"))
LANGUAGES = st.sampled_from((None, "de", "en"))


class Histories(RuleBasedStateMachine):
    """One shard with two workspaces, one of them busy."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop()

    @initialize(world=WORLD)
    def begin(self, world: int) -> None:
        self.shop.configure(world)
        self.shop.presence("ada", "available")
        self.shop.presence("bob", "available")

    @rule(customers=st.lists(CUSTOMERS, min_size=1, max_size=4), intent=INTENTS, language=LANGUAGES)
    def customers_write(self, customers: list[int], intent: str, language: str | None) -> None:
        for customer in customers:
            self.shop.write(customer, hints={"intent": intent}, language=language)

    @rule(
        workspace=WORKSPACES,
        customer=CUSTOMERS,
        kind=st.sampled_from(KINDS),
        automatic=st.booleans(),
        age=st.sampled_from((0, 1_000, 60_000, -5_000)),
        again=st.booleans(),
    )
    def customer_does_something_odd(
        self,
        workspace: str,
        customer: int,
        kind: ActionKind,
        automatic: bool,
        age: int,
        again: bool,
    ) -> None:
        self.shop.write(
            customer, kind, workspace=workspace, automatic=automatic, age=age, again=again
        )

    @rule(
        customer=st.sampled_from((2, 5)),
        call=st.sampled_from(("call1", "call2")),
        states=st.lists(st.sampled_from(CALLS), min_size=1, max_size=4),
    )
    def phone(self, customer: int, call: str, states: list[CallState]) -> None:
        for state in states:
            self.shop.phone(customer, call, state)

    @rule(agents=st.lists(st.sampled_from(AGENTS[:4]), min_size=1, max_size=4))
    def sign_in(self, agents: list[str]) -> None:
        for agent in agents:
            self.shop.presence(agent, "available")

    @rule(
        agent=st.sampled_from(AGENTS),
        state=st.sampled_from(STATES),
        session=st.sampled_from((None, None, "s1", "s2")),
    )
    def presence(self, agent: str, state: Any, session: str | None) -> None:
        self.shop.presence(agent, state, session)

    @rule(agent=st.sampled_from(AGENTS[:4]), channels=st.sampled_from(TAKEN))
    def busy(self, agent: str, channels: tuple[str, ...]) -> None:
        self.shop.presence(agent, "busy", None, channels)

    @rule(agent=st.sampled_from(AGENTS), session=st.sampled_from(SESSIONS))
    def lose(self, agent: str, session: str | None) -> None:
        self.shop.lose(agent, session)

    @rule(agent=st.sampled_from(AGENTS), session=st.sampled_from(("s1", "s2")))
    def resume(self, agent: str, session: str) -> None:
        self.shop.resume(agent, session)

    @rule(offers=st.lists(NUMBERS, min_size=1, max_size=3))
    def accept(self, offers: list[int]) -> None:
        for which in offers:
            self.shop.accept(which)

    @rule(which=NUMBERS, retry_after=st.sampled_from((None, None, 0, 7, 50, 4000)))
    def decline(self, which: int, retry_after: float | None) -> None:
        self.shop.decline(which, retry_after=retry_after)

    @rule(which=NUMBERS)
    def begin_to_accept(self, which: int) -> None:
        self.shop.begin(which)

    @rule(which=NUMBERS, actor=ACTORS, stale=st.booleans())
    def answer_oddly(self, which: int, actor: str, stale: bool) -> None:
        self.shop.accept(which, actor, stale=stale)
        self.shop.begin(which, actor, stale=stale)
        self.shop.decline(which, actor, stale=stale)

    @rule(which=NUMBERS, actor=ACTORS)
    def close(self, which: int, actor: str) -> None:
        self.shop.close(which, actor)

    @rule(which=NUMBERS, queue=st.sampled_from(QUEUES), actor=ACTORS)
    def transfer(self, which: int, queue: str, actor: str) -> None:
        self.shop.transfer(which, queue, actor)

    @rule(
        which=NUMBERS,
        seconds=st.sampled_from((-1, 5, 600, 10_000_000)),
        actor=st.sampled_from(("own", "own", *AGENTS)),
    )
    def snooze(self, which: int, seconds: float, actor: str) -> None:
        self.shop.snooze(which, seconds, actor)

    @rule(which=NUMBERS, actor=ACTORS)
    def wake(self, which: int, actor: str) -> None:
        self.shop.wake(which, actor)

    @rule(
        customer=st.sampled_from((2, 5)), seconds=st.sampled_from((0, 0, 30, 1e8)), intent=INTENTS
    )
    def call_back(self, customer: int, seconds: float, intent: str) -> None:
        self.shop.call_back(customer, seconds, intent)

    @rule(
        which=NUMBERS,
        queue=st.sampled_from((None, *QUEUES)),
        to_agent=st.sampled_from((None, None, *AGENTS)),
    )
    def consult(self, which: int, queue: str | None, to_agent: str | None) -> None:
        self.shop.consult(which, queue, to_agent=to_agent)

    @rule(which=NUMBERS, actor=ACTORS, hand_over=st.booleans())
    def end_consult(self, which: int, actor: str, hand_over: bool) -> None:
        self.shop.end_consult(which, actor, hand_over=hand_over)

    @rule(customer=CUSTOMERS, seconds=st.sampled_from((-1, 0, 20, 600)), lift=st.booleans())
    def block(self, customer: int, seconds: float, lift: bool) -> None:
        self.shop.block(customer, seconds, lift=lift)

    @rule(which=NUMBERS, leg=st.sampled_from(("agent", "customer")), stale=st.booleans())
    def note_call(self, which: int, leg: str, stale: bool) -> None:
        self.shop.note_call(which, leg, stale=stale)

    @rule(which=NUMBERS, other=NUMBERS, actor=st.sampled_from(("own", "system", "bob")))
    def merge(self, which: int, other: int, actor: str) -> None:
        self.shop.merge(which, other, actor)

    @rule(other=NUMBERS, actor=st.sampled_from(("own", "system", "bob")))
    def unmerge(self, other: int, actor: str) -> None:
        self.shop.split(other, actor)

    @rule(which=NUMBERS, count=st.integers(0, 3), actor=st.sampled_from(("own", "system", "bob")))
    def split(self, which: int, count: int, actor: str) -> None:
        self.shop.split_messages(which, count, actor)

    @rule(
        which=NUMBERS,
        queue=st.sampled_from((None, *QUEUES)),
        to_agent=st.sampled_from((None, *AGENTS)),
        skills=st.sampled_from(({}, {"german": 2}, {"returns": 1}, {"singing": 1})),
    )
    def hand_over(
        self, which: int, queue: str | None, to_agent: str | None, skills: dict[str, int]
    ) -> None:
        self.shop.transfer(which, queue, to_agent=to_agent, skills=skills)

    @rule(
        which=NUMBERS,
        code=st.sampled_from(CODES),
        wrap_up=st.sampled_from((None, True, False)),
        ask=st.booleans(),
    )
    def close_with_a_word(
        self, which: int, code: str | None, wrap_up: bool | None, ask: bool
    ) -> None:
        asks = [which] * ask
        for one in asks:
            self.shop.ask_wrap_up(one)
        self.shop.close(which, "own", code, wrap_up)

    @rule(which=NUMBERS, actor=ACTORS, code=st.sampled_from(CODES))
    def end_wrap_up(self, which: int, actor: str, code: str | None) -> None:
        self.shop.end_wrap_up(which, actor, code)

    @rule(which=NUMBERS, actor=ACTORS, seconds=st.sampled_from((-1, 0.5, 9, 40)))
    def extend_wrap_up(self, which: int, actor: str, seconds: float) -> None:
        self.shop.extend_wrap_up(which, seconds, actor)

    @rule(workspace=WORKSPACES, world=WORLD)
    def configure(self, workspace: str, world: int) -> None:
        self.shop.configure(world, workspace)

    @rule(world=WORLD, percent=st.sampled_from((5, 50, 100)))
    def attempt(self, world: int, percent: float) -> None:
        self.shop.attempt(world, percent)

    @rule(promote=st.booleans(), stale=st.booleans())
    def end_trial(self, promote: bool, stale: bool) -> None:
        self.shop.end_trial(promote=promote, stale=stale)

    @rule(
        customer=CUSTOMERS,
        alert=st.sampled_from(("alr_1", "alr_2")),
        seconds=st.sampled_from((-1, 5, 3600)),
    )
    def note_alert(self, customer: int, alert: str, seconds: float) -> None:
        self.shop.note_alert(customer, alert, seconds)

    @rule(which=NUMBERS, outcome=st.sampled_from(("accepted", "retry")))
    def note_delivery(self, which: int, outcome: str) -> None:
        self.shop.note_delivery(which, outcome)

    @rule()
    def repeat(self) -> None:
        self.shop.repeat_the_last_command()

    @rule(seconds=st.sampled_from((0.001, 1, 5, 10, 15, 20, 31)), settle=st.booleans())
    def wait(self, seconds: float, settle: bool) -> None:
        self.shop.wait(seconds, settle=settle)

    @rule(seconds=st.sampled_from((600, 3600, 4000, 300_000)))
    def wait_long(self, seconds: float) -> None:
        self.shop.wait(seconds)

    @rule()
    def restart(self) -> None:
        self.shop.history.restart()

    @rule()
    def rebuild(self) -> None:
        self.shop.history.rebuild()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_busy_day(seed: int) -> None:
    """Whatever happens, nothing that was promised is broken; and a lot happens."""
    shop = Day(seed).live(400)

    assert len(shop.history.decisions) > 150


@pytest.mark.parametrize("seed", [28, 504, 547, 723, 829, 545_721])
def test_a_day_that_once_went_wrong(seed: int) -> None:
    """By what an overflow, a merge, work that woke or who had left did unlike it was promised."""
    Day(seed).live(400)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_decides_the_same(hash_seed: str) -> None:
    """Nothing depends on the order of sets, on addresses or on the process."""
    there = subprocess.run(
        [sys.executable, "-m", "tests.unit.services.router.engine.days", "42"],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[5],
        env={"PYTHONHASHSEED": hash_seed},
        text=True,
    )

    assert there.stdout == digest(42, 300)


def test_new_rules_in_the_smallest_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little of it one decision looks at, in the end all is as if it were one."""
    monkeypatch.setattr(configure, "MOST_LOOKS", 1)
    monkeypatch.setattr(configure, "MOST_EVENTS", 2)

    shop = Day(5).live(400)

    assert len(shop.history.decisions) > 150
