"""What one event of a decision sees and may change. Pure."""

from services.router.view.sheet import Sheet
from shared.views.documents import (
    Agent,
    Conversation,
    CustomerEntry,
    SystemEntry,
    Why,
    entry_text,
)


class Moment:
    """One event of one decision: the sheet it changes and its place in the record."""

    def __init__(self, sheet: Sheet, offset: int, index: int) -> None:
        self.sheet = sheet
        self.offset = offset
        self._index = index

    def conversation(self, conversation_id: str) -> Conversation | None:
        return self.sheet.get(self.sheet.keys.conversation(conversation_id), Conversation)

    def keep(self, conversation: Conversation) -> None:
        """Store it, for a while only when it is closed."""
        conversation.position = self.offset
        ends = conversation.closed_at
        until = None if ends is None else ends + self.sheet.keep_ms
        self.sheet.put(self.sheet.keys.conversation(conversation.id), conversation, until)

    def agent(self, agent_id: str) -> Agent:
        """The agent, who becomes known by the first thing he does."""
        keys = self.sheet.keys
        agent = self.sheet.get(keys.agent(agent_id), Agent) or Agent(id=agent_id)
        self.sheet.rank(keys.agents(), agent_id, 0)
        agent.position = self.offset
        self.sheet.put(keys.agent(agent_id), agent)
        return agent

    def tell(
        self,
        conversation_id: str,
        at: int,
        event: str,
        why: Why | None = None,
        **said: str | None,
    ) -> None:
        """Write what happened into the timeline."""
        entry = SystemEntry(id=f"{self.offset}-{self._index}", event=event, why=why, **said)
        self.enter(conversation_id, entry, at)

    def enter(self, conversation_id: str, entry: CustomerEntry | SystemEntry, at: int) -> None:
        member = entry_text(entry, f"{self.offset:015d}.{self._index:03d}")
        timeline = self.sheet.keys.timeline(conversation_id)
        self.sheet.rank(timeline, member, at)
        self.sheet.keep(timeline, at)
