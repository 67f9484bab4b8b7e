"""Keeping the garbage collector out of the way of a large state.

A full collection looks at every object there is: with a million conversations that stops the
process for more than a second, again and again while they are being read. What has been recovered
lives long and refers to nothing in circles that `State.dismantle` does not open, so it need never
be looked at.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 50_000
"""Conversations from which on it makes a difference."""


class Collector:
    """Paused while anybody recovers; what is there then is left alone if it is `large`."""

    def __init__(self) -> None:
        self._pauses = 0
        self._large = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No collections until everybody who paused them is done."""
        self._pauses += 1
        gc.disable()
        try:
            yield
        finally:
            self._pauses -= 1
            if not self._pauses:
                self._resume()

    def keep(self, conversations: int) -> None:
        """So many have been recovered."""
        self._large = self._large or conversations >= LARGE

    def _resume(self) -> None:
        if self._large:
            gc.freeze()
        self._large = False
        gc.enable()


COLLECTOR = Collector()
"""There is one garbage collector per process, whatever else there is."""
