"""From what a channel found to what is appended: pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.ingest.accounts import Accounts
from shared.channels import Incoming, Reported, Unprocessed
from shared.channels.account import AccountSettings
from shared.dead_letters import wrap
from shared.errors import RecordTooLarge, UnknownAccount
from shared.events.base import Event
from shared.events.dead import DeadLetter
from shared.events.envelope import Envelope, encode
from shared.events.inbound import CustomerEvent
from shared.events.outbound import Receipt
from shared.ids import conversation_key, derived_id, sender_key
from shared.log import Entry, Partition
from shared.topics import DEAD_LETTERS, DELIVERIES, INBOUND, Topic

SOURCE = "/patchbay/ingest"


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to append. `id` is what duplicates are recognised by; `result` is the metric's."""

    id: str
    partition: Partition
    entry: Entry
    result: str
    checked: bool = True


class Recorder:
    """Makes drafts of items. `shards` is the number of partitions of every topic."""

    def __init__(self, accounts: Accounts, shards: int) -> None:
        self._accounts = accounts
        self._shards = shards

    def draft(
        self, verified: AccountSettings, item: Incoming | Reported | Unprocessed, now: datetime
    ) -> Draft:
        """The record of one item; what cannot be attributed becomes a dead letter."""
        if isinstance(item, Unprocessed):
            return self._dead(verified, item, now)
        try:
            account = self._accounts.serving(verified, item.recipient)
        except UnknownAccount as error:
            raw = repr(item).encode()
            lost = Unprocessed(item.recipient, "unknown_account", "item", raw, str(error))
            return self._dead(verified, lost, now)
        key = self._key(account, item)
        if isinstance(item, Incoming):
            return self._inbound(account, item, key, now)
        return self._receipt(account, item, key, now)

    def _dead(self, account: AccountSettings, item: Unprocessed, now: datetime) -> Draft:
        origin = f"webhook/{account.channel}/{account.name}"
        return self.dead(origin, account.workspace, item, now)

    def dead(self, origin: str, workspace: str, item: Unprocessed, now: datetime) -> Draft:
        """A dead letter with the item's raw bytes; the same item makes the same one.

        Raises RecordTooLarge when they do not fit: then nothing was taken.
        """
        wrapped = wrap(item.raw)
        if wrapped is None:
            raise RecordTooLarge("an item that cannot be read is too large to be kept")
        raw, encoding = wrapped
        event_id = derived_id("dead", origin, item.reason, raw)
        letter = DeadLetter(
            origin=origin,
            reason=item.reason,
            detail=item.detail,
            raw=raw,
            raw_encoding=encoding,
            workspace=workspace,
            channel=origin.split("/")[1],
            account=origin.split("/")[2],
        )
        result = item.reason if item.reason in ("unknown_type", "unknown_account") else "broken"
        return self.event(DEAD_LETTERS, workspace, origin, event_id, letter, now, result)

    def event(
        self,
        topic: Topic,
        workspace: str,
        key: str,
        event_id: str,
        data: Event,
        now: datetime,
        result: str,
    ) -> Draft:
        """The record of an event that is already complete."""
        value = encode(Envelope(id=event_id, source=SOURCE, time=now, data=data, subject=key))
        partition = topic.partition(workspace, key, self._shards)
        return Draft(event_id, partition, Entry(key.encode(), value), result)

    def _key(self, account: AccountSettings, item: Incoming | Reported) -> str:
        known: Any = getattr(item, "conversation_key", None)
        if known is not None:
            return str(known)
        secret = self._accounts.identity_key(account.workspace)
        return conversation_key(secret, account.workspace, account.name, *item.thread)

    def _inbound(self, account: AccountSettings, item: Incoming, key: str, now: datetime) -> Draft:
        event = CustomerEvent(
            id=f"{account.name}:{item.dedupe}",
            workspace=account.workspace,
            channel=account.channel,
            account=account.name,
            conversation_key=key,
            received_at=now,
            action=item.action,
            sender=self._sender(account, item),
        )
        return self.event(INBOUND, account.workspace, key, event.id, event, now, "published")

    def _sender(self, account: AccountSettings, item: Incoming) -> str:
        secret = self._accounts.identity_key(account.workspace)
        address = item.action.sender.address
        return sender_key(secret, account.workspace, account.channel, address)

    def _receipt(self, account: AccountSettings, item: Reported, key: str, now: datetime) -> Draft:
        receipt = Receipt(
            id=f"{account.name}:{item.dedupe}",
            workspace=account.workspace,
            channel=account.channel,
            account=account.name,
            conversation_key=key,
            status=item.status,
            occurred_at=item.occurred_at,
            provider_id=item.provider_id,
            message_id=item.message_id,
            watermark=item.watermark,
            kind=item.kind,
            code=item.code,
            reason=item.reason,
            part=item.part,
            leg=item.leg,
        )
        return self.event(DELIVERIES, account.workspace, key, receipt.id, receipt, now, "report")
