"""Writes what customers want into `preferences`, where it is kept for ever."""

from services.notifier.writer import SOURCE
from shared.clock import Clock
from shared.events.envelope import Envelope, encode
from shared.events.preferences import Preference
from shared.ids import derived_id
from shared.log import Entry, Sink
from shared.topics import PREFERENCES


class PreferenceWriter:
    """Appends wishes; the same one twice changes nothing."""

    def __init__(self, sink: Sink, clock: Clock, shards: int) -> None:
        self._sink = sink
        self._clock = clock
        self._shards = shards

    async def write(self, wish: Preference) -> None:
        """Raises LogUnavailable."""
        key = f"{wish.contact}:{wish.purpose}"
        identity = derived_id("prf", key, str(wish.wanted), wish.occurred_at.isoformat())
        envelope = Envelope(identity, SOURCE, self._clock.now(), wish, subject=wish.contact)
        partition = PREFERENCES.partition(wish.workspace, key, self._shards)
        await self._sink.append(partition, Entry(key.encode(), encode(envelope)))
