"""The first of many groups, found without looking at all of them."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from services.router.engine.front import EMPTY, Front, Key

Member = tuple[int, int, str]


@dataclass(eq=False)
class Box:
    """A group whose members leave without telling the front."""

    number: int
    members: set[Member] = field(default_factory=set)
    bound: Key = EMPTY

    def first(self) -> Key:
        found = self.first_member()
        return EMPTY if found is None else found[:2]

    def first_member(self) -> Member | None:
        return min(self.members, default=None)


@given(
    dues=st.lists(st.integers(0, 50), min_size=1, max_size=30),
    steps=st.lists(
        st.tuples(
            st.sampled_from(("join", "leave", "ask")),
            st.integers(0, 1_000_000),
            st.sets(st.integers(0, 29)),
        ),
        max_size=60,
    ),
)
def test_it_finds_what_a_scan_finds(
    dues: list[int], steps: list[tuple[str, int, set[int]]]
) -> None:
    """Whatever joined and left before, and whichever groups are asked about."""
    front: Front[Box] = Front()
    known = [Box(number) for number in range(len(dues))]
    ticket = 0

    def join(number: int, _asked: set[int]) -> None:
        box = known[number % len(known)]
        member = (number % 50, ticket, "x")
        box.members.add(member)
        front.joined(box, member[:2])

    def leave(number: int, _asked: set[int]) -> None:
        members = sorted(known[number % len(known)].members)
        known[number % len(known)].members -= set(members[:1])

    def ask(_number: int, asked: set[int]) -> None:
        own = [box for box in known if box.number in asked]
        scanned = min((m for box in own for m in box.members), default=None)
        assert front.earliest(own, asked, Box.first_member) == scanned

    doings = {"join": join, "leave": leave, "ask": ask}
    for number, due in enumerate(dues):
        ticket += 1
        known[number].members.add((due, ticket, "x"))
        front.joined(known[number], (due, ticket))
    for name, number, asked in [*steps, ("ask", 0, {0}), ("ask", 0, {len(known) - 1})]:
        ticket += 1
        doings[name](number, asked)
