"""What cannot be processed is kept whole, with a reason; unless that is nearly everything."""

import base64
import zlib
from collections import deque

import structlog

from shared.clock import Clock
from shared.errors import TooManyDeadLetters
from shared.events.dead import DeadLetter, Encoding
from shared.events.envelope import Envelope, encode
from shared.ids import derived_id
from shared.log import MAX_APPEND_BYTES, Entry, Partition, Record, Sink
from shared.topics import DEAD_LETTERS

log = structlog.get_logger()

# What the envelope may add to the raw bytes. The key is in it, as base64.
_ENVELOPE_BYTES = 8_000


class Fuse:
    """Blows when `consecutive` records in a row fail, or `ratio` of the last `window`.

    A bad deploy must stop, not empty a topic into `dead-letters`.
    """

    def __init__(self, *, consecutive: int = 25, ratio: float = 0.5, window: int = 200) -> None:
        self._consecutive = consecutive
        self._ratio = ratio
        self._size = window
        self._window: deque[bool] = deque()
        self._failed = 0
        self._in_a_row = 0

    @property
    def blown(self) -> bool:
        """Have too many failed?"""
        full = len(self._window) == self._size
        share = self._failed >= self._ratio * self._size
        return self._in_a_row >= self._consecutive or (full and share)

    def succeeded(self) -> None:
        """A record was processed."""
        self._in_a_row = 0
        self._note(failed=False)

    def failed(self) -> None:
        """A record could not be processed."""
        self._in_a_row += 1
        self._note(failed=True)

    def _note(self, *, failed: bool) -> None:
        self._window.append(failed)
        self._failed += failed
        if len(self._window) > self._size:
            self._failed -= self._window.popleft()


class DeadLetters:
    """Buries records in topic `dead-letters`. `source` names the service in the envelope."""

    def __init__(
        self, sink: Sink, clock: Clock, shards: int, source: str, fuse: Fuse | None = None
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._shards = shards
        self._source = source
        self._fuse = fuse or Fuse()

    async def bury(self, record: Record, reason: str, detail: str = "") -> None:
        """Keep the record with the reason: an error's code, or `bug`.

        Twice for the same record makes the same id. Raises TooManyDeadLetters once the fuse has
        blown, and LogUnavailable; in both cases the record must not be committed.
        """
        if self._fuse.blown:
            raise TooManyDeadLetters(f"nothing is buried any more, {reason} neither")
        origin = f"{record.partition.topic}/{record.partition.number}/{record.offset}"
        value = encode(
            Envelope(
                id=derived_id("dead", self._source, origin),
                source=self._source,
                time=self._clock.now(),
                data=letter(record, origin, reason, detail),
                subject=origin,
            )
        )
        number = zlib.crc32(record.key) % self._shards
        await self._sink.append(Partition(DEAD_LETTERS.name, number), Entry(record.key, value))
        self._fuse.failed()
        log.error("dead_letter", origin=origin, reason=reason)

    def passed(self) -> None:
        """A record was processed: the fuse cools down."""
        self._fuse.succeeded()


def letter(record: Record, origin: str, reason: str, detail: str) -> DeadLetter:
    """The dead letter of a record.

    A record that does not fit even packed stays where it is for as long as its topic keeps it, and
    the letter names the place.
    """
    wrapped = wrap(record.value, 2 * len(record.key))
    if wrapped is None:
        detail = f"{detail} (raw bytes only at the origin)"
        return DeadLetter(origin=origin, reason=reason, detail=detail, raw="")
    raw, encoding = wrapped
    return DeadLetter(origin=origin, reason=reason, detail=detail, raw=raw, raw_encoding=encoding)


def wrap(value: bytes, taken: int = 0) -> tuple[str, Encoding] | None:
    """Raw bytes as a dead letter holds them; None when they do not fit into one append.

    Base64 is a third longer: what that makes too large, is compressed. `taken` bytes of the append
    are needed for something else.
    """
    room = MAX_APPEND_BYTES - taken - _ENVELOPE_BYTES
    plain = base64.b64encode(value).decode()
    if len(plain) <= room:
        return plain, "base64"
    packed = base64.b64encode(zlib.compress(value)).decode()
    return (packed, "zlib+base64") if len(packed) <= room else None
