"""Which of the agents who may take it is asked: the benches they wait on, in the order asked for.

A bench is a heap of the free agents of one profile, for one kind of work. Its keys are tuples; the
first key is the one asked. Where it asks for skills (best fit, preferred agents), the benches stand
in tiers: see `skills`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from typing import TYPE_CHECKING, NamedTuple

from services.router.engine.capacity import is_free, spare
from services.router.engine.front import EMPTY, Front, Key
from shared.rules import Pick

if TYPE_CHECKING:
    from services.router.engine.state import Agent


class Seat(NamedTuple):
    """An agent's place among the free ones, by the key he had when he took it."""

    first: int
    second: int
    agent: "Agent"


def _idle(agent: "Agent", _channel: str) -> tuple[int, int]:
    return agent.rank, 0


def _load(agent: "Agent", _channel: str) -> tuple[int, int]:
    return agent.busy, agent.rank


def _spare(agent: "Agent", channel: str) -> tuple[int, int]:
    return -spare(agent, channel), agent.rank


def _asked(agent: "Agent", _channel: str) -> tuple[int, int]:
    return agent.turn, agent.rank


_KEYS: dict[Pick, Callable[["Agent", str], tuple[int, int]]] = {
    "longest_idle": _idle,
    "best_fit": _idle,
    "least_loaded": _load,
    "most_spare": _spare,
    "round_robin": _asked,
}

_FALLING: frozenset[Pick] = frozenset({"least_loaded", "most_spare"})
"""Where an agent's key may fall again while he sits: when his work gets less."""


@dataclass(slots=True, eq=False, repr=False)
class Kind:
    """Work of one channel and weight whose agents are asked in one order; with all its benches."""

    channel: str
    units: int
    pick: Pick
    front: "Front[Bench]" = field(default_factory=Front)
    falling: bool = False
    idle: bool = False

    def __post_init__(self) -> None:
        self.falling = self.pick in _FALLING
        self.idle = _KEYS[self.pick] is _idle

    def key(self, agent: "Agent") -> tuple[int, int]:
        """His place in the order in which agents are asked; the lowest is asked first."""
        return _KEYS[self.pick](agent, self.channel)


@dataclass(slots=True, eq=False, repr=False)
class Bench:
    """The agents of one profile who are free for one kind of work; a group of that kind's front.

    Each has one live seat, the one he knows of. Its key may lag behind his own, never be higher.
    """

    number: int
    kind: Kind
    seats: list[Seat] = field(default_factory=list)
    taken: int = 0
    bound: Key = EMPTY

    def first(self) -> Key:
        """The key of who is asked first; EMPTY if nobody is free."""
        seat = self.first_seat()
        return EMPTY if seat is None else seat[:2]

    def first_seat(self) -> Seat | None:
        """Who is asked first, after dropping those who are not free and moving those who worked."""
        seats, kind = self.seats, self.kind
        while seats:
            seat = seats[0]
            agent = seat.agent
            if agent.seated.get(kind) is not seat:
                heappop(seats)
            elif not is_free(agent, kind.channel, kind.units):
                heappop(seats)
                del agent.seated[kind]
                self.taken -= 1
            elif kind.idle and agent.rank == seat.first:
                return seat
            elif (key := kind.key(agent)) != seat[:2]:
                agent.seated[kind] = seat = Seat(*key, agent)
                heapreplace(seats, seat)
            else:
                return seat
        return None

    def first_but(self, reject: "Callable[[Agent], bool]") -> Seat | None:
        """Who is asked first of those that are not rejected."""
        found: Seat | None = None
        passed: list[Seat] = []
        while (seat := self.first_seat()) is not None:
            if not reject(seat.agent):
                found = seat
                break
            passed.append(heappop(self.seats))
        for seat in passed:
            heappush(self.seats, seat)
        return found

    def add(self, agent: "Agent") -> None:
        """An agent is free; he takes one seat, whatever happens to his key."""
        self.taken += 1
        self._sit(agent)

    def moved(self, agent: "Agent") -> bool:
        """He who sits here has less work than before. Did that move him forward?"""
        seat = agent.seated[self.kind]
        if self.kind.key(agent) >= seat[:2]:
            return False
        self._sit(agent)
        if len(self.seats) > 2 * self.taken + 64:
            self.seats = [one for one in self.seats if one.agent.seated.get(self.kind) is one]
            heapify(self.seats)
        return True

    def _sit(self, agent: "Agent") -> None:
        seat = Seat(*self.kind.key(agent), agent)
        agent.seated[self.kind] = seat
        heappush(self.seats, seat)
