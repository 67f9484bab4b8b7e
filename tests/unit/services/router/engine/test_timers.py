"""Timers: in their order whatever is swept, and never many more than there is reason for."""

from hypothesis import given
from hypothesis import strategies as st

from services.router.engine.decide import Input, decide
from services.router.engine.state import State
from services.router.engine.timers import CAUSE, Timer, arm, due_timers, next_timer
from services.router.engine.turn import Context
from shared.events.commands import AcceptOffer, Close, Configure, SetPresence
from shared.events.inbound import Action, CustomerEvent, Sender
from shared.rules import Rules
from tests.unit.services.router.engine.worlds import START, moment

RULES = Rules.model_validate(
    {
        "queues": {"support": {"offer_seconds": 3_600}},
        "thread_window_hours": {"whatsapp": 24},
        "agents": {"ada": {"queues": ["support"], "capacity": {"whatsapp": 1}}},
    }
)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=200), st.integers(0, 8))
def test_they_fall_due_in_their_order_while_they_are_swept(
    armed: list[tuple[int, int]], every: int
) -> None:
    """Those for whom it is over may go earlier; nothing else changes, and nothing comes twice."""
    state = State()
    state.timers.limit = 10
    expected = []
    for at, subject in armed:
        arm(state, at, "lapse", "w", str(subject))
        expected.append(Timer(at, "lapse", "w", str(subject)))
        state.timers.tend(lambda timer: int(timer.subject) == every)
    found: list[Timer] = []
    while (soonest := next_timer(state)) is not None:
        found += due_timers(state, soonest)
    wanted = sorted({timer for timer in expected if int(timer.subject) != every})

    assert [timer for timer in found if int(timer.subject) != every] == wanted
    assert {timer for timer in found if int(timer.subject) == every} <= set(expected)


class Desk:
    """One agent, and one customer who writes again as soon as he is done with him."""

    def __init__(self) -> None:
        self.state = State()
        self.now = START
        self.do(Configure(workspace="w", digest="d", rules=RULES))
        self.do(SetPresence(workspace="w", actor="ada", agent="ada", state="available"))

    def do(self, happens: Input) -> None:
        self.now += 10
        decide(self.state, happens, Context(self.now, str(self.now)))

    def serve(self, number: int) -> None:
        sender, at = Sender(address="+49"), moment(self.now)
        action = Action(kind="message", sender=sender, occurred_at=at, provider_id="p")
        self.do(
            CustomerEvent(
                id=f"e{number}",
                workspace="w",
                channel="whatsapp",
                account="a",
                conversation_key="k",
                received_at=at,
                action=action,
            )
        )
        (held,) = self.state.workspace("w").agents["ada"].work.values()
        self.do(AcceptOffer(workspace="w", actor="ada", offer=(held.offers or [])[0].id))
        self.do(Close(workspace="w", actor="ada", conversation=held.id))

    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds
        for timer in due_timers(self.state, self.now, limit=100_000):
            decide(self.state, timer, Context(self.now, CAUSE))


def test_what_is_over_does_not_pile_up() -> None:
    """Offers would be valid for an hour, and are accepted at once: their timers do not stay."""
    desk, armed = Desk(), []
    for number in range(8_000):
        desk.serve(number)
        armed.append(len(desk.state.timers))
    known = len(desk.state.workspace("w").conversations)
    desk.wait(48 * 3_600_000)

    assert max(armed) < 8_192
    assert known == 1
    assert not desk.state.workspace("w").conversations
