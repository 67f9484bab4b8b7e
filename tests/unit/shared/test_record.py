"""Which records of topic `routing` count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.routing import Decision, ShardOwned
from shared.record import BEGINNING, UNKNOWN, Fence, Standing, standing_at

Told = ShardOwned | Decision


def owned(epoch: int) -> ShardOwned:
    return ShardOwned(epoch=epoch, instance="i", at=0)


def decided(epoch: int, seq: int) -> Decision:
    return Decision(
        epoch=epoch, seq=seq, at=0, workspace="w", cause="c", inbound=0, commands=0, events=()
    )


@pytest.mark.parametrize(
    ("start", "records", "expected"),
    [
        pytest.param(
            BEGINNING,
            [owned(1), decided(1, 1), decided(1, 2)],
            ["valid", "valid", "valid"],
            id="one_owner",
        ),
        pytest.param(
            BEGINNING,
            [owned(1), decided(1, 1), owned(2), decided(1, 2), decided(2, 2)],
            ["valid", "valid", "valid", "void", "valid"],
            id="a_zombie_is_void_after_the_next_owner",
        ),
        pytest.param(
            BEGINNING,
            [owned(1), owned(1), owned(0), decided(1, 1)],
            ["valid", "void", "void", "valid"],
            id="the_first_of_an_epoch_wins",
        ),
        pytest.param(
            BEGINNING,
            [owned(1), decided(1, 1), decided(1, 1), decided(1, 2)],
            ["valid", "valid", "repeated", "valid"],
            id="a_repetition_is_dropped",
        ),
        pytest.param(
            BEGINNING,
            [owned(1), decided(1, 1), decided(1, 3), decided(1, 4), owned(2), decided(2, 2)],
            ["valid", "valid", "void", "void", "valid", "valid"],
            id="after_a_gap_nothing_counts_until_somebody_owns_the_shard_anew",
        ),
        pytest.param(
            BEGINNING,
            [owned(1), decided(2, 1), decided(1, 1)],
            ["valid", "void", "valid"],
            id="an_epoch_nobody_won_is_void",
        ),
        pytest.param(
            UNKNOWN,
            [decided(4, 77), decided(4, 78), decided(3, 79), owned(5), decided(5, 79)],
            ["valid", "valid", "void", "valid", "valid"],
            id="from_the_middle",
        ),
        pytest.param(
            Standing(4, 77),
            [decided(4, 77), decided(4, 78)],
            ["repeated", "valid"],
            id="where_a_reader_stopped",
        ),
    ],
)
def test_the_rule(start: Standing, records: list[Told], expected: list[str]) -> None:
    """Every reader judges the same records in the same way."""
    fence = Fence(start)

    assert [fence.judge(record) for record in records] == expected


def test_where_a_reader_begins() -> None:
    """Where the beginning has been deleted, nothing is known of what was before."""
    assert standing_at(0) == BEGINNING
    assert standing_at(1) == UNKNOWN


@given(
    records=st.lists(
        st.one_of(
            st.builds(owned, st.integers(0, 4)),
            st.builds(decided, st.integers(0, 4), st.integers(1, 6)),
        ),
        max_size=40,
    ),
    stop=st.integers(0, 40),
)
def test_what_counts_is_one_history(records: list[Told], stop: int) -> None:
    """Epochs never fall, numbers rise by one, and it does not matter where a reader paused."""
    fence = Fence()
    valid = [record for record in records if fence.admits(record)]

    numbers = [record.seq for record in valid if isinstance(record, Decision)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [record.epoch for record in valid] == sorted(record.epoch for record in valid)
    first = Fence()
    seen = [record for record in records[:stop] if first.admits(record)]
    second = Fence(first.standing)
    assert seen + [record for record in records[stop:] if second.admits(record)] == valid
