"""How to read the record: which records of topic `routing` count. The one implementation.

A partition is totally ordered, so every reader comes to the same answer without a lease, a clock or
a transaction:

- the first `ShardOwned` with an epoch higher than all before it wins that epoch;
- a record with a lower epoch is void: its writer had been replaced and did not know it yet;
- a `seq` that was there before is a repetition and dropped;
- a `seq` that leaves some out is void, and so is everything after it until the next `ShardOwned`:
  what it was decided on has never become true.
"""

from dataclasses import dataclass
from typing import Literal

from shared.events.routing import Decision, ShardOwned

Verdict = Literal["valid", "void", "repeated"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a partition has been read: the epoch in force, and the last valid decision's number.

    `seq` is None where nothing is known of what came before; any decision may then be the next.
    """

    epoch: int = 0
    seq: int | None = 0


BEGINNING = Standing()
"""At the first record of a partition of which nothing has been deleted yet."""

UNKNOWN = Standing(0, None)
"""In the middle. Only for readers to whom one void record at the very start does no harm."""


def standing_at(offset: int) -> Standing:
    """Where a reader begins at the first retained offset of a partition."""
    return UNKNOWN if offset else BEGINNING


class Fence:
    """The readers' rule for one partition of `routing`; ask about every record, in order."""

    def __init__(self, standing: Standing = BEGINNING) -> None:
        self._epoch = standing.epoch
        self._seq = standing.seq

    @property
    def standing(self) -> Standing:
        """Where a reader that goes on from here has to begin."""
        return Standing(self._epoch, self._seq)

    def judge(self, data: ShardOwned | Decision) -> Verdict:
        """Does this record count?"""
        if isinstance(data, ShardOwned):
            return self._judge_owned(data)
        return self._judge_decision(data)

    def admits(self, data: ShardOwned | Decision) -> bool:
        """Is it valid?"""
        return self.judge(data) == "valid"

    def _judge_owned(self, owned: ShardOwned) -> Verdict:
        if owned.epoch <= self._epoch:
            return "void"
        self._epoch = owned.epoch
        return "valid"

    def _judge_decision(self, decision: Decision) -> Verdict:
        if decision.epoch < self._epoch:
            return "void"
        if decision.epoch > self._epoch:
            if self._seq is not None:
                return "void"
            self._epoch = decision.epoch
        if self._seq is not None:
            if decision.seq <= self._seq:
                return "repeated"
            if decision.seq != self._seq + 1:
                return "void"
        self._seq = decision.seq
        return "valid"
