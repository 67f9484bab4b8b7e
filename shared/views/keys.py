"""The names of all keys of the view. The workspace is the hash tag: one workspace, one slot.

Each key has one writer: the fold of the topic it is listed under. What two topics know about one
thing stands under two keys and is put together by the reader.
"""

REGISTRY = "pb:{*}:registry"
"""The set of workspaces that have a view: how a lost view differs from one never begun."""

_SEPARATOR = ":"


class Keys:
    """The keys of one workspace."""

    def __init__(self, workspace: str) -> None:
        self.prefix = f"pb:{{{workspace}}}:"

    def stamps(self) -> str:
        """A hash: `generation`, `origin`, and per `topic/partition` what has been applied."""
        return self._key("stamps")

    # From `routing`.

    def conversation(self, conversation: str) -> str:
        return self._key("conversation", conversation)

    def timeline(self, conversation: str) -> str:
        """A sorted set of entries (`shared.views.timeline`) by time; also from `outbound`."""
        return self._key("timeline", conversation)

    def thread(self, key: str) -> str:
        """The id of the last conversation on a conversation key."""
        return self._key("thread", key)

    def offer(self, offer: str) -> str:
        """The id of the conversation that was offered."""
        return self._key("offer", offer)

    def agent(self, agent: str) -> str:
        return self._key("agent", agent)

    def agents(self) -> str:
        """A sorted set of every agent that ever did something."""
        return self._key("agents")

    def blocked(self, subject: str) -> str:
        """One blocked sender."""
        return self._key("blocked", subject)

    def all_blocked(self) -> str:
        """A sorted set of every blocked sender, by when that was."""
        return self._key("all_blocked")

    def due(self, queue: str) -> str:
        """A sorted set: who waits in a queue, in waiting order."""
        return self._key("due", queue)

    def since(self, queue: str) -> str:
        """A sorted set: who waits in a queue, by when his wait began."""
        return self._key("since", queue)

    def offered(self, queue: str) -> str:
        """A sorted set: who of them is on offer to an agent now."""
        return self._key("offered", queue)

    def standing(self, queue: str, channel: str) -> str:
        """A sorted set: who waits in a queue on one channel, in waiting order."""
        return self._key("standing", queue, channel)

    def outlook(self, queue: str) -> str:
        """What the waits of a queue look like ahead."""
        return self._key("outlook", queue)

    def waiting(self, channel: str) -> str:
        """A sorted set: who waits on a channel, by when his wait began."""
        return self._key("waiting", channel)

    def waits(self, channel: str) -> str:
        """The latest answered waits of a channel."""
        return self._key("waits", channel)

    def hours(self) -> str:
        """How the opening hours stand."""
        return self._key("hours")

    def figures(self, start: int) -> str:
        """What was counted in the interval that begins at `start` (Unix milliseconds)."""
        return self._key("figures", str(start))

    def worked(self, start: int) -> str:
        """The agents' time in the interval that begins at `start` (Unix milliseconds)."""
        return self._key("worked", str(start))

    def targets(self) -> str:
        """What the rules in force promise."""
        return self._key("targets")

    def staff(self) -> str:
        """What the agents of the rules in force can take."""
        return self._key("staff")

    # From `inbound`.

    def item(self, ref: str) -> str:
        """What a customer did, by the id of its event."""
        return self._key("item", ref)

    def contact(self, key: str) -> str:
        """How to answer on a conversation key: address, reply window, mail thread, call."""
        return self._key("contact", key)

    # From `outbound`.

    def message(self, message: str) -> str:
        return self._key("message", message)

    def alerted(self, key: str) -> str:
        """The id of the last alert sent to a conversation key."""
        return self._key("alerted", key)

    # From `deliveries`.

    def delivery(self, message: str) -> str:
        return self._key("delivery", message)

    def provider(self, account: str, provider_id: str) -> str:
        """What is known of a message by its provider's id."""
        return self._key("provider", account, provider_id)

    def marks(self, key: str) -> str:
        """Up to when everything sent to a conversation key was delivered and read."""
        return self._key("marks", key)

    # Written by the API: leases and answers, not part of the view.

    def lease(self, agent: str) -> str:
        """The session of the stream an agent is connected by."""
        return self._key("api", "lease", agent)

    def ticket(self, ticket: str) -> str:
        return self._key("api", "ticket", ticket)

    def answer(self, agent: str, idempotency_key: str) -> str:
        return self._key("api", "answer", agent, idempotency_key)

    def attempts(self, who: str) -> str:
        return self._key("api", "attempts", who)

    def _key(self, *parts: str) -> str:
        return self.prefix + _SEPARATOR.join(parts)
