"""What shows only when every part is of the right shape."""

from shared.config.models import Config
from shared.config.source import Document, Path_
from shared.rules import MOST_RULES, Rules, rules_size


def crosscheck(config: Config, document: Document) -> None:
    """Note every contradiction between the parts of a configuration."""
    for name, workspace in config.workspaces.items():
        check_rules(workspace.rules, ("workspaces", name, "rules"), document)
    _unique_addresses(config, document)


def check_rules(rules: Rules, here: Path_, document: Document) -> None:
    """Note every contradiction between the rules of one workspace, which stand at `here`."""
    _last_route(rules, here, document)
    _nobody_took(rules, here, document)
    _size(rules, here, document)


def _last_route(rules: Rules, here: Path_, document: Document) -> None:
    if rules.queues and not any(not route.when for route in rules.routes):
        document.problem(
            (*here, "routes"),
            "no route takes what the others leave",
            "end with a route without `when`",
        )


def _nobody_took(rules: Rules, here: Path_, document: Document) -> None:
    """What nobody takes must come to rest somewhere."""
    onward = {name: queue.offer.then_queue for name, queue in rules.queues.items()}
    for name in onward:
        path = [name]
        while (target := onward.get(path[-1])) is not None and target not in path:
            path.append(target)
        if target == name:
            document.problem(
                (*here, "queues", name, "offer", "then_queue"),
                f"what nobody takes goes round for ever: {' -> '.join([*path, name])}",
                "end in a queue without `most_tries`, which a supervisor serves",
            )


def _size(rules: Rules, here: Path_, document: Document) -> None:
    size = rules_size(rules)
    if size > MOST_RULES:
        document.problem(
            here,
            f"these rules have {size:,} bytes as JSON; {MOST_RULES:,} fit into a record",
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
