"""A snapshot taken in pieces while the engine goes on deciding.

It shows the state at the moment it was begun: whatever an event is about to change is written down
just before. So no piece takes long, however much is waiting, not even the beginning.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.router.engine.snapshot import conversation_line, heads, keys_of, thread_line
from services.router.engine.state import Agent, State, Workspace
from services.router.engine.tables import Table
from shared.events import routing
from shared.events.routing import RoutingEvent


@dataclass(slots=True, eq=False)
class _Walk:
    """Through one table: the keys it had when the capture began, from `at` on."""

    workspace: Workspace
    table: Table[Any]
    keys: Sequence[str]
    end: int
    line: Callable[[Workspace, str], str]
    at: int = 0


class Capture:
    """Begun on a state; `step` until `done`. Only one at a time looks at a state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lines = list(heads(state))
        self._walks: list[_Walk] = []
        self._watched = set(state.workspaces)
        state.captures += 1
        self._mark = state.captures
        for workspace in state.workspaces.values():
            self._enter(workspace, workspace.conversations, _conversation)
            self._enter(workspace, workspace.threads, _thread)
        state.capture = self

    @property
    def done(self) -> bool:
        """Is everything written down? The state is then no longer watched."""
        return not self._walks

    def step(self, limit: int) -> list[str]:
        """Write down at most `limit` more conversations and threads; all lines since last time."""
        while self._walks and limit > 0:
            limit -= self._go(self._walks[-1], limit)
        if self.done:
            self.stop()
        lines, self._lines = self._lines, []
        return lines

    def stop(self) -> None:
        """Watch the state no longer, done or not."""
        if self._state.capture is self:
            self._state.capture = None

    def before(self, workspace: Workspace, event: RoutingEvent) -> None:
        """This event is about to change something: whatever it names, and what belongs to that."""
        if workspace.name not in self._watched:
            return
        for name in _names(event):
            self._keep_conversation(workspace, name)
            self._keep_thread(workspace, name)
            self._keep_work(workspace, workspace.agents.get(name))
        if isinstance(event, routing.Configured):
            for agent in workspace.agents.values():
                self._keep_work(workspace, agent)

    def _enter(
        self,
        workspace: Workspace,
        table: Table[Any],
        line: Callable[[Workspace, str], str],
    ) -> None:
        table.mark = self._mark
        keys = table.order
        self._walks.append(_Walk(workspace, table, keys, len(keys), line))

    def _go(self, walk: _Walk, limit: int) -> int:
        """A piece of the last walk's way; how many keys have been passed."""
        end = min(walk.at + limit, walk.end)
        for key in walk.keys[walk.at : end]:
            self._keep(walk.workspace, walk.table, key, walk.line)
        passed, walk.at = end - walk.at, end
        if end == walk.end:
            self._walks.pop()
        return passed

    def _keep(
        self,
        workspace: Workspace,
        table: Table[Any],
        key: str,
        line: Callable[[Workspace, str], str],
    ) -> None:
        found = table.get(key)
        if found is not None and found.captured != self._mark:
            found.captured = self._mark
            self._lines.append(line(workspace, key))

    def _keep_conversation(self, workspace: Workspace, name: str) -> None:
        known = workspace.conversations.get(name)
        if known is not None:
            for key in keys_of(known):
                self._keep_thread(workspace, key)
            for other in (*(known.joined or ()), known.consult_of, known.consult):
                self._keep(workspace, workspace.conversations, other or "", _conversation)
            self._keep(workspace, workspace.conversations, name, _conversation)

    def _keep_work(self, workspace: Workspace, agent: Agent | None) -> None:
        """The event may change something on an agent's conversations without naming them."""
        for identity in () if agent is None else (*agent.shunned, *agent.work):
            self._keep_conversation(workspace, identity)

    def _keep_thread(self, workspace: Workspace, key: str) -> None:
        """Also its last conversation, whose line says that it is the last."""
        known = workspace.threads.get(key)
        if known is not None:
            self._keep(workspace, workspace.threads, key, _thread)
            if known.last is not None:
                self._keep(workspace, workspace.conversations, known.last.id, _conversation)


def _conversation(workspace: Workspace, identity: str) -> str:
    return conversation_line(workspace, workspace.conversations[identity])


def _thread(workspace: Workspace, key: str) -> str:
    return thread_line(workspace, key, workspace.threads[key])


def _names(event: Any) -> Iterator[str]:
    """Everything in the event that might be the id of a conversation or the key of a thread."""
    for field in event.__slots__:
        value = getattr(event, field)
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple):
            yield from (one for one in value if isinstance(one, str))
