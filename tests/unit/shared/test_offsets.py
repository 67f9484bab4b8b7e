from hypothesis import given
from hypothesis import strategies as st

from shared.log import Partition
from shared.offsets import Offsets

ONE, TWO = Partition("t", 1), Partition("t", 2)


def test_nothing_in_hand_is_nothing_to_commit() -> None:
    assert Offsets().committable() == {}


def test_the_first_unfinished_record_is_what_may_be_committed() -> None:
    offsets = Offsets()
    assert [offsets.started(ONE, n) for n in (5, 6, 7)] == [True] * 3
    offsets.finished(ONE, 6)
    assert offsets.committable() == {}
    offsets.finished(ONE, 5)
    assert offsets.committable() == {ONE: 7}
    offsets.finished(ONE, 7)
    assert offsets.committable() == {ONE: 8}


def test_what_has_been_committed_is_not_committed_again() -> None:
    offsets = Offsets()
    offsets.started(ONE, 0)
    offsets.finished(ONE, 0)
    offsets.committed({ONE: 1, TWO: 9})
    assert offsets.committable() == {}


def test_a_record_in_hand_or_finished_is_not_taken_again() -> None:
    offsets = Offsets()
    offsets.started(ONE, 0)
    offsets.started(ONE, 1)
    offsets.finished(ONE, 0)
    assert [offsets.started(ONE, n) for n in (0, 1)] == [False, False]
    assert offsets.started(TWO, 0)


def test_records_from_before_the_first_one_are_taken_and_hold_the_commit_back() -> None:
    offsets = Offsets()
    offsets.started(ONE, 10)
    offsets.finished(ONE, 10)
    assert offsets.started(ONE, 8)
    assert offsets.committable() == {}
    offsets.finished(ONE, 8)
    assert offsets.committable() == {ONE: 9}


def test_what_is_forgotten_is_gone_and_its_late_end_means_nothing() -> None:
    offsets = Offsets()
    offsets.started(ONE, 0)
    offsets.forget([ONE, TWO])
    offsets.finished(ONE, 0)
    assert offsets.committable() == {}
    assert offsets.started(ONE, 0)


@given(
    first=st.integers(0, 100),
    gaps=st.lists(st.integers(1, 3), min_size=1, max_size=40),
    data=st.data(),
)
def test_no_order_of_finishing_commits_past_unfinished_work(
    first: int, gaps: list[int], data: st.DataObject
) -> None:
    taken = [first + sum(gaps[:index]) for index in range(len(gaps))]
    offsets = Offsets()
    assert all(offsets.started(ONE, offset) for offset in taken)
    unfinished = set(taken)
    for offset in data.draw(st.permutations(taken)):
        offsets.finished(ONE, offset)
        unfinished.discard(offset)
        position = offsets.committable().get(ONE, first)
        assert position <= min(unfinished, default=taken[-1] + 1)
        # And it does not lag: everything before the first unfinished one counts.
        finished_before = [o for o in taken if o < min(unfinished, default=taken[-1] + 1)]
        assert position == (finished_before[-1] + 1 if finished_before else first)
    assert offsets.committable() == {ONE: taken[-1] + 1}


@given(
    steps=st.lists(st.tuples(st.sampled_from(["start", "finish", "commit"]), st.integers(0, 20)))
)
def test_whatever_is_delivered_again_the_commit_never_passes_work_in_hand(
    steps: list[tuple[str, int]],
) -> None:
    """Any order of deliveries: records may come again, and earlier ones after later ones."""
    offsets = Offsets()
    in_hand: set[int] = set()

    def start(offset: int) -> None:
        in_hand.update({offset} if offsets.started(ONE, offset) else ())

    def finish(offset: int) -> None:
        offsets.finished(ONE, offset)
        in_hand.discard(offset)

    def commit(_offset: int) -> None:
        offsets.committed(offsets.committable())

    acts = {"start": start, "finish": finish, "commit": commit}
    for act, offset in steps:
        acts[act](offset)
        position = offsets.committable().get(ONE)
        assert position is None or all(position <= unfinished for unfinished in in_hand)
