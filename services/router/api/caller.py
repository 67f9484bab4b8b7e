"""Who calls: proven by a token, of one workspace and in one role."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["agent", "supervisor", "admin", "service"]

PEOPLE: frozenset[Role] = frozenset({"agent", "supervisor", "admin"})
ADMINS: frozenset[Role] = frozenset({"admin"})
LEADS: frozenset[Role] = frozenset({"supervisor", "admin"})
EVERYBODY: frozenset[Role] = PEOPLE | {"service"}


@dataclass(frozen=True, slots=True)
class Caller:
    """One signed-in agent, or a service of the shop. `expires_at` is in Unix seconds."""

    workspace: str
    agent: str
    role: Role
    expires_at: int

    @property
    def leads(self) -> bool:
        """May see the work of everybody in the workspace."""
        return self.role in LEADS
