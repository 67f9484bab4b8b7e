"""What no single key shows: names that must exist elsewhere, texts that must compile."""

import difflib
from collections import Counter
from collections.abc import Collection, Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from shared.config.models import Config, Workspace
from shared.config.source import Document, Path_
from shared.rules import Agent, Route, Rules


def crosscheck(config: Config, document: Document) -> None:
    """Note every problem between the parts of a configuration whose parts are each right."""
    for name, workspace in config.workspaces.items():
        here: Path_ = ("workspaces", name)
        _time_zone(workspace, here, document)
        _rules(workspace.rules, (*here, "rules"), document)
        _people(workspace, here, document)
        _alerts(workspace, here, document)
        _templates(workspace, here, document)
    _unique_accounts(config, document)
    _unique_addresses(config, document)


def _unknown(document: Document, path: Path_, what: str, name: str, known: Collection[str]) -> None:
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(sorted(known)) or "none is defined"
    hint = f"did you mean {near[0]!r}?" if near else f"known: {listed}"
    document.problem(path, f"unknown {what} {name!r}", hint)


def _each(
    document: Document, path: Path_, what: str, names: Iterable[str], known: Collection[str]
) -> None:
    for name in names:
        if name not in known:
            _unknown(document, path, what, name, known)


def _time_zone(workspace: Workspace, here: Path_, document: Document) -> None:
    try:
        ZoneInfo(workspace.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        path = (*here, "time_zone")
        document.problem(path, f"unknown time zone {workspace.time_zone!r}", "as Europe/Berlin")


def _rules(rules: Rules, here: Path_, document: Document) -> None:
    for index, route in enumerate(rules.routes):
        _route(rules, route, (*here, "routes", index), document)
    for name, agent in rules.agents.items():
        _agent(rules, agent, (*here, "agents", name), document)
    if rules.queues and not any(not route.when for route in rules.routes):
        document.problem(
            (*here, "routes"),
            "no route takes what the others leave",
            "end with a route without `when`",
        )
    for name in rules.queues:
        if not any(name in agent.queues for agent in rules.agents.values()):
            document.problem((*here, "queues", name), "no agent serves this queue", warning=True)


def _route(rules: Rules, route: Route, here: Path_, document: Document) -> None:
    _each(document, (*here, "queue"), "queue", [route.queue], rules.queues)
    _each(document, (*here, "priority"), "class", [route.priority], rules.classes)
    _each(document, (*here, "requires"), "skill", route.requires, rules.skills)
    known = route.queue in rules.queues and all(skill in rules.skills for skill in route.requires)
    if known and not any(_able(agent, route) for agent in rules.agents.values()):
        document.problem(
            (*here, "requires"), f"no agent can ever meet route {route.name!r}", warning=True
        )


def _able(agent: Agent, route: Route) -> bool:
    return route.queue in agent.queues and all(
        agent.skills.get(skill, 0) >= level for skill, level in route.requires.items()
    )


def _agent(rules: Rules, agent: Agent, here: Path_, document: Document) -> None:
    _each(document, (*here, "queues"), "queue", agent.queues, rules.queues)
    _each(document, (*here, "skills"), "skill", agent.skills, rules.skills)


def _people(workspace: Workspace, here: Path_, document: Document) -> None:
    agents = workspace.rules.agents
    for name in workspace.people:
        if name not in agents:
            _unknown(document, (*here, "people", name), "agent", name, agents)


def _alerts(workspace: Workspace, here: Path_, document: Document) -> None:
    for name, rule in workspace.alerts.items():
        path = (*here, "alerts", name)
        _each(document, (*path, "template"), "template", [rule.template], workspace.templates)
        _each(document, (*path, "channels"), "channel", rule.channels, workspace.channels)


def _templates(workspace: Workspace, here: Path_, document: Document) -> None:
    jinja = SandboxedEnvironment()
    for name, template in workspace.templates.items():
        path = (*here, "templates", name)
        if template.default_language not in template.languages:
            languages = template.languages
            _unknown(document, path, "default_language", template.default_language, languages)
        for language, text in template.languages.items():
            place = (*path, "languages", language)
            for key in ("text", "subject", "voice"):
                try:
                    jinja.parse(getattr(text, key) or "")
                except TemplateSyntaxError as error:
                    document.problem((*place, key), f"not a Jinja template: {error.message}")


def _unique_accounts(config: Config, document: Document) -> None:
    names = Counter(
        (account.channel, name)
        for workspace in config.workspaces.values()
        for name, account in workspace.channels.items()
    )
    for workspace_name, workspace in config.workspaces.items():
        for name, account in workspace.channels.items():
            if names[(account.channel, name)] > 1:
                document.problem(
                    ("workspaces", workspace_name, "channels", name),
                    f"another {account.channel} account is called {name!r} too",
                    "account names are part of the webhook address: make them unique",
                )


def _unique_addresses(config: Config, document: Document) -> None:
    """One address of ours belongs to one account, or nobody knows whose a message is."""
    owners: dict[tuple[str, str], str] = {}
    for workspace_name, workspace in config.workspaces.items():
        for name, account in workspace.channels.items():
            for address in sorted(account.served):
                owner = owners.setdefault((account.channel, address), name)
                if owner != name:
                    document.problem(
                        ("workspaces", workspace_name, "channels", name),
                        f"{address} belongs to the {account.channel} account {owner!r} already",
                        "give every address to one account",
                    )
