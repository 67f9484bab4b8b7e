"""The stories of one partition of `commerce`, and when to look at each again. Pure."""

import heapq
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.notifier.alerts.facts import Record, Story
from shared.clock import milliseconds


class Shelf:
    """`position` is the next offset to fold; records before it change nothing."""

    def __init__(self) -> None:
        self.position = 0
        self.stories: dict[str, Story] = {}
        self._expected: dict[str, int] = {}
        self._alarms: list[tuple[datetime, int, str]] = []
        self._set: dict[str, datetime] = {}
        self._numbers = itertools.count()

    def fold(self, offset: int, timestamp: int, key: str, record: Record) -> None:
        """The next record of the partition."""
        if offset < self.position:
            return
        self.position = offset + 1
        story = self.stories.get(key)
        if story is None:
            story = self.stories[key] = Story(record.workspace, timestamp)
        story.apply(record, timestamp)

    def expect(self, key: str, offset: int) -> None:
        """Something about this story was just written: decide nothing before it has come back."""
        self._expected[key] = max(offset, self._expected.get(key, -1))

    def is_complete(self, key: str) -> bool:
        """Has everything we wrote about this story come back?"""
        if self._expected.get(key, -1) >= self.position:
            return False
        self._expected.pop(key, None)
        return True

    def wake(self, key: str, at: datetime) -> None:
        """Look at this story at that time, or earlier if it was to be looked at earlier."""
        known = self._set.get(key)
        if known is None or at < known:
            self._set[key] = at
            heapq.heappush(self._alarms, (at, next(self._numbers), key))

    def due(self, now: datetime) -> Iterator[str]:
        """The stories to look at now."""
        while self._alarms and self._alarms[0][0] <= now:
            at, _, key = heapq.heappop(self._alarms)
            if self._set.get(key) == at:
                del self._set[key]
                yield key

    def next_due(self) -> datetime | None:
        """When there is something to look at; may be early, never late."""
        return self._alarms[0][0] if self._alarms else None

    def evict(self, now: datetime, keep: timedelta, at_most: timedelta) -> None:
        """Forget stories in which nothing can happen any more, and very old ones."""
        over_before, all_before = milliseconds(now - keep), milliseconds(now - at_most)
        for key, story in list(self.stories.items()):
            over = all(shipment.finished for shipment in story.shipments.values())
            old = story.touched < (over_before if over else all_before)
            if old and not any(story.open_alerts()):
                del self.stories[key]
                self._set.pop(key, None)
