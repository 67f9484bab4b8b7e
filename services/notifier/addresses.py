"""One name for a customer's address, however a provider, a shop or a person wrote it."""

from shared.channels import Addresses
from shared.channels.registry import CHANNELS
from shared.ids import derived_id


def thread_of(channel: str, address: str) -> tuple[str, ...]:
    """What tells this customer from another on any account of the channel."""
    adapter = CHANNELS.get(channel)
    if isinstance(adapter, Addresses):
        return adapter.thread(address)
    return (address.strip(),)


def contact_id(workspace: str, channel: str, address: str) -> str:
    """An opaque name for the customer behind an address, within his workspace."""
    spelling = address.lower() if "@" in address else address
    return derived_id("adr", workspace, channel, *thread_of(channel, spelling))
