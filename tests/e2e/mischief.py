"""What should never come, with private words in it. Who complains must not repeat them."""

import hashlib
import hmac
import json
import uuid
from dataclasses import replace
from typing import Any

from patchbay.demo import configuration
from patchbay.demo.providers import email, whatsapp
from patchbay.demo.providers.meta import App, notification
from shared.channels import HttpRequest
from tests.e2e.stage import Stage

MALLORY = "4917099990001"
CARD = "4111 1111 1111 1111"
PASSWORD = "correct horse battery staple"
WORDS = {MALLORY, CARD, PASSWORD, "mallory"}
"""What stands in the mischief and must stand nowhere else."""
TROUBLE = {
    "forged": 401,
    "not JSON": 400,
    "no object": 400,
    "a bad item": 200,
    "a forged call": 401,
    "a forged parcel": 401,
    "a mail to nobody": 550,
    "a hostile mail": 250,
    "a wrong password": 401,
}
"""What is to be answered to each."""


def number(stage: Stage) -> whatsapp.Number:
    """The stage's WhatsApp number, as Meta knows it."""
    webhook = f"{stage.plan.webhooks['whatsapp']}/webhooks/whatsapp/whatsapp-main"
    app = App(stage.secrets.meta_app, stage.secrets.meta_access, webhook)
    return whatsapp.Number(app, configuration.PHONE_NUMBER_ID)


def message(stage: Stage, customer: str, text: str) -> HttpRequest:
    """A customer's WhatsApp message with an id that no other has."""
    said = whatsapp.Said(customer, text, f"wamid.{uuid.uuid4().hex}", stage.world.clock.now())
    return whatsapp.messages(number(stage), [said])


async def make_trouble(stage: Stage) -> dict[str, int]:
    """Do it all; what was answered to each."""
    good = message(stage, MALLORY, CARD)
    forged = {**good.headers, "x-hub-signature-256": "sha256=" + "0" * 64}
    webhooks = {
        "forged": replace(good, headers=forged),
        "not JSON": _signed(stage, f"{MALLORY} {CARD}"),
        "no object": _signed(stage, json.dumps([MALLORY, CARD])),
        "a bad item": _signed(stage, json.dumps(_bad_item())),
        "a forged call": _call(stage),
        "a forged parcel": _parcel(stage),
    }
    answers: dict[str, int] = {}
    for name, request in webhooks.items():
        reply = await stage.world.post.once(request)
        answers[name] = 0 if reply is None else reply.status
    answers["a mail to nobody"] = await _mail(stage, "nobody@shop.example", "Hello")
    answers["a hostile mail"] = await _mail(
        stage, configuration.MAILBOX, "=?utf-8?q?" + f"{MALLORY}=" * 2000
    )
    answers["a wrong password"] = await _sign_in(stage)
    return answers


def _signed(stage: Stage, body: str) -> HttpRequest:
    """Whatever it is, it comes from Meta."""
    request = notification(number(stage).app, "whatsapp_business_account", [])
    raw = body.encode()
    digest = hmac.new(stage.secrets.meta_app.encode(), raw, hashlib.sha256).hexdigest()
    signature = {"x-hub-signature-256": f"sha256={digest}"}
    return replace(request, body=raw, headers={**request.headers, **signature})


def _bad_item() -> dict[str, Any]:
    broken = {
        "from": MALLORY,
        "id": f"wamid.{uuid.uuid4().hex}",
        "timestamp": CARD,
        "type": "text",
        "text": {"body": {"mallory": CARD}},
    }
    metadata = {"phone_number_id": configuration.PHONE_NUMBER_ID, "display_phone_number": "1"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "messages": [broken]}
    change = {"field": "messages", "value": value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [change]}],
    }


def _call(stage: Stage) -> HttpRequest:
    url = f"{stage.plan.webhooks['phone']}/webhooks/phone/phone-main"
    headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": CARD}
    return HttpRequest("POST", url, headers, f"From=%2B{MALLORY}&CallSid=CA1".encode())


def _parcel(stage: Stage) -> HttpRequest:
    url = f"{stage.plan.webhooks['commerce']}/webhooks/commerce/shop"
    return HttpRequest("POST", url, {"webhook-signature": CARD}, f'"{MALLORY}"'.encode())


async def _mail(stage: Stage, recipient: str, subject: str) -> int:
    sender = "mallory@home.example"
    content = (
        f"From: {CARD} <{sender}>\r\nTo: {recipient}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{uuid.uuid4()}@home.example>\r\n\r\n{CARD}\r\n"
    )
    port = stage.plan.smtp_port
    return await email.hand_over("127.0.0.1", port, sender, recipient, content.encode())


async def _sign_in(stage: Stage) -> int:
    body = {"workspace": configuration.WORKSPACE, "agent": "mallory", "password": PASSWORD}
    async with stage.client.post(f"{stage.plan.api}/v1/sessions", json=body) as reply:
        return reply.status
