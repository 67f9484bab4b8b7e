"""Which worker runs which test, when several run them (pytest-xdist)."""

from xdist.scheduler import LoadFileScheduling

LARGE = (
    "tests/bench/",
    "tests/docs/test_readme.py",
    "tests/docs/test_rules.py",
    "tests/e2e/",
    "tests/faults/",
)
"""Tests of the whole of Patchbay: each starts many processes, and measures or harms them."""


class Scheduling(LoadFileScheduling):
    """A file is one worker's, so that what its tests share is made once. The large tests are all
    one worker's: two of them side by side would take each other's time."""

    def _split_scope(self, nodeid: str) -> str:
        return "large" if nodeid.startswith(LARGE) else super()._split_scope(nodeid)
