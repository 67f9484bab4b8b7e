"""What a shard's owner writes is what the model of a decision says."""

import pytest

from services.router.shard.decisions import Line
from shared.events.routing import ShardOwned
from shared.topics import ROUTING
from tests.unit.services.router.engine.days import Day

_DECODER = ROUTING.decoder()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_decision_is_read_as_it_was_made(seed: int) -> None:
    """Whatever events it has: they are written without their models, and read with them."""
    made = [_DECODER.decode(value).data for value in Day(seed).live(120).history.decisions]
    line = Line(3, epoch=7, inbound=11, commands=12)

    for number, decision in enumerate(made, start=1):
        entry = line.decided(decision.workspace, decision.cause, 5, decision.events, "00-1-2-01")
        read = _DECODER.decode(entry.value)
        expected = decision.model_copy(
            update={"epoch": 7, "seq": number, "at": 5, "inbound": 11, "commands": 12}
        )
        assert read.data == expected
        assert (read.id, read.traceparent, entry.key) == (f"3.7.{number}", "00-1-2-01", b"3")

    assert len({type(event) for decision in made for event in decision.events}) > 12


def test_a_claim_is_read_as_it_was_made() -> None:
    claim = _DECODER.decode(Line(3).owned(8, "one", 99).value).data

    assert claim == ShardOwned(epoch=8, instance="one", at=99)
