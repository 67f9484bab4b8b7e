"""What is only said to whoever asked."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Refused:
    """The command had no effect. `code` is the API's problem type, `detail` one sentence."""

    code: Literal["not_found", "gone", "conflict", "forbidden", "invalid"]
    detail: str
    event: Literal["refused"] = "refused"


@dataclass(slots=True)
class Warned:
    """The command had its effect, but: nobody could ever take it, or the agent is not there."""

    conversation: str
    code: Literal["nobody_able", "never", "not_there"]
    detail: str
    event: Literal["warned"] = "warned"


@dataclass(slots=True)
class Unchanged:
    """The command asked for what already is so; the second run of a command ends here."""

    event: Literal["unchanged"] = "unchanged"
