"""The view in Redis: read documents, apply a batch once, notice that everything is gone."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from services.router.view.sheet import Expire, Put, Rank, Unrank, Write
from shared.cache import asked
from shared.clock import Clock, milliseconds
from shared.log import Partition
from shared.views.keys import REGISTRY, Keys
from shared.views.stamps import Stamp, Stamps, field, parse

_FOLDER = Path(__file__).parent
_FLOOR_MS = 6 * 3_600_000
"""What a rebuild writes of long ago stays this long at least: what follows may still change it."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The batch is in the view."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The partition's stamp is another one; None: there is none."""

    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class Lost:
    """The view is gone, or is being built anew."""


class Store:
    """Reads and writes of the view. Every method raises CacheUnavailable.

    Nothing here is repeated blindly: a batch that was applied without our hearing of it is
    recognised by its stamp.
    """

    def __init__(self, redis: "Redis", clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._apply = redis.register_script((_FOLDER / "apply.lua").read_text())
        self._adopt = redis.register_script((_FOLDER / "adopt.lua").read_text())
        self._enlist = redis.register_script((_FOLDER / "enlist.lua").read_text())
        self._checkpoint = redis.register_script((_FOLDER / "checkpoint.lua").read_text())

    async def known(self) -> set[str]:
        """The workspaces that have had a view."""
        return set(await asked(self._redis.smembers(REGISTRY)))

    async def adopt(self, workspace: str, expected: Collection[str]) -> Stamps:
        """The workspace's view, begun where there is none.

        One that had been there was lost. Where even the list of those that had been there is gone,
        all the `expected` ones were.
        """
        origin = await asked(self._enlist(keys=[REGISTRY], args=[workspace, *expected]))
        keys = [Keys(workspace).stamps()]
        flat = await asked(self._adopt(keys=keys, args=[secrets.token_hex(8), origin]))
        found = parse(dict(zip(flat[::2], flat[1::2], strict=True)))
        assert found is not None
        return found

    async def load(self, keys: Sequence[str]) -> dict[str, str | None]:
        """The documents under these keys, which belong to one workspace."""
        if not keys:
            return {}
        return dict(zip(keys, await asked(self._redis.mget(keys)), strict=True))

    async def apply(
        self,
        workspace: str,
        generation: str,
        partition: Partition,
        expected: Stamp | None,
        following: Stamp,
        writes: Sequence[Write],
    ) -> Applied | Moved | Lost:
        """All writes and the new stamp at once, if the partition's stamp is the expected one."""
        now = milliseconds(self._clock.now())
        keys = [Keys(workspace).stamps(), *(write.key for write in writes)]
        args = [generation, field(partition), _text(expected), following.text()]
        for write in writes:
            args.extend(_words(write, now))
        how, stamp = await asked(self._apply(keys=keys, args=args))
        match how:
            case "applied":
                return Applied()
            case "moved":
                return Moved(Stamp.parse(stamp) if stamp else None)
            case _:
                return Lost()

    async def checkpoint(
        self,
        workspace: str,
        generation: str,
        moves: Mapping[Partition, tuple[Stamp | None, Stamp]],
    ) -> bool:
        """Move stamps from one place to the next; False when the view was lost."""
        args = [generation]
        for partition, (expected, following) in moves.items():
            args.extend((field(partition), _text(expected), following.text()))
        keys = [Keys(workspace).stamps()]
        return bool(await asked(self._checkpoint(keys=keys, args=args)))


def _text(stamp: Stamp | None) -> str:
    return "" if stamp is None else stamp.text()


def _words(write: Write, now: int) -> tuple[str, str, str]:
    match write:
        case Put():
            return "set", write.value, str(_stay(write.expires_at, now))
        case Rank():
            return "zadd", str(write.score), write.member
        case Unrank():
            return "zrem", write.member, ""
        case Expire():
            return "keep", str(_stay(write.at, now)), ""


def _stay(until: int | None, now: int) -> int:
    """Milliseconds from now; 0 is for ever. Relative, since Redis has a clock of its own."""
    return 0 if until is None else max(until - now, _FLOOR_MS)
