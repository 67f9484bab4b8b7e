"""Calls that we owe: asked for by a desktop, a shop's page or a supervisor."""

from services.router.api import answered as out
from services.router.api.asked import CallbackWish
from services.router.api.handlers.me import correlation
from services.router.api.operations import Call, Said
from services.router.api.problems import Problem, Refusal
from shared.channels import Addresses
from shared.channels.registry import CHANNELS
from shared.config.models import Workspace
from shared.events.commands import RequestCallback
from shared.events.routing import CallbackAsked
from shared.ids import conversation_key
from shared.views.documents import Conversation, Reference
from shared.views.keys import Keys
from shared.views.read import document

_E164 = "+0123456789"


async def request(call: Call) -> Said:
    """One promise per customer: whoever asks again is told of the one there is."""
    body: CallbackWish = call.body
    caller, parts = call.caller, call.parts
    shop = parts.workspace(caller.workspace)
    address = _address(shop, body)
    secret = parts.config.identity_key(caller.workspace)
    key = conversation_key(secret, caller.workspace, body.account, address)
    decision = await parts.commands.ask(
        RequestCallback(
            workspace=caller.workspace,
            actor=caller.agent,
            conversation_key=key,
            channel=shop.channels[body.account].channel,
            account=body.account,
            address=address,
            customer=body.customer,
            attributes=body.attributes,
            at=body.not_before,
        ),
        correlation(call),
    )
    asked = [event.conversation for event in decision.events if isinstance(event, CallbackAsked)]
    found = asked[0] if asked else await _promised(call, key)
    return Said(out.CallbackPromised(conversation=found, already=not asked), 201)


def _address(shop: Workspace, body: CallbackWish) -> str:
    """The number in its one spelling. Raises Problem `invalid`."""
    account = shop.channels.get(body.account)
    if account is None or account.channel != "phone":
        raise Refusal("invalid", "There is no phone account of that name.", "/account").problem()
    adapter = CHANNELS["phone"]
    assert isinstance(adapter, Addresses)
    (address,) = adapter.thread(body.address)
    sip = address.startswith("sip:")
    if not sip and (not address.startswith("+") or set(address) - set(_E164)):
        detail = "Give the number as E.164 (+4930…), or a SIP address."
        raise Refusal("invalid", detail, "/address").problem()
    return address


async def _promised(call: Call, key: str) -> str:
    """The conversation on which we owe this customer a call already."""
    workspace, redis = call.caller.workspace, call.parts.redis
    await call.parts.settle(workspace)
    named = await document(redis, Keys(workspace).thread(key), Reference)
    if named is not None:
        conversation = Keys(workspace).conversation(named.conversation)
        found = await document(redis, conversation, Conversation)
        if found is not None:
            return found.id
    raise Problem("conflict", "This was decided before, and is over.")
