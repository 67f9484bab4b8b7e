"""What shows only when every part is of the right shape."""

from shared.config.models import Config
from shared.config.source import Document
from shared.rules import MOST_RULES


def crosscheck(config: Config, document: Document) -> None:
    """Note every contradiction between the parts of a configuration."""
    _last_route(config, document)
    _size(config, document)
    _unique_addresses(config, document)


def _last_route(config: Config, document: Document) -> None:
    for name, workspace in config.workspaces.items():
        rules = workspace.rules
        if rules.queues and not any(not route.when for route in rules.routes):
            document.problem(
                ("workspaces", name, "rules", "routes"),
                "no route takes what the others leave",
                "end with a route without `when`",
            )


def _size(config: Config, document: Document) -> None:
    for name, workspace in config.workspaces.items():
        size = len(workspace.rules.model_dump_json())
        if size > MOST_RULES:
            document.problem(
                ("workspaces", name, "rules"),
                f"these rules have {size:,} characters as JSON; {MOST_RULES:,} fit into a record",
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
