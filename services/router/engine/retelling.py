"""Decide nothing, tell again: a recorded decision, step by step, with what spoke for each step.

The state before the decision is what it was decided on. So what an agent was compared with when he
was asked need not be recorded: it is worked out from the record, exactly, whenever somebody asks.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from services.router.engine.evolve import apply, remember
from services.router.engine.explain import MOST_CANDIDATES
from services.router.engine.obstacles import Candidate, candidates
from services.router.engine.prospects import Next, prospects
from services.router.engine.state import State, Workspace
from shared.events import routing as was
from shared.events.routing import Decision, RoutingEvent

_UNTOLD: frozenset[type] = frozenset({was.Attached, was.Refused, was.Unchanged, was.Forgotten})
"""What says nothing about where a conversation is."""

_UNSAID = frozenset({"event", "conversation", "at", "address", "customer"})
"""What is told elsewhere, or is nobody's business here."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One event of a decision about a conversation. `said` is what the event says.

    Of an offer: `candidates` are at most ten of those it was decided between, the best first, and
    `obstacles` counts all by what kept them from it (`none`: nothing did). Of what waits when the
    decision is over: the same, as it is then, and what it waits for.
    """

    offset: int
    at: int
    cause: str
    event: str
    said: Mapping[str, Any]
    candidates: tuple[Candidate, ...] = ()
    obstacles: Mapping[str, int] | None = None
    waits_for: tuple[Next, ...] = ()


def retell(state: State, decision: Decision, offset: int, conversation: str) -> tuple[Reason, ...]:
    """Apply the decision to the state before it, and tell what it says about this conversation."""
    known = state.workspace(decision.workspace)
    told: list[Reason] = []
    for event in decision.events:
        if _tells(event, conversation):
            told.append(_reason(known, decision, offset, event, conversation))
        apply(state, known, event)
    remember(state, known, decision.at, decision.cause)
    if told:
        told[-1] = _in_the_end(known, decision, told[-1], conversation)
    return tuple(told)


def retell_blindly(decision: Decision, offset: int, conversation: str) -> tuple[Reason, ...]:
    """The same where the state before it is not known any more: only what the record says."""
    return tuple(
        _reason(None, decision, offset, event, conversation)
        for event in decision.events
        if _tells(event, conversation)
    )


def _tells(event: RoutingEvent, conversation: str) -> bool:
    return getattr(event, "conversation", None) == conversation and type(event) not in _UNTOLD


def _reason(
    known: Workspace | None, decision: Decision, offset: int, event: RoutingEvent, conversation: str
) -> Reason:
    said = {
        name: value
        for name, value in asdict(event).items()
        if name not in _UNSAID and value not in (None, (), {}, "")
    }
    who: list[Candidate] = []
    obstacles: dict[str, int] | None = None
    found = None if known is None else known.conversations.get(conversation)
    if isinstance(event, was.Offered) and known is not None and found is not None:
        who, obstacles = candidates(known, found, decision.at)
    return Reason(
        offset=offset,
        at=getattr(event, "at", decision.at),
        cause=decision.cause,
        event=event.event,
        said=said,
        candidates=tuple(who[:MOST_CANDIDATES]),
        obstacles=obstacles,
    )


def _in_the_end(known: Workspace, decision: Decision, last: Reason, conversation: str) -> Reason:
    found = known.conversations.get(conversation)
    if found is None:
        return last
    who, obstacles = last.candidates, last.obstacles
    if found.status == "waiting":
        listed, obstacles = candidates(known, found, decision.at)
        who = tuple(listed[:MOST_CANDIDATES])
    return Reason(
        offset=last.offset,
        at=last.at,
        cause=last.cause,
        event=last.event,
        said=last.said,
        candidates=who,
        obstacles=obstacles,
        waits_for=prospects(known, found),
    )
