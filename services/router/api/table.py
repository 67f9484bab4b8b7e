"""The table of all operations: routes, checks and OpenAPI are made from it."""

from services.router.api.operations import Operation
from services.router.api.table_agents import AGENT_OPERATIONS
from services.router.api.table_conversations import CONVERSATION_OPERATIONS
from services.router.api.table_overview import OVERVIEW_OPERATIONS
from services.router.api.table_rules import RULES_OPERATIONS

OPERATIONS: tuple[Operation, ...] = (
    *AGENT_OPERATIONS,
    *CONVERSATION_OPERATIONS,
    *OVERVIEW_OPERATIONS,
    *RULES_OPERATIONS,
)
