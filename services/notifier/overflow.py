"""Messages that a full queue could not take: left in the log, and read again when there is room.

All that is remembered is, per account and partition, the first offset that was left. From there on
nothing of that account is taken directly, so its messages stay in order.
"""

from collections.abc import Callable

from services.notifier.queues import Job
from shared.log import Log, Partition, Record

Account = tuple[str, str]
Take = Callable[[Record], Job | None]
"""Reads a record; None when it is not (or no longer) a message to be sent."""


class Overflow:
    """What was left, and the way back."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._left: dict[tuple[Account, Partition], int] = {}

    def __len__(self) -> int:
        return len({account for account, _ in self._left})

    def holds(self, account: Account, partition: Partition) -> bool:
        """Must a new message of this account wait behind others that were left?"""
        return (account, partition) in self._left

    def leave(self, account: Account, record: Record) -> None:
        """This message stays in the log for now."""
        self._left.setdefault((account, record.partition), record.offset)

    def oldest(self, partition: Partition) -> int | None:
        """The first offset of the partition that was left by anybody."""
        return min((at for (_, p), at in self._left.items() if p == partition), default=None)

    def waiting(self) -> list[tuple[Account, Partition]]:
        """Who has left something, and where."""
        return list(self._left)

    def forget(self, partition: Partition) -> None:
        """The partition is somebody else's now."""
        for place in [place for place in self._left if place[1] == partition]:
            del self._left[place]

    async def read_back(
        self,
        account: Account,
        partition: Partition,
        take: Take,
        offer: Callable[[Job], bool],
        position: Callable[[], int],
    ) -> None:
        """Offer what was left, in order, until one is not taken or `position` is reached.

        `position` is the next offset the group reads of the partition: whatever comes after that
        is offered directly again.
        """
        place = (account, partition)
        async with self._log.read({partition: self._left[place]}) as source:
            while place in self._left and self._left[place] < position():
                for record in await source.poll():
                    if place not in self._left or record.offset >= position():
                        break
                    job = take(record)
                    mine = job is not None and _account(job) == account
                    if mine and job is not None and not offer(job):
                        return
                    self._left[place] = record.offset + 1
        self._left.pop(place, None)


def _account(job: Job) -> Account:
    return job.message.channel, job.message.account
