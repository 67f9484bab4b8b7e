"""Apple's bodies are gzip (RFC 1952); whoever can sign could still send a bomb."""

import zlib

from shared.errors import PayloadInvalid

MOST_BYTES = 4 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31


def inflate(body: bytes) -> bytes:
    """The body, uncompressed where it is gzip. Raises PayloadInvalid when it grows past 4 MiB."""
    if not body.startswith(_GZIP):
        return body
    stream = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = stream.decompress(body, MOST_BYTES + 1)
    except zlib.error:
        raise PayloadInvalid("body: broken gzip") from None
    if len(plain) > MOST_BYTES:
        raise PayloadInvalid(f"body: more than {MOST_BYTES} bytes when uncompressed")
    if not stream.eof or stream.unused_data:
        raise PayloadInvalid("body: gzip is cut off or followed by something else")
    return plain
