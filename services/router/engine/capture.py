"""A snapshot taken in pieces while the engine goes on deciding.

It shows the state at the moment it was begun: whatever an event is about to change is written down
just before. So no piece takes long, however much is waiting.
"""

from typing import TYPE_CHECKING

from services.router.engine.snapshot import conversation_line, heads, thread_line
from shared.events import routing
from shared.events.routing import RoutingEvent

if TYPE_CHECKING:
    from services.router.engine.state import Conversation, State, Thread, Workspace


class Capture:
    """Begun on a state; `step` until `done`. Only one at a time looks at a state."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._lines = list(heads(state))
        self._conversations: dict[str, dict[str, Conversation]] = {}
        self._threads: dict[str, dict[str, Thread]] = {}
        for workspace in state.workspaces.values():
            self._conversations[workspace.name] = workspace.conversations.copy()
            self._threads[workspace.name] = workspace.threads.copy()
        state.capture = self

    @property
    def done(self) -> bool:
        """Is everything written down? The state is then no longer watched."""
        return not any(self._conversations.values()) and not any(self._threads.values())

    def step(self, limit: int) -> list[str]:
        """Write down at most `limit` more conversations and threads; all lines since last time."""
        for workspace in self._state.workspaces.values():
            limit = self._step_in(workspace, limit)
        if self.done:
            self.stop()
        lines, self._lines = self._lines, []
        return lines

    def stop(self) -> None:
        """Watch the state no longer, done or not."""
        if self._state.capture is self:
            self._state.capture = None

    def before(self, workspace: "Workspace", event: RoutingEvent) -> None:
        """This event is about to change something."""
        known = workspace.conversations.get(getattr(event, "conversation", ""))
        if known is not None:
            self._keep_thread(workspace, known.key)
            self._keep(workspace, known.id)
        self._keep_thread(workspace, getattr(event, "key", ""))
        for agent in _who_may_be_forgiven(workspace, event):
            for identity in workspace.agents[agent].shunned:
                self._keep(workspace, identity)

    def _step_in(self, workspace: "Workspace", limit: int) -> int:
        conversations = self._conversations.get(workspace.name, {})
        threads = self._threads.get(workspace.name, {})
        while conversations and limit > 0:
            _, conversation = conversations.popitem()
            self._lines.append(conversation_line(workspace, conversation))
            limit -= 1
        while threads and limit > 0:
            key, thread = threads.popitem()
            self._lines.append(thread_line(workspace, key, thread))
            limit -= 1
        return limit

    def _keep(self, workspace: "Workspace", identity: str) -> None:
        found = self._conversations.get(workspace.name, {}).pop(identity, None)
        if found is not None:
            self._lines.append(conversation_line(workspace, found))

    def _keep_thread(self, workspace: "Workspace", key: str) -> None:
        found = self._threads.get(workspace.name, {}).pop(key, None)
        if found is not None:
            self._lines.append(thread_line(workspace, key, found))
            if found.last is not None:
                self._keep(workspace, found.last.id)


def _who_may_be_forgiven(workspace: "Workspace", event: RoutingEvent) -> list[str]:
    """Agents whose exclusions the event may change on conversations that it does not name."""
    if isinstance(event, routing.Configured):
        return list(workspace.agents)
    named = getattr(event, "agent", None)
    return [named] if named in workspace.agents else []
