"""Keeping the garbage collector out of the way of a large state.

A full collection looks at every object there is: with a million conversations that stops the
process for more than a second, again and again while they are being read. What has been recovered
lives long and refers to nothing in circles that `dismantle` does not open, so it need never
be looked at. Nor need what is added to a large state once it has survived a younger collection:
otherwise every quarter more would mean another look at all of it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 20_000
"""Conversations from which on it makes a difference."""


class Collector:
    """Paused while anybody recovers; what is there then is left alone if it is `large`."""

    def __init__(self) -> None:
        self._pauses = 0
        self._large = False
        self._much = False

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

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """While it is entered, what a large state keeps is looked at once."""
        gc.callbacks.append(self._collected)
        try:
            yield
        finally:
            gc.callbacks.remove(self._collected)

    def keep(self, conversations: int) -> None:
        """So many have been recovered."""
        self._large = self._large or conversations >= LARGE

    def know(self, conversations: int) -> None:
        """So many are there now."""
        self._much = conversations >= LARGE

    def _collected(self, phase: str, info: dict[str, int]) -> None:
        """Objects are young (0), tried once (1), or old (2); what is still here is old."""
        if self._much and phase == "stop" and info["generation"] >= 1:
            gc.freeze()

    def _resume(self) -> None:
        if self._large:
            gc.freeze()
        self._large = False
        gc.enable()


COLLECTOR = Collector()
"""There is one garbage collector per process, whatever else there is."""
