"""Every source of commerce facts. One line each."""

from shared.commerce import FactSource
from shared.commerce.aftership import AfterShip
from shared.commerce.shopify import Shopify
from shared.commerce.signed import Signed

_ALL: tuple[FactSource, ...] = (
    AfterShip(),
    Shopify(),
    Signed(),
)

SOURCES: dict[str, FactSource] = {source.name: source for source in _ALL}
