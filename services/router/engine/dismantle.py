"""The end of a state: what everything in it knows of everything else is taken apart."""

from collections.abc import Iterator
from typing import Any

from services.router.engine.state import State

_DROPPED_AT_ONCE = 10_000


def dismantle(state: State) -> Iterator[None]:
    """The state is not needed any more: open its circles, so that it goes at once. In pieces:
    a million conversations take a second to go.
    """
    state.capture = None
    yield from _drop(state.timers.heap)
    yield from _drop(state.timers.old)
    for workspace in state.workspaces.values():
        workspace.unswept.clear()
        for offer in workspace.offers.values():
            offer.conversation.offers = None
        for wanted in workspace.classes.values():
            yield from _drop(wanted.places)
        for agent in workspace.agents.values():
            agent.work.clear()
            agent.seated.clear()
            agent.kept.clear()
        for profile in workspace.profiles.values():
            profile.members.clear()
            profile.ranges.clear()
            profile.benches.clear()
        yield from _drop(workspace.conversations)
        yield from _drop(workspace.threads)
    state.workspaces.clear()


def _drop(things: list[Any] | dict[str, Any]) -> Iterator[None]:
    """Take out everything, some at a time."""
    take = things.pop if isinstance(things, list) else things.popitem
    while things:
        for _ in range(min(len(things), _DROPPED_AT_ONCE)):
            take()
        yield
