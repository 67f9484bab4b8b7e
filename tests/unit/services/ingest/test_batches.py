from hypothesis import given
from hypothesis import strategies as st

from services.ingest.receive import in_batches
from services.ingest.records import Draft
from shared.log import MAX_APPEND_BYTES, Entry, Partition, weight


def _draft(number: int, partition: int, size: int) -> Draft:
    return Draft(
        str(number), Partition("inbound", partition), Entry(b"k", b"x" * size), "published"
    )


drafts = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 10, 400_000, MAX_APPEND_BYTES - 100])),
    max_size=12,
).map(lambda found: [_draft(number, *one) for number, one in enumerate(found)])


@given(drafts)
def test_every_draft_is_in_a_batch_that_the_log_takes_and_partitions_keep_their_order(
    found: list[Draft],
) -> None:
    batches = in_batches(found)
    assert sorted(d.id for batch in batches for d in batch) == sorted(d.id for d in found)
    for batch in batches:
        assert len({draft.partition for draft in batch}) == 1
        assert weight([draft.entry for draft in batch]) <= MAX_APPEND_BYTES
    for number in range(3):
        partition = Partition("inbound", number)
        packed = [d.id for batch in batches for d in batch if d.partition == partition]
        assert packed == [d.id for d in found if d.partition == partition]


def test_drafts_that_fit_share_a_batch() -> None:
    assert len(in_batches([_draft(number, 0, 500) for number in range(1000)])) == 1
