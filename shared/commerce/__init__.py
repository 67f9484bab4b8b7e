"""Facts from shops and carriers: pure translation of their webhooks into `commerce` events.

A source lives in its own module, is named in `shared.commerce.registry`, and is held to the case
files under `tests/commerce/<source>/`. `docs/commerce.md` describes them for their users.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from shared.channels import HttpRequest, Skipped, Unprocessed
from shared.config.models import CommerceSource
from shared.events.commerce import OrderChanged, ShipmentChanged, StockChanged


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact found in a request, ready to be recorded.

    `event.id` is `<source account>:<the provider's deduplication key>`. `key` is what facts that
    belong together share, so that they meet in one partition and in order: `order/<number>`, else
    `shipment/<id>`, else `product/<id>`; the workspace is not part of it.
    """

    key: str
    event: ShipmentChanged | OrderChanged | StockChanged


FactItem = Fact | Unprocessed | Skipped


class FactSource(Protocol):
    """What every source does. Both methods are pure; the answer to a taken request is 200, empty.

    The listener takes POST only; a body is at most `body_bytes` and never compressed.
    """

    name: ClassVar[str]
    body_bytes: ClassVar[int]

    def verify(self, request: HttpRequest, source: CommerceSource, now: datetime) -> int:
        """Prove that the source sent this, over the raw bytes, in constant time.

        Returns the index of the live secret that matched (0 newest). Raises SignatureInvalid.
        """
        ...

    def parse(
        self, request: HttpRequest, source: CommerceSource, now: datetime
    ) -> Sequence[FactItem]:
        """Every fact in the request. Raises PayloadInvalid when nothing in it can be read."""
        ...
