"""Whole stories of a workspace: what an engine could have decided, drawn by hypothesis.

A story keeps just enough state to make only moves that an engine could make.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from shared.events import routing as was
from shared.events.outbound import Attempted, OutboundMessage, Outcome, Receipt
from shared.ids import derived_id
from tests.router.owner import NOW, NOW_MS, Owner, said

AGENTS = ("ana", "ben", "cem")
QUEUES = ("sales", "care")


@dataclass
class Episode:
    """One conversation of the story."""

    id: str
    key: str
    state: str = "waiting"
    agent: str | None = None
    offer: str | None = None
    queue: str = "care"
    messages: list[str] = field(default_factory=list)


class Story:
    """Moves on at random, writing every record that belongs to a move."""

    def __init__(self, owner: Owner, workspace: str, random: Random) -> None:
        self._owner = owner
        self._workspace = workspace
        self._random = random
        self._episodes: list[Episode] = []
        self._count = 0

    async def move(self) -> None:
        """Make one more thing happen."""
        names = ("arrive", "arrive", "offer", "end", "write", "report", "close", "return", "own")
        await getattr(self, f"_{self._random.choice(names)}")()

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _pick(self, *states: str) -> Episode | None:
        found = [episode for episode in self._episodes if episode.state in states]
        return self._random.choice(found) if found else None

    def _at(self) -> int:
        return NOW_MS + self._count * 1000

    async def _decide(self, *events: Any) -> None:
        await self._owner.decide(*events, cause=f"c{self._number()}")

    async def _own(self) -> None:
        """A new owner, after whom the old one still writes what is void."""
        await self._owner.own()
        void = was.PresenceChanged("ana", "away", self._at())
        await self._owner.record(self._owner.epoch - 1, self._owner.seq + 1, "zombie", void)
        await self._owner.record(self._owner.epoch, self._owner.seq, "again", void)

    async def _arrive(self) -> None:
        number = self._number()
        old = self._pick("waiting", "offered", "held")
        key = old.key if old and self._random.random() < 0.5 else f"k{number}"
        event = said(self._workspace, key, number, occurred_at=NOW + timedelta(seconds=number))
        await self._owner.receive(event)
        if old is not None and key == old.key:
            await self._decide(was.Attached(old.id, event.id, "message", self._at()))
            return
        episode = Episode(f"cnv_{number}", key, queue=self._random.choice(QUEUES))
        self._episodes.append(episode)
        await self._decide(
            was.Opened(episode.id, key, "whatsapp", "wa", "a", "Nadia", {}, self._at()),
            was.Attached(episode.id, event.id, "message", self._at()),
            self._queued(episode, "new"),
        )

    def _queued(self, episode: Episode, why: was.QueuedFor) -> was.Queued:
        at = self._at()
        return was.Queued(episode.id, episode.queue, "normal", {}, at + 9000, at, why)

    async def _offer(self) -> None:
        if episode := self._pick("waiting"):
            episode.state, episode.agent = "offered", self._random.choice(AGENTS)
            episode.offer = f"off_{self._number()}"
            at = self._at()
            await self._decide(
                was.PresenceChanged(episode.agent, "available", at, session="ses_1"),
                was.Offered(episode.id, episode.offer, episode.agent, at, at + 20_000),
            )

    async def _end(self) -> None:
        """An offer is accepted or not."""
        episode = self._pick("offered")
        if episode is None or episode.agent is None or episode.offer is None:
            return
        how: was.OfferEnd = self._random.choice(("accepted", "accepted", "declined", "expired"))
        ended = was.OfferEnded(episode.id, episode.offer, episode.agent, how, self._at())
        if how == "accepted":
            episode.state = "held"
            await self._decide(ended, was.Assigned(episode.id, episode.agent, self._at()))
        else:
            episode.state = "waiting"
            await self._decide(ended, self._queued(episode, "requeued"))

    async def _write(self) -> None:
        if episode := self._pick("held"):
            name = derived_id("msg", episode.id, str(self._number()))
            episode.messages.append(name)
            await self._owner.send(
                OutboundMessage(
                    id=name,
                    conversation_id=episode.id,
                    to="a",
                    author=episode.agent,
                    text="hello",
                    written_at=NOW + timedelta(seconds=self._count),
                    **self._channel(episode),
                )
            )

    def _channel(self, episode: Episode) -> dict[str, Any]:
        return {
            "workspace": self._workspace,
            "channel": "whatsapp",
            "account": "wa",
            "conversation_key": episode.key,
        }

    async def _report(self) -> None:
        """A message is tried, taken, or reported on, in whatever order."""
        episode = self._pick("held", "closed", "waiting")
        if episode is None or not episode.messages:
            return
        name = self._random.choice(episode.messages)
        channel = self._channel(episode)
        part = self._random.choice((0, 1))
        about = {"message_id": name, "attempt": 1, "part": part, **channel}
        event = self._random.choice(
            (
                Attempted(parts=2, **about),
                Outcome(kind="accepted", final=True, provider_id=f"p{name}{part}", **about),
                Outcome(kind="retry", final=False, **about),
                self._receipt(channel, f"p{name}{part}", None),
                self._receipt(channel, None, NOW + timedelta(seconds=self._count)),
            )
        )
        await self._owner.deliver(episode.key, event)

    def _receipt(self, channel: dict[str, Any], provider_id: str | None, mark: Any) -> Receipt:
        return Receipt(
            id=f"r{self._number()}",
            status=self._random.choice(("delivered", "read", "sent")),
            occurred_at=NOW + timedelta(seconds=self._count),
            provider_id=provider_id,
            watermark=mark,
            **channel,
        )

    async def _close(self) -> None:
        """A conversation ends, or goes back into a queue."""
        episode = self._pick("held")
        if episode is None or episode.agent is None:
            return
        at, agent = self._at(), episode.agent
        if self._random.random() < 0.3:
            episode.state, episode.queue = "waiting", self._random.choice(QUEUES)
            await self._decide(
                was.Released(episode.id, agent, at, "transferred"),
                self._queued(episode, "transferred"),
            )
            return
        episode.state = "closed"
        await self._decide(
            was.Closed(episode.id, agent, at, "solved"),
            was.WrapUpStarted(episode.id, agent, at, at + 5000),
        )
        if self._random.random() < 0.5:
            await self._decide(was.WrapUpEnded(episode.id, agent, at + 5000))

    async def _return(self) -> None:
        """The customer of a closed conversation writes again."""
        if episode := self._pick("closed"):
            episode.state = "waiting"
            event = said(self._workspace, episode.key, self._number())
            await self._owner.receive(event)
            await self._decide(
                was.Reopened(episode.id, self._at()),
                was.Attached(episode.id, event.id, "message", self._at()),
                self._queued(episode, "reopened"),
            )
