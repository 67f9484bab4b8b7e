"""Routes: what goes where."""

from shared.rules.base import Level, Name
from shared.strict import Strict


class Route(Strict):
    """The first route whose every condition holds decides."""

    name: Name
    """What explanations call it."""
    when: dict[str, tuple[str, ...]] = {}
    """Attributes and the values they may have; an attribute that is absent never matches."""
    queue: Name
    """Where it waits."""
    priority: Name = "normal"
    """How urgent it is: a name in `classes`."""
    requires: dict[Name, Level] = {}
    """The skills needed, and how well."""
