"""The record, judged from outside: did anybody hold too much, or what was with somebody else?"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from patchbay.demo.layout import SHARDS
from shared.clock import SystemClock
from shared.events import routing as was
from shared.events.routing import Decision, ShardOwned
from shared.log import Partition
from shared.opening import open_log
from shared.record import Fence
from shared.topics import ROUTING, Topic

Capacities = Mapping[str, Mapping[str, int]]


@dataclass
class History:
    """What counts of the record, in each shard's order: who owned it, and what was decided."""

    owners: list[ShardOwned] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


async def everything(log: str, topic: Topic) -> list[tuple[Partition, Any]]:
    """What every record of a topic says; those of one partition in order."""
    decoder = topic.decoder()
    partitions = [Partition(topic.name, number) for number in range(SHARDS)]
    found: list[tuple[Partition, Any]] = []
    async with open_log(log, SystemClock(), SHARDS) as opened:
        bounds = await opened.bounds(partitions)
        left = {partition: end for partition, (begin, end) in bounds.items() if end > begin}
        async with opened.read({partition: bounds[partition][0] for partition in left}) as source:
            while left:
                for record in await source.poll():
                    if record.partition not in left:
                        continue  # written since we looked where it ends
                    found.append((record.partition, decoder.decode(record.value).data))
                    if record.offset + 1 >= left[record.partition]:
                        del left[record.partition]
    return found


async def read_history(log: str) -> History:
    """Everything in `routing` that counts, by the readers' rule."""
    history, fences = History(), {number: Fence() for number in range(SHARDS)}
    for partition, data in await everything(log, ROUTING):
        valid = fences[partition.number].admits(data)
        if valid and isinstance(data, ShardOwned):
            history.owners.append(data)
        elif valid and isinstance(data, Decision):
            history.decisions.append(data)
    return history


def capacities(configuration: Path) -> Capacities:
    """How much each agent may hold, by channel, as a demo's configuration says."""
    (workspace,) = yaml.safe_load(configuration.read_text())["workspaces"].values()
    return {name: agent.get("capacity", {}) for name, agent in workspace["rules"]["agents"].items()}


def broken_promises(history: History, allowed: Capacities) -> list[str]:
    """Every position at which a conversation was with two agents, or an agent had too much."""
    room = _Room(allowed)
    for decision in history.decisions:
        for event in decision.events:
            room.see(event, f"decision {decision.seq}")
    return room.broken


class _Room:
    """Who has what: an offer takes the agent's capacity, and nobody else may be asked meanwhile."""

    def __init__(self, allowed: Capacities) -> None:
        self._allowed = allowed
        self._channel: dict[str, str] = {}
        self._with: dict[str, str] = {}
        self._load: Counter[tuple[str, str]] = Counter()
        self.broken: list[str] = []

    def see(self, event: was.RoutingEvent, where: str) -> None:
        match event:
            case was.Opened():
                self._channel[event.conversation] = event.channel
            case was.Offered():
                self._take(event.conversation, event.agent, where)
            case was.Assigned():
                holder = self._with.get(event.conversation)
                self._expect(holder == event.agent, f"{where}: {event} while {holder} has it")
            case was.OfferEnded(how="accepted"):
                pass
            case was.OfferEnded() | was.Released() | was.Closed():
                self._give(event.conversation)
            case _:
                pass

    def _take(self, conversation: str, agent: str, where: str) -> None:
        holder = self._with.get(conversation)
        self._expect(holder is None, f"{where}: offered to {agent} while {holder} has it")
        self._with[conversation] = agent
        place = (agent, self._channel[conversation])
        self._load[place] += 1
        allowed = self._allowed.get(agent, {}).get(place[1], 0)
        self._expect(self._load[place] <= allowed, f"{where}: {place} has {self._load[place]}")

    def _give(self, conversation: str) -> None:
        agent = self._with.pop(conversation, None)
        if agent is not None:
            self._load[agent, self._channel[conversation]] -= 1

    def _expect(self, kept: bool, otherwise: str) -> None:
        if not kept:
            self.broken.append(otherwise)
