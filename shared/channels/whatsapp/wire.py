"""The Cloud API's notification (Meta, "Cloud API webhooks": messages, statuses, user_preferences).

Only what we read; every optional thing is really absent at times.
"""

from typing import Any

from pydantic import Field

from shared.channels.meta.errors import GraphError
from shared.channels.payload import Few, Identifier, Moment, Wire, Words


class Metadata(Wire):
    phone_number_id: Identifier


class Value(Wire):
    """What `messages` changes hold: any of the three lists."""

    metadata: Metadata
    contacts: Few[Any] = ()
    messages: list[Any] = Field(default_factory=list)
    statuses: list[Any] = Field(default_factory=list)
    errors: list[Any] = Field(default_factory=list)


class Profile(Wire):
    name: Words = None


class Contact(Wire):
    profile: Profile = Profile()
    wa_id: Words = None
    user_id: Words = None


class Product(Wire):
    catalog_id: Words = None
    product_retailer_id: Words = None


class Context(Wire):
    id: Words = None
    forwarded: bool = False
    frequently_forwarded: bool = False
    referred_product: Product | None = None


class Referral(Wire):
    """The advertisement or post that led here."""

    source_id: Words = None
    source_type: Words = None
    source_url: Words = None
    headline: Words = None
    ctwa_clid: Words = None


class Message(Wire):
    """The fields common to all types."""

    sender: Words = Field(None, alias="from")
    from_user_id: Words = None
    id: Identifier
    timestamp: Moment
    type: Identifier
    group_id: Words = None
    context: Context | None = None
    referral: Referral | None = None
    origin: Words = None


class Status(Wire):
    id: Identifier
    status: Identifier
    timestamp: Moment
    recipient_id: Words = None
    recipient_user_id: Words = None
    recipient_participant_id: Words = None
    biz_opaque_callback_data: Words = None
    errors: Few[GraphError] = ()


class Preference(Wire):
    """A user stopped or resumed marketing messages from this business."""

    wa_id: Words = None
    user_id: Words = None
    category: Identifier = "marketing_messages"
    value: Identifier
    timestamp: Moment


class Text(Wire):
    body: str


class Media(Wire):
    id: Identifier
    mime_type: Words = None
    sha256: Words = None
    caption: Words = None
    filename: Words = None
    voice: bool = False
    animated: bool = False


class Location(Wire):
    latitude: float
    longitude: float
    name: Words = None
    address: Words = None
    url: Words = None


class Name(Wire):
    formatted_name: Words = None
    first_name: Words = None
    last_name: Words = None


class Phone(Wire):
    phone: Words = None
    wa_id: Words = None


class Mailbox(Wire):
    email: Words = None


class Organisation(Wire):
    company: Words = None


class Link(Wire):
    url: Words = None


class Postal(Wire):
    street: Words = None
    zip: Words = None
    city: Words = None
    state: Words = None
    country: Words = None


class Card(Wire):
    name: Name = Name()
    phones: Few[Phone] = ()
    emails: Few[Mailbox] = ()
    addresses: Few[Postal] = ()
    urls: Few[Link] = ()
    org: Organisation = Organisation()
    birthday: Words = None
    vcard: Words = None


class Choice(Wire):
    """A tapped button or list row."""

    id: Identifier
    title: Words = None
    description: Words = None


class Form(Wire):
    name: Words = None
    body: Words = None
    response_json: str


class CallPermission(Wire):
    response: Identifier


class Button(Wire):
    text: Words = None
    payload: Words = None


class Reaction(Wire):
    message_id: Identifier
    emoji: Words = None


class OrderedItem(Wire):
    product_retailer_id: Words = None
    quantity: Words = None
    item_price: Words = None
    currency: Words = None


class Order(Wire):
    catalog_id: Words = None
    text: Words = None
    product_items: Few[OrderedItem] = ()


class System(Wire):
    type: Identifier
    body: Words = None
    wa_id: Words = None
    user_id: Words = None
    previous_user_id: Words = None


class Unsupported(Wire):
    type: Words = None
