"""What we know of customers: when they last wrote, and what they do not want.

Folded from `inbound` and `preferences` into Redis, where every pod reads it. Every field is the
latest of its kind, so folding a record twice or out of order changes nothing. Losing Redis loses
nothing: `contacts_index` notices and folds the log again, and until that is done nothing is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.asyncio import Redis

from services.notifier.addresses import contact_id
from services.notifier.policy import Known
from shared.cache import asked
from shared.channels.consent import consent_in
from shared.clock import Clock, from_milliseconds, milliseconds
from shared.errors import CacheUnavailable
from shared.events.inbound import CustomerEvent
from shared.events.preferences import Preference
from shared.ids import shard_of

PREFIX = "patchbay:contacts"
_TRUSTED = timedelta(seconds=60)
_SPOKEN = frozenset({"message", "reaction", "postback", "call", "comment", "edit"})


@dataclass(frozen=True, slots=True)
class Touch:
    """Fields of one contact that are at least so late: Unix milliseconds by name."""

    contact: str
    fields: Mapping[str, int]
    language: str | None = None


def contact_key(contact: str) -> str:
    """The Redis hash of one contact."""
    return f"{PREFIX}:{contact}"


def fresh_key(number: int) -> str:
    """Until when the index covers all of a partition: its value is the moment it was complete."""
    return f"{PREFIX}:fresh:{number}"


def touches(event: CustomerEvent) -> list[Touch]:
    """What one record of `inbound` tells about its sender, under each of his addresses."""
    action = event.action
    at = milliseconds(action.occurred_at)
    fields: dict[str, int] = {}
    if action.kind == "close":
        fields[f"closed:{event.account}"] = at
    elif action.kind in _SPOKEN and not action.automatic:
        fields[f"seen:{event.account}"] = at
        if action.opens_window:
            fields[f"wrote:{event.account}"] = at
    said = [Touch(wish.contact, wished(wish)) for wish in wishes(event)]
    if not fields:
        return said
    language = action.sender.language
    return [*said, *(Touch(contact, fields, language) for contact in _senders(event))]


def wishes(event: CustomerEvent) -> list[Preference]:
    """What the customer says about messages he did not ask for, if anything."""
    action = event.action
    said = action.hints.get("consent")
    if action.kind == "consent":
        said = action.payload
    elif action.kind == "message" and said is None and not action.automatic:
        said = consent_in(action.text)
    if said not in ("stop", "resume"):
        return []
    return [
        Preference(
            workspace=event.workspace,
            channel=event.channel,
            contact=contact,
            purpose="marketing" if action.hints.get("purpose") == "marketing" else "all",
            wanted=said == "resume",
            source="message" if action.kind == "message" else "control",
            occurred_at=action.occurred_at,
        )
        for contact in _senders(event)
    ]


def _senders(event: CustomerEvent) -> list[str]:
    sender = event.action.sender
    addresses = {sender.address, *sender.alternatives}
    return sorted({contact_id(event.workspace, event.channel, each) for each in addresses if each})


def wished(preference: Preference) -> dict[str, int]:
    """The field a wish sets."""
    verb = "resume" if preference.wanted else "stop"
    return {f"{verb}:{preference.purpose}": milliseconds(preference.occurred_at)}


class Contacts:
    """Reads the index."""

    def __init__(self, redis: "Redis", clock: Clock, shards: int) -> None:
        self._redis = redis
        self._clock = clock
        self._shards = shards

    async def known(self, workspace: str, channel: str, account: str, address: str) -> Known | None:
        """What is known of the customer on this account; None while the index is not complete."""
        try:
            fresh = await asked(self._redis.get(fresh_key(shard_of(workspace, self._shards))))
            contact = contact_id(workspace, channel, address)
            fields = await asked(self._redis.hgetall(contact_key(contact)))
        except CacheUnavailable:
            return None
        as_of = from_milliseconds(int(fresh or 0))
        if self._clock.now() - as_of > _TRUSTED:
            return None
        return read_known(fields, account, as_of)


def read_known(fields: Mapping[str, str], account: str, as_of: datetime) -> Known:
    """A contact's hash as knowledge about one account."""

    def at(name: str) -> int:
        return int(fields.get(name, 0))

    wrote, seen, closed = (at(f"{name}:{account}") for name in ("wrote", "seen", "closed"))
    marketing_stop = max(at("stop:all"), at("stop:marketing"))
    marketing_resume = max(at("resume:all"), at("resume:marketing"))
    return Known(
        as_of=as_of,
        wrote_at=from_milliseconds(wrote) if wrote else None,
        seen_at=from_milliseconds(seen) if seen else None,
        closed=closed > 0 and closed >= seen,
        stopped=at("stop:all") > at("resume:all"),
        no_marketing=marketing_stop > marketing_resume,
        language=fields.get("language"),
    )
