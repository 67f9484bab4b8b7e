"""Simulated callers, speaking Twilio's protocol: what to send next, given what was answered.

Whoever owns a `Network` sends the webhooks (`Due`) and gives back what became of them; our REST
calls go to `phone_rest.answer`, which names further webhooks.
"""

from dataclasses import replace

from patchbay.demo.providers.phone_network import Due, Network, Wish
from patchbay.demo.providers.phone_script import carry_out
from patchbay.demo.providers.phone_wire import read_twiml, retries
from shared.channels import HttpReply


def incoming(
    network: Network, customer: str, wish: Wish, says: str = "", country: str = "DE"
) -> list[Due]:
    """Somebody calls our number."""
    call = network.new_call(customer, wish=wish, says=says)
    call.status_callback = f"{network.line.webhook}/status"
    return [network.due(call, network.line.webhook, {"FromCountry": country})]


def still_due(network: Network, due: Due) -> bool:
    """Ask before sending: a call that ended or was redirected meanwhile asks for nothing more."""
    return not due.speaks or due.turn == network.calls[due.call].turn


def replied(network: Network, due: Due, reply: HttpReply) -> list[Due]:
    """The listener answered: a document is carried out, an error is a failure."""
    if not 200 <= reply.status < 300:
        return failed(network, due)
    if not (due.speaks and still_due(network, due)):
        return []
    call = network.calls[due.call]
    return carry_out(network, call, read_twiml(reply.body), holding=due.url == call.wait_url)


def failed(network: Network, due: Due) -> list[Due]:
    """Nobody answered, or with an error: again, as the address says, or the call is over."""
    if due.attempt < retries(due.url):
        return [replace(due, attempt=due.attempt + 1, after=0.5)]
    if not (due.speaks and still_due(network, due)):
        return []
    call = network.calls[due.call]
    network.note("failed", call)
    return network.end(call)
