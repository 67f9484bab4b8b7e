"""Find where in a partition a moment is: by bisection, as the log's seam has no index of times."""

from shared.log import Log, Partition, Record, Source

_NEAR = 1000
"""Reading so many records too many is cheaper than another probe."""


async def first_since(log: Log, partition: Partition, moment: int) -> int:
    """An offset with no record of `moment` (Unix milliseconds) or later before it.

    At most `_NEAR` records too early. Appends of several writers may be out of order by their
    clocks' difference: the caller allows for it.
    """
    low, high = (await log.bounds([partition]))[partition]
    if high - low <= _NEAR:
        return low
    async with log.read({partition: low}) as source:
        while high - low > _NEAR:
            middle = (low + high) // 2
            record = await _at(source, partition, middle)
            if record is None or record.offset >= high or record.timestamp >= moment:
                high = middle
            else:
                low = record.offset + 1
    return low


async def _at(source: Source, partition: Partition, offset: int) -> Record | None:
    source.seek({partition: offset})
    records = await source.poll(limit=1, wait=5.0)
    return records[0] if records else None
