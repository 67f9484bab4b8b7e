"""The garbage collector waits while states are recovered."""

import gc

import pytest

from services.router.shard.collector import LARGE, Collector


@pytest.mark.parametrize(("conversations", "frozen"), [(LARGE - 1, False), (LARGE, True)])
def test_it_is_paused_until_the_last_recovery_is_done(conversations: int, frozen: bool) -> None:
    """And what was recovered is left alone afterwards, if there is much of it."""
    collector = Collector()
    before = gc.get_freeze_count()
    with collector.paused():
        with collector.paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        collector.keep(conversations)
    after = gc.get_freeze_count()
    gc.unfreeze()

    assert gc.isenabled()
    assert (after > before) == frozen


@pytest.mark.parametrize(("conversations", "frozen"), [(LARGE - 1, False), (LARGE, True)])
def test_what_a_large_state_keeps_is_looked_at_once(conversations: int, frozen: bool) -> None:
    """A collection that is not of the youngest alone leaves nothing for the next one."""
    collector = Collector()
    gc.collect()
    before = gc.get_freeze_count()
    with collector.sparing():
        collector.know(conversations)
        gc.collect(0)
        young = gc.get_freeze_count()
        gc.collect(1)
    after = gc.get_freeze_count()
    gc.collect(1)
    outside = gc.get_freeze_count()
    gc.unfreeze()

    assert young == before
    assert (after > before) == frozen
    assert outside == after
