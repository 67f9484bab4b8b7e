"""The parts of Shopify's payloads we read (Shopify, "REST Admin API" resources)."""

from shared.channels.payload import Few, Wire
from shared.commerce.wire import Day, When


class _MarketingConsent(Wire):
    state: str | None = None


class Customer(Wire):
    """May be empty: an app without approval for protected data sees no customer."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email_marketing_consent: _MarketingConsent | None = None
    sms_marketing_consent: _MarketingConsent | None = None


class Address(Wire):
    """Where a parcel goes."""

    name: str | None = None
    phone: str | None = None
    country_code: str | None = None
    province_code: str | None = None


class _Parcel(Wire):
    id: str


class Fulfillment(_Parcel):
    """A parcel, or several, as far as it has gone."""

    order_id: str
    status: str = ""
    shipment_status: str | None = None
    tracking_company: str | None = None
    tracking_url: str | None = None
    tracking_urls: Few[str] | None = None
    created_at: When = None
    updated_at: When = None


class Order(Wire):
    """An order with its customer."""

    id: str
    name: str | None = None
    email: str | None = None
    contact_email: str | None = None
    phone: str | None = None
    customer_locale: str | None = None
    financial_status: str | None = None
    cancelled_at: When = None
    updated_at: When = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    fulfillments: Few[_Parcel] | None = None


class Refund(Wire):
    """Money given back for some of an order."""

    id: str
    order_id: str
    created_at: When = None
    processed_at: When = None


class FulfillmentEvent(Wire):
    """One step of a parcel's way."""

    id: str
    fulfillment_id: str
    order_id: str
    status: str
    happened_at: When = None
    created_at: When = None
    updated_at: When = None
    estimated_delivery_at: Day = None


class InventoryLevel(Wire):
    """How much of an item one place has; None where it is not counted."""

    inventory_item_id: str
    location_id: str
    available: int | None = None
    updated_at: When = None
