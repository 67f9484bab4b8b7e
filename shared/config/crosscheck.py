"""What shows only when every part is of the right shape."""

from shared.config.models import Config
from shared.config.overflow import check_moves
from shared.config.source import Document, Path_
from shared.rules import Rules
from shared.rules.stored import MOST_RULES, rules_size


def crosscheck(config: Config, document: Document) -> None:
    """Note every contradiction between the parts of a configuration."""
    for name, workspace in config.workspaces.items():
        check_rules(workspace.rules, ("workspaces", name, "rules"), document)
    _unique_addresses(config, document)


def check_rules(rules: Rules, here: Path_, document: Document) -> None:
    """Note every contradiction between the rules of one workspace, which stand at `here`."""
    _last_route(rules, here, document)
    check_moves(rules, here, document)
    _reserves(rules, here, document)
    _size(rules, here, document)


def _last_route(rules: Rules, here: Path_, document: Document) -> None:
    if rules.queues and not any(not route.when for route in rules.routes):
        document.problem(
            (*here, "routes"),
            "no route takes what the others leave",
            "end with a route without `when`",
        )


def _reserves(rules: Rules, here: Path_, document: Document) -> None:
    for name, agent in rules.agents.items():
        if agent.total is not None and agent.reserve > agent.total:
            document.problem(
                (*here, "agents", name, "reserve"),
                f"a reserve of {agent.reserve} is more than the total of {agent.total}",
                "leave something to work with",
            )


def _size(rules: Rules, here: Path_, document: Document) -> None:
    size = rules_size(rules)
    if size > MOST_RULES:
        document.problem(
            here,
            f"these rules have {size:,} bytes, packed; {MOST_RULES:,} fit into a record",
            "share the agents out to several workspaces",
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
