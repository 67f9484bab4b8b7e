"""The versions of a workspace's rules: which there were, which is in force, which is on trial.

Every change gets the next number, also one that takes back what another one brought: so a number
says for ever by which rules something was decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from services.router.engine.routes import Routing
from shared.events.routing import Change, RulesHow
from shared.rules import Rules

if TYPE_CHECKING:
    from services.router.engine.state import Conversation, Workspace

MOST_VERSIONS = 50
"""How many changes of its rules a workspace remembers, the latest ones."""

_SHARES = 10_000


@dataclass(frozen=True, slots=True)
class Version:
    """One change of the rules, without their text."""

    digest: str
    at: int
    change: Change


@dataclass(slots=True, eq=False)
class Trial:
    """Rules that decide on a share of the conversations. `routing` are their routes and classes."""

    version: int
    percent: float
    digest: str
    rules: Rules
    routing: Routing


def change(
    workspace: "Workspace",
    how: RulesHow,
    by: str = "system",
    note: str = "",
    former: int | None = None,
    percent: float | None = None,
) -> Change:
    """The next change of these rules."""
    return Change(workspace.version + 1, how, by, note, former, percent)


def remember(workspace: "Workspace", digest: str, at: int, made: Change) -> None:
    """Note a change that was made."""
    workspace.version = made.version
    workspace.history.append(Version(digest, at, made))
    del workspace.history[:-MOST_VERSIONS]


def was_in_force(workspace: "Workspace", digest: str) -> bool:
    """Whether these rules are in force, or were, as far as is remembered."""
    if workspace.digest == digest:
        return True
    return any(one.digest == digest and one.change.how != "trial" for one in workspace.history)


def version(history: Sequence[Version], number: int) -> Version | None:
    """The version of this number, if it is remembered."""
    return next((one for one in history if one.change.version == number), None)


def mixed(rules: Rules, tried: Rules) -> Rules:
    """The rules in force with the routes and classes of others: what a trial tries."""
    return rules.model_copy(update={"routes": tried.routes, "classes": tried.classes})


def begin_trial(workspace: "Workspace", digest: str, rules: Rules, made: Change) -> None:
    """From here on these rules decide on their share."""
    routing = Routing(mixed(workspace.rules, rules))
    workspace.trial = Trial(made.version, made.percent or 0.0, digest, rules, routing)


def on_trial(workspace: "Workspace", key: str) -> bool:
    """Whether the conversations of this key belong to the share of the trial.

    By a digest of the key and the rules on trial: always the same keys, and not the same customers
    in every trial.
    """
    trial = workspace.trial
    if trial is None:
        return False
    told = blake2b(f"{trial.digest}\x1f{key}".encode(), digest_size=8).digest()
    return int.from_bytes(told) % _SHARES < trial.percent * _SHARES / 100


def routing_for(workspace: "Workspace", conversation: "Conversation") -> Routing:
    """The routes that decide on this conversation: those in force, or those on trial."""
    trial = workspace.trial
    if trial is not None and on_trial(workspace, conversation.key):
        return trial.routing
    return workspace.routing


def version_for(workspace: "Workspace", conversation: "Conversation") -> int:
    """The version whose routes decide on this conversation."""
    trial = workspace.trial
    if trial is not None and on_trial(workspace, conversation.key):
        return trial.version
    return workspace.in_force
