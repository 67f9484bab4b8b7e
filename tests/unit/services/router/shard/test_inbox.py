"""What has been read and not been decided on."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from services.router.shard.inbox import Inbox
from shared.log import Partition, Record

ONE, TWO = Partition("inbound", 0), Partition("commands", 0)


class Topics:
    """Two partitions, read from wherever the inbox wants."""

    def __init__(self, room: int) -> None:
        self.positions: dict[Partition, int] = {}
        self.inbox = Inbox(room, self.rewind)

    def rewind(self, positions: Mapping[Partition, int]) -> None:
        self.positions |= positions

    def feed(self, partition: Partition, count: int, end: int) -> None:
        begin = self.positions[partition]
        after = min(begin + count, end)
        self.positions[partition] = max(begin, after)
        self.inbox.put([Record(partition, o, b"", b"", 0) for o in range(begin, after)], 0.0)


@given(
    room=st.integers(1, 6),
    steps=st.lists(st.tuples(st.sampled_from((ONE, TWO, None)), st.integers(1, 9)), max_size=60),
)
def test_everything_comes_once_and_in_order(
    room: int, steps: list[tuple[Partition | None, int]]
) -> None:
    """However much there is at once and however slowly it is taken."""
    topics = Topics(room)
    topics.inbox.open({ONE: 3, TWO: 0})
    taken: list[Record] = []
    end = 40

    def step(partition: Partition | None, count: int) -> None:
        if partition is not None:
            return topics.feed(partition, count, end)
        taken.extend(record for record, _ in topics.inbox.take(count))
        return None

    for partition, count in [*steps, *[(ONE, 50), (TWO, 50), (None, 50)] * 100]:
        step(partition, count)
        assert len(topics.inbox) <= room

    for partition, begin in ((ONE, 3), (TWO, 0)):
        offsets = [record.offset for record in taken if record.partition == partition]
        assert offsets == list(range(begin, end))


def test_it_takes_nothing_while_it_is_closed() -> None:
    """Nor what belongs to nobody here."""
    topics = Topics(5)
    topics.inbox.put([Record(ONE, 0, b"", b"", 0)], 0.0)
    topics.inbox.open({ONE: 0})
    topics.inbox.put([Record(TWO, 0, b"", b"", 0)], 0.0)
    assert len(topics.inbox) == 0

    topics.inbox.put([Record(ONE, 0, b"", b"", 0)], 0.0)
    topics.inbox.close()
    assert topics.inbox.take(9) == []


def test_what_is_no_longer_retained_is_passed_over() -> None:
    """A gap that nobody can fill must not stop the shard."""
    topics = Topics(5)
    topics.inbox.open({ONE: 0})
    topics.inbox.put([Record(ONE, 7, b"", b"", 0), Record(ONE, 8, b"", b"", 0)], 0.0)

    assert [record.offset for record, _ in topics.inbox.take(9)] == [7, 8]
