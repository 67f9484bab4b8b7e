"""Who may take what: skill classes, agent profiles, and which of them fit.

Conversations with equal demands share a skill class, agents with equal abilities a profile. What
fits what is worked out once per pair, when the rules change or a new class first appears; a command
only ever looks at classes and profiles, never at all agents or all that waits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from services.router.engine.demand import Demand
from services.router.engine.front import EMPTY, Key
from services.router.engine.lines import Line
from services.router.engine.picking import Bench, Kind
from shared.rules.needs import Requires, fit, missing, satisfied

if TYPE_CHECKING:
    from services.router.engine.state import Agent, Conversation

__all__ = ["Abilities", "Place", "Profile", "Requires", "SkillClass", "Tier", "missing"]


class Place(NamedTuple):
    """A conversation's place in the waiting order; its key never changes while it waits."""

    level: int
    due: int
    number: int
    conversation: "Conversation"


@dataclass(slots=True, eq=False, repr=False)
class Tier:
    """Profiles that are equally good for a class: all of a tier are asked before the next one.

    `score` sorts the tiers, lower ones first: own agents before those who only help out, then who
    is preferred, then who is best at what is needed. `donor` is the queue whose agents help out.
    """

    score: tuple[int, ...]
    donor: str | None = None
    fits: set[int] = field(default_factory=set)
    benches: list[Bench] = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)
class SkillClass:
    """What waits with the same demand; a group of its workspace's front.

    `waiting` counts its live members, `plain` those of them that no agent is kept from. `profiles`
    serve its queue and could take it, `helpers` may help out; `tiers` are both, sorted for asking.
    While its queue is `closed`, it is in no front. `lines` are its own and its
    queue's.
    """

    number: int
    demand: Demand
    kind: Kind
    profiles: "list[Profile]" = field(default_factory=list)
    helpers: "list[Profile]" = field(default_factory=list)
    tiers: list[Tier] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    waiting: int = 0
    plain: int = 0
    bound: Key = EMPTY
    closed: bool = False
    queue: str = ""
    channel: str = ""
    lines: tuple[Line, Line] = field(default_factory=lambda: (Line(), Line()))

    def __post_init__(self) -> None:
        self.queue, self.channel = self.demand.queue, self.demand.channel

    @property
    def requires(self) -> Requires:
        """The skills needed."""
        return self.demand.requires

    def first(self) -> Key:
        """The key of what has its turn first; EMPTY if nothing waits, or nobody is offered it."""
        place = None if self.closed else self.first_place()
        return EMPTY if place is None else place[:3]

    def first_place(self) -> Place | None:
        """What has its turn first, after dropping the places of those that left."""
        places = self.places
        while places:
            place = places[0]
            conversation = place.conversation
            if (
                conversation.placed == place.due
                and conversation.skill_class is self
                and conversation.level == place.level
            ):
                if conversation.status == "waiting":
                    return place
                conversation.placed = None
            heappop(places)
        return None

    def first_but(self, reject: "Callable[[Conversation], bool]") -> Place | None:
        """What has its turn first of those that are not rejected."""
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
            self.places = [p for p in self.places if self._still_waits(p)]
            heapify(self.places)

    def clear(self) -> None:
        """Nobody is known to fit."""
        self.profiles, self.helpers, self.tiers, self.bound = [], [], [], EMPTY

    def _still_waits(self, place: Place) -> bool:
        conversation = place.conversation
        if (
            conversation.placed != place.due
            or conversation.skill_class is not self
            or conversation.level != place.level
        ):
            return False
        if conversation.status != "waiting":
            conversation.placed = None
        return conversation.placed is not None


class Abilities(NamedTuple):
    """What makes two agents the same for matching; `closed` are channels he takes nothing on."""

    queues: frozenset[str]
    skills: tuple[tuple[str, int], ...]
    closed: frozenset[str]


@dataclass(slots=True, eq=False, repr=False)
class Range:
    """Classes that a profile is equally good at: all of a range go before the next one."""

    score: int
    classes: dict[Kind, list[SkillClass]] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)

    def among(self, kinds: list[Kind]) -> list[SkillClass]:
        """The classes of these kinds of work."""
        if len(kinds) == 1:
            return self.classes.get(kinds[0], [])
        return [wanted for kind in kinds for wanted in self.classes.get(kind, ())]


@dataclass(slots=True, eq=False, repr=False)
class Profile:
    """All agents with the same abilities. `present` counts those who are available now, `partly`
    by channel those who are busy and take new work on it.

    `numbers` are those of the classes of its own queues that it could take, `helps` those of other
    queues, with the queue for which its agents help out; `ranges` are all of them. `watching` are
    those that go on to their next step when nobody able is there any more.
    """

    number: int
    abilities: Abilities
    levels: Mapping[str, int]
    ranges: list[Range] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)
    helps: dict[int, str] = field(default_factory=dict)
    watching: list[SkillClass] = field(default_factory=list)
    benches: dict[Kind, Bench] = field(default_factory=dict)
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
        """Could its agents take a conversation of this class, given room and the queue?"""
        return wanted.channel not in self.abilities.closed and satisfied(
            wanted.requires, self.levels
        )

    def range(self, score: int) -> Range:
        """The range of classes that it is so good at."""
        for found in self.ranges:
            if found.score == score:
                return found
        made = Range(score)
        self.ranges = sorted([*self.ranges, made], key=lambda one: -one.score)
        return made


def score_of(profile: Profile, wanted: SkillClass, helping: int) -> tuple[int, ...]:
    """How good agents of this profile are for the class: a tuple, lower is better."""
    preferred = (not satisfied(need, profile.levels) for need in wanted.demand.preferred)
    best = fit(wanted.requires, profile.levels) if wanted.kind.pick == "best_fit" else 0
    return (helping, *map(int, preferred), -best)
