"""What is allowed and will still disappoint: warnings about a configuration without errors."""

from collections.abc import Iterator

from pydantic import SecretStr

from shared.channels.registry import CHANNELS
from shared.config.ability import advise_ability
from shared.config.models import Config, Workspace
from shared.config.overflow import advise_moves
from shared.config.source import Document, Path_
from shared.rules import Rules

_STRONG = 32


def advise(config: Config, document: Document) -> None:
    """Note what can never work as it was probably meant."""
    if not config.workspaces:
        document.problem(("workspaces",), "no workspace: nothing will be served", warning=True)
    for name, workspace in config.workspaces.items():
        here: Path_ = ("workspaces", name)
        advise_rules(workspace.rules, (*here, "rules"), document)
        _kept(workspace, here, document)
        _phones(workspace, (*here, "rules", "agents"), document)
        _approved(workspace, here, document)
        if not config.api.oidc:
            _signing_in(workspace, (*here, "rules", "agents"), document)
    _strength(config, document)


def advise_rules(rules: Rules, here: Path_, document: Document) -> None:
    """Note what can never work of the rules of one workspace, which stand at `here`."""
    _routes(rules, here, document)
    _queues(rules, here, document)
    advise_ability(rules, here, document)
    advise_moves(rules, here, document)


def _routes(rules: Rules, here: Path_, document: Document) -> None:
    for index, route in enumerate(rules.routes):
        path = (*here, "routes", index)
        if not route.when and index < len(rules.routes) - 1:
            document.problem(
                path,
                f"route {route.name!r} takes everything: those below it are never asked",
                "move it to the end",
                warning=True,
            )


def _queues(rules: Rules, here: Path_, document: Document) -> None:
    for name in rules.queues:
        if not any(name in agent.queues for agent in rules.agents.values()):
            path = (*here, "queues", name)
            document.problem(path, "no agent serves this queue", warning=True)
    for name, queue in rules.queues.items():
        target = queue.offer.then_queue
        leads = (agent for agent in rules.agents.values() if agent.role != "agent")
        if target is not None and not any(target in agent.queues for agent in leads):
            path = (*here, "queues", name, "offer", "then_queue")
            document.problem(path, f"no supervisor serves the queue {target!r}", warning=True)


def _kept(workspace: Workspace, here: Path_, document: Document) -> None:
    if workspace.channels and not workspace.rules.queues:
        message = "there is no queue: what customers write is kept, and offered to nobody"
        document.problem((*here, "rules"), message, warning=True)


def _phones(workspace: Workspace, here: Path_, document: Document) -> None:
    if not any(account.channel == "phone" for account in workspace.channels.values()):
        return
    for name, agent in workspace.rules.agents.items():
        room = {**workspace.rules.default_capacity, **agent.capacity}.get("phone", 1)
        if room and agent.phone is None:
            document.problem(
                (*here, name),
                "accepted calls cannot be connected: the agent has no `phone`",
                "add it, or capacity: {phone: 0}",
                warning=True,
            )


def _signing_in(workspace: Workspace, here: Path_, document: Document) -> None:
    for name in workspace.rules.agents:
        if name not in workspace.people:
            document.problem(
                (*here, name),
                "this agent cannot sign in",
                "add a password in `people`, or an identity provider as `api.oidc`",
                warning=True,
            )


def _approved(workspace: Workspace, here: Path_, document: Document) -> None:
    """Beyond the reply window only an approved template may be sent, so alerts need one."""
    for name, rule in workspace.alerts.items():
        languages = workspace.templates[rule.template].languages
        for kind in _windowed(workspace, rule.channels):
            if not any(getattr(text, kind, None) for text in languages.values()):
                document.problem(
                    (*here, "alerts", name, "channels"),
                    f"template {rule.template!r} names no approved {kind} template: beyond the "
                    "reply window the alert cannot go there",
                    f"add `{kind}: <its name at the provider>` to every language",
                    warning=True,
                )


def _windowed(workspace: Workspace, entries: tuple[str, ...]) -> Iterator[str]:
    """The channels among these accounts (or channels) that have windows and templates."""
    accounts = workspace.channels
    for kind in sorted({accounts[e].channel if e in accounts else e for e in entries}):
        limits = CHANNELS[kind].limits
        if limits.window_hours is not None and limits.templates:
            yield kind


def _strength(config: Config, document: Document) -> None:
    """Secrets of our own making; those of providers are as long as they are."""
    own: list[tuple[Path_, SecretStr]] = []
    own += [(("api", "token_secret"), secret) for secret in config.api.token_secret]
    for name, workspace in config.workspaces.items():
        own.append((("workspaces", name, "identity_key"), workspace.identity_key))
    for path, secret in own:
        if len(secret.get_secret_value()) < _STRONG:
            message = f"this secret has fewer than {_STRONG} characters"
            document.problem(path, message, "`openssl rand -hex 32` makes a good one", warning=True)
