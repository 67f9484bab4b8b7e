"""Who may take what: skill classes, agent profiles, and which of them fit.

Conversations with equal demands share a skill class, agents with equal abilities a profile. What
fits what is worked out once per pair, when the rules change or a new class first appears; a command
only ever looks at classes and profiles, never at all agents or all that waits.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from typing import TYPE_CHECKING, NamedTuple

from services.router.engine.capacity import is_free
from services.router.engine.front import EMPTY, Key

if TYPE_CHECKING:
    from services.router.engine.state import Agent, Conversation

Requires = tuple[tuple[str, int], ...]


class Place(NamedTuple):
    """A conversation's place in the waiting order; its key never changes while it waits."""

    due: int
    number: int
    conversation: "Conversation"


class Seat(NamedTuple):
    """An agent's place among the free ones; `rank` may lag behind his own, never run ahead.

    Ranks are unique, so `tie` only makes keys of agents and of conversations look alike.
    """

    rank: int
    tie: int
    agent: "Agent"


@dataclass(slots=True, eq=False)
class SkillClass:
    """What waits with the same queue, channel and skills; a group of its workspace's front.

    `waiting` counts its live members, `plain` those of them that no agent is kept from. `profiles`
    could take it, `fits` are their numbers, `benches` their benches on its channel. While its queue
    is `closed`, it is in no front.
    """

    number: int
    queue: str
    channel: str
    requires: Requires
    profiles: "list[Profile]" = field(default_factory=list)
    fits: set[int] = field(default_factory=set)
    places: list[Place] = field(default_factory=list)
    benches: "list[Bench]" = field(default_factory=list)
    waiting: int = 0
    plain: int = 0
    bound: Key = EMPTY
    closed: bool = False

    def first(self) -> Key:
        """The key of what is due first; EMPTY if nothing waits, or nobody is offered it."""
        place = None if self.closed else self.first_place()
        return EMPTY if place is None else place[:2]

    def first_place(self) -> Place | None:
        """What is due first, after dropping the places of those that left."""
        places = self.places
        while places:
            place = places[0]
            conversation = place.conversation
            if conversation.placed == place.due and conversation.skill_class is self:
                if conversation.status == "waiting":
                    return place
                conversation.placed = None
            heappop(places)
        return None

    def first_but(self, reject: "Callable[[Conversation], bool]") -> Place | None:
        """What is due first of those that are not rejected."""
        found: Place | None = None
        passed: list[Place] = []
        while (place := self.first_place()) is not None:
            if not reject(place.conversation):
                found = place
                break
            passed.append(heappop(self.places))
        for place in passed:
            heappush(self.places, place)
        return found

    def add(self, place: Place) -> None:
        """A conversation begins to wait. Places of those that left are swept out now and then."""
        heappush(self.places, place)
        if len(self.places) > 2 * self.waiting + 64:
            self.places = [p for p in self.places if self._still_waits(p.conversation, p.due)]
            heapify(self.places)

    def _still_waits(self, conversation: "Conversation", due: int) -> bool:
        if conversation.placed != due or conversation.skill_class is not self:
            return False
        if conversation.status != "waiting":
            conversation.placed = None
        return conversation.placed is not None


@dataclass(slots=True, eq=False)
class Bench:
    """The agents of one profile who have room on one channel; a group of that channel's front."""

    number: int
    channel: str
    seats: list[Seat] = field(default_factory=list)
    bound: Key = EMPTY

    def first(self) -> Key:
        """The key of who is idle longest; EMPTY if nobody has room."""
        seat = self.first_seat()
        return EMPTY if seat is None else seat[:2]

    def first_seat(self) -> Seat | None:
        """Who is idle longest, after dropping those without room and moving those who worked."""
        seats = self.seats
        while seats:
            seat = seats[0]
            agent = seat.agent
            if not is_free(agent, self.channel):
                heappop(seats)
                agent.seated.discard(self.channel)
            elif agent.rank != seat.rank:
                heapreplace(seats, Seat(agent.rank, 0, agent))
            else:
                return seat
        return None

    def first_but(self, reject: "Callable[[Agent], bool]") -> Seat | None:
        """Who is idle longest of those that are not rejected."""
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
        """An agent has room; he takes one seat, whatever happens to his rank."""
        agent.seated.add(self.channel)
        heappush(self.seats, Seat(agent.rank, 0, agent))


class Abilities(NamedTuple):
    """What makes two agents the same for matching; `closed` are channels he takes nothing on."""

    queues: frozenset[str]
    skills: Requires
    closed: frozenset[str]


@dataclass(slots=True, eq=False)
class Profile:
    """All agents with the same abilities. `present` counts those who are available now, `partly`
    by channel those who are busy and take new work on it.

    `classes` are what they could take, by channel, `numbers` the numbers of all of those.
    """

    number: int
    abilities: Abilities
    levels: Mapping[str, int]
    classes: dict[str, list[SkillClass]] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)
    benches: dict[str, Bench] = field(default_factory=dict)
    members: "list[Agent]" = field(default_factory=list)
    present: int = 0
    partly: dict[str, int] = field(default_factory=dict)

    def count(self, agent: "Agent", by: int) -> None:
        """One of its agents comes to work (1) or goes from it (-1), as he is now."""
        if agent.state == "available":
            self.present += by
        for channel in agent.channels:
            self.partly[channel] = self.partly.get(channel, 0) + by

    def at_work(self, channel: str) -> int:
        """How many of its agents take new work on this channel, given room."""
        return self.present + self.partly.get(channel, 0)

    def fits(self, wanted: SkillClass) -> bool:
        """Could its agents take a conversation of this class, given room?"""
        return (
            wanted.queue in self.abilities.queues
            and wanted.channel not in self.abilities.closed
            and not missing(self.levels, wanted.requires)
        )


def missing(levels: Mapping[str, int], requires: Requires) -> list[str]:
    """The required skills that are absent or below the required level."""
    return [skill for skill, level in requires if levels.get(skill, 0) < level]


def link(wanted: SkillClass, profiles: Iterable[Profile]) -> None:
    """Note which of these profiles could take this class."""
    for profile in profiles:
        if profile.fits(wanted):
            wanted.profiles.append(profile)
            wanted.fits.add(profile.number)
            profile.classes.setdefault(wanted.channel, []).append(wanted)
            profile.numbers.add(wanted.number)
