"""Three engines on one history: the live one, one that is restored now and then, one that only
replays what was recorded. They must never differ, and what is promised must hold at every event."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.router.engine.capture import Capture
from services.router.engine.decide import Input, decide, replay
from services.router.engine.restore import restore, resume
from services.router.engine.snapshot import UNSETTLED, snapshot
from services.router.engine.state import State
from services.router.engine.timers import CAUSE, due_timers
from services.router.engine.turn import Context
from shared.events import routing
from shared.events.envelope import Envelope, encode
from shared.events.routing import Decision, RoutingEvent
from shared.topics import ROUTING
from tests.unit.services.router.engine.oracle import check_not_twice, check_offer, check_state
from tests.unit.services.router.engine.reasons import check_why
from tests.unit.services.router.engine.worlds import START

_DECODER = ROUTING.decoder()


class Record:
    """What the record alone says: who was offered what, whose offer of it ended `last`, and who
    holds what."""

    def __init__(self) -> None:
        self.pending: dict[str, tuple[str, str]] = {}
        self.ended: dict[str, tuple[str, str]] = {}
        self.holders: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.rounds: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
        self.conversations: list[str] = []
        self.attached: dict[str, list[str]] = {}

    def asked(self, conversation: str) -> tuple[frozenset[str], frozenset[str]]:
        """Who was asked before, and who together with whom it is asked now: all at once."""
        before, now = self.rounds.get(conversation, (frozenset(), frozenset()))
        going = any(name == conversation for name, _ in self.pending.values())
        return (before, now) if going else (now, frozenset())

    def read(self, event: RoutingEvent) -> None:
        match event:
            case routing.Opened():
                self.conversations.append(event.conversation)
            case routing.Attached():
                self.attached.setdefault(event.conversation, []).append(event.ref)
            case routing.Offered() | routing.Accepting() | routing.OfferEnded():
                self._read_offer(event)
            case routing.Assigned():
                assert event.conversation not in self.holders
                assert all(who[0] != event.conversation for who in self.pending.values())
                self.holders[event.conversation] = event.agent
                self.last.pop(event.conversation, None)
            case routing.Released():
                assert self.holders.pop(event.conversation) == event.agent
            case routing.Closed():
                self.holders.pop(event.conversation, None)
                self.last.pop(event.conversation, None)
            case _:
                pass

    def _read_offer(self, event: routing.Offered | routing.Accepting | routing.OfferEnded) -> None:
        who = (event.conversation, event.agent)
        match event:
            case routing.Offered():
                assert event.conversation not in self.holders
                assert who not in self.pending.values()
                before, now = self.asked(event.conversation)
                self.rounds[event.conversation] = (before, now | {event.agent})
                self.pending[event.offer] = who
            case routing.Accepting():
                assert self.pending[event.offer] == who
            case routing.OfferEnded():
                self.ended[event.offer] = self.pending.pop(event.offer)
                assert self.ended[event.offer] == who
                self.last[event.conversation] = event.agent


class SlowSnapshot:
    """A snapshot taken while everything goes on: it must show the moment it was begun."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._begin()

    def step(self) -> None:
        self._lines += self._capture.step(1)
        finished = {True: self._finish, False: _nothing}
        finished[self._capture.done]()

    def _begin(self) -> None:
        self._expected = sorted(snapshot(self._state).split("\n"))
        self._capture = Capture(self._state)
        self._lines: list[str] = []

    def _finish(self) -> None:
        assert sorted(self._lines) == self._expected
        self._begin()


def _nothing() -> None:
    return


def _truth(state: State) -> list[str]:
    """What is true, without what the engine still has to do."""
    return [line for line in snapshot(state).split("\n") if not line.startswith(f'["{UNSETTLED}"')]


class History:
    """Every command goes to the live engine and to the restored one; both must say the same."""

    def __init__(self) -> None:
        self.now = START
        self.live = State()
        self.restored = State()
        self.replayed = State()
        self.record = Record()
        self.commands = 0
        self.decisions: list[bytes] = []
        self.slow = SlowSnapshot(self.live)

    def command(self, command: Input, cause: str | None = None) -> tuple[RoutingEvent, ...]:
        """Decide on it everywhere, then on whatever is due by now; check everything."""
        self.commands += 1
        context = Context(self.now, cause or f"cmd{self.commands}")
        events = decide(self.live, command, context)
        assert decide(self.restored, command, context) == events
        self._record(command.workspace, context.cause, events)
        self.settle()
        return events

    def settle(self) -> None:
        """Let what is due happen, and check that all is well after it."""
        ours = self._timers(self.live, recorded=True)
        assert self._timers(self.restored, recorded=False) == ours
        check_state(self.live, self.now)
        self.slow.step()
        assert snapshot(self.restored) == snapshot(self.live)
        assert _truth(self.replayed) == _truth(self.live)

    def restart(self) -> None:
        """The second engine crashes and comes back from a snapshot."""
        self.restored = restore(snapshot(self.restored))

    def rebuild(self) -> None:
        """It comes back from the record alone."""
        state = State()
        for value in self.decisions:
            data = _DECODER.decode(value).data
            replay(state, data.workspace, data.at, data.cause, data.events)
        resume(state)
        self.restored = state

    def _timers(self, state: State, *, recorded: bool) -> dict[str, list[RoutingEvent]]:
        """What is decided per workspace. A restored engine has a few more timers, which decide
        nothing; so only the sequence of events is the same, not which timer brought them. One by
        one: a timer that is put off must come in its turn."""
        decided: dict[str, list[RoutingEvent]] = {}
        while due := due_timers(state, self.now, limit=1):
            for timer in due:
                events = decide(state, timer, Context(self.now, CAUSE))
                if events:
                    decided.setdefault(timer.workspace, []).extend(events)
                if recorded:
                    self._record(timer.workspace, CAUSE, events)
        return decided

    def _record(self, workspace: str, cause: str, events: Sequence[RoutingEvent]) -> None:
        """Append, read back, and apply event by event, looking before each offer."""
        if not events:
            return
        value = encode(
            Envelope(
                "1",
                "/test",
                datetime(2026, 1, 1, tzinfo=UTC),
                self._decision(workspace, cause, events),
            )
        )
        self.decisions.append(value)
        data = _DECODER.decode(value).data
        assert data.events == tuple(events)
        for event in data.events:
            self._look(workspace, event, data.at)
            self.record.read(event)
            replay(self.replayed, workspace, data.at, CAUSE, [event])
        replay(self.replayed, workspace, data.at, cause, [])

    def _look(self, workspace: str, event: RoutingEvent, at: int) -> None:
        if not isinstance(event, routing.Offered | routing.Dialled):
            return
        known = self.replayed.workspace(workspace)
        conversation, agent = known.conversations[event.conversation], known.agents[event.agent]
        asked = frozenset().union(*self.record.asked(event.conversation))
        check_offer(known, conversation, agent, at, asked)
        if isinstance(event, routing.Dialled):
            return
        check_why(known, conversation, event, at, asked)
        check_not_twice(known, conversation, agent, at, self.record.last.get(conversation.id))

    def _decision(self, workspace: str, cause: str, events: Sequence[RoutingEvent]) -> Decision:
        return Decision(
            epoch=1,
            seq=len(self.decisions) + 1,
            at=self.live.latest,
            workspace=workspace,
            cause=cause,
            inbound=0,
            commands=0,
            events=tuple(events),
        )
