"""Where the rules put a conversation now, and what follows from that place. Looks only."""

from services.router.engine.ordering import turn_of
from services.router.engine.routes import Placement
from services.router.engine.state import Conversation
from services.router.engine.stepping import FRESH, step_at
from services.router.engine.turn import Turn
from services.router.engine.versions import routing_for
from shared.events.routing import QueuedFor


def place_of(turn: Turn, conversation: Conversation) -> Placement:
    """By the routes; in the queue that a person chose, as long as there is one of that name."""
    place = _place_by_rules(turn, conversation)
    asked = conversation.asked
    return place if asked is None else place._replace(requires=asked, asked=asked)


def _place_by_rules(turn: Turn, conversation: Conversation) -> Placement:
    routing, channel = routing_for(turn.workspace, conversation), conversation.channel
    attributes, chosen = conversation.attributes, conversation.queue
    stepped = routing.route(conversation.route) if conversation.step else None
    if stepped is not None:
        chosen = stepped.queue
    if conversation.pinned and chosen in turn.workspace.rules.queues:
        place = routing.place_in(chosen, channel, attributes, conversation.priority)
    else:
        place = routing.place(channel, attributes)
    if conversation.step and place.route == conversation.route:
        return routing.after(place, conversation.step, channel, attributes)
    return place


def watched(place: Placement) -> bool:
    """May the next step have to come at once?"""
    return place.next is not None and place.next.nobody_able


def next_at(turn: Turn, conversation: Conversation, place: Placement, why: QueuedFor) -> int:
    """When the next step's time comes, counted from when the route took the conversation."""
    anew = why in FRESH or place.route != conversation.route
    return step_at(place, turn.now if anew else conversation.routed_at)


def turn_at(turn: Turn, conversation: Conversation, place: Placement) -> tuple[int, int]:
    """Level and due of its turn in this place."""
    order = turn.workspace.rules.order
    return turn_of(order, conversation.arrived, place.target_ms, place.rank)
