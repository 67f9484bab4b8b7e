"""What the view's documents say of themselves."""

import pytest

from shared.views.documents import Conversation, Holding

KNOWN = Conversation(
    id="cnv_1",
    key="k1",
    channel="whatsapp",
    account="wa",
    address="49",
    customer="Nadia",
    opened_at=1,
    holdings=[
        Holding(agent="ana", since=3, until=7),
        Holding(agent="ben", since=7, until=7),
        Holding(agent="cem", since=9),
    ],
)


@pytest.mark.parametrize(
    ("offset", "holder"),
    [(3, None), (4, "ana"), (7, "ana"), (8, None), (9, None), (10, "cem"), (99, "cem")],
)
def test_who_held_it_before_a_decision_is_known(offset: int, holder: str | None) -> None:
    """What a decision itself changes holds from the next one on."""
    assert KNOWN.holder_before(offset) == holder
