"""The state as text, and back: one JSON array per line, the same text for the same state.

Only what is true is written. Loads, ranks' seats, heaps and timers follow from it. The first line
says which format it is; a state written by an older version is read by the branch for its number.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import astuple, fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import orjson

from services.router.engine.demand import as_written
from shared.estimate import Pace
from shared.rules.needs import plain
from shared.rules.stored import store

if TYPE_CHECKING:
    from services.router.engine.facts import Alert
    from services.router.engine.lines import Line, LineKey
    from services.router.engine.state import (
        Agent,
        Conversation,
        State,
        Thread,
        Workspace,
    )
    from services.router.engine.versions import Trial, Version

FORMAT = 1
_STILL = Pace()

AGENT_FIELDS = (
    "name",
    "state",
    "reason",
    "session",
    "rank",
    "idle_since",
    "missed",
    "channels",
    "keeps_until",
    "turn",
    "allowed",
    "ramp_until",
)
CONVERSATION_FIELDS = (
    "id",
    "key",
    "number",
    "channel",
    "arrived",
    "status",
    "priority",
    "route",
    "due",
    "queued_at",
    "routed_at",
    "version",
    "pinned",
    "offer",
    "tries",
    "attempts",
    "last_asked",
    "limits",
    "called",
    "kept_for",
    "kept_until",
    "snoozed_until",
    "asked",
    "last_agent",
    "consult_of",
    "consult",
    "missed_calls",
    "callback_at",
    "dial",
    "merged_into",
    "joined",
    "spoke",
    "responded",
    "closed_at",
    "reopens_until",
    "wrap_up_until",
    "wrap_up_most",
    "wrap_up_code",
    "wrap_up_asked",
    "level",
    "units",
    "step",
    "step_at",
    "paused",
)
"""What most of them have comes first: a line ends with the last field that is not as at the
beginning of a conversation."""

_agent_values = attrgetter(*AGENT_FIELDS)
_conversation_values = attrgetter(*CONVERSATION_FIELDS)

UNSETTLED = "unsettled"
"""The one line that is no truth about the world, but about what the engine still has to do."""


def snapshot(state: "State") -> str:
    """The whole state. Equal states give equal text."""
    return "\n".join((*heads(state), *sorted(bodies(state))))


def heads(state: "State") -> Iterator[str]:
    """The shard, its workspaces and their agents: what everything else refers to."""
    yield _line("shard", FORMAT, state.shard, state.now)
    for workspace in _known(state):
        yield _line(
            "workspace",
            workspace.name,
            workspace.digest,
            workspace.version,
            workspace.numbers,
            workspace.ranks,
            list(workspace.recent),
            store(workspace.rules),
            workspace.in_force,
            [_version(one) for one in workspace.history],
            {name: tuple(turned) for name, turned in sorted(workspace.hours.items())},
        )
        yield _line("lines", workspace.name, _paces(workspace))
        if workspace.trial is not None:
            yield trial_line(workspace, workspace.trial)
        if workspace.batch_until:
            yield _line("batch", workspace.name, workspace.batch_until)
        for donor in workspace.donors.values():
            yield _line("donor", workspace.name, donor.queue, hex(donor.answered))
        for subject in sorted(workspace.blocked):
            yield _line("blocked", workspace.name, subject, tuple(workspace.blocked[subject]))
        if not workspace.settled:
            yield _line(UNSETTLED, workspace.name)
        for name in sorted(workspace.agents):
            yield agent_line(workspace, workspace.agents[name])


def bodies(state: "State") -> Iterator[str]:
    """Conversations and threads."""
    for workspace in _known(state):
        for conversation in workspace.conversations.values():
            yield conversation_line(workspace, conversation)
        for key in workspace.threads:
            yield thread_line(workspace, key, workspace.threads[key])


def trial_line(workspace: "Workspace", trial: "Trial") -> str:
    """The rules that decide on a share of the conversations."""
    rules = store(trial.rules)
    return _line("trial", workspace.name, trial.version, trial.percent, trial.digest, rules)


def agent_line(workspace: "Workspace", agent: "Agent") -> str:
    """One agent: his presence and his rank."""
    return _line(
        "agent", workspace.name, _agent_values(agent), agent.before and tuple(agent.before)
    )


def conversation_line(workspace: "Workspace", known: "Conversation") -> str:
    """One conversation: whom it is with, and where it waits."""
    wanted, kind = known.skill_class, cast("Hashable", type(known))
    return _line(
        "conversation",
        workspace.name,
        _until_default(_conversation_values(known), _defaults(kind)),
        known.attributes,
        None if wanted is None else as_written(wanted.demand),
        None if known.agent is None else known.agent.name,
        [[one.id, one.agent.name, one.expires_at, one.accepting] for one in known.offers or ()],
        known.shunned and dict(sorted(known.shunned.items())),
        sorted(key for key in keys_of(known) if workspace.threads[key].last is known),
    )


def keys_of(known: "Conversation") -> set[str]:
    """Every thread that may point at it."""
    return {known.key, *(known.joined or {}).values()}


def thread_line(workspace: "Workspace", key: str, thread: "Thread") -> str:
    """One conversation key: what it has seen, and what its customer was told."""
    return _line(
        "thread",
        workspace.name,
        key,
        thread.recent.hex(),
        thread.noted,
        _alert(thread.alert),
        thread.agent,
        thread.told,
    )


def parse(lines: Iterable[str]) -> list[list[Any]]:
    """The lines as arrays."""
    arrays: list[list[Any]] = orjson.loads(f"[{','.join(filter(None, lines))}]")
    return arrays


@cache
def _defaults(kind: Any) -> tuple[Any, ...]:
    found = {field.name: field.default for field in fields(kind)}
    return tuple(found[name] for name in CONVERSATION_FIELDS)


def _until_default(values: tuple[Any, ...], defaults: tuple[Any, ...]) -> tuple[Any, ...]:
    end = len(values)
    while values[end - 1] == defaults[end - 1]:
        end -= 1
    return values[:end]


def _known(state: "State") -> "list[Workspace]":
    """The workspaces of which anything was ever decided."""
    return [state.workspaces[name] for name in sorted(state.workspaces) if _heard_of(state, name)]


def _heard_of(state: "State", name: str) -> bool:
    workspace = state.workspaces[name]
    return bool(workspace.recent or workspace.version or workspace.threads)


def _paces(workspace: "Workspace") -> list[list[Any]]:
    """How the lines move; how long they are follows from what waits."""
    lines = workspace.lines.items()
    return sorted((_pace(*one) for one in lines if one[1].pace != _STILL), key=orjson.dumps)


def _pace(key: "LineKey", line: "Line") -> list[Any]:
    queue, channel, needs = key
    asked = None if needs is None else plain(needs)
    return [queue, channel, asked, *astuple(line.pace), line.said]


def _version(one: "Version") -> list[Any]:
    made = one.change
    said = [made.version, made.how, made.by, made.note, made.former, made.percent]
    return [one.digest, one.at, said]


def _alert(alert: "Alert | None") -> list[Any] | None:
    if alert is None:
        return None
    return [alert.alert, alert.rule, alert.order, alert.context, alert.until]


def _line(*parts: Any) -> str:
    return orjson.dumps(parts).decode()
