"""What decide promises whatever the command is."""

from services.router.engine.decide import decide
from services.router.engine.state import RECENT_CAUSES, State
from services.router.engine.turn import Context
from shared.events.commands import Close
from shared.events.routing import Refused, Unchanged

UNKNOWN = Close(workspace="shop", actor="ada", conversation="cnv_unknown")


def test_a_cause_is_known_for_a_while() -> None:
    """As long as a repetition may still be under way; not for ever."""
    state = State()
    first = decide(state, UNKNOWN, Context(1, "cmd0"))
    for number in range(1, RECENT_CAUSES):
        decide(state, UNKNOWN, Context(1, f"cmd{number}"))

    assert isinstance(first[0], Refused)
    assert decide(state, UNKNOWN, Context(1, "cmd0")) == (Unchanged(),)
    decide(state, UNKNOWN, Context(1, "one more"))
    assert decide(state, UNKNOWN, Context(1, "cmd0")) == first
    assert len(state.workspaces["shop"].known) == RECENT_CAUSES


def test_time_never_goes_back() -> None:
    """A clock that is behind the record's last decision waits for it."""
    state = State()
    decide(state, UNKNOWN, Context(500, "later"))
    decide(state, UNKNOWN, Context(100, "earlier"))

    assert (state.now, state.latest) == (500, 500)


def test_workspaces_share_nothing() -> None:
    """The same command elsewhere is another one, also with the same cause."""
    state = State()
    decide(state, UNKNOWN, Context(1, "cmd"))
    elsewhere = UNKNOWN.model_copy(update={"workspace": "other"})

    assert isinstance(decide(state, elsewhere, Context(1, "cmd"))[0], Refused)
