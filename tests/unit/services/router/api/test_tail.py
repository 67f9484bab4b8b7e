from hypothesis import given
from hypothesis import strategies as st

from services.router.api.announce import announcements
from services.router.api.caller import Caller
from services.router.api.tail import Seen, concerned
from shared.events import routing as was
from shared.events.routing import Decision, RoutingEvent

AGENTS = ("ana", "ben", "cem")
agents = st.sampled_from(AGENTS)
names = st.sampled_from(["c1", "c2", "c3"])
events: st.SearchStrategy[RoutingEvent] = st.one_of(
    st.builds(
        was.Opened,
        names,
        *map(st.just, ("key", "whatsapp", "wa", "49151", "Customer", {}, 1)),
    ),
    st.builds(was.Attached, names, *map(st.just, ("wa:1", "message", 1))),
    st.builds(was.Queued, names, *map(st.just, ("care", "normal", {}, 1, 1, "arrived"))),
    st.builds(was.Offered, names, st.just("offer"), agents, *map(st.just, (1, 2))),
    st.builds(was.Assigned, names, agents, st.just(1)),
    st.builds(was.Released, names, agents, *map(st.just, (1, "transfer"))),
    st.builds(was.Closed, names, agents, st.just(1)),
    st.builds(was.PresenceChanged, agents, *map(st.just, ("away", 1))),
)


def _decision(found: list[RoutingEvent]) -> Decision:
    return Decision(
        epoch=1, seq=1, at=1, workspace="w", cause="x", inbound=0, commands=0, events=tuple(found)
    )


@given(
    st.lists(events, min_size=1, max_size=6),
    st.dictionaries(names, st.one_of(st.none(), agents)),
    agents,
)
def test_whoever_is_told_something_is_concerned(
    found: list[RoutingEvent], holders: dict[str, str | None], agent: str
) -> None:
    """A stream gets only the decisions that concern its agent: none of his may be left out."""
    decision = _decision(found)
    caller = Caller("w", agent, "agent", 2_000_000_000)
    told = list(announcements(Seen(1, decision, holders), caller, holders))
    who = concerned(decision, holders)
    assert not told or who is None or agent in who


def test_a_contact_of_one_agent_concerns_nobody_else() -> None:
    opened = was.Opened("c1", "key", "whatsapp", "wa", "49151", "Customer", {}, 1)
    assert concerned(_decision([opened, was.Offered("c1", "o", "ana", 1, 2)]), {}) == {"ana"}
    assert concerned(_decision([was.Closed("c1", "ana", 1)]), {"c1": "ana"}) == {"ana"}
    assert concerned(_decision([was.Attached("c1", "wa:2", "message", 1)]), {"c1": None}) == set()


def test_a_conversation_of_unknown_holder_may_concern_anybody() -> None:
    assert concerned(_decision([was.Closed("c1", "ana", 1)]), {}) is None
