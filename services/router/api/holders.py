"""Who held a conversation when something happened to it: whom an event of it concerns.

Most events name only the conversation. The tail notes every change from its beginning on; what it
cannot know is looked up in the view, which remembers who held what from where to where.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from shared.events import routing as was
from shared.events.routing import Decision
from shared.views.documents import Conversation

Lookup = Callable[[str, int], Awaitable[Conversation | None]]
"""The conversation of this id, from a view that shows the record at least up to this offset.

Raises CacheUnavailable and ViewBehind."""

_MOST = 100_000


def conversations(decision: Decision) -> set[str]:
    """The conversations that a decision is about."""
    found = (getattr(event, "conversation", None) for event in decision.events)
    return {name for name in found if name is not None}


class Holders:
    """The holders of one workspace's conversations, as far as they were seen to change."""

    def __init__(self) -> None:
        self._agents: OrderedDict[str, str | None] = OrderedDict()

    def knows(self, conversation: str) -> bool:
        return conversation in self._agents

    def holder(self, conversation: str) -> str | None:
        """The agent who holds it now; None when nobody does, or when it is not known."""
        return self._agents.get(conversation)

    def learn(self, conversation: str, agent: str | None) -> None:
        """Note what was looked up, unless it has changed since."""
        self._agents.setdefault(conversation, agent)
        if len(self._agents) > _MOST:
            self._agents.popitem(last=False)

    def before(self, decision: Decision) -> dict[str, str | None]:
        """The holders before this decision, as far as they are known; from here on, after it."""
        known = {
            name: self._agents[name] for name in conversations(decision) if name in self._agents
        }
        for event in decision.events:
            self.note(event)
        return known

    def note(self, event: object) -> None:
        """Follow an event."""
        match event:
            case was.Assigned():
                self._agents[event.conversation] = event.agent
                self._agents.move_to_end(event.conversation)
            case was.Opened() | was.Released() | was.Closed():
                self._agents[event.conversation] = None
                self._agents.move_to_end(event.conversation)
            case _:
                return
        if len(self._agents) > _MOST:
            self._agents.popitem(last=False)
