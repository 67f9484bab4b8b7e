"""Which records are worked off, and so what may be committed. Pure."""

from collections.abc import Iterable, Mapping

from shared.log import Partition


class _Track:
    """One partition. `open` are the records in hand, in order: are they finished?

    Everything from `first` to before `position` is finished.
    """

    __slots__ = ("committed", "first", "open", "position")

    def __init__(self, first: int) -> None:
        self.open: dict[int, bool] = {}
        self.first = self.position = self.committed = first

    def insert(self, offset: int) -> None:
        in_order = not self.open or offset > next(reversed(self.open))
        self.open[offset] = False
        if not in_order:
            self.open = dict(sorted(self.open.items()))
        if offset < self.first:
            self.first = self.position = self.committed = offset

    def advance(self) -> None:
        while self.open:
            first = next(iter(self.open))
            if not self.open[first]:
                break
            del self.open[first]
            self.position = first + 1


class Offsets:
    """The first unfinished offset of a partition is what may be committed, and nothing beyond."""

    def __init__(self) -> None:
        self._tracks: dict[Partition, _Track] = {}

    def started(self, partition: Partition, offset: int) -> bool:
        """Take a record in hand. False for one that already is, or that is finished."""
        track = self._tracks.setdefault(partition, _Track(offset))
        if offset in track.open or track.first <= offset < track.position:
            return False
        track.insert(offset)
        return True

    def finished(self, partition: Partition, offset: int) -> None:
        """The record is worked off; nothing happens if it is not in hand any more."""
        track = self._tracks.get(partition)
        if track is None or offset not in track.open:
            return
        track.open[offset] = True
        track.advance()

    def committable(self) -> dict[Partition, int]:
        """Positions that have advanced since they were last committed."""
        return {
            partition: track.position
            for partition, track in self._tracks.items()
            if track.position > track.committed
        }

    def committed(self, positions: Mapping[Partition, int]) -> None:
        """The log has stored these positions."""
        for partition, position in positions.items():
            if partition in self._tracks:
                self._tracks[partition].committed = position

    def forget(self, partitions: Iterable[Partition]) -> None:
        """The partitions are somebody else's now."""
        for partition in partitions:
            self._tracks.pop(partition, None)
