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
