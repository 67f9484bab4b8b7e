"""WhatsApp text messages as Meta sends them (Meta, "Cloud API webhooks": messages), signed."""

import time
from dataclasses import dataclass
from typing import Any

import orjson

from shared.channels.meta.webhook import signature
from tests.bench.load import request_bytes

ACCOUNT = "wa"
PATH = f"/webhooks/whatsapp/{ACCOUNT}"
PHONE_NUMBER_ID = "900100200300"
_TEXT = "Hello, my parcel was due on Tuesday and has not arrived yet. Where is it? Number {}"
# What Meta sends, and what an ingress adds.
_HEADERS = {
    "accept": "*/*",
    "accept-encoding": "deflate, gzip",
    "user-agent": "facebookexternalua",
    "content-type": "application/json",
    "x-forwarded-for": "173.252.87.16",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "patchbay.example",
    "x-request-id": "4bf92f3577b34da6a3ce929d0e0e4736",
}


def message_id(index: int) -> str:
    """Meta's id of the message with this index."""
    return f"wamid.HBgNNDkxNTIzNDU2Nzg5MBUCABIYFDNBMDJC{index:012d}"


@dataclass
class Customers:
    """Writes the next messages, each of a customer who never wrote before. `secret` signs them."""

    secret: str
    written: int = 0

    def posts(self, count: int, batch: int = 1) -> list[bytes]:
        """`count` whole requests with `batch` messages each, from different customers."""
        return [self._post(batch) for _ in range(count)]

    def number_of(self, index: int) -> str:
        """The phone number of the customer who wrote the message with this index."""
        return f"4915{index:09d}"

    def _post(self, batch: int) -> bytes:
        changes = [self._change() for _ in range(batch)]
        entry = {"id": "102290129340398", "changes": changes}
        body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})
        signed = {"x-hub-signature-256": f"sha256={signature(self.secret, body)}"}
        return request_bytes(PATH, _HEADERS | signed, body)

    def _change(self) -> dict[str, Any]:
        index, self.written = self.written, self.written + 1
        number = self.number_of(index)
        message = {
            "from": number,
            "id": message_id(index),
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": _TEXT.format(index)},
        }
        value = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": "15550783881",
                "phone_number_id": PHONE_NUMBER_ID,
            },
            "contacts": [{"profile": {"name": f"Customer {index}"}, "wa_id": number}],
            "messages": [message],
        }
        return {"field": "messages", "value": value}
