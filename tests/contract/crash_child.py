"""A process for `test_log_crash.py` to kill: it works on the log until then, and reports.

Usage: python -m tests.contract.crash_child ADDRESS TOPIC (append | consume)
"""

import asyncio
import sys

from shared.log import Entry, Log, Partition
from tests.contract.logs import opener_at

PARTITIONS = 4
WRITERS = 4
GROUP = "doomed"


async def _append(log: Log, topic: str) -> None:
    """Report `partition offset number size` for every batch that was acknowledged."""
    async with log.sink() as sink:

        async def write(partition: Partition, writer: int) -> None:
            number = 0
            while True:
                size = 1 + number % 5
                entries = [Entry(b"%d" % writer, b"%d %d" % (number, i)) for i in range(size)]
                offset = await sink.append_batch(partition, entries)
                print(partition.number, offset, writer, number, size, flush=True)  # noqa: T201
                number += 1

        await asyncio.gather(
            *[
                write(Partition(topic, partition), writer)
                for partition in range(PARTITIONS)
                for writer in range(WRITERS)
            ]
        )


async def _consume(log: Log, topic: str) -> None:
    """Report every record; commit the first three of each partition only."""
    async with log.subscribe(GROUP, [topic]) as source:
        while True:
            for record in await source.poll(limit=5):
                if record.offset < 3:
                    await source.commit({record.partition: record.offset + 1})
                print(record.partition.number, record.offset, flush=True)  # noqa: T201


async def main(address: str, topic: str, work: str) -> None:
    async with opener_at(address)() as log:
        await {"append": _append, "consume": _consume}[work](log, topic)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
