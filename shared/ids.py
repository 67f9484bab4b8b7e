"""Names: opaque keys for customers, random ids for things we make."""

import hashlib
import secrets
import zlib


def new_id(prefix: str) -> str:
    """A random id that nobody can guess, such as `msg_5f2a…` (96 bits)."""
    return f"{prefix}_{secrets.token_hex(12)}"


def derived_id(prefix: str, *parts: str) -> str:
    """The same id for the same parts: what makes the second run of a derivation harmless."""
    return f"{prefix}_{hashlib.blake2b(_join(parts), digest_size=12).hexdigest()}"


def conversation_key(secret: bytes, workspace: str, account: str, *thread: str) -> str:
    """An opaque key for one customer's thread on one channel account.

    Keyed (BLAKE2b, RFC 7693), because a phone number is easily guessed from its plain hash.
    """
    digest = hashlib.blake2b(_join((workspace, account, *thread)), key=secret[:64], digest_size=12)
    return digest.hexdigest()


def sender_key(secret: bytes, workspace: str, channel: str, address: str) -> str:
    """An opaque name for whoever has this address on the channel, whatever the account or thread.

    Keyed as `conversation_key` is.
    """
    digest = hashlib.blake2b(
        _join(("sender", workspace, channel, address.strip().lower())),
        key=secret[:64],
        digest_size=12,
    )
    return f"snd_{digest.hexdigest()}"


def shard_of(key: str, shards: int) -> int:
    """The partition of a key: CRC-32 (ISO 3309) modulo the partition count, in every language."""
    return zlib.crc32(key.encode()) % shards


def _join(parts: tuple[str, ...]) -> bytes:
    return "\x1f".join(parts).encode()
