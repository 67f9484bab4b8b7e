"""A place in the record, as the `id` of a server-sent event."""

from dataclasses import dataclass

from shared.record import Standing


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """The event number `index` of the decision at `offset`; -1 is the place before that decision.

    `epoch` and `seq` tell how to judge the next decision that is not known to be valid: the one at
    `offset` where `index` is -1, else the one after it.
    """

    offset: int
    index: int
    epoch: int = 0
    seq: int = 0

    def __str__(self) -> str:
        return f"{self.offset}.{self.index}.{self.epoch}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Raises ValueError for what we did not write."""
        offset, index, epoch, seq = (int(part) for part in text.split("."))
        return cls(offset, index, epoch, seq)

    @property
    def standing(self) -> Standing:
        """By what rule a reader goes on from here."""
        return Standing(self.epoch, self.seq)
