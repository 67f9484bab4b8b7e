"""The engine at the centre of a simulation: what is told it, and who it says answers what.

Every decision is `decide`'s; nothing here knows a rule.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from patchbay.simulate.rules import KIND
from services.router.engine.decide import Input, decide
from services.router.engine.state import State
from services.router.engine.timers import CAUSE, due_timers, next_timer
from services.router.engine.turn import Context
from shared.events.commands import Close, Configure, SetPresence
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.events.routing import Assigned, Opened, RoutingEvent
from shared.rules import Rules

WORKSPACE = "simulation"
_LATER = datetime(9000, 1, 1, tzinfo=UTC)
"""Received when it is decided on: of both times the engine takes the earlier one."""

_CUSTOMER = Sender(address="customer")
_GONE = Action(kind="close", sender=_CUSTOMER, occurred_at=_LATER, provider_id="gone")

_CLOSE = Close(workspace=WORKSPACE, actor="", conversation="")

Answer = tuple[str, str]
"""A conversation, and the agent who has it from now on."""


class Desk:
    """One workspace. Times are milliseconds; names of contacts are whatever the caller likes.

    `staffed`: everybody is there from the beginning.
    """

    def __init__(self, rules: Rules, channels: list[str], *, staffed: bool = True) -> None:
        self._state = State()
        self._inputs = 0
        self._templates = [
            CustomerEvent(
                id="",
                workspace=WORKSPACE,
                channel=channel,
                account="account",
                conversation_key="",
                received_at=_LATER,
                action=_GONE,
            )
            for channel in channels
        ]
        self._arrivals = [
            Action(
                kind="message",
                sender=_CUSTOMER,
                occurred_at=_LATER,
                provider_id="arrival",
                hints={KIND: str(kind)},
            )
            for kind in range(len(channels))
        ]
        self._decide(Configure(workspace=WORKSPACE, digest="rules", rules=rules), 0)
        for agent in rules.agents if staffed else ():
            self.sign_in(agent, 0)

    @property
    def remembered(self) -> int:
        """How many conversations the engine knows, ended ones too."""
        return len(self._state.workspace(WORKSPACE).conversations)

    def sign_in(self, agent: str, now: int) -> list[Answer]:
        """The agent is there: what he has by that."""
        command = SetPresence(workspace=WORKSPACE, actor="system", agent=agent, state="available")
        return _answers(self._decide(command, now))

    def pass_time(self, now: int) -> Iterator[tuple[int, Answer]]:
        """Let the engine's own timers run that are due by now."""
        state = self._state
        while (at := next_timer(state)) is not None and at <= now:
            for timer in due_timers(state, at):
                for answer in _answers(decide(state, timer, Context(at, CAUSE))):
                    yield at, answer

    def arrive(self, kind: int, key: str, now: int) -> tuple[str, list[Answer]]:
        """A customer writes: his conversation, and who has it, if anybody."""
        events = self._decide(self._event(self._arrivals[kind], kind, key), now)
        opened = next(event.conversation for event in events if type(event) is Opened)
        return opened, _answers(events)

    def leave(self, kind: int, key: str, now: int) -> list[Answer]:
        """The customer gives up."""
        return _answers(self._decide(self._event(_GONE, kind, key), now))

    def close(self, conversation: str, agent: str, now: int) -> list[Answer]:
        """The agent has done it: who has what by that."""
        command = _CLOSE.model_copy(update={"actor": agent, "conversation": conversation})
        return _answers(self._decide(command, now))

    def _event(self, action: Action, kind: int, key: str) -> CustomerEvent:
        given = {"id": f"{key}/{action.provider_id}", "conversation_key": key, "action": action}
        return self._templates[kind].model_copy(update=given)

    def _decide(self, command: Input, now: int) -> tuple[RoutingEvent, ...]:
        self._inputs += 1
        return decide(self._state, command, Context(now, f"i{self._inputs}"))


def _answers(events: tuple[RoutingEvent, ...]) -> list[Answer]:
    return [(event.conversation, event.agent) for event in events if type(event) is Assigned]
