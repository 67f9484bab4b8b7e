"""How decisions and ownership look in the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic_core import to_jsonable_python

from shared.clock import from_milliseconds
from shared.events.envelope import Envelope, enclose, encode
from shared.events.routing import Decision, RoutingEvent, ShardOwned
from shared.log import Entry
from shared.rules import Rules
from shared.rules.stored import store

SOURCE = "/patchbay/router"


@dataclass(slots=True)
class Line:
    """Where an owner's record stands: what its next decision has to say besides its events.

    `inbound` and `commands` are the next offsets of the inputs to read, `seq` the number of the
    last decision.
    """

    shard: int
    epoch: int = 0
    seq: int = 0
    inbound: int = 0
    commands: int = 0

    def decided(
        self,
        workspace: str,
        cause: str,
        at: int,
        events: Sequence[RoutingEvent],
        traceparent: str | None = None,
    ) -> Entry:
        """The next decision as an entry for topic `routing`.

        Its model is left to the readers: making and checking one costs more than writing it.
        """
        self.seq += 1
        decision = {
            "epoch": self.epoch,
            "seq": self.seq,
            "at": at,
            "workspace": workspace,
            "cause": cause,
            "inbound": self.inbound,
            "commands": self.commands,
            "events": events,
        }
        body = orjson.dumps(decision, default=_written)
        identity, time = f"{self.shard}.{self.epoch}.{self.seq}", from_milliseconds(at)
        value = enclose(Decision.TYPE, body, identity, SOURCE, time, traceparent=traceparent)
        return Entry(self.key, value)

    def owned(self, epoch: int, instance: str, at: int) -> Entry:
        """The record that claims the shard."""
        owned = ShardOwned(epoch=epoch, instance=instance, at=at)
        envelope = Envelope(
            id=f"{self.shard}.{epoch}.{instance}",
            source=SOURCE,
            time=from_milliseconds(at),
            data=owned,
        )
        return Entry(self.key, encode(envelope))

    @property
    def key(self) -> bytes:
        """The key of everything in the shard's partition."""
        return str(self.shard).encode()


def _written(value: object) -> Any:
    return store(value) if isinstance(value, Rules) else to_jsonable_python(value)
